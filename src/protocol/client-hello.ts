import { extensions as numbers } from './tls-hello.ts';
import { malformed, reader } from './tls-reader.ts';

/** What a client offers, by the numbers of the registries, without the reserved ones that mean nothing (RFC 8701). */
export interface ClientHello {
  /** The newest version that its head names: TLS 1.3 hides behind TLS 1.2. */
  readonly version: number;
  /** All versions that it names, where it has a list of them (RFC 8446, section 4.2.1). */
  readonly supportedVersions?: readonly number[];
  readonly suites: readonly number[];
  readonly compression: readonly number[];
  readonly extensions: readonly number[];
  /** Signature algorithms; a client without the extension leaves them to the server. */
  readonly signatures?: readonly number[];
  readonly groups?: readonly number[];
  /** The host that it wants to speak with (RFC 6066, section 3); absent for an address. */
  readonly serverName?: string;
  /** Protocols that it speaks above TLS (RFC 7301). */
  readonly protocols?: readonly string[];
}

const handshake = 0x16;
const clientHello = 1;
/** More than any client sends, in bytes. */
const limit = 16_384;
/** RFC 8446, section 5.1. */
const recordLimit = 16_384;
const protocolNegotiation = 16;

/**
 * Reads the ClientHello that a connection begins with (RFC 8446, section 4.1.2).
 * @param bytes All that came so far; what follows the message is not looked at.
 * @throws HelloError (malformed) when it begins with something else.
 */
export function readClientHello(bytes: Buffer): ClientHello | 'incomplete' {
  const message = messageIn(bytes);
  return message === 'incomplete' ? message : helloOf(message);
}

/** The first message of the handshake, which may be spread over any number of records. */
function messageIn(bytes: Buffer): Buffer | 'incomplete' {
  const parts: Buffer[] = [];
  let [size, end, at] = [0, Number.POSITIVE_INFINITY, 0];
  while (size < end && at < bytes.length) {
    if (bytes[at] !== handshake)
      throw malformed('a record before the end of the ClientHello is no handshake');
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || length === 0 || length > recordLimit)
      throw malformed('a record has an impossible header');
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    size += part.length;
    at += 5 + length;
    if (size >= 4 && end === Number.POSITIVE_INFINITY) end = endOf(Buffer.concat(parts));
  }
  if (size >= end) return Buffer.concat(parts).subarray(4, end);
  if (bytes.length > limit) throw malformed(`the ClientHello is larger than ${limit} bytes`);
  return 'incomplete';
}

function endOf(head: Buffer): number {
  if (head[0] !== clientHello) throw malformed('the first message is no ClientHello');
  return 4 + head.readUIntBE(1, 3);
}

function helloOf(body: Buffer): ClientHello {
  const read = reader(body, 'ClientHello');
  const version = read.number(2);
  read.bytes(32);
  read.bytes(read.number(1));
  const suites = numbersIn(read.bytes(read.number(2)));
  const compression = [...read.bytes(read.number(1))];
  const found = new Map<number, Buffer>();
  if (!read.done()) {
    const list = reader(read.bytes(read.number(2)), 'ClientHello');
    while (!list.done()) found.set(list.number(2), list.bytes(list.number(2)));
  }
  if (!read.done()) throw malformed('the ClientHello has bytes after its end');

  const list = (extension: number, width: 1 | 2): Buffer | undefined => {
    const content = found.get(extension);
    if (content === undefined) return undefined;
    const field = reader(content, 'ClientHello');
    return field.bytes(field.number(width));
  };
  const versions = list(numbers.supportedVersions, 1);
  const signatures = list(numbers.signatureAlgorithms, 2);
  const groups = list(numbers.supportedGroups, 2);
  const names = list(numbers.serverName, 2);
  const protocols = list(protocolNegotiation, 2);
  return {
    version,
    suites,
    compression,
    extensions: [...found.keys()].filter(means),
    ...(versions && { supportedVersions: numbersIn(versions) }),
    ...(signatures && { signatures: numbersIn(signatures) }),
    ...(groups && { groups: numbersIn(groups) }),
    ...(names && hostIn(names)),
    ...(protocols && { protocols: protocolsIn(protocols) }),
  };
}

/** RFC 8701, section 2: 0x0a0a, 0x1a1a and so on are there to be passed over. */
const means = (number: number): boolean => (number & 0x0f0f) !== 0x0a0a || number >> 8 !== (number & 0xff);

function numbersIn(list: Buffer): readonly number[] {
  if (list.length % 2 !== 0) throw malformed('a list of the ClientHello ends early');
  return Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16BE(index * 2)).filter(means);
}

function hostIn(list: Buffer): Pick<ClientHello, 'serverName'> {
  const read = reader(list, 'ClientHello');
  while (!read.done()) {
    const type = read.number(1);
    const name = read.bytes(read.number(2));
    if (type === 0) return { serverName: name.toString('latin1') };
  }
  return {};
}

function protocolsIn(list: Buffer): readonly string[] {
  const read = reader(list, 'ClientHello');
  const found: string[] = [];
  while (!read.done()) found.push(read.bytes(read.number(1)).toString('latin1'));
  return found;
}
