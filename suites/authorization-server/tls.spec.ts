import type { Metadata } from '../../src/protocol/metadata.ts';
import { urlsIn } from '../../src/protocol/metadata.ts';
import { offers, plainHttp } from '../../src/transport/tls.ts';
import { expect, test, verifies } from '../test.ts';

/** Every place that the metadata sends clients or users to, once. */
function ports(metadata: Metadata): readonly { host: string; port: number; path: string }[] {
  const urls = [...urlsIn(metadata)]
    .filter(([pointer]) => /endpoint|jwks_uri/u.test(pointer))
    .map(([, url]) => new URL(url));
  const byPort = new Map(urls.filter(({ protocol }) => protocol === 'https:').map((url) => [url.host, url]));
  return [...byPort.values()].map(({ hostname, port, pathname }) => ({
    host: hostname,
    port: Number(port || 443),
    path: pathname,
  }));
}

test.describe('the endpoints of the authorization server', () => {
  test('do not answer plain HTTP', verifies('fapi2-sp/5.2.1-1'), async ({ exercise, metadata, egress }) => {
    const answers = await exercise(
      Promise.all(ports(metadata).map(({ host, port, path }) => plainHttp(host, port, { ...egress, path }))),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => 'refused'));
  });

  // A server that refuses every handshake shows nothing: TLS 1.2 or 1.3 is its valid twin.
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    test(
      `refuse ${version.replace('v', ' ')}`,
      verifies('fapi2-sp/5.2.1-2'),
      async ({ exercise, metadata, egress, given }) => {
        for (const { host, port } of ports(metadata)) {
          const offered = await Promise.all(
            (['TLSv1.2', 'TLSv1.3'] as const).map((twin) => offers(host, port, twin, egress)),
          );
          given(offered.includes('accepted'), `expected ${host}:${port} to accept TLS 1.2 or 1.3`);
          expect(await exercise(offers(host, port, version, egress)), `${host}:${port}`).toBe('refused');
        }
      },
    );
});
