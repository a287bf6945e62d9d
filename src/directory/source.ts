import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Alias, Document, ErrorCode } from 'yaml';
import type { Finding, Problem } from './problem.ts';
import { join, printable, segments } from './problem.ts';

/** A place in a text; both count from 1. */
export type Place = Pick<Problem, 'line' | 'column'>;

/** A YAML or JSON text, read as far as it could be. */
export interface Source {
  /** The document as plain data; undefined when nothing can be read. */
  readonly data: unknown;
  readonly problems: readonly Omit<Problem, 'file'>[];
  /** The first line from which the data may not be what the author meant; Infinity when all of it is sound. */
  readonly doubtful: number;
  /** The place of a pointer's name or value, or of its nearest ancestor that exists. */
  place(pointer: string, at: Finding['at']): Place;
}

/** A file larger than this (in characters) is no integration file. */
export const largest = 1_000_000;

/** Reads YAML, or JSON as a part of it. Never throws: all that is wrong is in `problems`. */
export function readSource(text: string): Source {
  if (text.length > largest)
    return unusable(
      `expected at most ${largest} characters, found ${text.length}: this is no integration file`,
    );
  const first = attempt(text);
  const tabs = first.problems.filter(({ message }) => message === messages.TAB_AS_INDENT);
  if (tabs.length === 0) return first;
  // Tabs hide the structure: what was probably meant is read, so that its mistakes show at once.
  const spaced = attempt(text.replaceAll(/^[ \t]+/gmu, (indent) => indent.replaceAll('\t', '  ')));
  const lines = text.split('\n');
  const unspaced = <P extends Place>(place: P): P => {
    const indent = /^[ \t]*/u.exec(lines[place.line - 1] ?? '')?.[0] ?? '';
    return { ...place, column: Math.max(1, place.column - indent.replaceAll(' ', '').length) };
  };
  return {
    ...spaced,
    problems: [...tabs, ...spaced.problems.map(unspaced)],
    place: (pointer, at) => unspaced(spaced.place(pointer, at)),
  };
}

