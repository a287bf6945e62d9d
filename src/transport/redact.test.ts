import { randomBytes } from 'node:crypto';
import { expect, test } from '@playwright/test';
import type { Exchange } from './exchange.ts';
import { createRedactor } from './redact.ts';

const jwt = (payload: object, sign = 'c2lnbmF0dXJlLXZhbHVl') =>
  `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${sign}`;

const list = (headers: readonly [string, string][] = []) => headers.map(([name, value]) => ({ name, value }));

function exchange(parts: {
  url?: string;
  headers?: readonly [string, string][];
  body?: string;
  answer?: string;
  answers?: readonly [string, string][];
}): Exchange {
  return {
    id: 1,
    at: '2026-01-01T00:00:00.000Z',
    duration_ms: 1,
    purpose: 'test',
    edits: [],
    request: {
      method: 'POST',
      url: parts.url ?? 'https://as.example/token',
      headers: list(parts.headers),
      body: parts.body ?? '',
    },
    response: { status: 200, headers: list(parts.answers), body: parts.answer ?? '' },
  };
}

test('gives equal secrets equal marks, and other salts other marks', () => {
  const once = createRedactor('salt').exchange(
    exchange({ body: 'code=SplxlOBeZQQYbYS6WxSbIA', answer: '{"x": "code=SplxlOBeZQQYbYS6WxSbIA"}' }),
  );
  const [mark] = /\[redacted code [\w-]{12}\]/u.exec(once.request.body ?? '') ?? [''];
  expect(mark).not.toBe('');
  expect(once.response?.body).toBe(`{"x": "code=${mark}"}`);
  const other = createRedactor('other').exchange(exchange({ body: 'code=SplxlOBeZQQYbYS6WxSbIA' }));
  expect(other.request.body).not.toContain(mark);
});

test('keeps what an assertion and a proof claim, and takes their signatures', () => {
  const redactor = createRedactor('salt');
  const assertion = jwt({ iss: 'client' });
  const proof = jwt({ htu: 'https://as.example' }, 'cHJvb2Ytc2lnbmF0dXJl');
  const { request } = redactor.exchange(
    exchange({ headers: [['DPoP', proof]], body: `client_id=a&client_assertion=${assertion}` }),
  );
  const [head, payload] = assertion.split('.');
  expect(request.body).toContain(`client_assertion=${head}.${payload}.[redacted signature `);
  expect(request.headers[0]?.value).toMatch(/^ey[\w-]+\.ey[\w-]+\.\[redacted signature [\w-]{12}\]$/u);
  expect(redactor.scrub(`got ${assertion}`)).toContain(`got ${head}.${payload}.[redacted signature `);
});

test('keeps what is not secret', () => {
  const body =
    'response_type=code&state=af0ifjsldkj&scope=openid+accounts&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  const answer =
    '{"error":"invalid_request","code":"UK.OBIE.Field.Missing","expires_in":90,"d":"2026-01-01"}';
  const kept = createRedactor('salt').exchange(exchange({ body, answer, url: 'https://as.example/par?x=1' }));
  expect(kept).toEqual(exchange({ body, answer, url: 'https://as.example/par?x=1' }));
});

test('keeps the prefix of a request_uri and the names of cookies', () => {
  const { request, response } = createRedactor('salt').exchange(
    exchange({
      url: 'https://as.example/auth?client_id=a&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3AbwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN',
      headers: [['cookie', 'sid=abcdefghijklmnopqrstuv; ok=1']],
      answers: [['Set-Cookie', 'sid=abcdefghijklmnopqrstuv; Path=/; HttpOnly']],
    }),
  );
  expect(request.url).toMatch(
    /request_uri=urn:ietf:params:oauth:request_uri:\[redacted request_uri [\w-]{12}\]$/u,
  );
  expect(request.headers[0]?.value).toMatch(
    /^sid=\[redacted cookie [\w-]{12}\]; ok=\[redacted cookie [\w-]{12}\]$/u,
  );
  expect(response?.headers[0]?.value).toMatch(/^sid=\[redacted cookie [\w-]{12}\]; Path=\/; HttpOnly$/u);
});

test('takes private parts of keys, and leaves the public ones', () => {
  const { response } = createRedactor('salt').exchange(
    exchange({ answer: JSON.stringify({ keys: [{ kty: 'EC', x: 'public-x-part', d: 'private-d-part' }] }) }),
  );
  expect(response?.body).toContain('public-x-part');
  expect(response?.body).not.toContain('private-d-part');
});

test('is idempotent', () => {
  const redactor = createRedactor('salt');
  const once = redactor.exchange(
    exchange({
      body: `code=SplxlOBeZQQYbYS6WxSbIA&client_assertion=${jwt({ a: 1 })}`,
      headers: [['dpop', jwt({})]],
    }),
  );
  expect(redactor.exchange(once)).toEqual(once);
  expect(redactor.scrub(JSON.stringify(once))).toBe(JSON.stringify(once));
});

const secret = () => randomBytes(24).toString('base64url');
const awkward = () => `${secret()}/+ &"<é${secret()}`;

