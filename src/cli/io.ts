/** All that a command may touch of the process. */
export interface Io {
  /** Standard output: what the command was asked for. */
  write(text: string): void;
  /** Standard error: progress and problems. */
  note(text: string): void;
  /** Standard error as a terminal, for a line that is written over; absent where it is none. */
  readonly terminal?: { readonly columns: number };
  readonly colour: 'on' | 'off';
  /** Columns to lay text out for. */
  readonly width: number;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  now(): Date;
  /** Asks a person; absent where nobody is there. */
  readonly ask?: (question: string, fallback: string) => Promise<string>;
  /** Ends when the person or the system wants the command to stop. */
  readonly stop: AbortSignal;
}

/** An argument that a command cannot work with. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly fault = 'configuration';
  readonly code = 'usage';
}
