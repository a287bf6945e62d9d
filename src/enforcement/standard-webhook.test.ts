import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { retryAfter } from './http.ts';
import { mark, seal, unseal } from './sealed.ts';
import { signWebhook, verifyWebhook } from './standard-webhook.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const at = new Date(1_614_265_330_000);
const body = '{"test": 2432232314}';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const headers = signWebhook({ id, at, body }, [secret]);

/** An Ed25519 key pair as the specification writes it. */
function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    seed: `whsk_${seed.toString('base64')}`,
    pair: `whsk_${Buffer.concat([seed, point]).toString('base64')}`,
    point: `whpk_${point.toString('base64')}`,
  };
}

test('signs id, timestamp and body by HMAC-SHA256 with the bytes of the secret', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const expected = createHmac('sha256', key).update(`${id}.1614265330.${body}`).digest('base64');
  expect(headers).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${expected}`,
  });
  // The example that implementations of the specification share.
  expect(expected).toBe('g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('accepts its own signatures, with either of two secrets, and near the present', () => {
  verifyWebhook(headers, body, [secret], at);
  verifyWebhook(headers, body, [other, secret], new Date(at.getTime() + 299_000));
  const both = signWebhook({ id, at, body }, [other, secret]);
  verifyWebhook(both, body, [secret], at);
  verifyWebhook(both, body, [other], at);
});

test('signs with Ed25519 keys, which their public keys verify', () => {
  const { seed, pair, point } = keyPair();
  for (const key of [seed, pair]) {
    const signed = signWebhook({ id, at, body }, [key, secret]);
    expect(signed['webhook-signature']).toMatch(/^v1a,\S+ v1,\S+$/u);
    verifyWebhook(signed, body, [point], at);
    expect(() => verifyWebhook(signed, body, [keyPair().point], at)).toThrow('no signature');
  }
  expect(() => signWebhook({ id, at, body }, [point])).toThrow('whsk_');
});

for (const [what, change] of Object.entries({
  'another body': { body: `${body} ` },
  'another id': { 'webhook-id': 'msg_other' },
  'another timestamp': { 'webhook-timestamp': '1614265331' },
  'another signature': { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` },
  'a short signature': { 'webhook-signature': 'v1,AAAA' },
  'a signature of another identifier': {
    'webhook-signature': headers['webhook-signature'].replace('v1,', 'v1a,'),
  },
  'no signature': { 'webhook-signature': '' },
  'an id that is cut elsewhere': { 'webhook-id': `${id}.1` },
  'a timestamp that is no number': { 'webhook-timestamp': '1614265330.0' },
  'a second id': { 'webhook-id': [id, id] },
}))
  test(`refuses ${what}`, () => {
    const changed = { ...headers, ...change };
    expect(() => verifyWebhook(changed, 'body' in change ? change.body : body, [secret], at)).toThrow(
      expect.objectContaining({ code: 'refused' }),
    );
  });

test('refuses what was sent too long ago, or too far ahead', () => {
  for (const shift of [-301_000, 301_000])
    expect(() => verifyWebhook(headers, body, [secret], new Date(at.getTime() + shift))).toThrow('300 s');
});

test('takes no weak or mistyped secret, and tells none', () => {
  for (const wrong of ['whsec_c2hvcnQ=', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsk_AAAA', 'whsec_*']) {
    expect(() => signWebhook({ id, at, body }, [wrong])).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.not.stringContaining(wrong) }),
    );
  }
});

test('reads Retry-After as seconds or as a date', () => {
  expect(retryAfter('120', at)).toBe(120);
  expect(retryAfter(new Date(at.getTime() + 90_000).toUTCString(), at)).toBe(90);
  expect([undefined, 'soon', '-1', new Date(0).toUTCString()].map((each) => retryAfter(each, at))).toEqual([
    0, 0, 0, 0,
  ]);
});

test('seals a secret under another, and opens it with no other', () => {
  const sealed = seal('inner', 'outer', 'test');
  expect(unseal(sealed, 'outer', 'test')).toBe('inner');
  expect(unseal(sealed, 'Outer', 'test')).toBeUndefined();
  expect(unseal(sealed, 'outer', 'other')).toBeUndefined();
  expect(unseal(`${sealed.slice(0, -2)}AA`, 'outer', 'test')).toBeUndefined();
  expect([undefined, null, 'short'].map((each) => unseal(each, 'outer', 'test'))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(seal('inner', 'outer', 'test')).not.toBe(sealed);
  expect(mark('inner')).not.toContain('inner');
});
