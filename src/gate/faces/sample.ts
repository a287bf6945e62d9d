import { defaultRules } from '../../certification/rules.ts';
import type { Standing } from '../../certification/standing.ts';
import type { Gate } from '../gate.ts';
import { openLiveGate } from '../live.ts';
import { defaultPolicy, type Mode } from '../policy.ts';
import { sampleNow } from '../sample.ts';

/** What a test works with while the gate is open. */
export interface SampleGate extends Gate, AsyncDisposable {}

const policy = defaultPolicy();

/** A gate over standings that do not change, with the default policy, at the time of the samples. */
export async function sampleGate(
  standings: readonly Standing[],
  mode: Mode = 'enforce',
): Promise<SampleGate> {
  const gate = await openLiveGate({
    source: {
      changedSince: () => Promise.resolve({ position: 1, standings }),
      watch: () => Promise.resolve(() => Promise.resolve()),
    },
    policy: { ...(await policy), mode: { sandbox: mode, production: mode } },
    rules: defaultRules,
    now: () => sampleNow,
  });
  return { ask: (question) => gate.ask(question), [Symbol.asyncDispose]: () => gate.close() };
}
