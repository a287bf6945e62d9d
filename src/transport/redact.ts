import { createHmac } from 'node:crypto';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import type { Exchange } from './exchange.ts';
import {
  isErrorCode,
  isPrivateMember,
  isSigned,
  mayHoldKey,
  replacePem,
  replaceTokens,
  treatmentOf,
} from './secrets.ts';

/** Takes secrets out of what is recorded, and remembers those that it was told and those that it found last. */
export interface Redactor {
  /**
   * A copy of an exchange without its secrets; what it finds is remembered.
   * @param secrets Further values of this exchange that only the caller knows to be secret.
   */
  exchange(exchange: Exchange, secrets?: readonly string[]): Exchange;
  /** A text without any secret that was seen so far, and without anything that has the shape of a token or private key. */
  scrub(text: string): string;
  /** Remembers a secret, so that `scrub` finds it. Values below eight characters are too common to be found by value. */
  learn(kind: string, value: string): void;
}

const shortest = 8;
/** Secrets found that are remembered: many times as many as one check can show, and no burden to a sandbox that stays. */
const most = 10_000;
const marked = '[redacted ';

const formEncoded = (value: string) => new URLSearchParams({ '': value }).toString().slice(1);
const htmlEncoded = (value: string) =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A number below 2^20 that four characters of a text share with few others. */
const beginning = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 15) ^
    (text.charCodeAt(at + 1) << 10) ^
    (text.charCodeAt(at + 2) << 5) ^
    text.charCodeAt(at + 3)) &
  0xfffff;

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

type Clean = (text: string, kind: 'plain' | 'body', name: string) => string;

/** The exchange with each of its texts cleaned. */
function cleaned(exchange: Exchange, clean: Clean): Exchange {
  const { request, response, error } = exchange;
  const message = <M extends { headers: Exchange['request']['headers']; body?: string }>(whole: M): M => ({
    ...whole,
    headers: whole.headers.map((field) => ({
      name: field.name,
      value: clean(field.value, 'plain', field.name),
    })),
    ...(whole.body !== undefined && { body: clean(whole.body, 'body', '') }),
  });
  return {
    ...exchange,
    request: { ...message(request), url: clean(request.url, 'plain', '') },
    ...(response && { response: message(response) }),
    ...(error && { error: { code: error.code, message: clean(error.message, 'plain', '') } }),
  };
}

/**
 * A redactor for one run.
 * A secret becomes `[redacted <kind> <digest>]`, the digest being the first 12 characters of its HMAC-SHA-256 under the
 * salt in base64url: equal values stay recognisable within the run, and cannot be guessed from outside.
 */
