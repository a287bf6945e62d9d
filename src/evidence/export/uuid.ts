import { createHash } from 'node:crypto';

/**
 * A name-based UUID (version 5): the same for the same name, for ever.
 * @param namespace A UUID.
 * @see RFC 9562, section 5.5
 */
export function uuidOf(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/u, '$1-$2-$3-$4-');
}

/** The namespace of everything that is made from a statement: UUIDs in it are names that begin with the digest. */
const statements = uuidOf('6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'https://assay.dev/ns/statement');

/** The UUID of a part of what is made from statements, by their digests and what the part is. */
export const uuidFrom = (digests: readonly string[], ...part: readonly string[]): string =>
  uuidOf(statements, JSON.stringify([digests, ...part]));
