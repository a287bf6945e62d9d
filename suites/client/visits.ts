import { parametersOf } from '../../src/actors/sandbox/front.ts';
import type { OpenIssuer } from '../../src/actors/sandbox/sandbox.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import type { Begun, Outcome, Start } from '../../src/actors/triggers/trigger.ts';
import { boxed } from '../boxed.ts';
import { arrivalsAt, test as base } from './sent.ts';

export { arrivalsAt, expect, verifies, when } from './sent.ts';

interface Fixtures {
  /** Opens an issuer that lasts as long as the check, after the valid flow completed. */
  readonly open: () => Promise<Issuer>;
  /** Makes the client go through a flow at an issuer that is open. */
  readonly visit: (issuer: Issuer, added?: Start['added']) => Promise<Outcome>;
  /** Begins a flow there that stops before the response reaches the client; under the condition `sessions`. */
  readonly begin: (issuer: Issuer, headers?: Readonly<Record<string, string>>) => Promise<Begun>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  open: async ({ valid, clientSession, ledger }, use) => {
    const opened: OpenIssuer[] = [];
    await use(async () => {
      await valid();
      const another = await ledger.noting(clientSession.open());
      opened.push(another);
      return another.issuer;
    });
    for (const each of opened) {
      ledger.exchanges.push(...each.exchanges);
      await each.close();
    }
  },

  visit: async ({ clientSession, ledger }, use) =>
    use(async (issuer, added = {}) => {
      const trigger = await ledger.noting(clientSession.trigger());
      return ledger.noting(trigger.run({ ...clientSession.startAt(issuer), added }));
    }),

  begin: async ({ clientSession, ledger, given }, use) =>
    use(async (issuer, headers) => {
      const trigger = await ledger.noting(clientSession.trigger());
      const begin = given(trigger.begin, 'expected a trigger in which Assay is the browser');
      return ledger.watch(await ledger.noting(begin(clientSession.startAt(issuer), headers)));
    }),
};

export const test = base.extend<Fixtures>(boxed(fixtures));

/** Whether the client's authorization requests had a state. */
export const statesItself = (issuer: Issuer): boolean =>
  arrivalsAt(issuer, 'push').some(({ form }) => parametersOf(form).has('state'));