/** Where secrets stand in what goes over the wire. */
const places: Readonly<Record<string, (value: string) => Parameters<typeof exchange>[0]>> = {
  'authorization header': (value) => ({ headers: [['Authorization', `DPoP ${value}`]] }),
  'basic credentials': (value) => ({ headers: [['authorization', `Basic ${value}`]] }),
  'location header': (value) => ({
    answers: [['Location', `https://c.example/cb?state=1&code=${encodeURIComponent(value)}`]],
  }),
  'fragment of a location': (value) => ({
    answers: [['location', `https://c.example/cb#access_token=${encodeURIComponent(value)}`]],
  }),
  'referer header': (value) => ({
    headers: [['referer', `https://c.example/cb?code=${encodeURIComponent(value)}`]],
  }),
  'URL inside a URL': (value) => ({
    url: `https://as.example/?to=${encodeURIComponent(`https://c.example/?code=${encodeURIComponent(value)}`)}`,
  }),
  'form body': (value) => ({ body: new URLSearchParams({ a: '1', code_verifier: value }).toString() }),
  'password field': (value) => ({
    body: new URLSearchParams({ login: 'alice', user_password: value }).toString(),
  }),
  'JSON body': (value) => ({ answer: JSON.stringify({ deep: [{ refresh_token: value }] }, null, 2) }),
  'array in a JSON body': (value) => ({ answer: JSON.stringify({ access_token: ['x', value] }) }),
  'cut JSON body': (value) => ({ answer: JSON.stringify({ access_token: value, more: 'x' }).slice(0, -5) }),
  'escaped member name': (value) => ({ answer: `{"\\u0063ode":${JSON.stringify(value)}}` }),
  'URL in a JSON body': (value) => ({
    answer: JSON.stringify({ url: `https://c.example/?code=${encodeURIComponent(value)}` }),
  }),
  'form_post page': (value) => ({
    answer: `<form><input type=hidden name=code value="${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></form>`,
  }),
  'link in a page': (value) => ({
    answer: `<p><a href="/cb?a=1&amp;code=${encodeURIComponent(value)}">go</a>`,
  }),
  'assertion signature': (value) => ({
    body: `client_assertion=${jwt({ jti: 1 }, value.replaceAll(/[^\w-]/gu, 'x'))}`,
  }),
  'token anywhere': (value) => ({ answer: `it was ${jwt({ secret: value })}.` }),
  'PEM key in JSON': (value) => ({
    answer: JSON.stringify({ pem: `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----\n` }),
  }),
};

const spoken = (place: string) =>
  !['basic credentials', 'authorization header', 'assertion signature', 'token anywhere'].includes(place);

for (const [place, plant] of Object.entries(places))
  test(`lets no secret through: ${place}`, () => {
    const redactor = createRedactor('salt');
    for (let round = 0; round < 25; round += 1) {
      const value = spoken(place) && round % 2 === 1 ? awkward() : secret();
      const recorded = JSON.stringify(redactor.exchange(exchange(plant(value))));
      expect(recorded).toContain('[redacted ');
      for (const part of [value, encodeURIComponent(value), ...value.split('/+ &"<é')])
        expect(recorded).not.toContain(part);
      if (value.length < 40) expect(recorded).not.toContain(Buffer.from(value).toString('base64url'));
    }
  });

test('finds a secret again wherever it is repeated', () => {
  const redactor = createRedactor('salt');
  const value = secret();
  const told = secret();
  const recorded = redactor.exchange(
    exchange({
      url: `https://as.example/${value}`,
      body: `code=${value}`,
      answer: `code ${value} was used, and ${told}`,
    }),
    [told],
  );
  expect(JSON.stringify(recorded)).not.toContain(value);
  expect(JSON.stringify(recorded)).not.toContain(told);
  expect(redactor.scrub(`expected ${value}, got ${told}`)).toMatch(
    /^expected \[redacted code .*\], got \[redacted secret .*\]$/u,
  );
});

test('forgets, of many thousand secrets that it found, those that it did not see for longest', () => {
  const redactor = createRedactor('salt');
  const [old, lasting, told, ...others] = Array.from({ length: 10_002 }, secret);
  redactor.exchange(exchange({ body: `code=${old}` }), [String(told)]);
  redactor.exchange(exchange({ body: `code=${lasting}` }));
  const many = exchange({ body: others.map((each) => `code=${each}`).join('&'), answer: `it was ${old}` });
  // Those of the exchange under way stay until it is over.
  expect(redactor.exchange(many).response?.body).not.toContain(old);
  const kept = [lasting, told, ...others];
  expect(redactor.scrub(kept.join(' '))).toMatch(/^(?:\[redacted \w+ [\w-]{12}\] ?){10001}$/u);
  expect(redactor.scrub(`${old}`)).toBe(old);
  // Seen where its name tells what it is, it is found again.
  redactor.exchange(exchange({ body: `code=${old}` }));
  expect(redactor.scrub(`${old}`)).not.toBe(old);
});

test('stays quick on hostile bodies', () => {
  const redactor = createRedactor('salt');
  const size = 1_000_000;
  for (const piece of [
    'ey',
    '<input "',
    '<b>',
    '"',
    '?a',
    '&',
    'eyJhbGciOiJ9.',
    '-----BEGIN PRIVATE KEY-----',
    '{"code":"',
  ])
    redactor.exchange(
      exchange({ answer: (piece.startsWith('<') ? piece : `x${piece}`).repeat(size / piece.length) }),
    );
});
