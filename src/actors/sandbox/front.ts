import { claimsOf } from '../../protocol/jws.ts';
import { json, redirect, refusal, type Answer } from './answer.ts';
import type { Arrival } from './arrival.ts';
import type { Parameters } from './deviation.ts';
import type { Issuer } from './issuer.ts';
import { handle, has, type World } from './world.ts';

/** Algorithms that FAPI 2.0 permits (5.4.1, item 1.2), as a server that verifies all of them names them. */
const algorithms = ['PS256', 'ES256', 'EdDSA'] as const;

/** Endpoints by their members of the metadata, below the base. */
const aliased = {
  pushed_authorization_request_endpoint: 'push',
  token_endpoint: 'token',
  introspection_endpoint: 'introspect',
  revocation_endpoint: 'revoke',
  userinfo_endpoint: 'userinfo',
} as const;

/** The metadata document (OpenID Connect Discovery 1.0, RFC 8414, RFC 8705, RFC 9126, RFC 9207, RFC 9449). */
export function metadataOf(world: World): Readonly<Record<string, unknown>> {
  const { issuer, base, mutualBase, variant } = world;
  const own = variant.grant === 'client_credentials';
  const openid = variant.protocol === 'openid';
  const below = (otherwise: string, path: string): string =>
    `${world.apart?.at === path ? world.apart.base : otherwise}/${path}`;
  const at = (origin: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(aliased)
        .filter(([name]) => openid || name !== 'userinfo_endpoint')
        .map(([name, path]) => [name, below(origin, path)]),
    );
  const authentications = ['token', 'introspection', 'revocation'].flatMap((name) => [
    [`${name}_endpoint_auth_methods_supported`, [variant.client_authentication]],
    ...(variant.client_authentication === 'private_key_jwt'
      ? [[`${name}_endpoint_auth_signing_alg_values_supported`, algorithms]]
      : []),
  ]);
  return {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    ...at(base),
    jwks_uri: below(base, 'keys'),
    mtls_endpoint_aliases: at(mutualBase),
    response_types_supported: ['code'],
    response_modes_supported: has(world, 'signed-response') ? ['jwt', 'query'] : ['query'],
    grant_types_supported: own ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    scopes_supported: [...new Set([...(openid ? ['openid'] : []), ...world.registration.scope.split(' ')])],
    code_challenge_methods_supported: ['S256'],
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: algorithms,
    tls_client_certificate_bound_access_tokens: variant.sender_constraint === 'mtls',
    ...Object.fromEntries(authentications),
    ...(openid
      ? {
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'],
          claims_supported: ['sub'],
        }
      : {}),
    ...(has(world, 'signed-request')
      ? { request_object_signing_alg_values_supported: algorithms, require_signed_request_object: true }
      : {}),
    ...(has(world, 'signed-response') ? { authorization_signing_alg_values_supported: ['ES256'] } : {}),
    ...(has(world, 'signed-introspection') ? { introspection_signing_alg_values_supported: ['ES256'] } : {}),
  };
}

export const answerMetadata = ({ world }: Issuer): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: metadataOf(world),
});

export const answerKeys = ({ world, deviation }: Issuer): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/jwk-set+json' },
  body: { keys: deviation?.published?.(world) ?? world.keys.published },
});

/** RFC 9126, section 2.2. */
export function answerPush(issuer: Issuer, { form }: Arrival): Answer {
  const requestUri = `urn:ietf:params:oauth:request_uri:${handle()}`;
  issuer.pushed.set(requestUri, parametersOf(form));
  return json(201, { request_uri: requestUri, expires_in: 60 });
}

/** The parameters of a request: those of its request object, where it has one (RFC 9101, section 6.3). */
export function parametersOf(form: URLSearchParams): ReadonlyMap<string, string> {
  const object = claimsOf(form.get('request') ?? '');
  const signed = Object.entries(object ?? {}).filter(([, value]) => typeof value === 'string');
  return new Map([...form, ...signed] as readonly [string, string][]);
}

/** A page with a button, for a user at a browser. */
export const askForConsent = ({ base, registration }: World, request: string): Answer => ({
  status: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  },
  body: `<!doctype html><html lang="en"><title>Assay sandbox</title><h1>Assay sandbox</h1>
<p>${escaped(registration.id)} asks for ${escaped(registration.scope)}.
<form method="post" action="${base}/consent"><input type="hidden" name="request" value="${request}">
<button name="consent" value="accept">Allow</button></form></html>`,
});

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The user consents. */
export function answerAuthorization(issuer: Issuer, arrival: Arrival): Answer {
  const { world } = issuer;
  const { searchParams } = arrival.url;
  const parameters = issuer.pushed.get(searchParams.get('request_uri') ?? '') ?? parametersOf(searchParams);
  const redirectUri = parameters.get('redirect_uri') ?? world.registration.redirectUris[0];
  if (redirectUri === undefined || !URL.canParse(redirectUri))
    return refusal(400, 'invalid_request', 'there is no redirect_uri to answer at');
  const code = issuer.keep('codes', {
    parameters,
    // RFC 6749, section 3.3: a request may leave it to the server.
    scope: parameters.get('scope') ?? world.registration.scope,
  });
  const state = parameters.get('state');
  const answer: Parameters = [['code', code], ...(state === undefined ? [] : [['state', state] as const])];
  if (parameters.get('response_mode') !== 'jwt')
    return redirect(issuer.respond(redirectUri, [...answer, ['iss', world.issuer]], arrival));
  // JARM, section 2.1.
  const claims = {
    iss: world.issuer,
    aud: world.registration.id,
    exp: world.now() + 300,
    ...Object.fromEntries(answer),
  };
  const response = issuer.sign('response', claims, undefined, arrival);
  return redirect(issuer.respond(redirectUri, [['response', response]], arrival));
}
