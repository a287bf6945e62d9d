import { purposes, type Arrival, type Point } from '../../src/actors/sandbox/arrival.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import type { Jwt } from '../../src/actors/sandbox/read.ts';
import type { Scenario } from '../../src/directory/client-integration.ts';
import type { Feature } from '../../src/profiles/plan.ts';
import { boxed } from '../boxed.ts';
import { test as base } from './test.ts';

export { expect, verifies, when } from './test.ts';

/** Where a client authenticates. */
export const authenticated: readonly Point[] = ['push', 'token', 'refresh', 'introspection', 'revocation'];

/** Where a client is given tokens. */
export const granting: readonly Point[] = ['token', 'refresh'];

/** Where a client uses its access token. */
export const using: readonly Point[] = ['userinfo', 'call'];

/** FAPI 2.0, 5.4.1, item 1.2; Ed25519 is the fully specified name of EdDSA (RFC 9864). */
export const permitted = /^(?:PS256|ES256|EdDSA|Ed25519)$/u;

/** Members of a JOSE header that name a place where the key is (RFC 7515, sections 4.1.2 and 4.1.5). */
export const placesIn = (header: Jwt['header']): readonly string[] =>
  Object.keys(header).filter((name) => name === 'jku' || name === 'x5u');

/** Scenarios that a client goes through besides, where it declares the feature. */
const declared: readonly (readonly [Feature, Scenario])[] = [
  ['refresh-token', 'refresh'],
  ['revocation', 'disconnect'],
];

interface Fixtures {
  /** The issuers of the valid flows of all scenarios that the client declares; it completed the first. */
  readonly issuers: () => Promise<readonly Issuer[]>;
  /** What arrived at them at one of these points, in order. That something did is a precondition. */
  readonly sent: (...points: readonly Point[]) => Promise<readonly Arrival[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  issuers: async ({ valid, partner, clientSession, ledger, exercise }, use) =>
    use(async () => {
      const { issuer } = await exercise(valid());
      const issuers = [issuer];
      // A scenario that fails shows all the same what the client sent on the way.
      for (const [feature, scenario] of declared) {
        if (!partner.features.includes(feature)) continue;
        const flow = await ledger.noting(clientSession.twin(scenario));
        ledger.exchanges.push(...flow.exchanges);
        issuers.push(flow.issuer);
      }
      return issuers;
    }),

  sent: async ({ issuers, given }, use) =>
    use(async (...points) => {
      const arrivals = (await issuers()).flatMap((issuer) => arrivalsAt(issuer, ...points));
      const expected = points.map((point) => purposes[point]).join(' or ');
      return given(arrivals.length > 0 && arrivals, `expected the client to send a ${expected}`);
    }),
};

export const test = base.extend<Fixtures>(boxed(fixtures));

/** What arrived at one of these points, in order. */
export const arrivalsAt = ({ arrivals }: Issuer, ...points: readonly Point[]): readonly Arrival[] =>
  arrivals.filter(({ at }) => points.includes(at));
