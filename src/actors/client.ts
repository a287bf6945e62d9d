import { randomBytes, randomUUID } from 'node:crypto';
import type { Client as Registration, Resource } from '../directory/integration.ts';
import type { Feature, Variant } from '../profiles/plan.ts';
import { claimsOf, permittedAlgorithms, sha256, type Algorithm } from '../protocol/jws.ts';
import { generateKey, publicJwk, type SigningKey } from '../protocol/keys.ts';
import { endpoint, listOf, type EndpointName, type Metadata } from '../protocol/metadata.ts';
import type { Certificate, Reply, Transport } from '../transport/transport.ts';
import { isPushed, memberOf, requestUri, tokensIn } from './answers.ts';
import { assemble, edited, type Draft, type Edit, type Pairs, type Sealable } from './draft.ts';
import { errorOf, FlowError } from './flow-error.ts';
import type { Samples } from './observed-secrets.ts';
import { clockOf, reachedAt, type ServerClock } from './server-time.ts';
import { UserError } from './user-error.ts';
import type { Decision, User, Visit } from './user.ts';

/** What a client needs to exist. */
export interface ClientParts {
  readonly registration: Registration;
  readonly key?: SigningKey;
  readonly certificate?: Certificate;
  readonly variant: Variant;
  /** Declared by the integration: some change how a client asks. */
  readonly features: readonly Feature[];
  readonly metadata: Metadata;
  readonly transport: Transport;
  readonly user: User;
  /** Keeps what the server issues, for a look at all of it. */
  readonly samples: Samples;
  /** Seconds since 1970, UTC. */
  readonly clock: () => number;
}

/** The secrets of one authorization request, which its later steps must show. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** A pushed authorization request and its answer. */
export interface Pushed {
  readonly attempt: Attempt;
  readonly reply: Reply;
}

/** An authorization code and what is needed to redeem it. */
export interface Grant extends Attempt {
  readonly code: string;
  readonly redirectUri: string;
}

/** The members of a token response (RFC 6749, section 5.1) that later steps use. */
export interface Tokens extends Attempt {
  readonly access: string;
  readonly refresh?: string;
  readonly reply: Reply;
}

/** How a visit to the authorization endpoint may differ from the usual one. */
export interface VisitOptions {
  readonly decision?: Decision;
  readonly user?: User;
  readonly pictures?: 'kept';
}

/** The media type of a signed introspection response (RFC 9701, section 10.1). */
export const introspectionJwt = 'application/token-introspection+jwt';

const secret = (): string => randomBytes(32).toString('base64url');

const freshAttempt = (): Attempt => ({ state: secret(), nonce: secret(), verifier: secret() });

/**
 * An OAuth client that is correct by default. Each request may carry edits, its only deviations.
 * A DPoP nonce that the server asks for is sent in a second try, so that no check is decided by it.
 * @throws FlowError from `grant`, `tokens`, when a step that leads to the question of a check is refused.
 */
export class Client {
  readonly parts: ClientParts;
  readonly id: string;
  /** The key that proves possession, and to which tokens are bound. */
  readonly proofKey: SigningKey;
  readonly #nonces = new Map<string, string>();
  #kept: Promise<Tokens> | undefined;
  /** What is known of the clock of each origin. */
  readonly #clocks = new Map<string, ServerClock>();

  constructor(parts: ClientParts) {
    this.parts = parts;
    this.id = parts.registration.id;
    this.proofKey = generateKey(proofAlgorithm(parts.metadata));
  }

  /** The registered redirect URI. */
  get redirectUri(): string {
    const { redirect_uri: uri } = this.parts.registration;
    if (uri === undefined)
      throw new FlowError(
        'not-given',
        'configuration',
        `expected a redirect_uri of ${this.id} in the integration file`,
      );
    return uri;
  }

  /** Pushes an authorization request (RFC 9126). */
  async push(...edits: readonly Edit[]): Promise<Reply> {
    return (await this.begin(...edits)).reply;
  }