function attempt(text: string): Source {
  const counter = new LineCounter();
  let document: Document;
  try {
    document = parseDocument(text, {
      lineCounter: counter,
      prettyErrors: false,
      stringKeys: true,
      schema: 'core',
      resolveKnownTags: false,
      logLevel: 'error',
    });
  } catch {
    return unusable('expected YAML or JSON, found something that cannot be parsed');
  }
  const placeOf = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: Source['problems'][number][] = [];
  let doubtful = Infinity;
  const seen = new Set<string>();
  for (const error of [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const opening = harmless.has(error.code) ? undefined : unclosed(document, text, error.pos[0]);
    const at = placeOf(opening ?? error.pos[0]);
    if (!harmless.has(error.code)) doubtful = Math.min(doubtful, at.line);
    // One broken line often breaks several rules, and the lines after it: the first says enough.
    const told = [`line ${at.line}`, ...(error.code === 'UNEXPECTED_TOKEN' ? [error.code] : [])];
    if (told.some((key) => seen.has(key)) || problems.length === 20) continue;
    for (const key of told) seen.add(key);
    const name = /^["']?([\w.-]{1,60})/u.exec(text.slice(error.pos[0], error.pos[0] + 62))?.[1];
    problems.push(
      error.code === 'DUPLICATE_KEY'
        ? {
            code: 'duplicate-member',
            ...at,
            pointer: pointerAt(document, error.pos[0]),
            message: `member ${name ?? ''} stands here for the second time; keep one`,
          }
        : {
            code: 'syntax',
            ...at,
            pointer: '',
            message:
              opening === undefined
                ? messages[error.code]
                : 'the quote or bracket that opens here is not closed',
          },
    );
  }
  const place: Source['place'] = (pointer, at) => placeOf(offsetOf(document, pointer, at));
  try {
    visit(document, {
      Alias(_, alias: Alias) {
        if (alias.resolve(document)) return;
        const message = `alias *${printable(alias.source)} has no anchor before it; add one, or put the value in quotes`;
        problems.push({ code: 'syntax', ...placeOf(alias.range?.[0] ?? 0), pointer: '', message });
      },
    });
    const data: unknown = document.toJS({ maxAliasCount: 100 });
    // An alias inside its own anchor makes data without an end.
    JSON.stringify(data);
    if (data === null && document.errors.length === 0)
      return unusable('expected an integration, found an empty file; `assay init` writes one');
    return { data, problems, doubtful, place };
  } catch {
    const message =
      'expected plain data, found aliases that do not end or are too many, or too deep a nesting';
    return { ...unusable(message), problems: problems.length > 0 ? problems : unusable(message).problems };
  }
}

function unusable(message: string): Source {
  const start: Place = { line: 1, column: 1 };
  const problems = [{ code: 'syntax' as const, ...start, pointer: '', message }];
  return { data: undefined, problems, doubtful: 1, place: () => start };
}

function offsetOf(document: Document, pointer: string, at: Finding['at']): number {
  let node: unknown = document.contents;
  let name: unknown;
  let missing = false;
  for (const segment of segments(pointer)) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(holder)
      ? holder.items.findLast(({ key }) => isScalar(key) && String(key.value) === segment)
      : undefined;
    const entry = isSeq(holder) ? holder.items[Number(segment)] : undefined;
    missing = pair === undefined && entry === undefined;
    if (missing) break;
    [name, node] = pair ? [pair.key, pair.value] : [undefined, entry];
  }
  const ofName = startOf(name);
  const ofValue = startOf(node);
  return (at === 'name' || missing ? (ofName ?? ofValue) : (ofValue ?? ofName)) ?? 0;
}

/** Where the quote or bracket opens that is still open at an offset; undefined when none is. */
function unclosed(document: Document, text: string, offset: number): number | undefined {
  const closing: Record<string, string> = { '"': '"', "'": "'", '[': ']', '{': '}' };
  let found: number | undefined;
  visit(document, {
    Node(_, node) {
      const [start, end, after] = node.range ?? [];
      if (start === undefined || end === undefined || after === undefined) return;
      const close = closing[text[start] ?? ''];
      const closed = close !== undefined && end - start > 1 && text[end - 1] === close;
      if (close !== undefined && !closed && start < offset && offset <= Math.max(after, end)) found ??= start;
    },
  });
  return found;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/** The pointer of the member whose name starts at an offset. */
function pointerAt(document: Document, offset: number): string {
  let found = '';
  const look = (node: unknown, pointer: string): void => {
    if (isMap(node))
      for (const { key, value } of node.items) {
        const here = join(pointer, isScalar(key) ? String(key.value) : '');
        if (startOf(key) === offset) found = here;
        look(value, here);
      }
    if (isSeq(node)) for (const [index, entry] of node.items.entries()) look(entry, join(pointer, index));
  };
  look(document.contents, '');
  return found;
}

/** After these the rest of the text is still read as it was meant. */
const harmless = new Set<ErrorCode>([
  'DUPLICATE_KEY',
  'NON_STRING_KEY',
  'BAD_SCALAR_START',
  'BAD_DQ_ESCAPE',
  'BAD_DIRECTIVE',
  'TAG_RESOLVE_FAILED',
]);

/** The parser's own messages may quote the text, and so a secret in it: these do not. */
const messages: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag; remove them',
  BAD_ALIAS: 'an alias needs a name after *; put a value that starts with * in quotes',
  BAD_COLLECTION_TYPE: 'this tag does not fit the value; remove the tag',
  BAD_DIRECTIVE: 'this directive is not known; remove the line that starts with %',
  BAD_DQ_ESCAPE: 'this escape does not exist in double quotes; write \\\\ for a backslash',
  BAD_INDENT: 'this line is indented differently from its neighbours, or a bracket before it is not closed',
  BAD_PROP_ORDER: 'anchors and tags stand before the value; move them',
  BAD_SCALAR_START: 'a value cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on this line; put the value in quotes, or start a new line',
  BLOCK_IN_FLOW:
    'inside brackets only bracketed values can stand; close the bracket, or indent without brackets',
  DUPLICATE_KEY: 'this member stands here for the second time; keep one',
  IMPOSSIBLE: 'this line cannot be understood as YAML',
  KEY_OVER_1024_CHARS: 'the name before the colon is too long; is a quote missing?',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing, here or before',
  MULTILINE_IMPLICIT_KEY: 'expected `name: value`; is a colon missing, or an indentation under a | sign?',
  MULTIPLE_ANCHORS: 'a value has at most one anchor; remove the others',
  MULTIPLE_DOCS:
    'a second document starts here; one file holds one integration, so remove --- and what follows',
  MULTIPLE_TAGS: 'a value has at most one tag; remove the others',
  NON_STRING_KEY: 'the name of a member is text; put it in quotes',
  RESOURCE_EXHAUSTION: 'the nesting is too deep to be read',
  TAB_AS_INDENT: 'a tab indents this line; YAML indents by spaces only',
  TAG_RESOLVE_FAILED: 'tags (!…) are not used here; remove it, or put the value in quotes',
  UNEXPECTED_TOKEN: 'unexpected text; is a quote, a colon or a line break missing before it?',
};
