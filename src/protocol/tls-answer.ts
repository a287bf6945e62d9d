import { extensions, versions, type Offer, type TlsVersion } from './tls-hello.ts';
import { HelloError, malformed, reader } from './tls-reader.ts';
import { finiteField, suiteName } from './tls-suites.ts';

/** What a server chose of an offer. */
export interface Chosen {
  readonly answer: 'chosen';
  readonly version: TlsVersion;
  readonly suite: number;
  /** Method of compression; 0 for none. */
  readonly compression: number;
  /** Numbers of the extensions that it confirmed. */
  readonly extensions: readonly number[];
  /** Its part of an ephemeral key agreement before TLS 1.3, where it is in the clear. */
  readonly keys?: KeyAgreement;
}

/** A public key of the moment, and how it is signed. */
interface KeyAgreement {
  /** Number of the named curve. */
  readonly curve?: number;
  /** Length in bits of the prime of a finite field. */
  readonly bits?: number;
  /** Number of the signature algorithm; TLS 1.2 alone names it. */
  readonly signature?: number;
}

/** What a server answered to a ClientHello. */
export type HelloAnswer = Chosen | { readonly answer: 'alert'; readonly alert: number };

/** The largest answer that is read, in bytes: certificate chains are the most of it. */
const limit = 131_072;

/** Of a record (RFC 5246, section 6.2.3). */
const recordLimit = 16_384 + 2048;

const types = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const messages = { serverHello: 2, serverKeyExchange: 12, serverHelloDone: 14 } as const;

/**
 * Reads what a server has sent so far.
 * @returns Undefined while more has to come.
 * @throws HelloError when it is no TLS, or chooses what was not offered.
 */
export function readAnswer(bytes: Buffer, offer: Offer): HelloAnswer | undefined {
  if (bytes.length > limit) throw malformed(`the answer is larger than ${limit} bytes`);
  const { handshake, alert } = recordsIn(bytes);
  let hello: Chosen | undefined;
  for (const [type, body] of messagesIn(handshake)) {
    if (!hello) {
      if (type !== messages.serverHello) throw malformed(`message ${type} comes before the ServerHello`);
      hello = serverHello(body, offer);
      if (hello.version === 'TLS 1.3') return hello;
    } else if (type === messages.serverKeyExchange) return { ...hello, ...keysOf(hello, body) };
    else if (type === messages.serverHelloDone) return hello;
  }
  return alert === undefined ? undefined : { answer: 'alert', alert };
}

/** The bytes of all handshake records, and the alert that ends them. */
function recordsIn(bytes: Buffer): { handshake: Buffer; alert?: number } {
  const parts: Buffer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const type = rest.readUInt8(0);
    // Whatever comes later belongs to the encrypted part of TLS 1.3.
    if ((type === types.changeCipherSpec || type === types.applicationData) && parts.length > 0) break;
    if (type !== types.handshake && type !== types.alert)
      throw malformed(`byte 0x${type.toString(16)} begins no alert and no handshake`);
    if (rest.length < 5) break;
    const length = rest.readUInt16BE(3);
    if (rest.readUInt8(1) !== 3 || length === 0 || length > recordLimit)
      throw malformed('a record has an impossible header');
    if (rest.length < 5 + length) break;
    const body = rest.subarray(5, 5 + length);
    rest = rest.subarray(5 + length);
    if (type === types.handshake) parts.push(body);
    else {
      if (length !== 2) throw malformed('an alert has another length than two bytes');
      // A warning, such as of the server's name, does not end a handshake.
      if (body.readUInt8(0) === 2 || body.readUInt8(1) === 0)
        return { handshake: Buffer.concat(parts), alert: body.readUInt8(1) };
    }
  }
  return { handshake: Buffer.concat(parts) };
}

function* messagesIn(bytes: Buffer): Generator<readonly [type: number, body: Buffer]> {
  let rest = bytes;
  while (rest.length >= 4) {
    const end = 4 + rest.readUIntBE(1, 3);
    if (end > limit) throw malformed('a message is larger than an answer can be');
    if (rest.length < end) return;
    yield [rest.readUInt8(0), rest.subarray(4, end)];
    rest = rest.subarray(end);
  }
}

function serverHello(body: Buffer, offer: Offer): Chosen {
  const read = reader(body, 'ServerHello');
  const legacy = read.number(2);
  read.bytes(32);
  read.bytes(read.number(1));
  const suite = read.number(2);
  const compression = read.number(1);
  const confirmed = new Map<number, Buffer>();
  if (!read.done()) {
    const list = reader(read.bytes(read.number(2)), 'ServerHello');
    while (!list.done()) confirmed.set(list.number(2), list.bytes(list.number(2)));
  }
  if (!read.done()) throw malformed('the ServerHello has bytes after its end');
  const selected = confirmed.get(extensions.supportedVersions);
  const number = selected?.length === 2 ? selected.readUInt16BE(0) : legacy;
  const version = (Object.keys(versions) as TlsVersion[]).find((name) => versions[name] === number);
  if (version === undefined || number > versions[offer.version])
    throw new HelloError(
      'not-offered',
      `it chose version 0x${number.toString(16)} of an offer of ${offer.version}`,
    );
  if (!offer.suites.includes(suite))
    throw new HelloError('not-offered', `it chose ${suiteName(suite)}, which was not offered`);
  return { answer: 'chosen', version, suite, compression, extensions: [...confirmed.keys()] };
}

/** RFC 5246, section 7.4.3 and RFC 8422, section 5.4. Other key agreements than these two say nothing here. */
function keysOf({ version, suite }: Chosen, body: Buffer): { keys: KeyAgreement } | undefined {
  const name = suiteName(suite);
  if (/_PSK_/u.test(name)) return undefined;
  const read = reader(body, 'ServerKeyExchange');
  const parameters = ((): KeyAgreement | undefined => {
    if (finiteField.includes(suite) || name.startsWith('TLS_DH_anon_')) {
      const prime = read.bytes(read.number(2));
      for (let skipped = 0; skipped < 2; skipped += 1) read.bytes(read.number(2));
      return { bits: bitsOf(prime) };
    }
    if (!/^TLS_ECDHE_|^TLS_ECDH_anon_/u.test(name) || read.number(1) !== 3) return undefined;
    const curve = read.number(2);
    read.bytes(read.number(1));
    return { curve };
  })();
  if (!parameters) return undefined;
  const signed = version === 'TLS 1.2' && !/_anon_/u.test(name);
  return { keys: { ...parameters, ...(signed ? { signature: read.number(2) } : {}) } };
}

function bitsOf(prime: Buffer): number {
  const first = prime.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (prime.length - first) * 8 - Math.clz32(prime.readUInt8(first)) + 24;
}
