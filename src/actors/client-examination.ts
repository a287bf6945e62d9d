import type { ClientIntegration, Scenario } from '../directory/client-integration.ts';
import { printable } from '../directory/problem.ts';
import type { Exchange } from '../transport/exchange.ts';
import { clientPreflight } from './client-preflight.ts';
import type { ClientSession, Flow } from './client-session.ts';
import { found, ok, type Finding } from './finding.ts';
import { purposes, type Arrival, type Point } from './sandbox/arrival.ts';
import type { Connection } from './sandbox/connection.ts';

/** A valid flow, and all that was seen of it. */
export interface Seen extends Pick<Flow, 'outcome' | 'exchanges'> {
  readonly scenario: Scenario;
  readonly arrivals: readonly Arrival[];
  /** Also those that asked for nothing. */
  readonly connections: readonly Connection[];
}

/**
 * All of `clientPreflight`, then the valid flow of each scenario, and why the client cannot be driven where it does not complete it.
 * @param connections Those of the session, in the order of their beginning.
 */
export async function examineClient(
  session: ClientSession,
  env: Readonly<Record<string, string | undefined>>,
  connections: readonly Connection[],
): Promise<readonly Finding[]> {
  const findings = [...(await clientPreflight(session, env))];
  if (findings.some(({ state, fault }) => state === 'problem' && fault !== 'subject')) return findings;
  const { value } = await session.integration();
  for (const scenario of scenariosOf(value)) {
    const what = `flow ${scenario}`;
    const before = connections.length;
    const finding = await found(what, async () => {
      const { issuer, outcome, exchanges } = await session.flow({ scenario });
      const { redactor } = session.options;
      const { end, told, shown } = outcome;
      return diagnose(
        {
          scenario,
          outcome: { end, told: redactor.scrub(told), shown: redactor.scrub(shown) },
          exchanges,
          arrivals: issuer.arrivals,
          connections: connections.slice(before),
        },
        value,
      );
    });
    if (finding !== undefined) findings.push(finding);
    if (finding?.state === 'problem') break;
  }
  return findings;
}

/** The scenarios that a client declares. */
function scenariosOf({ features }: ClientIntegration): readonly Scenario[] {
  return [
    'connect',
    ...(features.includes('refresh-token') ? (['refresh'] as const) : []),
    ...(features.includes('revocation') ? (['disconnect'] as const) : []),
  ];
}

/** What a valid flow shows of the client: that it completed it, or how far it came and what to look at. */
export function diagnose(seen: Seen, value: ClientIntegration): Finding {
  const what = `flow ${seen.scenario}`;
  const problem = (fault: Finding['fault'], detail: string, advice: string): Finding => ({
    what,
    state: 'problem',
    ...(fault === undefined ? {} : { fault }),
    detail,
    advice,
  });
  const { outcome, arrivals } = seen;
  if (arrivals.length === 0) return problem('configuration', ...nothingArrived(seen, value));
  if (outcome.end === 'completed') {
    const lacking = lackingIn(seen, value);
    return lacking === undefined
      ? ok(what, `completed: ${counted(arrivals)}`)
      : problem('configuration', `${outcome.told}, but ${lacking.detail}`, lacking.advice);
  }
  const last = arrivals.findLast(({ at }) => at !== 'elsewhere') ?? arrivals.at(-1);
  const at = last?.at ?? 'elsewhere';
  const refused = seen.exchanges.filter(isRefused).map(refusalIn);
  return problem(
    outcome.end === 'failed' ? 'subject' : 'configuration',
    [
      `${outcome.told}; it came as far as the ${purposes[at]} (${counted(arrivals)})`,
      ...(refused.length > 0 ? [`refused was: ${refused.join(', ')}`] : []),
      ...printed(outcome),
    ].join('; '),
    outcome.end === 'failed' ? next[at] : `${late} ${next[at]}`,
  );
}

const late = 'See what it waits for, or give it more time under trigger/timeout.';

/** What to look at where a client came to a request and no further. */
const next: Readonly<Record<Point, string>> = {
  metadata:
    'It read the metadata and asked for nothing: see whether it takes the issuer as it is told, and what it misses in the metadata.',
  keys: 'It fetched the keys of the issuer and stopped: see whether it takes the ID token, or another signed answer.',
  push: 'It pushed a request, and no browser came: a program that is its own user opens the authorization URL itself, or prints it on a line of its own.',
  authorization:
    'Its browser came, and no token was asked for: see whether the response arrives at the registered redirect URI, and whether the client takes it.',
  consent:
    'The authorization response was sent when the user consented, and no token was asked for: see whether it arrives at the registered redirect URI, and whether the client takes it.',
  token: 'It got tokens and stopped: see whether it takes the token response, and the ID token in it.',
  refresh: 'It refreshed its tokens and stopped: see whether it takes the new ones.',
  userinfo: 'It asked for userinfo and stopped: see whether it takes the answer.',
  introspection: 'It asked about a token and stopped: see whether it takes the answer.',
  revocation: 'It revoked its tokens and did not tell that it completed.',
  call: 'It called the API and stopped: see whether it takes the answer; answer or openapi of the call says what it gets.',
  elsewhere: 'It asked for what the issuer does not offer: it must find the endpoints in the metadata.',
};

