/** Why the database did not do what was asked. All of them are faults of the environment. */
export type StoreErrorCode =
  /** Another process uses the directory of the embedded database. */
  | 'locked'
  /** It cannot be connected to, or the connection was lost. Whether what was under way took effect is not known. */
  | 'unreachable'
  /** Other transactions got in the way, again and again. */
  | 'conflict'
  /** Its files are damaged, or of another version of PostgreSQL. */
  | 'corrupt'
  /** Its tables are not those that this version of Assay makes. */
  | 'migration'
  /** It holds the projection of another log. */
  | 'other-log'
  /** It refused a statement, or a value cannot be held. */
  | 'failed';

/** A database that did not do what was asked. No message has a password, or the values of a statement. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly fault = 'environment';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const codes: readonly (readonly [RegExp, StoreErrorCode])[] = [
  // serialization_failure and deadlock_detected.
  [/^40(?:001|P01)$/u, 'conflict'],
  // connection_exception, a server that stops, crashes, starts or has no room, and one that lets nobody in.
  [/^(?:08|28|57P0|53300|3D000)/u, 'unreachable'],
  // data_corrupted, index_corrupted, io_error and undefined_file of the server's own files.
  [/^(?:XX00[12]|58)/u, 'corrupt'],
];

/** What PostgreSQL's driver threw while it ran a statement, as an error of this room. */
export function storeErrorOf(cause: unknown, where: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const { code: state, message } = tellOf(cause);
  // SQLSTATE has five characters too, but none of its classes begins with an E, as the system's EPIPE does.
  if (!/^[0-9F-Z][0-9A-Z]{4}$/u.test(state))
    return new StoreError('unreachable', `${where} did not answer: ${message || state}`, { cause });
  const code = codes.find(([pattern]) => pattern.test(state))?.[1] ?? 'failed';
  return new StoreError(code, `${where} refused: ${message} (SQLSTATE ${state})`, { cause });
}

function tellOf(cause: unknown): { readonly code: string; readonly message: string } {
  if (typeof cause !== 'object' || cause === null) return { code: '', message: String(cause) };
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : '',
  };
}
