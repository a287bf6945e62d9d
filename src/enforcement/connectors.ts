import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Static, TSchema } from 'typebox';
import { idPattern } from '../directory/common.ts';
import { formatProblem, join, nearest, printable, type Finding } from '../directory/problem.ts';
import { compile, type Checked } from '../directory/schema.ts';
import { secretFindings } from '../directory/secrets.ts';
import { shapeFindings } from '../directory/shape.ts';
import { readSource } from '../directory/source.ts';
import { ConnectorError, type Connector, type ConnectorContext } from './connector.ts';
import { ClientRegistrationEntry, openClientRegistration } from './connectors/client-registration.ts';
import { KeycloakEntry, openKeycloak } from './connectors/keycloak.ts';
import { SignalsEntry } from './connectors/signal-stream.ts';
import { openSignals } from './connectors/signals.ts';
import { openWebhook, WebhookEntry } from './connectors/webhook.ts';
import { ordered } from './ordered.ts';

/** The kinds of connectors, each with the schema of its entry. */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ['webhook', kind(WebhookEntry, openWebhook)],
  ['client-registration', kind(ClientRegistrationEntry, openClientRegistration)],
  ['keycloak', kind(KeycloakEntry, openKeycloak)],
  ['signals', kind(SignalsEntry, openSignals)],
]);

type Open = (context: ConnectorContext) => Promise<Connector>;
type Kind = (entry: unknown) => Checked<Open>;

function kind<S extends TSchema>(
  schema: S,
  open: (entry: Static<S>, context: ConnectorContext) => Promise<Connector>,
): Kind {
  const check = compile(schema);
  return (entry) => {
    const checked = check(entry);
    if (!checked.ok) return checked;
    return { ok: true, value: async (context) => ordered(await open(checked.value, context)) };
  };
}

/** A connector that connectors.yaml names. */
export interface ConfiguredConnector {
  readonly name: string;
  /** As it stands in the file; its shape has been checked. */
  readonly entry: unknown;
  /** @throws ConnectorError `configuration` when a secret or a file that it refers to cannot be used. */
  open(context: Omit<ConnectorContext, 'base'>): Promise<Connector>;
}

/**
 * Reads connectors.yaml: a list of entries, each with a name, a kind, and what the kind needs.
 * @throws ConnectorError `configuration` with every mistake, one a line, each with its place.
 */
export async function loadConnectors(path: string): Promise<readonly ConfiguredConnector[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConnectorError('configuration', `${path} cannot be read; expected a list of connectors`, {
      cause,
    });
  }
  if (text.trim() === '')
    throw new ConnectorError('configuration', `${path} is empty; expected a list of connectors, or []`);
  const source = readSource(text);
  const { entries, findings } = examine(source.data);
  const problems = [
    ...source.problems.map((problem) => ({ file: path, ...problem })),
    ...(source.doubtful === Infinity ? findings : []).map(({ at, ...finding }) => ({
      file: path,
      ...source.place(finding.pointer, at),
      ...finding,
    })),
  ].toSorted((one, other) => one.line - other.line);
  if (problems.length > 0) throw new ConnectorError('configuration', problems.map(formatProblem).join('\n'));
  const base = dirname(resolve(path));
  return entries.map(({ name, entry, open }) => ({
    name,
    entry,
    open: (context) => open({ ...context, base }),
  }));
}

/**
 * Opens the connector of one entry.
 * @throws ConnectorError `configuration`
 */
export async function openConnector(entry: unknown, context: ConnectorContext): Promise<Connector> {
  const { entries, findings } = examine([entry]);
  const [only] = entries;
  if (only === undefined || findings.length > 0)
    throw new ConnectorError(
      'configuration',
      findings.map(({ pointer, message }) => `${printable(pointer)}  ${message}`).join('\n'),
    );
  return await only.open(context);
}

interface Examined {
  readonly entries: readonly { readonly name: string; readonly entry: unknown; readonly open: Open }[];
  readonly findings: readonly Finding[];
}

function examine(data: unknown): Examined {
  const secrets = secretFindings(data);
  if (secrets.length > 0) return { entries: [], findings: secrets };
  if (!Array.isArray(data))
    return { entries: [], findings: [wrong('', 'value', 'expected a list of connectors')] };
  const entries: Examined['entries'][number][] = [];
  const findings: Finding[] = [];
  for (const [index, entry] of data.entries()) {
    const found = examineEntry(entry, join('', index));
    if (found.open === undefined) findings.push(...found.findings);
    else if (entries.some(({ name }) => name === found.name))
      findings.push(
        wrong(`/${index}/name`, 'value', `a second connector of the name ${found.name}; rename one`),
      );
    else entries.push(found);
  }
  return { entries, findings };
}

type ExaminedEntry =
  | { readonly name: string; readonly entry: unknown; readonly open: Open }
  | { readonly open?: undefined; readonly findings: readonly Finding[] };

function examineEntry(entry: unknown, pointer: string): ExaminedEntry {
  const fields: Readonly<Record<string, unknown>> =
    typeof entry === 'object' && entry !== null ? { ...entry } : {};
  const { name, kind: wanted } = fields;
  const known = [...kinds.keys()];
  const kindOf = kinds.get(String(wanted));
  if (kindOf === undefined) {
    const meant = nearest(String(wanted), known);
    const came = wanted === undefined ? 'no kind' : `"${printable(String(wanted))}"`;
    return {
      findings: [
        {
          ...wrong(`${pointer}/kind`, 'value', `expected a kind of ${known.join(', ')}, found ${came}`),
          ...(meant === undefined ? {} : { suggestion: meant }),
        },
      ],
    };
  }
  if (typeof name !== 'string' || !new RegExp(idPattern, 'u').test(name))
    return {
      findings: [
        wrong(`${pointer}/name`, 'value', 'expected a name of lower case letters, digits and hyphens'),
      ],
    };
  const checked = kindOf(entry);
  if (checked.ok) return { name, entry, open: checked.value };
  return {
    findings: shapeFindings(checked.errors).map((finding) => ({
      ...finding,
      pointer: pointer + finding.pointer,
    })),
  };
}

const wrong = (pointer: string, at: Finding['at'], message: string): Finding => ({
  code: 'bad-value',
  pointer,
  at,
  message,
});