/** A flow of which the sandbox saw no request: what is the matter, and what to do. */
function nothingArrived(
  { outcome, connections }: Seen,
  { trigger }: ClientIntegration,
): readonly [detail: string, advice: string] {
  const told = [outcome.told, ...printed(outcome)].join('; ');
  const { ending, alert, reason } = connections.at(-1) ?? {};
  const by =
    trigger.driver === 'command' ? 'in ASSAY_ISSUER' : 'by {issuer} in trigger/start, or by sandbox/port';
  switch (ending) {
    case 'plaintext':
      return [
        `it spoke HTTP without TLS to the sandbox; ${told}`,
        'Make it use the https URLs that it is told.',
      ];
    case 'refused':
      return [
        `it refused the certificate of the sandbox${alert === undefined ? '' : ` (${alert})`}; ${told}`,
        `Make it trust the authority ${trigger.driver === 'command' ? 'in ASSAY_CA_FILE (an app on Node: NODE_EXTRA_CA_CERTS)' : 'of the sandbox'}, or give sandbox/authority one that it trusts.`,
      ];
    case 'no-agreement':
      return [
        `it offered no TLS that the sandbox takes${reason === undefined ? '' : ` (${reason})`}; ${told}`,
        'Make it offer TLS 1.3, or TLS 1.2 with a suite that FAPI 2.0 permits (5.2.2, item 1).',
      ];
    case 'used':
      return [
        `it asked for addresses that belong to no issuer; ${told}`,
        `Make it fetch the metadata of exactly the issuer that it is told ${by}.`,
      ];
    case 'silent':
    case 'cut':
    case undefined:
      return [
        `nothing arrived at the sandbox; ${told}`,
        outcome.end === 'unknown'
          ? late
          : `Make it begin a flow at the issuer that it is told ${by}; what it printed may say why it did not.`,
      ];
  }
}

/** What a client that told that it completed did not do, though its file says so. */
function lackingIn(
  { scenario, arrivals }: Seen,
  { resources, features }: ClientIntegration,
): { readonly detail: string; readonly advice: string } | undefined {
  const came = (point: Point): boolean => arrivals.some(({ at }) => at === point);
  const expected: readonly (readonly [Point, string, boolean])[] = [
    ['refresh', 'refresh-token', scenario === 'refresh'],
    ['revocation', 'revocation', scenario === 'disconnect'],
    ['userinfo', 'userinfo', features.includes('userinfo')],
    ['introspection', 'signed-introspection', features.includes('signed-introspection')],
  ];
  const point = expected.find(([at, , wanted]) => wanted && !came(at));
  if (point !== undefined)
    return {
      detail: `there was no ${purposes[point[0]]}`,
      advice: `Make it do so in the scenario ${scenario}, or take ${point[1]} out of features.`,
    };
  const calls = arrivals.filter(({ at }) => at === 'call');
  const missed = resources.filter(
    ({ method, path }) => !calls.some((call) => call.method === method && matches(path, call.url.pathname)),
  );
  if (missed.length === 0) return undefined;
  return {
    detail: `it did not call ${missed.map(({ method, path }) => `${method} ${path}`).join(', ')}`,
    advice:
      'Make it call all of resources, below the address of the API that it is told, or list there what it calls.',
  };
}

/** Whether a request is for the path of a call; `{name}` stands for one segment. The API lies below the issuer. */
const matches = (path: string, pathname: string): boolean =>
  new RegExp(
    `^/[^/]+/api${path.replaceAll(/[.*+?^$()|[\]\\]/gu, '\\$&').replaceAll(/\{[^{}/]*\}/gu, '[^/]+')}$`,
    'u',
  ).test(pathname);

/** What arrived, each kind once with its number. */
function counted(arrivals: readonly Arrival[]): string {
  const counts = new Map<Point, number>();
  for (const { at } of arrivals) counts.set(at, (counts.get(at) ?? 0) + 1);
  return [...counts].map(([at, count]) => `${count > 1 ? `${count} × ` : ''}${purposes[at]}`).join(', ');
}

const isRefused = ({ response, error }: Exchange): boolean =>
  error !== undefined || (response?.status ?? 0) >= 400;

function refusalIn({ purpose, response, error }: Exchange): string {
  if (response === undefined) return `${purpose} (${error?.message ?? 'no answer'})`;
  const said = /"error(?:_description)?" *: *"([^"]*)"/gu;
  const words = [...(response.body ?? '').matchAll(said)].map(([, text = '']) => printable(text));
  return `${purpose} (${[response.status, ...words].join(' ')})`;
}

/** The last lines that a client showed, beside what it is quoted with. */
function printed({ told, shown }: Seen['outcome']): readonly string[] {
  const lines = shown
    .split('\n')
    .map((line) => printable(line.trim()))
    .filter((line) => line !== '' && !told.includes(line));
  return lines.length === 0 ? [] : [`it showed: ${lines.slice(-3).join(' | ')}`];
}
