import { ClientSession, type Flow } from '../../src/actors/client-session.ts';
import { FlowError } from '../../src/actors/flow-error.ts';
import { purposes } from '../../src/actors/sandbox/arrival.ts';
import { follows, type Deviation } from '../../src/actors/sandbox/deviation.ts';
import type { ClientIntegration, Scenario } from '../../src/directory/client-integration.ts';
import { Contradiction, type Ledger } from '../../src/report/ledger.ts';
import { boxed } from '../boxed.ts';
import { test as base } from '../test.ts';

export { expect, verifies, when } from '../test.ts';

interface Fixtures {
  readonly partner: ClientIntegration;
  /** Makes the client go through a flow, at an issuer with a deviation or with none. */
  readonly flow: (options?: {
    readonly scenario?: Scenario;
    readonly deviation?: Deviation;
  }) => Promise<Flow>;
  /**
   * The valid flow of a scenario, which the checks of a worker share. That the client completes it is a precondition: nothing
   * is shown by a client that refuses everything.
   */
  readonly valid: (scenario?: Scenario) => Promise<Flow>;
  /**
   * A precondition of what a refusal shows: the valid flow completes after it, too. A client that broke down refuses everything.
   */
  readonly stillCompletes: (scenario: Scenario) => Promise<void>;
  /**
   * Demands that the client stops where it meets the deviation: it was shown, the client told that it failed, nothing arrived that
   * only follows success, and the valid flow completed before and after.
   */
  readonly stops: (deviation: Deviation, scenario?: Scenario) => Promise<Flow>;
  /** Demands that the client meets the deviation and completes the flow all the same. */
  readonly completes: (deviation: Deviation, scenario?: Scenario) => Promise<Flow>;
}

interface Own {
  readonly clientSession: ClientSession;
}

const fixtures: Parameters<typeof base.extend<Fixtures, Own>>[0] = {
  clientSession: [
    async ({ run, session }, use) => {
      const opened = new ClientSession({
        file: run.integration,
        privateNetwork: run.privateNetwork,
        redactor: session.redactor,
        clock: Date.now,
      });
      await use(opened);
      await opened.close();
    },
    { scope: 'worker' },
  ],

  partner: async ({ clientSession, ledger }, use) =>
    use((await ledger.noting(clientSession.integration())).value),

  flow: async ({ clientSession, ledger }, use) =>
    use(async (options = {}) => {
      const flow = await ledger.noting(clientSession.flow(options));
      ledger.exchanges.push(...flow.exchanges);
      return flow;
    }),

  valid: async ({ clientSession, ledger }, use) =>
    use(async (scenario = 'connect') => {
      const flow = await ledger.noting(clientSession.twin(scenario));
      ledger.exchanges.push(...flow.exchanges);
      const { outcome, issuer } = flow;
      // One that says so without having made its calls shows nothing by what it did not do.
      const called = issuer.arrivals.some(({ at }) => at === 'call');
      if (outcome.end !== 'completed' || !called)
        throw ledger.note(
          new FlowError(
            'refused',
            issuer.arrivals.length === 0 ? 'configuration' : 'subject',
            `expected the client to complete the valid flow (${scenario}) with its calls of the API, got: ${outcome.told}${called ? '' : ', and no call'}; assay doctor tells how far it came`,
          ),
        );
      return flow;
    }),

  stillCompletes: async ({ clientSession, ledger }, use) =>
    use(async (scenario) => {
      const { outcome } = await ledger.noting(clientSession.flow({ scenario }));
      if (outcome.end !== 'completed')
        throw ledger.note(
          new FlowError(
            'refused',
            'environment',
            `expected the client to complete the valid flow (${scenario}) as it did before, got: ${outcome.told}`,
          ),
        );
    }),

  stops: async ({ valid, flow, stillCompletes, ledger }, use) =>
    use(async (deviation, scenario = 'connect') => {
      const met = await meet({ valid, flow, ledger }, deviation, scenario);
      const { outcome, issuer } = met;
      const { follows: following = follows[deviation.at] } = deviation;
      const next = issuer.since?.find(({ at }) => following.includes(at));
      const expected = `the client to stop at ${deviation.name} (${purposes[deviation.at]})`;
      if (issuer.trusted)
        throw ledger.note(new Contradiction(expected, 'it sent a request over that connection'));
      if (next !== undefined)
        throw ledger.note(new Contradiction(expected, `it went on with: ${purposes[next.at]}`));
      if (outcome.end === 'completed')
        throw ledger.note(new Contradiction(expected, `it told: ${outcome.told}`));
      if (outcome.end === 'unknown')
        throw ledger.note(
          new FlowError(
            'no-code',
            'environment',
            `expected ${expected} and to tell so, got: ${outcome.told}`,
          ),
        );
      await stillCompletes(scenario);
      return met;
    }),

  completes: async ({ valid, flow, ledger }, use) =>
    use(async (deviation, scenario = 'connect') => {
      let met = await meet({ valid, flow, ledger }, deviation, scenario);
      // A breakdown may be of the moment: it convicts only where it happens again, after a valid flow that completes.
      if (met.outcome.end === 'failed') {
        const again = await flow({ scenario });
        if (again.outcome.end === 'completed') met = await meet({ valid, flow, ledger }, deviation, scenario);
        else met = again;
      }
      const { outcome, issuer } = met;
      if (outcome.end === 'unknown' || (outcome.end === 'failed' && issuer.deviation === undefined))
        throw ledger.note(
          new FlowError(
            'no-code',
            'environment',
            `expected the client to complete a valid flow as before, or to tell how it ended, got: ${outcome.told}`,
          ),
        );
      if (outcome.end === 'failed')
        throw ledger.note(
          new Contradiction(
            `the client to complete the flow in spite of ${deviation.name} (${purposes[deviation.at]})`,
            `it told: ${outcome.told}`,
          ),
        );
      return met;
    }),
};

/** Brings the client before a deviation, after its valid twin. */
async function meet(
  { valid, flow, ledger }: Pick<Fixtures, 'valid' | 'flow'> & { readonly ledger: Ledger },
  deviation: Deviation,
  scenario: Scenario,
): Promise<Flow> {
  await valid(scenario);
  const met = await flow({ scenario, deviation });
  if (met.issuer.since === undefined)
    throw ledger.note(
      new FlowError(
        'no-endpoint',
        'environment',
        `expected a ${purposes[deviation.at]} of the client, to show it ${deviation.name}; got none: ${met.outcome.told}`,
      ),
    );
  ledger.exercised += 1;
  return met;
}

export const test = base.extend<Fixtures, Own>(boxed(fixtures));
