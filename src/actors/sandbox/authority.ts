import 'reflect-metadata';
import { createPrivateKey, type KeyObject, X509Certificate as Parsed } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';

/** A certificate with its private key, both PEM: the chain, leaf first and without the root; the key as PKCS#8. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is to say. Without dates it is valid from an hour before the authority's `now`, for ninety days. */
export interface CertificateOptions {
  readonly commonName: string;
  /** DNS names and IP addresses of the subject alternative name. */
  readonly names?: readonly string[];
  readonly usage: 'server' | 'client';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Default: P-256. */
  readonly key?: keyof typeof keyAlgorithms;
  /** Hash of the authority's signature. Default: SHA-256. */
  readonly hash?: 'SHA-256' | 'SHA-1';
}

/** A certificate authority of a sandbox, or of a test. */
export interface Authority {
  /** The root certificate, PEM. */
  readonly certificate: string;
  /** What its dates count from. */
  readonly now: Date;
  /** Issues a certificate for a new key. */
  issue(options: CertificateOptions): Promise<Certificate>;
}

const organisation = 'Assay Test';
const hour = 3_600_000;
const day = 24 * hour;
const rsa = { name: 'RSASSA-PKCS1-v1_5', publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' } as const;
const keyAlgorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  'RSA-2048': { ...rsa, modulusLength: 2048 },
  'RSA-1024': { ...rsa, modulusLength: 1024 },
} as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** The distinguished name of a certificate made here as an RFC 4514 string, as in `tls_client_auth_subject_dn`. */
export function subject(commonName: string): string {
  return `CN=${escapeValue(commonName)},O=${organisation}`;
}

/** What cannot be an authority. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code: 'unreadable' | 'not-an-authority' | 'key-mismatch' | 'unsupported-key';

  constructor(code: AuthorityError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the root of an authority is to be. */
type RootOptions = Pick<CertificateOptions, 'key'> &
  Partial<Pick<CertificateOptions, 'commonName'>> & { now: Date };

/** Makes the root of a new certificate authority, valid from an hour before `now`, for a year. */
export async function makeRoot(options: RootOptions): Promise<Certificate> {
  const keys = await generateKeys(options.key);
  const root = await X509CertificateGenerator.createSelfSigned({
    name: distinguishedName(options.commonName ?? 'Assay Test Root'),
    keys,
    ...validity({ now: options.now, days: 365 }),
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: signingAlgorithm.hash },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: root.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Makes a new certificate authority, whose key lives in memory only. */
export const createAuthority = async (options: RootOptions): Promise<Authority> =>
  await openAuthority({ ...(await makeRoot(options)), now: options.now });

/**
 * Opens an authority that exists: its certificate and its key (P-256, P-384, P-521 or RSA), PEM.
 * @throws AuthorityError when they are no authority's.
 */
export async function openAuthority(options: Certificate & { readonly now: Date }): Promise<Authority> {
  const { now } = options;
  const { root, signingKey, signing } = await read(options);
  return {
    certificate: root.toString('pem'),
    now,
    async issue(wanted) {
      const leaf = await generateKeys(wanted.key);
      const certificate = await X509CertificateGenerator.create({
        subject: distinguishedName(wanted.commonName),
        issuer: root.subjectName,
        publicKey: leaf.publicKey,
        signingKey,
        ...validity({ now, days: 90, ...wanted }),
        signingAlgorithm: { name: signing.name, hash: wanted.hash ?? 'SHA-256' },
        extensions: [
          ...(await leafExtensions(wanted, leaf.publicKey)),
          await AuthorityKeyIdentifierExtension.create(root, false),
        ],
      });
      return { certificate: certificate.toString('pem'), key: await exportKey(leaf.privateKey) };
    },
  };
}

async function read(pair: Certificate) {
  let parsed: Parsed;
  let key: KeyObject;
  try {
    parsed = new Parsed(pair.certificate);
    key = createPrivateKey(pair.key);
  } catch (error) {
    throw new AuthorityError('unreadable', 'expected a certificate and its private key, both PEM', {
      cause: error,
    });
  }
  if (!parsed.ca)
    throw new AuthorityError(
      'not-an-authority',
      `expected a certificate of an authority (CA:TRUE), not of ${parsed.subject}`,
    );
  if (!parsed.checkPrivateKey(key))
    throw new AuthorityError('key-mismatch', 'the private key is not that of the certificate');
  const signing = signingAlgorithmOf(key);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const signingKey = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), signing, false, ['sign']);
  return { root: new X509Certificate(parsed.toString()), signingKey, signing };
}

const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function signingAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { name: rsa.name, hash: rsa.hash };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (namedCurve === undefined)
    throw new AuthorityError(
      'unsupported-key',
      `expected a key on P-256, P-384 or P-521, or of RSA, not ${asymmetricKeyType}`,
    );
  return { name: signingAlgorithm.name, namedCurve };
}

/** Makes a self-signed certificate for a new P-256 key, as self_signed_tls_client_auth wants it (RFC 8705, section 2.2). */
export async function selfSigned(options: CertificateOptions & { readonly now: Date }): Promise<Certificate> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: distinguishedName(options.commonName),
    keys,
    ...validity({ days: 90, ...options }),
    signingAlgorithm,
    extensions: await leafExtensions(options, keys.publicKey),
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

async function leafExtensions(options: CertificateOptions, publicKey: CryptoKey): Promise<Extension[]> {
  const names = (options.names ?? []).map(
    (value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const,
  );
  const purpose = options.usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([purpose]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
  ];
}

/** X.500 order: RFC 4514 writes it in reverse. */
function distinguishedName(commonName: string): Name {
  return new Name([{ O: [{ utf8String: organisation }] }, { CN: [{ utf8String: commonName }] }]);
}

function validity(options: { now: Date; days: number; notBefore?: Date; notAfter?: Date }) {
  const { now, days } = options;
  return {
    notBefore: options.notBefore ?? new Date(now.getTime() - hour),
    notAfter: options.notAfter ?? new Date(now.getTime() + days * day),
  };
}

/** RFC 4514, section 2.4. */
function escapeValue(value: string): string {
  return value.replaceAll(/["+,;<>\\]|^[ #]| $/gu, String.raw`\$&`);
}

async function generateKeys(key: keyof typeof keyAlgorithms = 'P-256'): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(keyAlgorithms[key], true, ['sign', 'verify']);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
