import { createHash } from 'node:crypto';
import type { Signer } from '../../evidence/signing.ts';
import type { Desired } from '../connector.ts';
import { signCompact } from './jwt.ts';

/**
 * CAEP 1.0 has no event for software whose access is suspended or restored. `risk-level-change` (section 3.8) fits: it is
 * about any principal, says a level, and so goes both ways. The others do not: `session-revoked` has no way back,
 * `device-compliance-change` is about a device, `assurance-level-change` about how a user was authenticated, and
 * `credential-change` would claim that a credential was revoked.
 */
export const accessEvent = 'https://schemas.openid.net/secevent/caep/event-type/risk-level-change';

/** SSF 1.0, section 8.1.4.1. */
const verificationEvent = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

/** Between whom a token goes. */
export interface Parties {
  /** Name of the stream. */
  readonly stream: string;
  /** The transmitter. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Issuer identifier of the authorization server that the client_ids are of. */
  readonly authorizationServer: string;
}

/** The claims of a security event token (RFC 8417; SSF 1.0, section 4.1): neither `sub` nor `exp`. */
export type Claims = Readonly<Record<string, unknown>> & { readonly jti: string };

/**
 * Says that the access of a client has been closed or opened. The same decision gives the same `jti`, however often it is
 * told. The level stands alone: a receiver that has missed all before is right after the last.
 */
export function accessClaims(parties: Parties, desired: Desired, client: string, now: Date): Claims {
  const { integration, environment, revision, access, reason, evidence, at } = desired;
  // With the time: a database that was made anew begins to count again.
  const decision = [integration, environment, revision, access, at];
  return {
    ...envelope(parties, digest([parties.stream, ...decision, client]), now),
    txn: digest(decision),
    // Section 3.3 of SSF: a Subject Member of its own for an application. A client_id is the `sub` of the tokens that an
    // authorization server issues to the client itself (RFC 9068, section 2.2).
    sub_id: {
      format: 'complex',
      application: { format: 'iss_sub', iss: parties.authorizationServer, sub: client },
    },
    events: {
      [accessEvent]: {
        principal: 'APPLICATION',
        current_level: access === 'closed' ? 'HIGH' : 'LOW',
        risk_reason: reason,
        initiating_entity: 'policy',
        event_timestamp: seconds(new Date(at)),
        access,
        integration,
        environment,
        evidence,
      },
    },
  };
}

/** Shows a receiver that the stream works. `state` is what it sent to find this token again. */
export function verificationClaims(
  parties: Parties,
  state: string | undefined,
  jti: string,
  now: Date,
): Claims {
  return {
    ...envelope(parties, jti, now),
    sub_id: { format: 'opaque', id: parties.stream },
    events: { [verificationEvent]: state === undefined ? {} : { state } },
  };
}

/** Signs a security event token. Its type keeps it from being taken for any other JWT (RFC 8417, section 2.3). */
export const signToken = async (claims: Claims, signer: Signer): Promise<string> =>
  await signCompact({ typ: 'secevent+jwt' }, claims, signer);

const envelope = ({ issuer, audience }: Parties, jti: string, now: Date) => ({
  iss: issuer,
  aud: audience.length === 1 ? audience[0] : audience,
  jti,
  iat: seconds(now),
});

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

const digest = (values: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('base64url');
