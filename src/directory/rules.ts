import type { Finding } from './problem.ts';
import { join, nearest, printable } from './problem.ts';

type Members = Readonly<Record<string, unknown>>;

/** A file that an integration refers to. */
export interface FileUse {
  readonly pointer: string;
  readonly path: string;
}

/**
 * The rules between members that a schema cannot say. Works on data of any shape: what the schema refuses is passed over.
 * @param now For the expiry of waivers.
 */
export function ruleFindings(data: unknown, now: Date): readonly Finding[] {
  const root = members(data);
  return [
    ...issuerRules(root),
    ...hostRules(root),
    ...clientRules(root),
    ...grantRules(root),
    ...resourceRules(root),
    ...userRules(members(root['user'])),
    ...waiverRules(list(root['waivers']), now),
  ];
}

/** The files that an integration refers to: keys, certificates, trust anchors, API descriptions, scripts. */
export function fileUses(data: unknown): readonly FileUse[] {
  const root = members(data);
  return [
    ...list(root['trust']).flatMap((path, index) => named(`/trust/${index}`, path)),
    ...list(root['clients']).flatMap((client, index) => references(client, `/clients/${index}`)),
    ...references(root['hosted_client'], '/hosted_client'),
    ...list(root['resources']).flatMap((resource, index) => {
      const path = members(resource)['openapi'];
      return typeof path === 'string' && URL.canParse(path) ? [] : named(`/resources/${index}/openapi`, path);
    }),
    ...references(root['user'], '/user'),
    ...named('/user/script', members(root['user'])['script']),
  ];
}

function named(pointer: string, path: unknown): readonly FileUse[] {
  return typeof path === 'string' && path !== '' ? [{ pointer, path }] : [];
}

