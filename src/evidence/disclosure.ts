import { randomBytes } from 'node:crypto';
import { Type, type Static } from 'typebox';
import type { Results } from '../report/results.ts';
import { Exchange } from '../transport/exchange.ts';
import { canonical, parseCanonical, wellFormed } from './canonical.ts';
import type { Opened } from './envelope.ts';
import { EvidenceError } from './error.ts';
import { inclusionPath, leafHash, rootOf, verifyInclusion } from './merkle.ts';
import { shaped } from './shape.ts';
import { Digest, type TestResult, type TestResultStatement } from './statement.ts';

const closed = { additionalProperties: false } as const;
const saltBytes = 16;

/** What is committed to: an exchange, redacted as it stands in the results, and the check that it belongs to. */
const CommittedExchange = Type.Object({ check: Type.String(), exchange: Exchange }, closed);
export type CommittedExchange = Static<typeof CommittedExchange>;

/** One exchange with all that shows that a statement committed to it, and nothing of the others but hashes. */
const Disclosure = Type.Object(
  {
    format: Type.Literal('assay-disclosure/1'),
    statement: Digest,
    index: Type.Integer({ minimum: 0 }),
    committed: CommittedExchange,
    salt: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
    path: Type.Array(Digest, { maxItems: 64 }),
  },
  closed,
);
export type Disclosure = Static<typeof Disclosure>;

/** The exchanges of a run, committed to. */
export interface Commitment {
  /** The member `exchanges` of the statement. */
  readonly exchanges: TestResult['exchanges'];
  /**
   * The document that discloses one exchange.
   * @param statement Digest of the envelope with the statement of the run.
   */
  disclose(index: number, statement: string): string;
}

/**
 * The exchanges of all checks, in the order of the results. A server can send half a surrogate pair, which cannot be signed:
 * it shall not keep its run from being evidence.
 */
export const exchangesOf = ({ checks }: Results): readonly CommittedExchange[] =>
  checks.flatMap(({ id, exchanges }) => exchanges.map((exchange) => wellFormed({ check: id, exchange })));

/** A salt for each exchange: without it, the hash of what can be guessed would disclose it. */
export const drawSalts = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, () => randomBytes(saltBytes));

/** The salts of a run as its private file holds them. */
export const printSalts = (salts: readonly Uint8Array[]): string =>
  canonical(salts.map((salt) => Buffer.from(salt).toString('base64url')));

/**
 * Reads what `printSalts` printed.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export const parseSalts = (text: string): readonly Uint8Array[] =>
  shaped(Type.Array(Type.String()), parseCanonical(text), 'the salts of a run').map(parseSalt);

/**
 * Commits to the exchanges of a run: a Merkle tree (RFC 6962) over the salted hashes of their canonical forms.
 * @param salts 16 random bytes for each.
 * @throws EvidenceError `malformed` for another number or length of salts.
 */
export function commit(exchanges: readonly CommittedExchange[], salts: readonly Uint8Array[]): Commitment {
  if (salts.length !== exchanges.length || salts.some(({ length }) => length !== saltBytes))
    throw new EvidenceError(
      'malformed',
      `expected ${exchanges.length} salts of ${saltBytes} bytes, got ${salts.length}`,
    );
  const salted = exchanges.map((committed, index) => ({ committed, salt: salts[index] ?? new Uint8Array() }));
  const leaves = salted.map(({ committed, salt }) => leafOf(committed, salt));
  return {
    exchanges: { count: leaves.length, root: hex(rootOf(leaves)) },
    disclose(index, statement) {
      const own = salted[index];
      if (own === undefined)
        throw new EvidenceError(
          'wrong-subject',
          `expected an exchange from 0 to ${leaves.length - 1}, got ${index}`,
        );
      const disclosure: Disclosure = {
        format: 'assay-disclosure/1',
        statement,
        index,
        committed: own.committed,
        salt: Buffer.from(own.salt).toString('base64url'),
        path: inclusionPath(index, leaves).map(hex),
      };
      return canonical(disclosure);
    },
  };
}

/**
 * What a document discloses, if a statement committed to it.
 * @param opened The statement of the run, verified.
 * @throws EvidenceError `malformed` or `not-canonical` for another document, `wrong-subject` for what the statement does not hold.
 */
export function checkDisclosure(text: string, opened: Opened<TestResultStatement>): Disclosure {
  const disclosure = shaped(Disclosure, parseCanonical(text), 'a disclosed exchange');
  const { statement, committed, salt, index, path } = disclosure;
  if (statement !== opened.digest)
    throw new EvidenceError(
      'wrong-subject',
      `expected an exchange of the statement ${opened.digest}, got one of ${statement}`,
    );
  const { count, root } = opened.statement.predicate.exchanges;
  const leaf = leafOf(committed, parseSalt(salt));
  if (!verifyInclusion(leaf, index, path.map(bytes), count, bytes(root)))
    throw new EvidenceError(
      'wrong-subject',
      `the exchange is not what the statement committed to at position ${index} of ${count}`,
    );
  return disclosure;
}

const leafOf = (committed: CommittedExchange, salt: Uint8Array): Uint8Array =>
  leafHash(Buffer.concat([salt, Buffer.from(canonical(committed))]));

function parseSalt(text: string): Uint8Array {
  const salt = Buffer.from(text, 'base64url');
  if (salt.length !== saltBytes || salt.toString('base64url') !== text)
    throw new EvidenceError('not-canonical', `expected a salt of ${saltBytes} bytes in base64url`);
  return salt;
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
const bytes = (hash: string): Uint8Array => Buffer.from(hash, 'hex');
