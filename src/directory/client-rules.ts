import {
  callRules,
  conflict,
  descriptions,
  featureRules,
  hostRules,
  list,
  members,
  missing,
  named,
  openidRules,
  references,
  texts,
  urlOf,
  waiverRules,
  type FileUse,
  type Members,
} from './members.ts';
import type { Finding } from './problem.ts';
import { join, nearest, printable } from './problem.ts';

/** What the start URL of an app may tell it. */
const placeholders = ['issuer', 'api', 'client_id', 'redirect_uri', 'scenario'] as const;

/**
 * The rules between the members of a client's file that a schema cannot say. Works on data of any shape: what the schema
 * refuses is passed over.
 * @param now For the expiry of waivers.
 */
export function clientRules(data: unknown, now: Date): readonly Finding[] {
  const root = members(data);
  const { scope } = members(root['client']);
  return [
    ...registrationRules(root),
    ...openidRules(root, '/client/scope', scope),
    ...grantRules(root),
    ...callRules(root, scope, "the client's"),
    ...declaredRules(root),
    ...triggerRules(root),
    ...sandboxRules(root),
    ...calledRules(root),
    ...waiverRules(root, now),
  ];
}

/** The files that a client's integration refers to: keys, certificates, trust anchors, API descriptions, what a trigger needs. */
export function clientFiles(data: unknown): readonly FileUse[] {
  const root = members(data);
  const { jwks, certificate } = members(root['client']);
  const { env, steps } = members(root['trigger']);
  return [
    ...list(root['trust']).flatMap((path, index) => named(`/trust/${index}`, path)),
    ...references(jwks, '/client/jwks'),
    ...references(certificate, '/client/certificate'),
    // A variable may be named as a reference is.
    ...Object.entries(members(env)).flatMap(([name, value]) => references(value, join('/trigger/env', name))),
    ...references(list(steps), '/trigger/steps'),
    ...references(members(root['sandbox'])['authority'], '/sandbox/authority'),
    ...references(members(root['sandbox'])['token'], '/sandbox/token'),
    ...descriptions(root['resources']),
  ];
}

function* registrationRules(root: Members): Generator<Finding> {
  const { client_authentication: method, sender_constraint: binding } = members(root['profile']);
  const { grant = 'authorization_code' } = members(root['profile']);
  // Without a client that is the mistake, not each of its members.
  if (root['client'] === undefined) return;
  const client = members(root['client']);
  const need = (name: string, why: string): Finding => missing('/client', name, `${why} needs it`);
  if (grant === 'authorization_code' && client['redirect_uris'] === undefined)
    yield need('redirect_uris', 'the authorization code grant (profile/grant)');
  const signs =
    method === 'private_key_jwt'
      ? 'private_key_jwt (profile/client_authentication)'
      : list(root['features']).includes('signed-request')
        ? 'the feature signed-request'
        : undefined;
  if (signs !== undefined && client['jwks'] === undefined && client['jwks_uri'] === undefined)
    yield missing('/client', 'jwks', `${signs} needs the client's public keys (or jwks_uri, where they are)`);
  if (client['jwks'] !== undefined && client['jwks_uri'] !== undefined)
    yield conflict(
      '/client/jwks_uri',
      'jwks and jwks_uri exclude each other (RFC 7591, section 2); keep one',
    );
  if (client['certificate'] !== undefined) return;
  if (binding === 'mtls') yield need('certificate', 'mtls (profile/sender_constraint)');
  else if (method === 'tls_client_auth' || method === 'self_signed_tls_client_auth')
    yield need('certificate', `${method} (profile/client_authentication)`);
}

/** What has no place without a user. */
function* grantRules(root: Members): Generator<Finding> {
  const { grant, protocol } = members(root['profile']);
  if (grant !== 'client_credentials') return;
  if (protocol === 'openid')
    yield conflict(
      '/profile/protocol',
      'OpenID Connect is about users, and profile/grant is client_credentials; change one',
    );
  const why = 'needs a user, and profile/grant is client_credentials; change one';
  const withUser = [
    'refresh-token',
    'userinfo',
    'signed-request',
    'signed-response',
    'signed-id-token',
    'several-issuers',
  ];
  yield* featureRules(root, new Map(withUser.map((name) => [name, why])));
}

