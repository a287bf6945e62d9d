import { canonical } from './canonical.ts';
import { openEnvelope, seal } from './envelope.ts';
import { drawFrom, refuseAll, textEdits, type Draw, type Edit, type Refusals } from './fuzzing.ts';
import { p256Order } from './keys.ts';
import { generateKey, signerOf, verifierKey } from './signer.ts';
import type { Signer } from './signing.ts';
import type { Statement } from './statement.ts';
import type { Verifiers } from './verifiers.ts';

interface Draft {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
  [member: string]: unknown;
}

const orders: Readonly<Record<Signer['alg'], bigint>> = {
  ES256: p256Order,
  // Of the base point (RFC 8032, section 5.1).
  Ed25519: 2n ** 252n + 27742317777372353535851937790883648493n,
};

/**
 * Mutates valid envelopes: their text, their JSON, their base64, the statement in them, and their signatures, those edits
 * included that keep a signature mathematically valid.
 * @param open What opens them.
 * @throws Error when one is accepted that no signer sealed.
 */
export async function fuzzEnvelopes(
  count: number,
  seed: number,
  open: (text: string, verifiers: Verifiers) => unknown = openEnvelope,
): Promise<Refusals> {
  const jwks = [generateKey('ES256'), generateKey('Ed25519')];
  const signers = jwks.map((jwk) => signerOf(jwk, 'fuzzer'));
  const stranger = signerOf(generateKey('Ed25519'), 'stranger');
  const verifiers: Verifiers = {
    format: 'assay-verifiers/1',
    keys: jwks.map((jwk) =>
      verifierKey(jwk, { holder: 'fuzzer', may: ['run'], from: '2026-01-01T00:00:00.000Z' }),
    ),
    log: { origin: 'fuzz.example/log', keys: ['not looked at'] },
  };
  const alone = await Promise.all(signers.map((signer, index) => seal(statement(index), [signer])));
  const together = await seal(statement(2), signers);
  const strange = await Promise.all([0, 1, 2].map((index) => seal(statement(index), [stranger])));
  const both = parse(together);
  // One signature of two is an envelope too; DSSE does not sign how many there are.
  const halves = both.signatures.map((signature) => canonical({ ...both, signatures: [signature] }));
  const texts = [...alone, together];
  const algorithms = new Map(signers.map(({ id, alg }) => [id, alg]));
  return refuseAll(
    {
      texts,
      edits: { ...textEdits, ...draftEdits([...texts, ...strange].map(parse), algorithms) },
      read: (text) => open(text, verifiers),
      legitimate: new Set([...texts, ...halves]),
    },
    count,
    drawFrom(seed),
  );
}

const statement = (index: number): Statement => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: `northbank/accounts/${index}`, digest: { sha256: String(index).repeat(64) } }],
  predicateType: 'https://assay.dev/attestation/fuzz/v1',
  predicate: {
    text: 'Straße, 日本, 😂, "quoted", \\, \u2028, \u0007',
    numbers: [0, -1.5, 1e21, 9007199254740991, index],
    nested: { list: [true, false, null, {}, []] },
  },
});

const parse = (text: string): Draft => JSON.parse(text) as Draft;

/** Edits of what the text says, printed again as `seal` would; and of how it is spelt. */
function draftEdits(
  others: readonly Draft[],
  algorithms: ReadonlyMap<string, Signer['alg']>,
): Record<string, Edit> {
  const edits: Record<string, (draft: Draft, draw: Draw) => void> = {
    editStatement(draft, draw) {
      const value: unknown = JSON.parse(Buffer.from(draft.payload, 'base64').toString());
      draft.payload = base64(canonical(editedLeaf(value, draw)));
    },
    respellStatement(draft, draw) {
      const text = Buffer.from(draft.payload, 'base64').toString();
      draft.payload = base64(draw.one(Object.values(textEdits))(text, draw));
    },
    otherPayload: (draft, draw) => void (draft.payload = draw.one(others).payload),
    otherSignatures: (draft, draw) => void (draft.signatures = draw.one(others).signatures),
    addSignature: (draft, draw) =>
      void (draft.signatures = [...draft.signatures, ...draw.one(others).signatures].toSorted((one, other) =>
        one.keyid < other.keyid ? -1 : 1,
      )),
    removeSignature: (draft, draw) => void draft.signatures.splice(draw.below(draft.signatures.length), 1),
    repeatSignature: (draft, draw) => void draft.signatures.push(draw.one(draft.signatures)),
    reverseSignatures: (draft) => void (draft.signatures = draft.signatures.toReversed()),
    otherKeyid: (draft, draw) =>
      void (draw.one(draft.signatures).keyid = draw.one(draw.one(others).signatures).keyid),
    otherType: (draft, draw) =>
      void (draft.payloadType = draw.one([
        'application/json',
        'application/vnd.in-toto+json ',
        '',
        draft.payload,
      ])),
    addMember: (draft, draw) =>
      void (draft[draw.one(['payloadtype', 'sig', '__proto__x', 'a'])] = draw.below(9)),
    editSignature(draft, draw) {
      const signature = draw.one(draft.signatures);
      const bytes = Buffer.from(signature.sig, 'base64');
      const alg = algorithms.get(signature.keyid) ?? 'ES256';
      signature.sig = draw.one(signatureEdits)(bytes, alg, draw).toString('base64');
    },
    respellBase64(draft, draw) {
      if (draw.below(2) === 0) draft.payload = draw.one(base64Edits)(draft.payload);
      else {
        const signature = draw.one(draft.signatures);
        signature.sig = draw.one(base64Edits)(signature.sig);
      }
    },
  };
  const printed = Object.entries(edits).map(([name, edit]): [string, Edit] => [
    name,
    (text, draw) => onDraft(text, (draft) => edit(draft, draw), canonical),
  ]);
  return {
    ...Object.fromEntries(printed),
    otherOrder: (text) =>
      onDraft(
        text,
        () => undefined,
        ({ payload, ...rest }) => JSON.stringify({ ...rest, payload }),
      ),
    indented: (text, draw) =>
      onDraft(
        text,
        () => undefined,
        (draft) => JSON.stringify(draft, undefined, 1 + draw.below(4)),
      ),
    twiceAMember(text, draw) {
      const member = draw.one(['"payload":"e30="', '"payloadType":"application/json"', '"signatures":[]']);
      return draw.below(2) === 0 ? text.replace('{', `{${member},`) : text.replace(/\}$/u, `,${member}}`);
    },
    escapedLetter(text, draw) {
      const at = draw.below(text.length);
      const code = text.charCodeAt(at).toString(16).padStart(4, '0');
      return `${text.slice(0, at)}\\u${code}${text.slice(at + 1)}`;
    },
  };
}