  /** Pushes an authorization request and keeps what its later steps need. */
  async begin(...edits: readonly Edit[]): Promise<Pushed> {
    const attempt = freshAttempt();
    const reply = await this.#send(this.#pushDraft(attempt), edits);
    this.parts.samples.note('request_uri', memberOf(reply, 'request_uri'));
    return { attempt, reply };
  }

  /** The parameters of an authorization request, as they are pushed. */
  parameters({ state, nonce, verifier }: Attempt): Pairs {
    const { registration, variant } = this.parts;
    return [
      ['client_id', this.id],
      ['response_type', 'code'],
      ['redirect_uri', this.redirectUri],
      ['scope', registration.scope],
      ['state', state],
      ['code_challenge', sha256(verifier)],
      ['code_challenge_method', 'S256'],
      ...(this.#declares('signed-response') ? ([['response_mode', 'jwt']] as const) : []),
      ...(variant.protocol === 'openid' ? ([['nonce', nonce]] as const) : []),
    ];
  }

  /** Sends the user to the authorization endpoint with some parameters, usually client_id and request_uri. */
  async visit(
    parameters: Pairs,
    { decision = 'accept', user = this.parts.user, pictures }: VisitOptions = {},
  ): Promise<Visit> {
    const url = new URL(this.#endpoint('authorization_endpoint', 'key'));
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const visit = opened(await user.visit(url.href, { callback: this.redirectUri, decision, pictures }));
    this.parts.samples.note('code', codeOf(visit));
    return visit;
  }

  /** Where a visit is redirected to, one after the other, even to a host that must not be called. */
  async redirects(parameters: Pairs): Promise<readonly string[]> {
    const hops = await this.visit(parameters).then(
      (visit) => visit.hops,
      (error: unknown) => {
        if (error instanceof UserError && error.code === 'not-reached' && error.hops.length > 0)
          return error.hops;
        throw error;
      },
    );
    return hops.flatMap(({ headers }) => headers['location'] ?? []);
  }

  /** Sends the user to the authorization endpoint with a pushed request. */
  async authorize({ reply }: Pushed, options: VisitOptions = {}): Promise<Visit> {
    return this.visit(
      [
        ['client_id', this.id],
        ['request_uri', requestUri(reply)],
      ],
      options,
    );
  }

  /** Obtains an authorization code by a valid flow, or one whose pushed request carries edits. */
  async grant(...edits: readonly Edit[]): Promise<Grant> {
    const pushed = await this.begin(...edits);
    if (!isPushed(pushed.reply)) throw FlowError.refused('pushed authorization request', pushed.reply);
    const { landing } = await this.authorize(pushed);
    if (landing.at === 'page')
      throw new FlowError(
        'no-code',
        'configuration',
        `expected a redirect to ${this.redirectUri}, but the user ended at ${landing.page.url} (${landing.page.status}, "${landing.page.title}")`,
      );
    const { code, state, error, error_description: description } = landing.parameters;
    if (code === undefined || state !== pushed.attempt.state)
      throw new FlowError(
        'no-code',
        'subject',
        `expected a code and the state that was sent, got ${code === undefined ? `error ${error ?? 'none'} (${description ?? 'no description'})` : 'another state'}`,
      );
    return { code, redirectUri: this.redirectUri, ...pushed.attempt };
  }

  /** Redeems an authorization code at the token endpoint. */
  async redeem(grant: Grant, ...edits: readonly Edit[]): Promise<Reply> {
    return this.token(
      [
        ['grant_type', 'authorization_code'],
        ['code', grant.code],
        ['redirect_uri', grant.redirectUri],
        ['code_verifier', grant.verifier],
      ],
      edits,
    );
  }

  /** Redeems an authorization code for tokens. */
  async redeemed(grant: Grant): Promise<Tokens> {
    return { ...grant, ...tokensIn(await this.redeem(grant)) };
  }

  /** Obtains tokens by a valid flow, or one whose first request carries edits. */
  async tokens(...edits: readonly Edit[]): Promise<Tokens> {
    if (this.parts.variant.grant === 'client_credentials')
      return { ...freshAttempt(), ...tokensIn(await this.ownTokens(...edits)) };
    return this.redeemed(await this.grant(...edits));
  }

  /** Asks for tokens on the client's own behalf (RFC 6749, section 4.4). */
  async ownTokens(...edits: readonly Edit[]): Promise<Reply> {
    return this.token(
      [
        ['grant_type', 'client_credentials'],
        ['scope', this.parts.registration.scope],
      ],
      edits,
    );
  }

  /** Tokens that were obtained once, for requests that use none up. */
  async kept(): Promise<Tokens> {
    this.#kept ??= this.tokens().catch((error: unknown) => {
      this.#kept = undefined;
      throw error;
    });
    return this.#kept;
  }

