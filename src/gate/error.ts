/** Why the gate cannot be used as it was set up. */
export type GateErrorCode =
  /** There is no policy where one should be, or it cannot be read. */
  | 'no-policy'
  /** The policy, or its policy.yaml, has mistakes. */
  | 'bad-policy'
  /** The policy's tests have mistakes. */
  | 'bad-tests'
  /** A decision token does not show what it should. */
  | 'bad-token';

/** A mistake in a file of the policy. Line and column count from 1. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was expected, what came, and what to do. */
  readonly message: string;
}

/** A gate that cannot be used as it was set up. The message tells every mistake that was found. */
export class GateError extends Error {
  override readonly name = 'GateError';
  readonly fault = 'configuration';
  readonly code: GateErrorCode;

  constructor(code: GateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Problems as one text: a line each, `file:line:column  message`. */
export const tellProblems = (problems: readonly PolicyProblem[]): string =>
  problems.map(({ file, line, column, message }) => `${file}:${line}:${column}  ${message}`).join('\n');
