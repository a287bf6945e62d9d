import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { ConnectorError } from './connector.ts';

/** What is sent beside the body (Standard Webhooks 1.0.0, "Webhook headers"); the timestamp is in seconds since 1970. */
export type WebhookHeaders = Readonly<
  Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>
>;

/** One way to sign: a signature identifier with what makes and checks a signature. */
interface Scheme {
  readonly identifier: 'v1' | 'v1a';
  readonly sign: (content: string) => string;
  readonly verify: (content: string, signature: string) => 'good' | 'bad';
}

/**
 * Signs a message with each secret, so that a receiver may know any of them while they are changed.
 * @param secrets `whsec_…` (HMAC-SHA256, 24 to 64 bytes) or `whsk_…` (Ed25519: seed, or seed and public key), base64.
 * @throws ConnectorError `configuration`
 */
export function signWebhook(
  message: { readonly id: string; readonly at: Date; readonly body: string },
  secrets: readonly string[],
): WebhookHeaders {
  const timestamp = String(Math.floor(message.at.getTime() / 1000));
  const content = `${message.id}.${timestamp}.${message.body}`;
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets
      .map(scheme)
      .map(({ identifier, sign: make }) => `${identifier},${make(content)}`)
      .join(' '),
  };
}

/**
 * For receivers: checks that a message was signed with one of the secrets, not long ago. A receiver besides drops what
 * has a `webhook-id` that it has seen.
 * @param body The bytes as they came.
 * @param secrets `whsec_…`, or `whpk_…` (the public key of a `whsk_…`).
 * @param tolerance Seconds that clocks may differ; 300 by default.
 * @throws ConnectorError `refused` for what is not from the sender, `configuration` for what is no secret.
 */
export function verifyWebhook(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  secrets: readonly string[],
  now: Date,
  tolerance = 300,
): void {
  const [id, timestamp, signatures] = [
    headers['webhook-id'],
    headers['webhook-timestamp'],
    headers['webhook-signature'],
  ];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    throw new ConnectorError(
      'refused',
      'expected webhook-id, webhook-timestamp and webhook-signature once each',
    );
  // A full stop in the id would let the parts of one signed message be cut at other places.
  if (id.includes('.') || !/^\d{1,12}$/u.test(timestamp))
    throw new ConnectorError('refused', 'expected an id without full stops, and seconds since 1970');
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > tolerance)
    throw new ConnectorError('refused', `the message was sent more than ${tolerance} s from now`);
  const known = secrets.map(scheme);
  const content = `${id}.${timestamp}.${body}`;
  const good = signatures.split(' ').some((each) => {
    const [identifier, signature = ''] = each.split(',', 2);
    return known.some((one) => one.identifier === identifier && one.verify(content, signature) === 'good');
  });
  if (!good) throw new ConnectorError('refused', 'no signature of the message is of a known secret');
}

/**
 * Reads a secret or a key.
 * @throws ConnectorError `configuration`, without the secret in it.
 */
export function scheme(secret: string): Scheme {
  const [, prefix, encoded = ''] = /^(whsec_|whsk_|whpk_)([A-Za-z0-9+/]+={0,2})$/u.exec(secret) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (prefix === 'whsec_' && bytes.length >= 24 && bytes.length <= 64) return symmetric(bytes);
  // A key pair is often kept as its seed followed by its public key.
  if (prefix === 'whsk_' && (bytes.length === 32 || bytes.length === 64)) {
    const key = createPrivateKey({
      key: Buffer.concat([pkcs8, bytes.subarray(0, 32)]),
      format: 'der',
      type: 'pkcs8',
    });
    return asymmetric(createPublicKey(key), key);
  }
  if (prefix === 'whpk_' && bytes.length === 32)
    return asymmetric(createPublicKey({ key: Buffer.concat([spki, bytes]), format: 'der', type: 'spki' }));
  throw new ConnectorError(
    'configuration',
    'expected a webhook secret: whsec_ with 24 to 64 bytes, or whsk_ with an Ed25519 key, in base64',
  );
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS#8 and in SubjectPublicKeyInfo (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const spki = Buffer.from('302a300506032b6570032100', 'hex');

function symmetric(key: Buffer): Scheme {
  const digest = (content: string) => createHmac('sha256', key).update(content).digest();
  return {
    identifier: 'v1',
    sign: (content) => digest(content).toString('base64'),
    verify(content, signature) {
      const [came, expected] = [Buffer.from(signature, 'base64'), digest(content)];
      return came.length === expected.length && timingSafeEqual(came, expected) ? 'good' : 'bad';
    },
  };
}

function asymmetric(publicKey: KeyObject, privateKey?: KeyObject): Scheme {
  return {
    identifier: 'v1a',
    sign(content) {
      if (privateKey === undefined)
        throw new ConnectorError('configuration', 'expected a key that signs (whsk_), got a public one');
      return sign(null, Buffer.from(content), privateKey).toString('base64');
    },
    verify: (content, signature) =>
      verify(null, Buffer.from(content), publicKey, Buffer.from(signature, 'base64')) ? 'good' : 'bad',
  };
}
