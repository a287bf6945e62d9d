import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { counterfeit } from '../../protocol/certificate.ts';
import { rewritten, signJws, withBrokenSignature, type Algorithm } from '../../protocol/jws.ts';
import { generateKey, publicJwk, type SigningKey } from '../../protocol/keys.ts';
import type { Certificate } from '../../transport/transport.ts';
import type { Draft, Edit, Sealable } from '../draft.ts';
import { ahead } from '../server-time.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

/** A certificate that merely binds the token is no authentication, and stays. */
const withoutAuthentication = ({ assertion, certificate, ...draft }: Draft): Draft =>
  assertion && certificate ? { ...draft, certificate } : draft;

/** Sends no client authentication, only the client_id. */
export const unauthenticated: Edit = edit('without client authentication', withoutAuthentication);

/** Authenticates by a secret that nobody ever registered, in one of the two ways of RFC 6749, section 2.3.1. */
export const withSecret = (place: 'header' | 'form'): Edit =>
  edit(`made-up client secret in the ${place}`, (draft) => {
    const bare = withoutAuthentication(draft);
    const id = new Map(draft.form).get('client_id') ?? '';
    const secret = 'a-secret-that-was-never-registered';
    const basic = Buffer.from(`${encodeURIComponent(id)}:${secret}`).toString('base64');
    return place === 'header'
      ? { ...bare, headers: [...bare.headers, ['authorization', `Basic ${basic}`]] }
      : { ...bare, beside: [...(bare.beside ?? []), ['client_secret', secret]] };
  });

const onAssertion = onPart('assertion');

const sealed = (name: string, seal: (jws: string) => string): Edit =>
  onAssertion(name, (jws) => ({ ...jws, seal }));

