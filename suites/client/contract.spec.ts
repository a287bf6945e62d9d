import { headerOf, type Arrival } from '../../src/actors/sandbox/arrival.ts';
import { callIn } from '../../src/actors/sandbox/api.ts';
import { requestMistakes } from '../../src/actors/sandbox/request-mistakes.ts';
import type { World } from '../../src/actors/sandbox/world.ts';
import { arrivalsAt, expect, test, verifies, when } from './sent.ts';

/** What is wrong with a call by its description. */
function mistakesIn(world: World, arrival: Arrival): ReturnType<typeof requestMistakes> {
  const call = callIn(world, arrival);
  return call?.document === undefined
    ? { parameters: [], body: [] }
    : requestMistakes({ ...call, document: call.document }, arrival);
}

test.describe('a call of the API', () => {
  test.describe('that is described', when('described'), () => {
    for (const [what, requirement, part] of [
      ['has the parameters of its description', 'openapi/4.8.12-1', 'parameters'],
      ['has the body of its description', 'openapi/4.8.13-1', 'body'],
    ] as const)
      test(what, verifies(requirement), async ({ issuers, given }) => {
        const all = await issuers();
        const calls = all.flatMap((issuer) =>
          arrivalsAt(issuer, 'call').map((arrival) => ({ arrival, world: issuer.world })),
        );
        given(
          calls.some(({ arrival, world }) => callIn(world, arrival)?.document !== undefined),
          'expected the client to make a call that is described',
        );
        expect(
          calls.flatMap(({ arrival, world }) =>
            mistakesIn(world, arrival)[part].map(
              (mistake) => `${arrival.method} ${callIn(world, arrival)?.path}: ${mistake}`,
            ),
          ),
        ).toEqual([]);
      });
  });

  // Within a flow the same key may come again with the same request, whose answer may have been lost. A client need not send any.
  test(
    'has an idempotency key of its own',
    verifies('idempotency-key/2.2-1'),
    async ({ valid, flow, exercise }) => {
      const flows = [await exercise(valid()), await flow()];
      const requests = flows.flatMap(({ issuer }, at) =>
        arrivalsAt(issuer, 'call').flatMap((call) => {
          const key = headerOf(call, 'idempotency-key');
          return key === undefined
            ? []
            : [{ key, request: [at, call.method, call.url.href, call.body].join(' ') }];
        }),
      );
      const reused = requests.filter(({ key, request }) =>
        requests.some((other) => other.key === key && other.request !== request),
      );
      expect(reused.length, 'requests with the key of another one').toBe(0);
    },
  );
});
