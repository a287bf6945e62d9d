import type { Unsigned } from '../../protocol/jws.ts';
import { json, refusal, type Answer } from './answer.ts';
import type { Point } from './arrival.ts';
import type { Deviation, JwtKind, Parameters } from './deviation.ts';
import { proofOf } from './read.ts';
import type { World } from './world.ts';

/** A value, or how to find it in what the issuer knows. */
export type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | Readonly<object>
  | ((world: World) => unknown);

/** Members to set; one that becomes undefined is left out. */
export type Members = Readonly<Record<string, Value>>;

function membersIn(members: Members, world: World): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      typeof value === 'function' ? (value as (world: World) => unknown)(world) : value,
    ]),
  );
}

/** Another answer at a point than the correct one. */
export const answering = (at: Point, name: string, answer: NonNullable<Deviation['answer']>): Deviation => ({
  name,
  at,
  answer,
});

/** A successful answer in JSON with other members. A refusal stays as it is. */
export const bodyWith = (at: Point, name: string, members: Members): Deviation =>
  answering(at, name, (answer, world) =>
    answer.status >= 300
      ? undefined
      : { ...answer, body: { ...(answer.body as object), ...membersIn(members, world) } },
  );

/** A successful answer with other headers; one that is undefined is left out. */
export const headersWith = (
  at: Point,
  name: string,
  headers: Readonly<Record<string, string | undefined>>,
): Deviation =>
  answering(at, name, (answer) =>
    answer.status >= 300
      ? undefined
      : {
          ...answer,
          headers: Object.fromEntries(
            Object.entries({ ...answer.headers, ...headers }).filter(([, value]) => value !== undefined),
          ) as Answer['headers'],
        },
  );

/** An OAuth error in place of a success. */
export const refusing = (at: Point, status: number, error: string): Deviation =>
  answering(at, `${status} ${error}`, () => refusal(status, error, 'refused by the sandbox'));

/** A deviation that is shown so many times only; what comes later is answered correctly. */
export function times(count: number, deviation: Deviation): Deviation {
  // The count belongs to one issuer: deviations are values, and may be shown at several.
  const seen = new WeakMap<World, number>();
  const { answer: edit } = deviation;
  if (edit === undefined) return deviation;
  return {
    ...deviation,
    answer: (answer, world, arrival, issuer) => {
      const before = seen.get(world) ?? 0;
      if (before >= count) return undefined;
      seen.set(world, before + 1);
      return edit(answer, world, arrival, issuer);
    },
  };
}

/** An authorization response with other parameters, signed or not: set, or left out where undefined. */
export const responseWith = (name: string, members: Members): Deviation => ({
  name,
  at: 'authorization',
  response: (parameters, world) => {
    // A signed one has them inside.
    if (parameters.some(([each]) => each === 'response')) return parameters;
    const changes = membersIn(members, world);
    const kept = parameters.filter(([each]) => !Object.hasOwn(changes, each));
    const set = Object.entries(changes).filter(([, value]) => value !== undefined);
    return [...kept, ...(set as unknown as Parameters)];
  },
  jwt: {
    of: 'response',
    edit: (jwt, world) => ({ ...jwt, claims: { ...jwt.claims, ...membersIn(members, world) } }),
  },
});

/** Where each kind of JWT is met. */
const places: Readonly<Record<JwtKind, Point>> = {
  'id-token': 'token',
  response: 'authorization',
  introspection: 'introspection',
};

/** A JWT that is signed otherwise: the edit gives what to sign, or the whole text. */
export const jwtAs = (
  of: JwtKind,
  name: string,
  edit: (jwt: Unsigned, world: World) => Unsigned | string,
  at: Point = places[of],
): Deviation => ({ name, at, jwt: { of, edit } });

/** A JWT with other claims, signed correctly; a claim that becomes undefined is left out. */
export const claimsWith = (of: JwtKind, name: string, claims: Members, at?: Point): Deviation =>
  jwtAs(of, name, (jwt, world) => ({ ...jwt, claims: { ...jwt.claims, ...membersIn(claims, world) } }), at);

/** RFC 9449, section 8: a proof without this nonce is refused, with the nonce to use. */
export const demandingNonce = (at: Point, name: string, nonce: (count: number) => string): Deviation => {
  const counts = new WeakMap<World, number>();
  return answering(at, name, (answer, world, arrival) => {
    const count = counts.get(world) ?? 0;
    if (proofOf(arrival)?.claims['nonce'] === nonce(count)) {
      counts.set(world, count + 1);
      return { ...answer, headers: { ...answer.headers, 'dpop-nonce': nonce(count + 1) } };
    }
    const headers = { 'dpop-nonce': nonce(count) };
    return at === 'call' || at === 'userinfo'
      ? {
          status: 401,
          headers: { ...headers, 'www-authenticate': 'DPoP error="use_dpop_nonce"' },
        }
      : json(400, { error: 'use_dpop_nonce' }, headers);
  });
};