/** Changes claims of the client assertion; a claim that becomes undefined is left out. */
export const assertion = (name: string, changes: Claims): Edit =>
  onAssertion(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Puts a time of the client assertion exactly so many seconds ahead of the server's clock. */
export const assertionAhead = (claim: 'iat' | 'nbf', seconds: number): Edit =>
  ahead(seconds, (time) =>
    assertion(`assertion with ${claim} ${seconds} s ahead`, {
      [claim]: time,
      exp: (world) => Math.max(world.now + 60, time(world) + 5),
    }),
  );

/** Changes header members of the client assertion. */
export const assertionHeader = (name: string, changes: Readonly<Record<string, unknown>>): Edit =>
  onAssertion(name, (jws) => ({ ...jws, header: { ...jws.header, ...changes } }));

const foreignKey = (alg: Algorithm): KeyObject =>
  generateKey(alg === 'none' || alg === 'HS256' ? 'ES256' : alg).key;

/** Signs the client assertion with a key that is not registered, under the kid of the one that is. */
export const signedWithForeignKey: Edit = onAssertion('signed with a foreign key', (jws) => ({
  ...jws,
  key: foreignKey(jws.header.alg),
}));

/** Brings the key along that verifies the client assertion (RFC 7515, section 4.1.3); it is not registered. */
export const signedWithEmbeddedKey: Edit = onAssertion('signed with the key in its own header', (jws) => {
  const key = foreignKey(jws.header.alg);
  const { kid: _, ...header } = jws.header;
  return { ...jws, key, header: { ...header, alg: jws.header.alg, jwk: publicJwk(key) } };
});

/** Signs the client assertion with the key of another client, under its kid and algorithm. */
export const signedWith = (name: string, { key, alg, kid }: SigningKey): Edit =>
  onAssertion(name, (jws) => ({
    ...jws,
    key,
    header: { ...jws.header, alg, ...(kid === undefined ? {} : { kid }) },
  }));

/** Signs the client assertion with another algorithm and the same key. */
export const assertionAlgorithm = (alg: Algorithm): Edit =>
  onAssertion(`assertion with the algorithm ${alg}`, (jws) => ({ ...jws, header: { ...jws.header, alg } }));

const written = {
  PEM: (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }),
  'trimmed PEM': (key: KeyObject) => String(key.export({ format: 'pem', type: 'spki' })).trimEnd(),
  DER: (key: KeyObject) => key.export({ format: 'der', type: 'spki' }),
  JWK: (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' })),
} as const;

/** How a server may have its clients' public keys at hand. */
export const publicKeyForms = Object.keys(written) as readonly (keyof typeof written)[];

/** Signs the client assertion by HMAC with what is no secret: the public key (RFC 8725, section 2.1). */
export const keyConfusion = (form: keyof typeof written): Edit =>
  onAssertion(`HS256 with the public key as ${form}`, (jws) => ({
    ...jws,
    header: { ...jws.header, alg: 'HS256' },
    key: createSecretKey(Buffer.from(written[form](createPublicKey(jws.key)))),
  }));

/** Names no algorithm in the header of the client assertion, in one of the spellings of it, and signs nothing. */
export const assertionUnsigned = (spelling: string): Edit =>
  sealed(`unsigned assertion, ${spelling}`, (jws) =>
    rewritten(jws, { header: (header) => ({ ...header, alg: spelling }), signature: '' }),
  );

/** Flips one bit of the signature of the client assertion. */
export const assertionSignatureBroken: Edit = sealed(
  'assertion with a broken signature',
  withBrokenSignature,
);

/** Leaves the signature of the client assertion out, and its algorithm in the header. */
export const assertionSignatureMissing: Edit = sealed('assertion without its signature', (jws) =>
  rewritten(jws, { signature: '' }),
);

/** Lets the client assertion live longer, after it was signed. */
export const assertionAltered: Edit = sealed('assertion that was altered', (jws) =>
  rewritten(jws, { claims: ({ exp, ...claims }) => ({ ...claims, exp: Number(exp) + 60 }) }),
);

/** Sends the client assertion of the first request with this edit again and again. */
export const sameAssertion = (): Edit => {
  let first: string | undefined;
  return sealed('the same assertion once more', (jws) => (first ??= jws));
};

/** Sends the assertion as parameters of the edit's own making. */
const parameters = (
  name: string,
  make: (assertion: string, another: string) => readonly (readonly [string, string])[],
): Edit =>
  edit(name, ({ assertion: jws, ...draft }) => {
    if (jws === undefined) return draft;
    const another: Sealable = { ...jws, claims: { ...jws.claims, jti: `${String(jws.claims['jti'])}-2` } };
    return { ...draft, beside: [...(draft.beside ?? []), ...make(signJws(jws), signJws(another))] };
  });

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Says that the client assertion is of another type, or nothing of its type. */
export const assertionType = (type: string | undefined): Edit =>
  parameters(`client_assertion_type: ${type ?? 'absent'}`, (jws) => [
    ...(type === undefined ? [] : ([['client_assertion_type', type]] as const)),
    ['client_assertion', jws],
  ]);

/** Sends a client assertion without a value. */
export const assertionEmpty: Edit = parameters('client_assertion without a value', () => [
  ['client_assertion_type', jwtBearer],
  ['client_assertion', ''],
]);

/** Sends two client assertions, each good. */
export const assertionTwice: Edit = parameters('two client assertions', (jws, another) => [
  ['client_assertion_type', jwtBearer],
  ['client_assertion', jws],
  ['client_assertion', another],
]);

/** Presents no client certificate. */
export const withoutCertificate: Edit = edit(
  'without client certificate',
  ({ certificate: _, ...draft }) => draft,
);

/** Presents another client certificate. */
export const withCertificate = (name: string, certificate: Certificate): Edit =>
  edit(name, (draft) => ({ ...draft, certificate }));

/** Presents a certificate with every name and date of the client's own, of another key, that nobody or only itself vouches for. */
export const withCounterfeit = (name: string, issuer: 'same' | 'itself'): Edit =>
  edit(name, ({ certificate: own, ...draft }) => {
    if (own === undefined) return draft;
    const { key } = generateKey('ES256');
    const certificate = counterfeit(own.certificate, key, issuer);
    return {
      ...draft,
      certificate: { certificate, key: String(key.export({ format: 'pem', type: 'pkcs8' })) },
    };
  });
