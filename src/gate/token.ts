import { createLocalJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { Type, type Static } from 'typebox';
import { environments } from '../certification/certification.ts';
import { compile } from '../directory/schema.ts';
import type { Signer } from '../evidence/signing.ts';
import { actions, type Decision } from './decision.ts';
import { GateError } from './error.ts';

/** The media type of a decision token, in its header. */
export const tokenType = 'assay-decision+jwt';

const Thumbprint = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** What a decision token says: a decision, for a gateway that cannot ask. */
export const TokenClaims = Type.Object(
  {
    iss: Type.String(),
    aud: Type.String(),
    sub: Type.String({ description: 'The integration.' }),
    iat: Type.Integer(),
    exp: Type.Integer(),
    environment: Type.Enum([...environments]),
    action: Type.Enum([...actions]),
    decision: Type.Enum(['allow', 'deny']),
    mode: Type.Enum(['enforce', 'shadow']),
    rule: Type.String(),
    cnf: Type.Object(
      { 'x5t#S256': Type.Union([Thumbprint, Type.Array(Thumbprint)]) },
      {
        additionalProperties: false,
        description:
          'The client certificates that it is good for (RFC 8705, section 3.1): the thumbprint, or a list of all where there is not exactly one.',
      },
    ),
  },
  { additionalProperties: false },
);
export type TokenClaims = Static<typeof TokenClaims>;
const checkClaims = compile(TokenClaims);

/** Who issues a token, to whom, and for how long. */
export interface TokenTerms {
  readonly signer: Signer;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. A gateway that cannot ask learns of a suspension only when the token ends: keep it short. */
  readonly lifetime: number;
  /** Thumbprints (x5t#S256, base64url) of the integration's client certificates. */
  readonly certificates: readonly string[];
}

/** Signs a decision as a JWT (RFC 7519). It begins when the decision was made. */
export async function issueToken(
  { integration, environment, action, decision, mode, rule, at }: Decision,
  { signer, issuer, audience, lifetime, certificates }: TokenTerms,
): Promise<string> {
  const iat = Math.floor(Date.parse(at) / 1000);
  const [only] = certificates;
  const claims: TokenClaims = {
    iss: issuer,
    aud: audience,
    sub: integration,
    iat,
    exp: iat + lifetime,
    environment,
    action,
    decision,
    mode,
    rule,
    cnf: { 'x5t#S256': only !== undefined && certificates.length === 1 ? only : [...certificates] },
  };
  // Not by jose, which wants the private key: a signer may be a command that never shows it.
  const signed = [{ typ: tokenType, alg: signer.alg, kid: signer.id }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = await signer.sign(Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

/** What a gateway demands of a token. */
export interface TokenDemands {
  /** Public keys that count, by id. */
  readonly keys: readonly Pick<Signer, 'id' | 'alg' | 'jwk'>[];
  readonly issuer: string;
  readonly audience: string;
  readonly now: Date;
  readonly environment: TokenClaims['environment'];
  readonly action: TokenClaims['action'];
  /** Thumbprint (x5t#S256, base64url) of the certificate that was presented. */
  readonly certificate: string;
}

/**
 * Reads a decision token, and makes sure that it is about this request.
 * @returns What it says, which may be to deny.
 * @throws GateError `bad-token`
 */
export async function verifyToken(token: string, demands: TokenDemands): Promise<TokenClaims> {
  const { keys, issuer, audience, now, environment, action, certificate } = demands;
  let payload: JWTPayload;
  try {
    const known = createLocalJWKSet({
      keys: keys.map(({ id, alg, jwk }) => ({ ...jwk, kty: jwk['kty'] ?? '', kid: id, alg })),
    });
    ({ payload } = await jwtVerify(token, known, {
      algorithms: ['ES256', 'Ed25519'],
      typ: tokenType,
      issuer,
      audience,
      currentDate: now,
      requiredClaims: ['iat', 'exp'],
    }));
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : 'it cannot be read', { cause });
  }
  const checked = checkClaims(payload);
  if (!checked.ok) throw refuse(`its claims are not those of a decision`);
  const { value } = checked;
  if (value.environment !== environment || value.action !== action)
    throw refuse(`it is about ${value.action} in ${value.environment}`);
  const bound = value.cnf['x5t#S256'];
  if (!(typeof bound === 'string' ? [bound] : bound).includes(certificate))
    throw refuse('it is not for the certificate that was presented');
  return value;
}

const refuse = (why: string, options?: ErrorOptions): GateError =>
  new GateError('bad-token', `expected a decision token for this request, but ${why}`, options);
