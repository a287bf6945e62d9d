import type { Arrival } from '../../src/actors/sandbox/arrival.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import { arrivalsAt, expect, test, verifies, when } from './visits.ts';

/** Names of the parameters of a request, however it brings them. */
const namesIn = ({ url, form }: Arrival): readonly string[] =>
  [...url.searchParams.keys(), ...form.keys()].toSorted();

/** RFC 8252, section 7.3: an app on a device has whichever port it gets. */
function withoutPort(uri: string): string {
  const url = URL.parse(uri);
  const native = url?.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname);
  return native ? uri.replace(`:${url.port}`, '') : uri;
}

test.describe('the authorization request', when('authorization_code'), () => {
  test('asks for a code and nothing else', verifies('fapi2-sp/5.3.3.2-1'), async ({ sent }) => {
    for (const { form } of await sent('push')) expect(parametersOf(form).get('response_type')).toBe('code');
  });

  test('was pushed', verifies('fapi2-sp/5.3.3.2-2'), async ({ issuers, given }) => {
    for (const issuer of await issuers()) {
      const fronts = arrivalsAt(issuer, 'authorization');
      for (const { url } of given(fronts.length > 0 && fronts, 'expected an authorization request'))
        expect(issuer.pushed.has(url.searchParams.get('request_uri') ?? '')).toBe(true);
    }
  });

  test('says only who asks for what was pushed', verifies('fapi2-sp/5.3.3.2-6'), async ({ sent }) => {
    for (const arrival of await sent('authorization'))
      expect(namesIn(arrival)).toEqual(['client_id', 'request_uri']);
  });

  test('names a registered redirect URI', verifies('rfc6749/4.1.1-1'), async ({ sent, partner }) => {
    const registered = (partner.client.redirect_uris ?? []).map(withoutPort);
    for (const { form } of await sent('push'))
      expect(registered).toContain(withoutPort(parametersOf(form).get('redirect_uri') ?? ''));
  });

  // Both flows meet the same issuer: at another one there would be nothing to use again.
  test('is pushed anew for each flow', verifies('rfc9126/4-3'), async ({ open, visit, exercise, given }) => {
    const issuer = await open();
    await exercise(visit(issuer));
    await visit(issuer);
    const fronts = arrivalsAt(issuer, 'authorization').map(({ url }) => url.searchParams.get('request_uri'));
    given(fronts.length >= 2 && !fronts.includes(null), 'expected a pushed request of each flow');
    expect(new Set(fronts).size, 'request URIs that were used').toBe(fronts.length);
  });
});
