import type { JsonWebKey } from 'node:crypto';
import type { Unsigned } from '../../protocol/jws.ts';
import type { Answer } from './answer.ts';
import type { Arrival, Point } from './arrival.ts';
import type { Issuer } from './issuer.ts';
import type { TlsDefect } from './tls-defects.ts';
import type { World } from './world.ts';

/** A JWT that the sandbox is about to sign. */
export type JwtKind = 'id-token' | 'response' | 'introspection';

/** Parameters of an authorization response, in their order. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/** One thing that is wrong with what a client is shown: a named edit of a correct answer. */
export interface Deviation {
  /** In words, as reports name it: "iss of another server". */
  readonly name: string;
  /** Where the client meets it. */
  readonly at: Point;
  /** Edits an answer that is given there; undefined leaves this one as it is. */
  readonly answer?: (
    answer: Answer,
    world: World,
    arrival: Arrival,
    issuer: Issuer,
  ) => Answer | undefined | Promise<Answer | undefined>;
  /** Edits the parameters of the authorization response. */
  readonly response?: (parameters: Parameters, world: World) => Parameters;
  /** Edits the address of the authorization response. */
  readonly address?: (url: string, world: World) => string;
  /** Edits a JWT before it is signed; a text takes the place of the signed one. */
  readonly jwt?: {
    readonly of: JwtKind;
    readonly edit: (jwt: Unsigned, world: World) => Unsigned | string;
  };
  /** The keys that are published meanwhile, for a JWT that another one of them signed. */
  readonly published?: (world: World) => readonly JsonWebKey[];
  /** How the server of that place shakes hands: that of metadata, keys, push, token or call. */
  readonly tls?: TlsDefect;
  /** What only a client asks for that was content with it. Default: what follows the place where it meets it. */
  readonly follows?: readonly Point[];
}

/**
 * What only a client that was content with an answer asks for next. Keys may be fetched at any time, and tokens of a refused
 * response may be revoked.
 */
export const follows: Readonly<Record<Point, readonly Point[]>> = {
  metadata: ['push', 'authorization', 'token', 'refresh', 'userinfo', 'introspection', 'call'],
  keys: ['userinfo', 'introspection', 'call'],
  push: ['authorization', 'token'],
  authorization: ['token'],
  consent: ['token'],
  token: ['refresh', 'userinfo', 'introspection', 'call'],
  refresh: ['userinfo', 'introspection', 'call'],
  userinfo: [],
  introspection: [],
  revocation: [],
  call: [],
  elsewhere: [],
};
