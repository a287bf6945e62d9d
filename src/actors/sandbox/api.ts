import type { Answer } from './answer.ts';
import type { Arrival } from './arrival.ts';
import { grantedBy, tokenIn, unauthorised } from './grants.ts';
import type { Issuer } from './issuer.ts';
import type { Call, World } from './world.ts';

/** The declared call that a request is; `{name}` in a path stands for one segment. */
export function callOf(calls: readonly Call[], method: string, path: string): Call | undefined {
  return calls.find((call) => call.method === method && pattern(call.path).test(path));
}

const pattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/gu, '\\$&').replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u');

/** The declared call that a request at the API is. */
export const callIn = ({ api, calls }: World, { method, url }: Arrival): Call | undefined =>
  callOf(calls, method, url.pathname.slice(new URL(api).pathname.length));

/** A call of the API: any token that was issued here is taken; whatever the way it came. */
export function answerCall(issuer: Issuer, arrival: Arrival): Answer {
  const { world } = issuer;
  if (!grantedBy(issuer, tokenIn(arrival))) return unauthorised(issuer);
  const call = callIn(world, arrival);
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
  };
  if (call === undefined) return { status: 404, headers, body: { error: 'not_found' } };
  return { status: arrival.method === 'POST' ? 201 : 200, headers, body: call.answer };
}
