import type { Flow } from '../../src/actors/client-session.ts';
import type { Arrival } from '../../src/actors/sandbox/arrival.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import { assertionOf, proofOf } from '../../src/actors/sandbox/read.ts';
import { fewest, secretBits } from '../../src/protocol/entropy.ts';
import { boxed } from '../boxed.ts';
import { expect, test as base, verifies, when } from './sent.ts';

// Its name puts this file behind those whose checks have made most of the flows. One worker judges them all.
base.describe.configure({ mode: 'default' });

/** Exchanges of a check that are shown: the flows are alike. */
const shown = 12;

interface Fixtures {
  /**
   * What a look finds in each of many flows, in the order of their end: as many flows as it takes for `fewest` of them to have
   * some. What came after a deviation was shown is left out: a client that is refused may send the same once more.
   */
  readonly samples: (
    look: (arrivals: readonly Arrival[]) => readonly string[],
  ) => Promise<readonly (readonly string[])[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  samples: async ({ valid, clientSession, partner, ledger, exercise, given }, use) =>
    use(async (look) => {
      await exercise(valid());
      const found = () =>
        clientSession.flows.map((flow) => look(undisturbed(flow))).filter(({ length }) => length > 0);
      let missing = fewest - found().length;
      const lane = async (): Promise<void> => {
        while (missing > 0) {
          missing -= 1;
          const { exchanges } = await ledger.noting(clientSession.flow());
          if (ledger.exchanges.length < shown) ledger.exchanges.push(...exchanges);
        }
      };
      await Promise.all(Array.from({ length: partner.sandbox?.issuer === 'fixed' ? 1 : flowsAtOnce }, lane));
      const all = found();
      return given(all.length >= fewest && all, `expected ${fewest} flows to look at, got ${all.length}`);
    }),
};

const flowsAtOnce = 4;

const undisturbed = ({ issuer: { arrivals, since = [] } }: Flow): readonly Arrival[] =>
  arrivals.slice(0, arrivals.length - since.length);

const test = base.extend<Fixtures>(boxed(fixtures));

const texts = (values: readonly unknown[]): readonly string[] =>
  values.filter((value) => typeof value === 'string' && value !== '').map(String);

/** How many values come in more than one place. */
const repeated = (values: readonly string[]): number => values.length - new Set(values).size;

/** What one request has in several tries is the same; between flows it is not. */
const across = (flows: readonly (readonly string[])[]): readonly string[] =>
  flows.flatMap((each) => [...new Set(each)]);

test.describe('fifty flows', () => {
  test.describe('with assertions', when('private_key_jwt'), () => {
    // OpenID Connect Core, section 9: an assertion must be used once only.
    test('gives each assertion a jti of its own', verifies('oidc-core/9-2'), async ({ samples }) => {
      const jtis = await samples((arrivals) =>
        texts(arrivals.map((each) => assertionOf(each)?.claims['jti'])),
      );
      expect(repeated(jtis.flat()), 'values of jti that came again').toBe(0);
    });
  });

  test.describe('with proofs', when('dpop'), () => {
    test('gives each proof a jti of its own', verifies('rfc9449/4.2-2'), async ({ samples }) => {
      const jtis = await samples((arrivals) => texts(arrivals.map((each) => proofOf(each)?.claims['jti'])));
      expect(repeated(jtis.flat()), 'values of jti that came again').toBe(0);
    });
  });

  test.describe('with a user', when('authorization_code'), () => {
    const pushed = (name: string) => (arrivals: readonly Arrival[]) =>
      texts(arrivals.filter(({ at }) => at === 'push').map(({ form }) => parametersOf(form).get(name)));
    const verifiers = (arrivals: readonly Arrival[]) =>
      texts(arrivals.filter(({ at }) => at === 'token').map(({ form }) => form.get('code_verifier')));

    test('makes a fresh challenge for each flow', verifies('fapi2-sp/5.3.3.2-4'), async ({ samples }) => {
      expect(repeated(across(await samples(pushed('code_challenge')))), 'challenges that came again').toBe(0);
    });

    // Entropy of state is not judged: PKCE may stand in for it (RFC 9700, section 2.1). Nor that of jti, which need not be random.
    test('makes verifiers that cannot be guessed', verifies('fapi2-sp/5.4.1-4'), async ({ samples }) => {
      const { bits, because } = secretBits(across(await samples(verifiers)));
      expect(bits, `at least 128 bits of entropy; ${because}`).toBeGreaterThanOrEqual(128);
    });

    test('makes verifiers of 256 bits', verifies('rfc7636/7.1-1'), async ({ samples }) => {
      const { bits, because } = secretBits(across(await samples(verifiers)));
      expect(Math.round(bits), `256 bits of entropy; ${because}`).toBeGreaterThanOrEqual(256);
    });

    test.describe('who is identified', when('openid'), () => {
      // OpenID Connect Core, section 3.1.2.1: nobody may guess it. A code flow may go without one.
      test('makes a fresh nonce for each flow', verifies('oidc-core/3.1.3.7-11'), async ({ samples }) => {
        expect(repeated(across(await samples(pushed('nonce')))), 'nonces that came again').toBe(0);
      });
    });
  });
});
