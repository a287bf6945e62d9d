import { halfHash } from '../../protocol/half-hash.ts';
import { json, refusal, type Answer } from './answer.ts';
import { headerOf, tokenOf, type Arrival } from './arrival.ts';
import type { Grant, Issuer } from './issuer.ts';
import { has, subject } from './world.ts';

/** Seconds. */
const life = { access: 300, identity: 300 } as const;

/** RFC 6749, sections 4.1.4, 4.4.3 and 6: what is asked for by a grant that is known is given. */
export function answerToken(issuer: Issuer, arrival: Arrival): Answer {
  const { form } = arrival;
  const grant = grantOf(issuer, arrival);
  if (grant === undefined)
    return refusal(400, 'invalid_grant', `there is no such ${form.get('grant_type') ?? 'grant'}`);
  const { world } = issuer;
  const access = issuer.keep('accessTokens', grant);
  const own = form.get('grant_type') === 'client_credentials';
  // FAPI 2.0, 5.3.2.1, item 9: a refresh token is not rotated without need.
  const first = form.get('grant_type') === 'authorization_code';
  return json(200, {
    access_token: access,
    token_type: world.variant.sender_constraint === 'dpop' ? 'DPoP' : 'Bearer',
    expires_in: life.access,
    scope: grant.scope,
    ...(first && has(world, 'refresh-token') ? { refresh_token: issuer.keep('refreshTokens', grant) } : {}),
    ...(world.variant.protocol === 'openid' && !own
      ? { id_token: identify(issuer, grant, access, arrival) }
      : {}),
  });
}

function grantOf(issuer: Issuer, { form }: Arrival): Grant | undefined {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return issuer.codes.get(form.get('code') ?? '');
    case 'refresh_token': {
      const token = form.get('refresh_token') ?? '';
      return issuer.revoked.has(token) ? undefined : issuer.refreshTokens.get(token);
    }
    case 'client_credentials':
      return { parameters: new Map(), scope: form.get('scope') ?? issuer.world.registration.scope };
    default:
      return undefined;
  }
}

/** An ID token (OpenID Connect Core, sections 2 and 12.2). */
function identify(issuer: Issuer, { parameters }: Grant, access: string, arrival: Arrival): string {
  const { world } = issuer;
  const now = world.now();
  const nonce = parameters.get('nonce');
  const claims = {
    iss: world.issuer,
    sub: subject,
    aud: world.registration.id,
    exp: now + life.identity,
    iat: now,
    at_hash: halfHash('ES256', access),
    ...(nonce === undefined ? {} : { nonce }),
  };
  return issuer.sign('id-token', claims, undefined, arrival);
}

/** Whether a token was issued here and is not revoked. */
export const grantedBy = (issuer: Issuer, token: string): Grant | undefined =>
  issuer.revoked.has(token) ? undefined : issuer.accessTokens.get(token);

/** The access token of a request, in whichever way it came (RFC 6750, section 2): that is for checks to judge. */
export const tokenIn = (arrival: Arrival): string =>
  tokenOf(arrival)?.token ??
  arrival.url.searchParams.get('access_token') ??
  arrival.form.get('access_token') ??
  '';

/** RFC 6750, section 3.1. */
export const unauthorised = (issuer: Issuer): Answer => ({
  status: 401,
  headers: {
    'content-type': 'application/json',
    'www-authenticate': `${issuer.world.variant.sender_constraint === 'dpop' ? 'DPoP' : 'Bearer'} error="invalid_token"`,
  },
  body: { error: 'invalid_token' },
});

/** OpenID Connect Core, section 5.3. */
export function answerUserinfo(issuer: Issuer, arrival: Arrival): Answer {
  if (!grantedBy(issuer, tokenIn(arrival))) return unauthorised(issuer);
  return json(200, { sub: subject });
}

/** RFC 7662; signed where the client asks for it (RFC 9701). */
export function answerIntrospection(issuer: Issuer, arrival: Arrival): Answer {
  const { world } = issuer;
  const grant = grantedBy(issuer, arrival.form.get('token') ?? '');
  const now = world.now();
  const told =
    grant === undefined
      ? { active: false }
      : {
          active: true,
          iss: world.issuer,
          sub: subject,
          client_id: world.registration.id,
          scope: grant.scope,
          iat: now,
          exp: now + life.access,
        };
  if (!(headerOf(arrival, 'accept') ?? '').includes('application/token-introspection+jwt'))
    return json(200, told);
  const claims = {
    iss: world.issuer,
    aud: world.registration.id,
    iat: now,
    token_introspection: told,
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/token-introspection+jwt', 'cache-control': 'no-store' },
    body: issuer.sign('introspection', claims, 'token-introspection+jwt', arrival),
  };
}

/** RFC 7009, section 2.2. */
export function answerRevocation(issuer: Issuer, { form }: Arrival): Answer {
  const token = form.get('token') ?? '';
  issuer.revoked.add(token);
  return { status: 200, headers: { 'cache-control': 'no-store' } };
}
