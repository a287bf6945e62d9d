import { expect } from '@playwright/test';
import {
  proof,
  proofFor,
  proofHeader,
  proofIssued,
  proofMalformed,
  proofNamesKey,
  proofOfAnotherSigner,
  proofOfNoAlgorithm,
  proofShowsPrivateKey,
  proofSignatureBroken,
  proofWith,
  provenTwice,
} from '../src/actors/edits/proof.ts';
import type { Edit } from '../src/actors/draft.ts';
import { ahead } from '../src/actors/server-time.ts';
import type { Reply } from '../src/transport/transport.ts';

type Edits = Readonly<Record<string, Edit>>;

const anHour = 3600;

/**
 * What every server must find wrong with a DPoP proof by RFC 9449, section 4.3, wherever it is sent. Not judged: the case
 * of typ, as media types have none (RFC 7515, section 4.1.9), and an empty header, which is as none at all.
 */
export const wrongProofs: Edits = {
  'a proof of another type': proofHeader('proof of another type', { typ: 'JWT' }),
  'a proof without a type': proofHeader('proof without typ', { typ: undefined }),
  'a proof without an algorithm': proofOfNoAlgorithm,
  'a proof without its key': proofNamesKey,
  'a proof that shows the private key': proofShowsPrivateKey,
  'a proof with a broken signature': proofSignatureBroken,
  'a proof signed by another key than it shows': proofOfAnotherSigner,
  'a proof without an identifier': proof('proof without jti', { jti: undefined }),
  'a proof without a method': proof('proof without htm', { htm: undefined }),
  'a proof for another method': proofWith('proof for another method', 'htm', (method) =>
    method === 'PUT' ? 'POST' : 'PUT',
  ),
  // RFC 9110, section 9.1: methods are case-sensitive.
  'a proof for the method in lower case': proofWith('htm in lower case', 'htm', (method) =>
    method.toLowerCase(),
  ),
  'a proof without a URL': proof('proof without htu', { htu: undefined }),
  'a proof for another host': proofFor(
    'proof for another host',
    ({ pathname }) => `https://attacker.example${pathname}`,
  ),
  'a proof for another path': proofFor('proof for another path', ({ href }) => `${href}/other`),
  'a proof for plain HTTP': proofFor('proof for plain HTTP', ({ href }) => href.replace('https:', 'http:')),
  'a proof without a time': proof('proof without iat', { iat: undefined }),
};

/**
 * What is wrong with the header itself: invalid_request says so as well (RFC 6749, section 5.2: malformed), and a server
 * that demands nonces finds none in it.
 */
export const wrongHeaders: Edits = {
  'a proof that is no JWT': proofMalformed,
  'two proofs': provenTwice,
};

/** By which errors what is wrong with the header may be refused, beside those of a wrong proof. */
export const headerErrors = ['invalid_request', 'use_dpop_nonce'] as const;

/** What every server must find nothing wrong with: section 4.3, item 9, and the last paragraph before the example of 4.2. */
export const rightProofs: Edits = {
  'a proof for the URL with a query and a fragment': proofFor(
    'htu with a query and a fragment',
    ({ href }) => `${href}?page=1#top`,
  ),
  'a proof with claims of its own': proof('proof with nbf, exp and a claim of its own', {
    nbf: ({ now }) => now - 10,
    exp: ({ now }) => now + 300,
    'https://client.example/claim': 'its own',
  }),
};

/** Scheme and host in capitals, the port written out (RFC 3986, sections 6.2.2.1 and 6.2.3). Escapes are not judged. */
export const spelledOtherwise: Edit = proofFor(
  'htu in another spelling',
  ({ protocol, hostname, port, pathname }) =>
    `${protocol.toUpperCase()}//${hostname.toUpperCase()}:${port === '' ? 443 : port}${pathname}`,
);

export const tenSecondsOld: Edit = proof('proof issued 10 s ago', { iat: ({ now }) => now - 10 });

export const tenSecondsAhead: Edit = ahead(10, (time) => proof('proof issued 10 s ahead', { iat: time }));

export const anHourOld: Edit = proofIssued('proof issued an hour ago', ({ now }) => now - anHour);

/** Of what has no nonce a server that demands nonces may say no more than that. */
export const timeErrors = ['invalid_dpop_proof', 'use_dpop_nonce'] as const;

export const overAMinuteAhead: Edit = ahead(61, (time) => proofIssued('proof issued 61 s ahead', time));

export const anHourAhead: Edit = proofIssued('proof issued an hour ahead', ({ now }) => now + anHour);

export const withoutNonce: Edit = proof('proof without a nonce', { nonce: undefined });

export const withNonce = (whose: string, nonce: string): Edit => proof(`proof with ${whose}`, { nonce });

export const madeUpNonce: Edit = withNonce('a made-up nonce', 'A'.repeat(43));

/** A nonce lets a server tell the time of a proof, if the nonce is its own (section 4.3, item 11). */
export const anHourOldWithMadeUpNonce: Edit = proof('proof issued an hour ago with a made-up nonce', {
  iat: ({ now }) => now - anHour,
  nonce: 'A'.repeat(43),
});

/** By which errors a nonce that is not the server's may be refused: section 8, and item 10 of section 4.3. */
export const nonceErrors = ['use_dpop_nonce', 'invalid_dpop_proof'] as const;

/** The nonces that an answer supplies; there must be no more than one (section 8). */
export const noncesIn = ({ list }: Reply): readonly string[] =>
  list.filter(({ name }) => name.toLowerCase() === 'dpop-nonce').map(({ value }) => value);

/** One nonce of the characters that section 8.1 permits. */
export const oneNonce = [expect.stringMatching(/^[!#-[\]-~]+$/u)];
