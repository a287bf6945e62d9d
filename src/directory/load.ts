import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ClientIntegration, type AnyIntegration } from './client-integration.ts';
import { clientFiles, clientRules, describesClient, mixedRoles } from './client-rules.ts';
import { Integration } from './integration.ts';
import type { FileUse } from './members.ts';
import type { Finding, Problem } from './problem.ts';
import { IntegrationError, printable } from './problem.ts';
import { serverFiles, serverRules } from './rules.ts';
import { compile } from './schema.ts';
import { secretFindings, secretLines } from './secrets.ts';
import { mistyped, shapeFindings } from './shape.ts';
import type { Source } from './source.ts';
import { readSource } from './source.ts';

/** An integration file without mistakes. */
export interface LoadedIntegration<Value extends AnyIntegration = AnyIntegration> {
  readonly value: Value;
  /** Absolute path of the file. */
  readonly file: string;
  readonly text: string;
  /** The line (from 1) of a JSON pointer, or of its nearest ancestor that is in the file. */
  readonly lineOf: (pointer: string) => number;
  /** The absolute path of a path that the file names. */
  readonly resolve: (path: string) => string;
}

/** What the text of an integration file says, and all that is wrong with it. */
export interface Examination {
  /** Present when there are no problems. */
  readonly value: AnyIntegration | undefined;
  readonly problems: readonly Problem[];
  /** The files that it refers to; that they exist is not examined. */
  readonly files: readonly FileUse[];
  readonly source: Source;
}

/** How the two kinds of files are examined: by a schema, by rules between members, and which files they refer to. */
const server = { check: compile(Integration), rules: serverRules, files: serverFiles };
const client = { check: compile(ClientIntegration), rules: clientRules, files: clientFiles };

/** Whether an integration is a partner's client; others are servers. */
export const isClient = (value: AnyIntegration): value is ClientIntegration => 'client' in value;

/**
 * Examines the text of an integration file, YAML or JSON. Never throws.
 * @param file The path that problems name.
 * @param now For the expiry of waivers.
 */
export function examine(text: string, file: string, now: Date): Examination {
  const source = readSource(text);
  const { data } = source;
  const secrets = [...secretFindings(data)];
  const hidden = secrets.map(({ pointer }) => pointer);
  const located = (finding: Finding): Problem => {
    const { at, ...rest } = finding;
    return { file, ...source.place(finding.pointer, at), ...rest };
  };
  const kind = describesClient(data) ? client : server;
  const checked = data === undefined ? undefined : kind.check(data);
  const mixed = [...mixedRoles(data)];
  const found =
    checked === undefined
      ? []
      : [
          ...(checked.ok ? [] : shapeFindings(checked.errors)).filter(
            ({ pointer }) => mixed.length === 0 || !pointer.startsWith('/roles'),
          ),
          ...mixed,
          ...kind.rules(data, now),
        ];
  const findings = found.filter((finding) => !mistyped(finding, found));
  const problems = [
    ...source.problems.map((problem) => ({ file, ...problem })),
    ...secrets.map(located),
    ...(secrets.length > 0 ? [] : secretLines(text)).map(({ line, message }): Problem => ({
      code: 'secret',
      file,
      line,
      column: 1,
      pointer: '',
      message,
    })),
    ...findings
      .filter(
        ({ pointer }) => !hidden.some((secret) => pointer === secret || pointer.startsWith(`${secret}/`)),
      )
      .map(located)
      .filter((problem) => credible(problem, source.doubtful)),
  ];
  const value = checked?.ok === true && problems.length === 0 ? checked.value : undefined;
  const files = kind.files(data).filter(({ pointer }) => !hidden.includes(pointer));
  return { value, problems: inOrder(problems), files: source.doubtful === Infinity ? files : [], source };
}

/**
 * Loads an integration file, YAML or JSON, of a server or of a client.
 * @param now For the expiry of waivers.
 * @throws IntegrationError with all problems at once (fault: configuration).
 */
export async function loadIntegration(path: string, now: Date): Promise<LoadedIntegration> {
  const file = resolve(path);
  const text = await readText(path);
  const { value, problems, files, source } = examine(text, path, now);
  const missing = await Promise.all(
    files.map(async (use): Promise<readonly Problem[]> => {
      const message = await unreadable(resolve(dirname(file), use.path), use.path);
      if (message === undefined) return [];
      return [
        {
          code: 'missing-file',
          file: path,
          ...source.place(use.pointer, 'value'),
          pointer: use.pointer,
          message,
        },
      ];
    }),
  );
  const all = inOrder([...problems, ...missing.flat()]);
  if (value === undefined || all.length > 0) throw new IntegrationError(all);
  return {
    value,
    file,
    text,
    lineOf: (pointer) => source.place(pointer, 'name').line,
    resolve: (other) => resolve(dirname(file), other),
  };
}

/**
 * Loads the integration file of a server.
 * @throws IntegrationError with all problems at once (fault: configuration).
 */
export async function loadServerIntegration(
  path: string,
  now: Date,
): Promise<LoadedIntegration<Integration>> {
  const { value, ...loaded } = await loadIntegration(path, now);
  if (isClient(value)) throw otherRole(path, loaded, 'expected the file of a server, found that of a client');
  return { value, ...loaded };
}

/**
 * Loads the integration file of a client.
 * @throws IntegrationError with all problems at once (fault: configuration).
 */
export async function loadClientIntegration(
  path: string,
  now: Date,
): Promise<LoadedIntegration<ClientIntegration>> {
  const { value, ...loaded } = await loadIntegration(path, now);
  if (!isClient(value))
    throw otherRole(path, loaded, 'expected the file of a client, found that of a server');
  return { value, ...loaded };
}

function otherRole(
  file: string,
  { lineOf }: Pick<LoadedIntegration, 'lineOf'>,
  message: string,
): IntegrationError {
  return new IntegrationError([
    { code: 'conflict', file, line: lineOf('/roles'), column: 1, pointer: '/roles', message },
  ]);
}

/** Where the text is broken, only what stands before the break is told, and nothing is called missing. */
function credible({ code, line }: Problem, doubtful: number): boolean {
  return doubtful === Infinity || (line < doubtful && code !== 'missing-member' && code !== 'conflict');
}

/** In the order of the text; the first of several for the same member and reason stays. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || a.pointer.localeCompare(b.pointer),
  );
  return sorted.filter(
    ({ code, pointer, line }, index) =>
      sorted.findIndex((other) => other.code === code && other.pointer === pointer && other.line === line) ===
      index,
  );
}

async function readText(path: string): Promise<string> {
  const fail = (message: string, cause?: unknown): IntegrationError =>
    new IntegrationError([{ code: 'unreadable', file: path, line: 1, column: 1, pointer: '', message }], {
      cause,
    });
  let bytes: Buffer;
  try {
    if (!(await stat(path)).isFile()) throw fail('expected a file, found a directory or a device');
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof IntegrationError) throw error;
    throw fail(
      codeOf(error) === 'ENOENT'
        ? 'there is no such file; `assay init` writes one'
        : `the file cannot be read (${codeOf(error)})`,
      error,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw fail('expected text in UTF-8, found other bytes; save the file as UTF-8', error);
  }
}

async function unreadable(absolute: string, path: string): Promise<string | undefined> {
  const named = `${printable(path)} (${absolute})`;
  try {
    await access(absolute, constants.R_OK);
    return (await stat(absolute)).isFile()
      ? undefined
      : `expected a file at ${named}, found a directory or a device`;
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? `there is no file ${named}; paths are relative to the integration file`
      : `the file ${named} cannot be read (${codeOf(error)})`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
