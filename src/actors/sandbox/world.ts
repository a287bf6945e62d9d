import { randomBytes } from 'node:crypto';
import type { Scenario } from '../../directory/client-integration.ts';
import type { Feature, Variant } from '../../profiles/plan.ts';
import type { Point } from './arrival.ts';
import type { ServerKeys } from './server-keys.ts';

/** The client under test as the sandbox has it registered. */
export interface Registration {
  readonly id: string;
  readonly redirectUris: readonly string[];
  readonly scope: string;
  /** Its public keys, as JWKs. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  /** Its certificate, PEM. */
  readonly certificate?: string;
}

/** A call of the API that the client is expected to make, and what it gets. */
export interface Call {
  readonly name: string;
  readonly method: string;
  /** Below the address of the API. */
  readonly path: string;
  readonly scope: string;
  readonly answer: unknown;
  /** The parsed OpenAPI document that describes it. */
  readonly document?: unknown;
}

/** What an issuer is and knows: what edits of its answers can go by. */
export interface World {
  /** The issuer identifier. */
  readonly issuer: string;
  /** Base of its endpoints, which is another one for each check. */
  readonly base: string;
  /** The same at the server that asks for certificates. */
  readonly mutualBase: string;
  /** The same at a server without TLS, which answers nothing. */
  readonly clearBase: string;
  /** The endpoint with a server of its own, for the TLS of a deviation. */
  readonly apart: { readonly at: Point; readonly base: string } | undefined;
  /** Address of the API. */
  readonly api: string;
  readonly registration: Registration;
  readonly variant: Variant;
  readonly features: readonly Feature[];
  readonly scenario: Scenario;
  /** Whether the user consents at once, or presses a button. */
  readonly consent: 'automatic' | 'page';
  readonly calls: readonly Call[];
  readonly keys: ServerKeys;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Whether the integration declares a feature. */
export const has = ({ features }: Pick<World, 'features'>, feature: Feature): boolean =>
  features.includes(feature);

/** The user, of whom there is one. */
export const subject = 'user-1';

/** Something that nobody can guess (FAPI 2.0, 5.4.1, item 4). */
export const handle = (): string => randomBytes(32).toString('base64url');
