import type { Finding } from './problem.ts';
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
  urlOf,
  waiverRules,
  type FileUse,
  type Members,
} from './members.ts';

/**
 * The rules between the members of a server's file that a schema cannot say. Works on data of any shape: what the schema
 * refuses is passed over.
 * @param now For the expiry of waivers.
 */
export function serverRules(data: unknown, now: Date): readonly Finding[] {
  const root = members(data);
  return [
    ...issuerRules(root),
    ...hostRules(root, [
      ['/issuer', root['issuer']],
      ['/discovery', root['discovery']],
      ...list(root['resources']).flatMap((resource, index): [string, unknown][] => [
        [`/resources/${index}/url`, members(resource)['url']],
        [`/resources/${index}/openapi`, members(resource)['openapi']],
      ]),
    ]),
    ...clientRules(root),
    ...grantRules(root),
    ...callRules(root, members(list(root['clients'])[0])['scope'], "the first client's"),
    ...declaredRules(root),
    ...userRules(members(root['user'])),
    ...waiverRules(root, now),
  ];
}

/** The files that a server's integration refers to: keys, certificates, trust anchors, API descriptions, scripts. */
export function serverFiles(data: unknown): readonly FileUse[] {
  const root = members(data);
  return [
    ...list(root['trust']).flatMap((path, index) => named(`/trust/${index}`, path)),
    ...list(root['clients']).flatMap((client, index) => references(client, `/clients/${index}`)),
    ...references(root['hosted_client'], '/hosted_client'),
    ...descriptions(root['resources']),
    ...references(root['user'], '/user'),
    ...named('/user/script', members(root['user'])['script']),
  ];
}

function* issuerRules(root: Members): Generator<Finding> {
  const roles = list(root['roles']);
  const server = roles.includes('authorization-server') || roles.includes('resource-server');
  if (server && root['issuer'] === undefined && root['discovery'] === undefined) {
    const message =
      'missing member issuer (or discovery): without it no token can be obtained from the authorization server';
    yield { code: 'missing-member', pointer: '/issuer', at: 'name', message };
  }
  const issuer = urlOf(root['issuer']);
  if (issuer && (issuer.search !== '' || issuer.hash !== ''))
    yield conflict(
      '/issuer',
      'an issuer identifier has no query and no fragment (RFC 8414, section 2); remove them',
    );
}

function* clientRules(root: Members): Generator<Finding> {
  const profile = members(root['profile']);
  const method = profile['client_authentication'];
  const certified =
    method === 'tls_client_auth' ||
    method === 'self_signed_tls_client_auth' ||
    profile['sender_constraint'] === 'mtls';
  const why =
    profile['sender_constraint'] === 'mtls'
      ? 'mtls (profile/sender_constraint)'
      : `${String(method)} (profile/client_authentication)`;
  const clients = list(root['clients']).map(members);
  for (const [index, client] of clients.entries()) {
    const pointer = `/clients/${index}`;
    if (method === 'private_key_jwt' && client['key'] === undefined)
      yield missing(pointer, 'key', 'private_key_jwt needs it');
    for (const [name, other] of [
      ['certificate', 'certificate_key'],
      ['certificate_key', 'certificate'],
    ] as const) {
      if (client[name] !== undefined) continue;
      if (certified) yield missing(pointer, name, `${why} needs it`);
      else if (client[other] !== undefined) yield missing(pointer, name, `the ${other} beside it needs it`);
    }
    yield* openidRules(root, `${pointer}/scope`, client['scope']);
  }
  const [first, second] = clients;
  if (typeof first?.['id'] === 'string' && first['id'] === second?.['id'])
    yield conflict(
      '/clients/1/id',
      'both clients have this id; mix-ups can only be tried with two different clients',
    );
}

/** What the code grant needs, and what has no place without a user. */
function* grantRules(root: Members): Generator<Finding> {
  const { grant = 'authorization_code', protocol } = members(root['profile']);
  const why = 'the authorization code grant (profile/grant) needs it';
  if (grant === 'authorization_code') {
    if (root['user'] === undefined) yield missing('', 'user', why);
    for (const [index, client] of list(root['clients']).map(members).entries())
      if (client['redirect_uri'] === undefined) yield missing(`/clients/${index}`, 'redirect_uri', why);
  }
  if (grant !== 'client_credentials') return;
  if (protocol === 'openid')
    yield conflict(
      '/profile/protocol',
      'OpenID Connect is about users, and profile/grant is client_credentials; change one',
    );
  const userless = 'needs a user, and profile/grant is client_credentials; change one';
  yield* featureRules(
    root,
    new Map(
      ['refresh-token', 'userinfo', 'signed-request', 'signed-response'].map((name) => [name, userless]),
    ),
  );
}

function* declaredRules(root: Members): Generator<Finding> {
  const features = list(root['features']);
  if (features.includes('client-jwks-uri') && root['hosted_client'] === undefined)
    yield missing('', 'hosted_client', 'the feature client-jwks-uri needs it');
  if (features.includes('expired-certificate'))
    for (const name of ['expired_certificate', 'expired_certificate_key'])
      if (members(list(root['clients'])[0])[name] === undefined)
        yield missing('/clients/0', name, 'the feature expired-certificate needs it');
  const client = 'is a feature of clients under test, not of servers; remove it';
  yield* featureRules(
    root,
    new Map([
      ['signed-id-token', client],
      ['several-issuers', client],
      ...(members(root['profile'])['protocol'] === 'oauth'
        ? [['userinfo', 'is a part of OpenID Connect, but profile/protocol is oauth; change one'] as const]
        : []),
    ]),
  );
}

function* userRules(user: Members): Generator<Finding> {
  if (user['driver'] !== 'browser') return;
  for (const name of ['accept', 'reject']) {
    const given = user[name] !== undefined;
    if (user['script'] !== undefined && given)
      yield conflict(`/user/${name}`, `script takes the place of ${name}; keep one`);
    if (user['script'] === undefined && !given)
      yield missing('/user', name, `steps that log in and ${name} (or a script instead of steps)`);
  }
}
