import type { Flow } from '../../src/actors/client-session.ts';
import type { Point } from '../../src/actors/sandbox/arrival.ts';
import type { TlsDefect } from '../../src/actors/sandbox/tls-defects.ts';
import type { ClientHello } from '../../src/protocol/client-hello.ts';
import { extensions, versions } from '../../src/protocol/tls-hello.ts';
import { notRecommended, prohibited, suiteName } from '../../src/protocol/tls-suites.ts';
import { expect, test, verifies, when } from './test.ts';

/** What a client offers for TLS on its connections; those of its user's browser are not its own. */
const hellosOf = ({ issuer }: Flow): readonly ClientHello[] => {
  const own = issuer.arrivals.filter(({ at }) => at !== 'authorization');
  return [...new Set(own.map(({ connection }) => connection.hello))].filter((hello) => hello !== undefined);
};

/** Whether TLS 1.2 is among what is offered: its suites say nothing of TLS 1.3. */
const offersTls12 = ({ version, supportedVersions = [version] }: ClientHello): boolean =>
  supportedVersions.some((each) => each <= versions['TLS 1.2']);

const named = (suites: Iterable<number>): readonly string[] => [...new Set(suites)].map(suiteName);

test.describe('the ClientHello of the client', () => {
  // A client without a list of versions may accept older ones than it names: servers of such versions show that.
  test('offers TLS 1.2 or later', verifies('fapi2-sp/5.2.1-2'), async ({ exercise, valid, given }) => {
    const hellos = hellosOf(await exercise(valid()));
    given(hellos.length > 0, 'expected the client to shake hands');
    const offered = hellos.flatMap(({ version, supportedVersions = [version] }) => supportedVersions);
    expect(Math.min(...offered), 'the oldest version').toBeGreaterThanOrEqual(versions['TLS 1.2']);
  });

  // RFC 9325, sections 3.3, 4.1 and 4.6: MUST NOT. What SHOULD NOT be is not recommended either, of which the next check warns.
  test(
    'offers nothing that BCP 195 forbids',
    verifies('fapi2-sp/5.2.1-3'),
    async ({ exercise, valid, given }) => {
      const hellos = hellosOf(await exercise(valid()));
      given(hellos.length > 0, 'expected the client to shake hands');
      expect(
        named(hellos.flatMap(({ suites }) => suites.filter((suite) => prohibited.includes(suite)))),
      ).toEqual([]);
      expect(hellos.flatMap(({ compression }) => compression.filter((method) => method !== 0))).toEqual([]);
      expect(hellos.filter((hello) => hello.extensions.includes(extensions.truncatedHmac))).toEqual([]);
    },
  );

  test(
    'offers the recommended suites only',
    verifies('fapi2-sp/5.2.2-2'),
    async ({ exercise, valid, given }) => {
      const hellos = hellosOf(await exercise(valid()));
      given(hellos.length > 0, 'expected the client to shake hands');
      const offered = hellos.filter(offersTls12).flatMap(({ suites }) => suites);
      expect(named(offered.filter((suite) => notRecommended.includes(suite)))).toEqual([]);
    },
  );
});

/** FAPI 2.0 SP, 5.2.1, item 5, by RFC 9525 and the validation of paths that it presupposes (RFC 5280, section 6). */
const certificates: Readonly<Record<string, TlsDefect>> = {
  'a certificate for another name': 'wrong-name',
  'an expired certificate': 'expired',
  'a self-signed certificate': 'self-signed',
  'a certificate of an unknown authority': 'unknown-authority',
};

/** The servers that a client calls, and when it does. */
const servers: readonly {
  readonly place: string;
  readonly at: Point;
  readonly if: ReturnType<typeof when> | object;
}[] = [
  { place: 'at the metadata', at: 'metadata', if: {} },
  {
    place: 'at the key set',
    at: 'keys',
    if: when('signed-id-token', 'signed-response', 'signed-introspection'),
  },
  { place: 'at the pushed request', at: 'push', if: when('authorization_code') },
  { place: 'at the token endpoint', at: 'token', if: {} },
  { place: 'at the API', at: 'call', if: {} },
];

for (const { place, at, if: condition } of servers)
  test.describe(place, condition, () => {
    for (const [what, tls] of Object.entries(certificates))
      test(`refuses ${what} ${place}`, verifies('fapi2-sp/5.2.1-5'), async ({ stops }) => {
        await stops({ name: what, at, tls });
      });

    test(`refuses TLS 1.1 ${place}`, verifies('fapi2-sp/5.2.1-2'), async ({ stops }) => {
      await stops({ name: 'TLS 1.1', at, tls: 'tls-1.1' });
    });
  });