export function createRedactor(salt: Uint8Array | string): Redactor {
  const known = new Map<string, string>();
  // Known values by their first characters, longest first: one pass over a text finds them all.
  const starts = new Map<string, string[]>();
  // Which beginnings any of them has: nearly every place of a text has another, and is passed over without a look at the map.
  const beginnings = new Uint32Array(1 << 20);
  // The forms in which each secret that was found is looked for; the one that was not seen for longest comes first.
  const found = new Map<string, readonly string[]>();
  let learnt = 0;

  const mark = (kind: string, value: string) =>
    `${marked}${kind} ${createHmac('sha256', salt).update(value).digest('base64url').slice(0, 12)}]`;

  function remember(form: string, replacement: string): void {
    learnt += 1;
    known.set(form, replacement);
    const place = beginning(form, 0);
    beginnings[place] = (beginnings[place] ?? 0) + 1;
    const start = form.slice(0, shortest);
    const same = starts.get(start) ?? [];
    same.push(form);
    same.sort((a, b) => b.length - a.length);
    starts.set(start, same);
  }

  function forget(form: string): void {
    known.delete(form);
    const place = beginning(form, 0);
    beginnings[place] = (beginnings[place] ?? 0) - 1;
    const start = form.slice(0, shortest);
    const others = starts.get(start)?.filter((each) => each !== form) ?? [];
    if (others.length === 0) starts.delete(start);
    else starts.set(start, others);
  }

  /** After an exchange, not within: one that shows many must not bring the others back to light. */
  function forgetOldest(): void {
    for (const [secret, forms] of found) {
      if (found.size <= most) return;
      for (const form of forms) forget(form);
      found.delete(secret);
    }
  }

  /** @returns The forms that were not known. */
  function learn(kind: string, value: string): readonly string[] {
    if (value.length < shortest || known.has(value)) return [];
    const replacement = mark(kind, value);
    const forms = [
      value,
      encodeURIComponent(value),
      formEncoded(value),
      JSON.stringify(value).slice(1, -1),
      htmlEncoded(value),
    ];
    const fresh = [...new Set(forms)].filter((form) => form.length >= shortest && !known.has(form));
    for (const form of fresh) remember(form, replacement);
    return fresh;
  }

  function find(kind: string, value: string): void {
    const fresh = learn(kind, value);
    const forms = found.get(value) ?? fresh;
    if (forms.length === 0) return;
    // Behind all others.
    found.delete(value);
    found.set(value, forms);
  }

  /** What was told is not forgotten, also where it was found before. */
  function keep(kind: string, value: string): void {
    learn(kind, value);
    found.delete(value);
  }

  function whole(kind: string, value: string): string {
    if (value === '' || value.startsWith(marked)) return value;
    find(kind, value);
    return mark(kind, value);
  }

  function signature(name: string, value: string): string {
    if (!isSigned(value)) return value.includes(marked) ? value : whole(name, value);
    const end = value.lastIndexOf('.') + 1;
    if (end === value.length) return value;
    return `${value.slice(0, end)}${whole('signature', value.slice(end))}`;
  }

  function tail(name: string, value: string): string {
    const start = Math.max(value.lastIndexOf(':'), value.lastIndexOf('/'), value.lastIndexOf('=')) + 1;
    return `${value.slice(0, start)}${whole(name, value.slice(start))}`;
  }

  /** The value under a name: by the name, else by its own shape. */
  function named(name: string, value: string): string {
    const treatment = treatmentOf(name);
    if (treatment === 'whole') return whole(name, value);
    if (treatment === 'tail') return value.includes(marked) ? value : tail(name, value);
    if (treatment === 'signature') return signature(name, value);
    return free(value);
  }

  const parameters = (text: string) =>
    text.replace(
      /(^|[?&#\s"'(,;])([^=&#?\s"'<>(,;]+)=([^&#\s"'<>]+)/gu,
      (all, before: string, name: string, value: string) => {
        if (value.includes('[redacted')) return all;
        const plain = decoded(value);
        const clean = named(decoded(name).replace(/^amp;/u, ''), plain);
        return clean === plain ? all : `${before}${name}=${clean}`;
      },
    );

  /** Text whose form is not known: what looks like a parameter, a token or a key, and every secret seen so far. */
  function free(text: string): string {
    const known = seen(parameters(text));
    const keyless = replacePem(known, (key) => whole('private_key', key));
    return replaceTokens(keyless, (jwt) => whole('token', jwt));
  }

  function seen(text: string): string {
    if (starts.size === 0 || text.length < shortest) return text;
    let result = '';
    let from = 0;
    for (let at = 0; at + shortest <= text.length;) {
      const candidates =
        (beginnings[beginning(text, at)] ?? 0) > 0 ? starts.get(text.slice(at, at + shortest)) : undefined;
      const here = candidates?.find((value) => text.startsWith(value, at));
      if (here === undefined) at += 1;
      else {
        result += text.slice(from, at) + (known.get(here) ?? '');
        at += here.length;
        from = at;
      }
    }
    return from === 0 ? text : result + text.slice(from);
  }

  /** Every string of a JSON text, by the member it stands under; the text's own form is kept. */
  function json(text: string): string {
    const key = mayHoldKey(text);
    let name = '';
    return text.replace(
      /("(?:[^"\\]|\\.)*")(\s*:)?/gsu,
      (all, literal: string, colon: string | undefined) => {
        let value: unknown;
        try {
          value = JSON.parse(literal);
        } catch {
          return all;
        }
        if (typeof value !== 'string') return all;
        if (colon !== undefined) {
          name = value;
          return all;
        }
        if (name === 'code' && isErrorCode(value)) return all;
        const clean = key && isPrivateMember(name) ? whole(`jwk_${name}`, value) : named(name, value);
        return clean === value ? all : JSON.stringify(clean);
      },
    );
  }

  /** The values of inputs, by their names. */
  function html(text: string): string {
    const edits: { from: number; to: number; text: string }[] = [];
    // A stack, not recursion: a hostile page nests as deep as its size allows.
    const open: DefaultTreeAdapterTypes.Node[] = [parse(text, { sourceCodeLocationInfo: true })];
    for (let node = open.pop(); node; node = open.pop()) {
      if ('attrs' in node && node.tagName === 'input') {
        const attribute = (wanted: string) => node.attrs.find((each) => each.name === wanted)?.value ?? '';
        const value = attribute('value');
        const type = attribute('type').toLowerCase();
        const place = node.sourceCodeLocation?.attrs?.['value'];
        const clean = type === 'password' ? whole('password', value) : named(attribute('name'), value);
        if (place && clean !== value)
          edits.push({ from: place.startOffset, to: place.endOffset, text: `value="${htmlEncoded(clean)}"` });
      }
      if ('content' in node) open.push(node.content);
      if ('childNodes' in node) for (const child of node.childNodes) open.push(child);
    }
    let result = text;
    for (const edit of edits.toSorted((a, b) => b.from - a.from))
      result = result.slice(0, edit.from) + edit.text + result.slice(edit.to);
    return result;
  }

  function body(text: string): string {
    const start = text.trimStart().charAt(0);
    if (start === '{' || start === '[') return free(json(text));
    if (start === '<') return free(html(text));
    return free(text);
  }

  function authorization(value: string): string {
    const [, scheme, space, credentials] = /^([\w-]+)(\s+)(.+)$/su.exec(value) ?? [];
    if (scheme === undefined || credentials === undefined) return whole('credentials', value);
    return `${scheme}${space}${whole(/^(?:bearer|dpop)$/iu.test(scheme) ? 'access_token' : 'credentials', credentials)}`;
  }

  const pair = (text: string) =>
    text.replace(/^(\s*[^=;]*=)([^;]*)/u, (_all, start: string, value: string) => `${start}${cookie(value)}`);
  // Short cookie values are words such as `true`: they are taken out here, and not looked for elsewhere.
  const cookie = (value: string) =>
    value === '' || value.startsWith(marked)
      ? value
      : value.length < 16
        ? mark('cookie', value)
        : whole('cookie', value);

  function header(name: string, value: string): string {
    switch (name.toLowerCase()) {
      case 'authorization':
      case 'proxy-authorization':
        return authorization(value);
      case 'cookie':
        return value.split(';').map(pair).join(';');
      case 'set-cookie':
        return free(pair(value));
      case 'dpop':
        return signature('dpop', value);
      default:
        return free(value);
    }
  }

  return {
    learn: keep,
    scrub: free,
    exchange(exchange, told = []) {
      for (const secret of told) keep('secret', secret);
      const before = learnt;
      const clean = cleaned(exchange, (text, kind, name) =>
        kind === 'body' ? body(text) : header(name, text),
      );
      // What one part revealed to be secret may stand in another that was cleaned earlier.
      const cleanest = learnt === before ? clean : cleaned(clean, seen);
      forgetOldest();
      return cleanest;
    },
  };
}