function references(data: unknown, pointer: string): readonly FileUse[] {
  if (typeof data !== 'object' || data === null) return [];
  const { file } = data as { file?: unknown };
  if (typeof file === 'string' && file !== '') return [{ pointer: `${pointer}/file`, path: file }];
  return Object.entries(data).flatMap(([name, value]) => references(value, join(pointer, name)));
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

function* hostRules(root: Members): Generator<Finding> {
  // An entry written as a URL is a mistake of its own, and still says which host is meant.
  const hosts = texts(root['hosts']).map((host) => (urlOf(host)?.host || host).toLowerCase());
  // Without a list of hosts that is the mistake, not each URL.
  if (hosts.length === 0) return;
  const urls: readonly (readonly [string, unknown])[] = [
    ['/issuer', root['issuer']],
    ['/discovery', root['discovery']],
    ...list(root['resources']).flatMap((resource, index): [string, unknown][] => [
      [`/resources/${index}/url`, members(resource)['url']],
      [`/resources/${index}/openapi`, members(resource)['openapi']],
    ]),
  ];
  for (const [pointer, value] of urls) {
    const url = urlOf(value);
    if (url === undefined) continue;
    if (url.username !== '' || url.password !== '')
      yield conflict(pointer, 'a URL here has no user name and no password; remove them');
    if (hosts.some((host) => covers(host, url))) continue;
    const suggestion = nearest(url.host, hosts, 1);
    yield {
      ...conflict(pointer, `the host ${printable(url.host)} is not in hosts; add it there, or mend the URL`),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
}

/** Whether an entry of `hosts` covers a URL: without a port any port, with one exactly that. */
function covers(host: string, url: URL): boolean {
  return host === url.hostname || host === `${url.hostname}:${url.port === '' ? '443' : url.port}`;
}

function* clientRules(root: Members): Generator<Finding> {
  const profile = members(root['profile']);
  const method = profile['client_authentication'];
  const protocol = profile['protocol'];
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
    const missing = (name: string, reason: string): Finding => ({
      code: 'missing-member',
      pointer: `${pointer}/${name}`,
      at: 'name',
      message: `missing member ${name}: ${reason} needs it`,
    });
    if (method === 'private_key_jwt' && client['key'] === undefined) yield missing('key', 'private_key_jwt');
    for (const [name, other] of [
      ['certificate', 'certificate_key'],
      ['certificate_key', 'certificate'],
    ] as const) {
      if (client[name] !== undefined) continue;
      if (certified) yield missing(name, why);
      else if (client[other] !== undefined) yield missing(name, `the ${other} beside it`);
    }
    const scope = client['scope'];
    if (typeof scope !== 'string') continue;
    const openid = words(scope).includes('openid');
    if (protocol === 'openid' && !openid)
      yield conflict(`${pointer}/scope`, 'profile/protocol is openid, which needs the scope openid; add it');
    if (protocol === 'oauth' && openid)
      yield conflict(
        `${pointer}/scope`,
        'profile/protocol is oauth, but the scope openid asks for OpenID Connect; change one',
      );
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
  const missing = (pointer: string, name: string): Finding => ({
    code: 'missing-member',
    pointer: `${pointer}/${name}`,
    at: 'name',
    message: `missing member ${name}: the authorization code grant (profile/grant) needs it`,
  });
  if (grant === 'authorization_code') {
    if (root['user'] === undefined) yield missing('', 'user');
    for (const [index, client] of list(root['clients']).map(members).entries())
      if (client['redirect_uri'] === undefined) yield missing(`/clients/${index}`, 'redirect_uri');
  }
  if (grant !== 'client_credentials') return;
  if (protocol === 'openid')
    yield conflict(
      '/profile/protocol',
      'OpenID Connect is about users, and profile/grant is client_credentials; change one',
    );
  for (const [index, feature] of list(root['features']).entries())
    if (['refresh-token', 'userinfo', 'signed-request', 'signed-response'].some((each) => each === feature))
      yield conflict(
        `/features/${index}`,
        `${String(feature)} needs a user, and profile/grant is client_credentials; change one`,
      );
}

function* resourceRules(root: Members): Generator<Finding> {
  const permitted = members(list(root['clients'])[0])['scope'];
  const names = new Set<string>();
  for (const [index, resource] of list(root['resources']).map(members).entries()) {
    const { name, scope } = resource;
    if (typeof name === 'string') {
      if (names.has(name))
        yield conflict(`/resources/${index}/name`, 'another resource has this name; names are unique');
      names.add(name);
    }
    if (typeof scope !== 'string' || typeof permitted !== 'string') continue;
    const beyond = words(scope).filter((word) => !words(permitted).includes(word));
    const [word = ''] = beyond;
    if (beyond.length === 0) continue;
    const suggestion = nearest(word, words(permitted), 2);
    yield {
      ...conflict(
        `/resources/${index}/scope`,
        `the first client's scope does not contain ${printable(beyond.join(' '))}; add it there, or remove it here`,
      ),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
  const features = list(root['features']);
  const hosted = features.indexOf('client-jwks-uri');
  if (hosted !== -1 && root['hosted_client'] === undefined)
    yield {
      code: 'missing-member',
      pointer: '/hosted_client',
      at: 'name',
      message: 'missing member hosted_client: the feature client-jwks-uri needs it',
    };
  if (features.includes('expired-certificate'))
    for (const name of ['expired_certificate', 'expired_certificate_key'])
      if (members(list(root['clients'])[0])[name] === undefined)
        yield {
          code: 'missing-member',
          pointer: `/clients/0/${name}`,
          at: 'name',
          message: `missing member ${name}: the feature expired-certificate needs it`,
        };
  const userinfo = features.indexOf('userinfo');
  if (userinfo !== -1 && members(root['profile'])['protocol'] === 'oauth')
    yield conflict(
      `/features/${userinfo}`,
      'userinfo is a part of OpenID Connect, but profile/protocol is oauth; change one',
    );
}

function* userRules(user: Members): Generator<Finding> {
  if (user['driver'] !== 'browser') return;
  for (const name of ['accept', 'reject']) {
    const given = user[name] !== undefined;
    if (user['script'] !== undefined && given)
      yield conflict(`/user/${name}`, `script takes the place of ${name}; keep one`);
    if (user['script'] === undefined && !given)
      yield {
        code: 'missing-member',
        pointer: `/user/${name}`,
        at: 'name',
        message: `missing member ${name}: steps that log in and ${name} (or a script instead of steps)`,
      };
  }
}

function* waiverRules(waivers: readonly unknown[], now: Date): Generator<Finding> {
  const today = now.toISOString().slice(0, 10);
  const waived = new Set<unknown>();
  for (const [index, waiver] of waivers.map(members).entries()) {
    const { owner, approver, expires, requirement } = waiver;
    const pointer = `/waivers/${index}`;
    if (typeof owner === 'string' && typeof approver === 'string' && sameText(owner, approver))
      yield conflict(`${pointer}/approver`, 'the approver is the owner; somebody else has to approve');
    if (typeof expires === 'string' && isDate(expires) && expires < today)
      yield conflict(
        `${pointer}/expires`,
        `the waiver expired on ${expires}; remove it, or have it approved anew`,
      );
    if (typeof requirement === 'string' && waived.has(requirement))
      yield conflict(`${pointer}/requirement`, 'another waiver is for the same requirement; keep one');
    waived.add(requirement);
  }
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function conflict(pointer: string, message: string): Finding {
  return { code: 'conflict', pointer, at: 'value', message };
}

function sameText(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

function members(value: unknown): Members {
  return isMembers(value) ? value : {};
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((entry) => typeof entry === 'string');
}

function words(scope: string): readonly string[] {
  return scope.split(/\s+/u).filter((word) => word !== '');
}

function urlOf(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
}