function* declaredRules(root: Members): Generator<Finding> {
  const server = 'is a feature of servers, and a client is under test; remove it';
  const openid = 'is a part of OpenID Connect, but profile/protocol is oauth; change one';
  const { protocol } = members(root['profile']);
  yield* featureRules(
    root,
    new Map([
      ...['introspection', 'client-jwks-uri', 'expired-certificate', 'dpop-nonce'].map(
        (name) => [name, server] as const,
      ),
      ...(protocol === 'oauth' ? ['userinfo', 'signed-id-token'].map((name) => [name, openid] as const) : []),
      ...(members(root['sandbox'])['issuer'] === 'fixed'
        ? [
            [
              'several-issuers',
              'needs a client that can be told the issuer, and sandbox/issuer is fixed',
            ] as const,
          ]
        : []),
    ]),
  );
}

function* triggerRules(root: Members): Generator<Finding> {
  const { driver, start, status } = members(root['trigger']);
  if (driver !== 'http' && driver !== 'browser') return;
  for (const [name, value] of Object.entries({ start, status })) {
    if (typeof value !== 'string') continue;
    const pointer = `/trigger/${name}`;
    if (!/^https?:$/u.test(urlOf(value)?.protocol ?? ''))
      yield {
        code: 'bad-format',
        at: 'value',
        pointer,
        message: 'expected an absolute http or https URL of the app',
      };
    for (const [, word = ''] of value.matchAll(/\{([^{}]*)\}/gu)) {
      if (placeholders.some((known) => known === word)) continue;
      const suggestion = nearest(word, placeholders);
      yield {
        ...conflict(
          pointer,
          `{${printable(word)}} is not known; known are ${placeholders.map((known) => `{${known}}`).join(', ')}`,
        ),
        ...(suggestion === undefined ? {} : { suggestion: `{${suggestion}}` }),
      };
    }
  }
}

function* sandboxRules(root: Members): Generator<Finding> {
  const sandbox = members(root['sandbox']);
  const { issuer = 'each', port, relay, token } = sandbox;
  const { start } = members(root['trigger']);
  const tells = typeof start !== 'string' || /\{issuer\}/u.test(start);
  if (issuer === 'each' && port !== undefined)
    yield conflict('/sandbox/port', 'a port belongs to one issuer; set sandbox/issuer: fixed, or remove it');
  if (issuer === 'each' && !tells)
    yield conflict(
      '/trigger/start',
      'the app is not told which issuer to use; put {issuer} into the URL, or set sandbox/issuer: fixed',
    );
  if (relay !== undefined) yield* relayRules(sandbox, tells);
  else if (token !== undefined)
    yield missing('/sandbox', 'relay', 'the token is for a relay; name it, or remove the token');
  if (issuer === 'fixed' && !tells && port === undefined && relay === undefined)
    yield missing(
      '/sandbox',
      'port',
      'an app that is not told the issuer ({issuer} in trigger/start) must know it',
    );
}

function* relayRules(sandbox: Members, tells: boolean): Generator<Finding> {
  if (sandbox['token'] === undefined)
    yield missing('/sandbox', 'token', 'a relay takes only runs with a token');
  for (const name of ['host', 'port', 'authority'])
    if (sandbox[name] !== undefined)
      yield conflict(
        `/sandbox/${name}`,
        'the relay says where clients reach the sandbox; remove one of both',
      );
  if (!tells)
    yield conflict(
      '/sandbox/relay',
      'every run has other addresses at a relay, and the app is not told which; put {issuer} into trigger/start',
    );
}

/** URLs that Assay itself calls. */
function* calledRules(root: Members): Generator<Finding> {
  const { start, status } = members(root['trigger']);
  const urls = [
    ['/trigger/start', start],
    ['/trigger/status', status],
    ['/client/jwks_uri', members(root['client'])['jwks_uri']],
    ...list(root['resources']).map(
      (resource, index) => [`/resources/${index}/openapi`, members(resource)['openapi']] as const,
    ),
  ] as const;
  const first = urls.find(([, value]) => urlOf(value) !== undefined);
  if (first !== undefined && root['hosts'] === undefined)
    yield missing('', 'hosts', `nothing is called but what it names, and ${first[0].slice(1)} is a URL`);
  yield* hostRules(root, urls);
}

/** Whether a file describes a client: by its roles, or, where these say nothing or too much, by its members. */
export function describesClient(data: unknown): boolean {
  const root = members(data);
  const roles = texts(root['roles']);
  const servers = roles.some((role) => role === 'authorization-server' || role === 'resource-server');
  const clients = roles.includes('client');
  if (clients !== servers) return clients;
  return root['client'] !== undefined || root['trigger'] !== undefined;
}

/** A client is tested by playing the server: one file cannot be about both. */
export function* mixedRoles(data: unknown): Generator<Finding> {
  const roles = texts(members(data)['roles']);
  if (roles.includes('client') && roles.some((role) => role.endsWith('-server')))
    yield conflict(
      '/roles',
      'a client and a server are tested in different ways; describe each in a file of its own',
    );
}
