import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Encrypts a secret under another one that the operator keeps, so that a database holds neither: AES-256-GCM with a key
 * from HKDF-SHA256. Base64url.
 */
export function seal(secret: string, under: string, purpose: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(under, purpose), nonce);
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** What `seal` encrypted; undefined where it was under another secret, or is something else. */
export function unseal(sealed: unknown, under: string, purpose: string): string | undefined {
  if (typeof sealed !== 'string') return undefined;
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < 28) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', keyOf(under, purpose), bytes.subarray(0, 12), {
    authTagLength: 16,
  }).setAuthTag(bytes.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** SHA-256 of a secret with much entropy, to recognise it by. */
export const mark = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

const keyOf = (under: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', under, '', `assay ${purpose}`, 32));