  /** The same, obtained anew: those before have expired or were revoked. */
  async renewed(): Promise<Tokens> {
    this.#kept = undefined;
    return this.kept();
  }

  /** A token request of the variant's grant, with edits; what leads to it is valid. */
  async obtain(...edits: readonly Edit[]): Promise<Reply> {
    return this.parts.variant.grant === 'client_credentials'
      ? this.ownTokens(...edits)
      : this.redeem(await this.grant(), ...edits);
  }

  /** Uses a refresh token. */
  async refresh(token: string, ...edits: readonly Edit[]): Promise<Reply> {
    return this.token(
      [
        ['grant_type', 'refresh_token'],
        ['refresh_token', token],
      ],
      edits,
    );
  }

  /** Uses a refresh token for tokens. */
  async refreshed(token: string, ...edits: readonly Edit[]): Promise<ReturnType<typeof tokensIn>> {
    return tokensIn(await this.refresh(token, ...edits));
  }

  /** Any request to the token endpoint. */
  async token(form: Pairs, edits: readonly Edit[]): Promise<Reply> {
    const bound = this.parts.variant.sender_constraint === 'mtls';
    const draft = this.#authenticated(
      'token_endpoint',
      'token request',
      form,
      bound ? 'certificate' : this.#authenticator(),
    );
    const reply = await this.#send({ ...draft, ...this.#proven(draft) }, edits);
    this.parts.samples.note('access_token', memberOf(reply, 'access_token'));
    this.parts.samples.note('refresh_token', memberOf(reply, 'refresh_token'));
    return reply;
  }

  /** Asks what a token is good for (RFC 7662). */
  async introspect(token: string, ...edits: readonly Edit[]): Promise<Reply> {
    return this.#send(
      this.#authenticated('introspection_endpoint', 'introspection request', [['token', token]]),
      edits,
    );
  }

  /** Asks the same, for an answer that is a signed JWT (RFC 9701, section 4). */
  async introspectSigned(token: string, ...edits: readonly Edit[]): Promise<Reply> {
    const draft = this.#authenticated('introspection_endpoint', 'introspection request', [['token', token]]);
    return this.#send({ ...draft, headers: [['accept', introspectionJwt]] }, edits);
  }

  /** Withdraws a token (RFC 7009). */
  async revoke(token: string, ...edits: readonly Edit[]): Promise<Reply> {
    return this.#send(
      this.#authenticated('revocation_endpoint', 'revocation request', [['token', token]]),
      edits,
    );
  }

  /** Calls a resource with an access token. */
  async call(resource: Resource, token: string, ...edits: readonly Edit[]): Promise<Reply> {
    const draft: Draft = {
      purpose: `call of ${resource.name}`,
      method: resource.method,
      url: resource.url,
      headers: [
        ['accept', 'application/json'],
        ['x-fapi-interaction-id', randomUUID()],
        ...(resource.method === 'GET' ? [] : [['x-idempotency-key', randomUUID()] as const]),
      ],
      ...(resource.body === undefined ? {} : { json: resource.body }),
      ...this.#certificate(this.parts.variant.sender_constraint === 'mtls' ? 'certificate' : 'key'),
      token: {
        value: token,
        scheme: this.parts.variant.sender_constraint === 'dpop' ? 'DPoP' : 'Bearer',
        in: 'header',
      },
    };
    return this.#send({ ...draft, ...this.#proven(draft, { ath: sha256(token) }) }, edits);
  }

  /** The claims and the header of a DPoP proof for a request (RFC 9449, section 4.2). */
  proofFor(method: string, url: string, claims: Readonly<Record<string, unknown>> = {}): Sealable {
    const { key, alg } = this.proofKey;
    const nonce = this.#nonces.get(new URL(url).origin);
    return {
      header: { typ: 'dpop+jwt', alg, jwk: publicJwk(key) },
      claims: {
        jti: randomUUID(),
        htm: method,
        htu: url.replace(/[?#].*$/u, ''),
        iat: this.#now(url),
        ...(nonce === undefined ? {} : { nonce }),
        ...claims,
      },
      key,
    };
  }

  /** Adds a DPoP proof to a pushed authorization request, which binds the code to its key (RFC 9449, section 10.1). */
  provenAtPar(): Edit {
    return {
      name: 'DPoP proof at the PAR endpoint',
      apply: (draft) => ({ ...draft, proof: this.proofFor(draft.method, draft.url) }),
    };
  }

  /** The request object of a pushed request, without the authorization parameters (FAPI 2.0 Message Signing, 5.3). */
  requestObject(url: string): Sealable {
    const key = this.#key('signed-request');
    const now = this.#now(url);
    return {
      header: { ...headerOf(key), typ: 'oauth-authz-req+jwt' },
      claims: {
        iss: this.id,
        aud: this.parts.metadata.issuer,
        jti: randomUUID(),
        iat: now,
        nbf: now,
        exp: now + 300,
      },
      key: key.key,
    };
  }

  /** The client assertion of a request: its audience is the issuer, as a string (FAPI 2.0, 5.3.2.1, item 8). */
  assertion(url: string): Sealable {
    const { metadata } = this.parts;
    const key = this.#key('private_key_jwt');
    const now = this.#now(url);
    return {
      header: headerOf(key),
      claims: {
        iss: this.id,
        sub: this.id,
        aud: metadata.issuer,
        jti: randomUUID(),
        iat: now,
        nbf: now,
        exp: now + 60,
      },
      key: key.key,
    };
  }

  /** The time at the server: what is so far ahead must be so by its clock, not by ours. */
  #now(url: string): number {
    return reachedAt(this.parts.clock(), this.#clocks.get(new URL(url).origin));
  }

  #pushDraft(attempt: Attempt): Draft {
    const parameters = this.parameters(attempt).filter(([name]) => name !== 'client_id');
    const draft = this.#authenticated(
      'pushed_authorization_request_endpoint',
      'pushed authorization request',
      parameters,
    );
    return this.#declares('signed-request')
      ? { ...draft, requestObject: this.requestObject(draft.url) }
      : draft;
  }

  #declares(feature: Feature): boolean {
    return this.parts.features.includes(feature);
  }

  #key(purpose: string): SigningKey {
    const { key } = this.parts;
    if (!key)
      throw new FlowError('no-key', 'configuration', `client ${this.id} has no key; ${purpose} needs one`);
    return key;
  }

  #endpoint(name: EndpointName, by: 'certificate' | 'key'): string {
    const url = endpoint(this.parts.metadata, name, by);
    if (url === undefined)
      throw new FlowError(
        'no-endpoint',
        'configuration',
        `expected ${name} in the metadata, as the feature is declared; it is absent`,
      );
    return url;
  }

  #authenticator(): 'certificate' | 'key' {
    return this.parts.variant.client_authentication === 'private_key_jwt' ? 'key' : 'certificate';
  }

  #authenticated(name: EndpointName, purpose: string, form: Pairs, by = this.#authenticator()): Draft {
    const url = this.#endpoint(name, by);
    return {
      purpose,
      method: 'POST',
      url,
      headers: [['accept', 'application/json']],
      form: [['client_id', this.id], ...form],
      ...(this.#authenticator() === 'key' ? { assertion: this.assertion(url) } : {}),
      ...this.#certificate(by),
    };
  }

  #certificate(by: 'certificate' | 'key'): { certificate?: Certificate } {
    const { certificate } = this.parts;
    if (by === 'key') return {};
    if (!certificate)
      throw new FlowError(
        'no-key',
        'configuration',
        `client ${this.id} has no certificate; this variant needs one`,
      );
    return { certificate };
  }

  #proven({ method, url }: Draft, claims: Readonly<Record<string, unknown>> = {}): { proof?: Sealable } {
    return this.parts.variant.sender_constraint === 'dpop'
      ? { proof: this.proofFor(method, url, claims) }
      : {};
  }

  async #send(draft: Draft, edits: readonly Edit[]): Promise<Reply> {
    const world = { metadata: this.parts.metadata, now: this.#now(draft.url) };
    const asked = edited(draft, edits, world);
    const reply = await this.parts.transport.send(assemble(asked, edits));
    const { origin } = new URL(draft.url);
    const clock = clockOf(reply, this.#clocks.get(origin));
    if (clock) this.#clocks.set(origin, clock);
    const nonce = reply.headers['dpop-nonce'];
    if (nonce === undefined) return reply;
    this.#nonces.set(origin, nonce);
    if (errorOf(reply) !== 'use_dpop_nonce' || !asked.proof) return reply;
    return this.parts.transport.send(assemble(edited(this.#renewed(draft, nonce), edits, world), edits));
  }

  /** The same request once more, where each JWT may be used once. */
  #renewed(draft: Draft, nonce: string): Draft {
    const { proof, assertion, requestObject } = draft;
    const jti = randomUUID();
    return {
      ...draft,
      ...(proof ? { proof: { ...proof, claims: { ...proof.claims, jti, nonce } } } : {}),
      ...(assertion ? { assertion: this.assertion(draft.url) } : {}),
      ...(requestObject ? { requestObject: this.requestObject(draft.url) } : {}),
    };
  }
}

const headerOf = ({ alg, kid }: SigningKey) => ({ alg, ...(kid === undefined ? {} : { kid }) });

/** The code that a visit brought, unless the redirect URI had one of its own. */
function codeOf({ landing }: Visit): string | undefined {
  if (landing.at === 'page' || new URL(landing.url).searchParams.getAll('code').length > 1) return undefined;
  return landing.parameters['code'];
}

/** A visit whose landing tells the parameters that a signed response holds (JARM, section 2.3.4), whoever signed it. */
function opened(visit: Visit): Visit {
  const { landing } = visit;
  if (landing.at !== 'callback' || landing.parameters['response'] === undefined) return visit;
  const claims = Object.entries(claimsOf(landing.parameters['response']) ?? {});
  const inside = claims.filter((claim): claim is [string, string] => typeof claim[1] === 'string');
  return {
    ...visit,
    landing: { ...landing, parameters: { ...landing.parameters, ...Object.fromEntries(inside) } },
  };
}

/** ES256 unless the server advertises others only. */
function proofAlgorithm(metadata: Metadata): Exclude<Algorithm, 'HS256' | 'none'> {
  const offered = listOf(metadata, 'dpop_signing_alg_values_supported').filter((alg) =>
    permittedAlgorithms.includes(alg),
  );
  if (offered.length === 0 || offered.includes('ES256')) return 'ES256';
  return offered.includes('PS256') ? 'PS256' : 'EdDSA';
}