/** After another edit a text may be no envelope any more: then it stays. */
function onDraft(text: string, edit: (draft: Draft) => void, print: (draft: Draft) => string): string {
  try {
    const draft = parse(text);
    edit(draft);
    return print(draft);
  } catch {
    return text;
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const base64Edits: readonly ((text: string) => string)[] = [
  (text) => Buffer.from(text, 'base64').toString('base64url'),
  (text) => text.replace(/=+$/u, ''),
  (text) => `${text}=`,
  (text) => `${text.slice(0, 64)}\n${text.slice(64)}`,
  // The bits of the last character that stand for nothing.
  (text) =>
    text.replace(/(?<last>[A-Za-z0-9+/])(?<padding>=+)$/u, (_, last: string, padding: string) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
      return `${alphabet.charAt(alphabet.indexOf(last) ^ 1)}${padding}`;
    }),
  (text) => Buffer.from(text, 'base64').toString('hex'),
];

type SignatureEdit = (signature: Buffer, alg: Signer['alg'], draw: Draw) => Buffer;

/** Of ES256 both halves are big-endian numbers, of Ed25519 the second is a little-endian one. */
const signatureEdits: readonly SignatureEdit[] = [
  (signature, alg) => withS(signature, alg, (s, order) => order - s),
  (signature, alg) => withS(signature, alg, (s, order) => s + order),
  (signature, alg) => withS(signature, alg, () => 0n),
  (signature, alg) => withS(signature, alg, (_, order) => order),
  (signature) => Buffer.concat([Buffer.alloc(32), signature.subarray(32)]),
  (signature) => Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
  (signature) => Buffer.alloc(signature.length),
  (signature) => Buffer.concat([signature, Buffer.of(0)]),
  (signature) => Buffer.concat([Buffer.of(0), signature]),
  (signature) => signature.subarray(0, 63),
  (signature) => Buffer.concat([signature, signature]),
  (signature, _, draw) => {
    const at = draw.below(signature.length);
    signature[at] = (signature[at] ?? 0) ^ (1 << draw.below(8));
    return signature;
  },
];

function withS(signature: Buffer, alg: Signer['alg'], change: (s: bigint, order: bigint) => bigint): Buffer {
  const inOrder = (bytes: Buffer): Buffer => (alg === 'ES256' ? bytes : Buffer.from(bytes.toReversed()));
  const [head, tail] = [signature.subarray(0, 32), signature.subarray(32)];
  const before = BigInt(`0x0${inOrder(tail).toString('hex')}`);
  const after = change(before, orders[alg]);
  const number = Buffer.from((after < 0n ? -after : after).toString(16).padStart(64, '0').slice(-64), 'hex');
  return Buffer.concat([head, inOrder(number)]);
}

/** One leaf, or one member, of a JSON value changed. */
function editedLeaf(value: unknown, draw: Draw): unknown {
  if (Array.isArray(value)) {
    const at = draw.below(value.length + 1);
    return at === value.length ? [...value, draw.below(9)] : value.with(at, editedLeaf(value[at], draw));
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    const at = draw.below(members.length + 1);
    const [name, member] = members[at] ?? ['added', ''];
    if (draw.below(8) === 0) return Object.fromEntries(members.filter((_, index) => index !== at));
    return { ...value, [name]: editedLeaf(member, draw) };
  }
  if (typeof value === 'number') return value + 1;
  return typeof value === 'string'
    ? value.slice(0, -1) + String.fromCharCode(97 + draw.below(26))
    : draw.one([1, '', true]);
}
