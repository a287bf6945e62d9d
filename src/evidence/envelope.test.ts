import { verify } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { Type } from 'typebox';
import { canonical } from './canonical.ts';
import {
  envelopeDigest,
  openEnvelope,
  preAuthenticationEncoding,
  readStatement,
  seal,
  unverifiedStatement,
} from './envelope.ts';
import { importPublic, p256Order, verifySignature } from './keys.ts';
import { sampleKey, sampleStatement, sampleVerifiers, type SampleKey } from './sample.ts';
import { statementOf } from './statement.ts';
import type { Entitlement } from './verifiers.ts';

const [ada, bob] = [sampleKey('ES256'), sampleKey('Ed25519', { holder: 'Bob', may: ['approve'] })];
const verifiers = sampleVerifiers([ada, bob]);
const statement = sampleStatement();

interface Draft {
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** An envelope, changed, and printed as the printer would. */
function changed(text: string, change: (draft: Draft) => void): string {
  const draft = JSON.parse(text) as Draft;
  change(draft);
  return canonical(draft);
}

/** A payload that a careless signer with a good key has signed. */
async function signedPayload(payload: Buffer, { signer }: SampleKey): Promise<string> {
  const bytes = preAuthenticationEncoding('application/vnd.in-toto+json', payload);
  return changed(await seal(statement, [signer]), (draft) => {
    draft.payload = payload.toString('base64');
    draft.signatures = [];
  }).replace(
    '"signatures":[]',
    `"signatures":[{"keyid":"${signer.id}","sig":"${Buffer.from(await signer.sign(bytes)).toString('base64')}"}]`,
  );
}

const code = (expected: string) => expect.objectContaining({ name: 'EvidenceError', code: expected });

test.describe('an envelope', () => {
  test('encodes and verifies the test vector of DSSE v1', () => {
    const bytes = preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(Buffer.from(bytes).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const key = importPublic({
      kty: 'EC',
      crv: 'P-256',
      x: 'Z805D3eqNZywjCI19lInBJOp7YMrCrzAH3CVTAOQ0jg',
      y: 'DHgr1U4mkSWkT0Qzr_FDLOlOErynOqZ6yAzqEmCN33Q',
    });
    const signature = Buffer.from(
      'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
      'base64',
    );
    expect(verifySignature('ES256', key, bytes, signature)).toBe(true);
  });

  test('counts bytes, not characters, in what is signed', () => {
    expect(Buffer.from(preAuthenticationEncoding('ä', Buffer.from('€'))).toString()).toBe('DSSEv1 2 ä 3 €');
  });

  for (const { signer, key } of [ada, bob])
    test(`sealed with ${signer.alg} opens to the same statement`, async () => {
      const text = await seal(statement, [signer]);
      expect(openEnvelope(text, verifiers)).toEqual({ statement, digest: envelopeDigest(text), keys: [key] });
      expect(unverifiedStatement(text)).toEqual(statement);
    });

  test('opens with the keys of all who signed it, in the order of their ids', async () => {
    const text = await seal(statement, [ada.signer, bob.signer]);
    expect(text).toBe(canonical(JSON.parse(text)));
    const ids = openEnvelope(text, verifiers).keys.map(({ id }) => id);
    expect(ids).toEqual([ada.key.id, bob.key.id].toSorted((one, other) => (one < other ? -1 : 1)));
  });

  test('is not sealed by nobody, by one signer twice, or around something else', async () => {
    await expect(seal(statement, [])).rejects.toThrow(code('unusable-key'));
    await expect(seal(statement, [ada.signer, ada.signer])).rejects.toThrow(code('unusable-key'));
    await expect(seal({ ...statement, subject: [] }, [ada.signer])).rejects.toThrow(code('malformed'));
    await expect(seal(sampleStatement(NaN), [ada.signer])).rejects.toThrow(code('malformed'));
  });

  test('with a signature of a key that does not count is refused', async () => {
    const stranger = sampleKey();
    await expect(
      seal(statement, [stranger.signer]).then((text) => openEnvelope(text, verifiers)),
    ).rejects.toThrow(code('unknown-key'));
    // Beside a good one it would make a second envelope of a signed statement.
    const text = await seal(statement, [ada.signer, stranger.signer]);
    expect(() => openEnvelope(text, verifiers)).toThrow(code('unknown-key'));
  });

  test('with a good and a bad signature is refused', async () => {
    const text = changed(await seal(statement, [ada.signer, bob.signer]), ({ signatures }) => {
      for (const each of signatures)
        if (each.keyid === bob.key.id) each.sig = Buffer.alloc(64).toString('base64');
    });
    expect(() => openEnvelope(text, verifiers)).toThrow(code('bad-signature'));
  });

  test('with the higher s of an ES256 signature is refused, though the signature is good', async () => {
    const text = await seal(statement, [ada.signer]);
    let higher = Buffer.alloc(0);
    const malleated = changed(text, ({ signatures: [first] }) => {
      if (first === undefined) return;
      const signature = Buffer.from(first.sig, 'base64');
      const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
      higher = Buffer.from((p256Order - s).toString(16).padStart(64, '0'), 'hex');
      higher = Buffer.concat([signature.subarray(0, 32), higher]);
      first.sig = higher.toString('base64');
    });
    const { payload } = JSON.parse(text) as Draft;
    const bytes = preAuthenticationEncoding('application/vnd.in-toto+json', Buffer.from(payload, 'base64'));
    const key = importPublic(ada.key.jwk);
    expect(verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, higher)).toBe(true);
    expect(() => openEnvelope(malleated, verifiers)).toThrow(code('bad-signature'));
  });

  test('with signatures out of order, or twice, is refused', async () => {
    const text = await seal(statement, [ada.signer, bob.signer]);
    const reversed = changed(text, (draft) => (draft.signatures = draft.signatures.toReversed()));
    const twice = changed(text, ({ signatures }) => signatures.splice(1, 1, ...signatures.slice(0, 1)));
    expect(() => openEnvelope(reversed, verifiers)).toThrow(code('not-canonical'));
    expect(() => openEnvelope(twice, verifiers)).toThrow(code('not-canonical'));
  });

  const canonicalPayload = Buffer.from(canonical(statement));
  for (const [what, [payload, expected]] of Object.entries({
    'another spelling of the statement': [Buffer.from(JSON.stringify(statement)), 'not-canonical'],
    'a byte order mark': [Buffer.concat([Buffer.from('\uFEFF'), canonicalPayload]), 'malformed'],
    'bytes that are no UTF-8': [
      Buffer.from(canonicalPayload.toString().replace('sample', 'ÿ'), 'latin1'),
      'malformed',
    ],
    'a statement without subjects': [Buffer.from(canonical({ ...statement, subject: [] })), 'malformed'],
    'a statement with another member': [Buffer.from(canonical({ ...statement, more: 1 })), 'malformed'],
    'no statement': [Buffer.from('[]'), 'malformed'],
  } as const))
    test(`around ${what} is refused, though well signed`, async () => {
      const text = await signedPayload(payload, ada);
      expect(() => openEnvelope(text, verifiers)).toThrow(code(expected));
    });

  test('around what seal would print itself opens', async () => {
    expect(openEnvelope(await signedPayload(canonicalPayload, ada), verifiers).statement).toEqual(statement);
  });

  test('is not verified by a key whose id is not its thumbprint', async () => {
    const text = await seal(statement, [ada.signer]);
    const forged = { ...verifiers, keys: [{ ...bob.key, id: ada.key.id }] };
    expect(() => openEnvelope(text, forged)).toThrow(code('unusable-key'));
  });

  test('of more than 16 million characters is not read', () => {
    expect(() => openEnvelope(' '.repeat(16 * 1024 * 1024 + 1), verifiers)).toThrow(code('malformed'));
  });

  test('with a thousand mistakes is refused for the first, before anything is printed', () => {
    const mistakes = `{"signatures":[${Array(1000).fill('{}').join(', ')}],"payload":"AAAA","payloadType":"application/vnd.in-toto+json"}`;
    expect(() => openEnvelope(mistakes, verifiers)).toThrow(
      /^expected a DSSE envelope, but \/signatures must NOT have more than 16 items$/u,
    );
  });
});

test.describe('reading a statement', () => {
  const schema = statementOf(
    statement.predicateType,
    Type.Object({ at: Type.String() }, { additionalProperties: false }),
  );
  const old = sampleKey('ES256', { from: '2026-01-01T00:00:00.000Z', until: '2026-06-30T00:00:00.000Z' });
  const fresh = sampleKey('Ed25519', { from: '2026-06-01T00:00:00.000Z' });
  const approver = sampleKey('Ed25519', { may: ['approve', 'operate'] });
  const known = sampleVerifiers([old, fresh, approver]);
  const read = async (keys: readonly SampleKey[], at: string, may: Entitlement = 'run') => {
    const text = await seal(
      sampleStatement({ at }),
      keys.map(({ signer }) => signer),
    );
    return readStatement(text, schema, known, { may, at: ({ predicate }) => predicate.at }).keys;
  };

  // Rotation: what the old key signed in its time goes on to count.
  for (const [what, key, at] of [
    ['of the old key in its time', old, '2026-02-01T00:00:00.000Z'],
    ['of the old key at its first instant', old, '2026-01-01T00:00:00.000Z'],
    ['of the old key at its last instant', old, '2026-06-30T00:00:00.000Z'],
    ['of the new key while both count', fresh, '2026-06-15T00:00:00.000Z'],
    ['of the new key without an end', fresh, '2036-06-15T00:00:00.000Z'],
  ] as const)
    test(`accepts one ${what}`, async () => {
      expect(await read([key], at)).toEqual([key.key]);
    });

  for (const [what, key, at, may] of [
    ['of the old key after its time', old, '2026-06-30T00:00:00.001Z', 'run'],
    ['of the new key before its time', fresh, '2026-05-31T23:59:59.999Z', 'run'],
    ['of a key that may do other things', approver, '2026-06-15T00:00:00.000Z', 'run'],
    ['of a run key for an act', fresh, '2026-06-15T00:00:00.000Z', 'operate'],
    ['of a run key for a transition', fresh, '2026-06-15T00:00:00.000Z', 'transition'],
  ] as const)
    test(`refuses one ${what}`, async () => {
      await expect(read([key], at, may)).rejects.toThrow(code('key-not-entitled'));
    });

  test.describe('by a key that counts for one integration and one environment', () => {
    const at = '2026-02-01T00:00:00.000Z';
    const own = sampleKey('Ed25519', { integrations: ['acme-app'], environments: ['sandbox'] });
    const about = async (predicate: object) => {
      const open = statementOf(statement.predicateType, Type.Object({}));
      const rights = { may: 'run', at: () => at } as const;
      return readStatement(
        await seal(sampleStatement(predicate), [own.signer]),
        open,
        sampleVerifiers([own]),
        rights,
      );
    };
    const acme = { integration: 'acme-app', environment: 'sandbox' };
    for (const [what, predicate] of [
      ['says both', acme],
      [
        'says where in its certification',
        { integration: 'acme-app', certification: { environment: 'sandbox' } },
      ],
    ] as const)
      test(`accepts one that ${what}`, async () => {
        expect((await about(predicate)).keys).toEqual([own.key]);
      });
    for (const [what, predicate] of [
      ['another integration', { ...acme, integration: 'bank-app' }],
      ['all integrations', { ...acme, integration: '*' }],
      ['another environment', { ...acme, environment: 'production' }],
      ['all environments', { integration: 'acme-app' }],
      ['nothing', {}],
    ] as const)
      test(`refuses one about ${what}`, async () => {
        await expect(about(predicate)).rejects.toThrow(code('key-not-entitled'));
      });
  });

  test('tells only the keys that were entitled', async () => {
    expect(await read([fresh, approver], '2026-07-01T00:00:00.000Z')).toEqual([fresh.key]);
    expect(await read([fresh, approver], '2026-07-01T00:00:00.000Z', 'approve')).toEqual([approver.key]);
  });

  test('refuses another kind, another predicate, and an instant that is none', async () => {
    const at = '2026-02-01T00:00:00.000Z';
    const rights = { may: 'run', at: () => at } as const;
    const other = await seal({ ...sampleStatement({ at }), predicateType: 'https://other.example/v1' }, [
      old.signer,
    ]);
    const more = await seal(sampleStatement({ at, more: 1 }), [old.signer]);
    expect(() => readStatement(other, schema, known, rights)).toThrow(code('malformed'));
    expect(() => readStatement(more, schema, known, rights)).toThrow(code('malformed'));
    await expect(read([old], '2026-02-30T00:00:00.000Z')).rejects.toThrow(code('malformed'));
    await expect(read([old], '2026-02-01')).rejects.toThrow(code('malformed'));
  });
});
