import type { Finding } from './problem.ts';
import { join, nearest, printable } from './problem.ts';

/** An object of unknown members. */
export type Members = Readonly<Record<string, unknown>>;

/** A value as an object; an empty one where it is none. */
export function members(value: unknown): Members {
  return isMembers(value) ? value : {};
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a list; an empty one where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The texts of a list. */
export function texts(value: unknown): readonly string[] {
  return list(value).filter((entry) => typeof entry === 'string');
}

/** The scopes of a text. */
export function words(scope: string): readonly string[] {
  return scope.split(/\s+/u).filter((word) => word !== '');
}

/** A value as a URL; undefined where it is none. */
export function urlOf(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
}

/** What cannot stand beside something else. */
export function conflict(pointer: string, message: string): Finding {
  return { code: 'conflict', pointer, at: 'value', message };
}

/** A member that something else in the file needs; `why` ends the sentence that begins with its name. */
export function missing(holder: string, name: string, why: string): Finding {
  return {
    code: 'missing-member',
    pointer: join(holder, name),
    at: 'name',
    message: `missing member ${name}: ${why}`,
  };
}

/** A file that an integration refers to. */
export interface FileUse {
  readonly pointer: string;
  readonly path: string;
}

/** A path in the file. */
export function named(pointer: string, path: unknown): readonly FileUse[] {
  return typeof path === 'string' && path !== '' ? [{ pointer, path }] : [];
}

/** All references to files within a value. */
export function references(data: unknown, pointer: string): readonly FileUse[] {
  if (typeof data !== 'object' || data === null) return [];
  const { file } = data as { file?: unknown };
  if (typeof file === 'string' && file !== '') return [{ pointer: `${pointer}/file`, path: file }];
  return Object.entries(data).flatMap(([name, value]) => references(value, join(pointer, name)));
}

/** The descriptions of calls that are files. */
export function descriptions(resources: unknown): readonly FileUse[] {
  return list(resources).flatMap((resource, index) => {
    const path = members(resource)['openapi'];
    return urlOf(path) ? [] : named(`/resources/${index}/openapi`, path);
  });
}

/** URLs that are called must be declared, by pointer. */
export function* hostRules(
  root: Members,
  urls: readonly (readonly [pointer: string, value: unknown])[],
): Generator<Finding> {
  // An entry written as a URL is a mistake of its own, and still says which host is meant.
  const hosts = texts(root['hosts']).map((host) => (urlOf(host)?.host || host).toLowerCase());
  // Without a list of hosts that is the mistake, not each URL.
  if (hosts.length === 0) return;
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
function covers(host: string, { hostname, port, protocol }: URL): boolean {
  const usual = protocol === 'http:' ? '80' : '443';
  return host === hostname || host === `${hostname}:${port === '' ? usual : port}`;
}

/** A client asks for the scope openid where, and only where, the protocol is OpenID Connect. */
export function* openidRules(root: Members, pointer: string, scope: unknown): Generator<Finding> {
  const { protocol } = members(root['profile']);
  if (typeof scope !== 'string') return;
  const openid = words(scope).includes('openid');
  if (protocol === 'openid' && !openid)
    yield conflict(pointer, 'profile/protocol is openid, which needs the scope openid; add it');
  if (protocol === 'oauth' && openid)
    yield conflict(
      pointer,
      'profile/protocol is oauth, but the scope openid asks for OpenID Connect; change one',
    );
}

/**
 * Calls have names of their own, and scopes that the client may have.
 * @param whose Whose scope it is, as a message begins with it.
 */
export function* callRules(root: Members, permitted: unknown, whose: string): Generator<Finding> {
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
        `${whose} scope does not contain ${printable(beyond.join(' '))}; add it there, or remove it here`,
      ),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
}

/** Declared features that something else in the file excludes: why, by their names. */
export function* featureRules(root: Members, excluded: ReadonlyMap<unknown, string>): Generator<Finding> {
  for (const [index, feature] of list(root['features']).entries()) {
    const why = excluded.get(feature);
    if (why !== undefined) yield conflict(`/features/${index}`, `${String(feature)} ${why}`);
  }
}

/** @param now For their expiry. */
export function* waiverRules(root: Members, now: Date): Generator<Finding> {
  const today = now.toISOString().slice(0, 10);
  const waived = new Set<unknown>();
  for (const [index, waiver] of list(root['waivers']).map(members).entries()) {
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

function sameText(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
