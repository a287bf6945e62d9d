import { Client } from '../../src/actors/client.ts';
import type { Secret } from '../../src/actors/observed-secrets.ts';
import { enough, secretBits } from '../../src/protocol/entropy.ts';
import { expect, test, verifies, when } from '../test.ts';

// Its name puts this file behind those whose checks have seen most of the samples. One worker judges them all.
test.describe.configure({ mode: 'default' });

/** Exchanges of a check that are shown: those that make more samples are alike. */
const shown = 12;

/** Users who go through flows at the same time; a browser goes through one after the other. */
const users = 4;

const kinds: readonly [what: string, secret: Secret, issue: (client: Client) => Promise<unknown>][] = [
  ['codes', 'code', (client) => client.tokens()],
  ['request_uri values', 'request_uri', (client) => client.push()],
  ['access tokens', 'access_token', (client) => client.tokens()],
  ['refresh tokens', 'refresh_token', (client) => client.tokens()],
];

for (const [what, secret, issue] of kinds) {
  // A client that acts for itself gets no code and no refresh token (RFC 6749, section 4.4.3).
  const group =
    secret === 'access_token' ? when('authorization_code', 'client_credentials') : when('authorization_code');
  const declared = secret === 'refresh_token' ? when('refresh-token') : {};
  test.describe(what, group, () => {
    test.describe('of 128 bits', declared, () => {
      test(
        `issues ${what} that cannot be guessed`,
        verifies('fapi2-sp/5.4.1-4'),
        async ({ client, exercise, given, ledger }) => {
          const { parts } = client;
          const lanes = Array.from(
            { length: users },
            () => new Client({ ...parts, user: parts.user.fresh() }),
          );
          const more = lanes.map((lane) => () => issue(lane));
          const samples = await exercise(parts.samples.atLeast(enough, secret, more)).finally(async () => {
            ledger.exchanges.splice(shown);
            await Promise.all(lanes.map((lane) => lane.parts.user.close()));
          });
          given(samples.length >= enough, `expected ${enough} different ${what}, got ${samples.length}`);
          const { bits, because } = secretBits(samples);
          expect(bits, `at least 128 bits of entropy; ${because}`).toBeGreaterThanOrEqual(128);
        },
      );
    });
  });
}
