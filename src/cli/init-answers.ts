import { idPattern } from '../directory/common.ts';
import { type Integration } from '../directory/integration.ts';
import { editionIds } from '../profiles/editions.ts';
import { clientAuthentications, discover, type Offer } from './discovery.ts';
import type { Answers } from './integration-template.ts';

/** Why no integration file was written. */
export type InitCode = 'exists' | 'bad-answer' | 'no-answer';

/** `assay init` did not write a file. The message says what to do. */
export class InitError extends Error {
  override readonly name = 'InitError';
  readonly fault = 'configuration';
  readonly code: InitCode;

  constructor(code: InitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What `assay init` talks to. Without `ask`, options and defaults answer all questions. */
export interface InitIo {
  readonly ask?: ((question: string, fallback: string) => Promise<string>) | undefined;
  readonly write: (text: string) => void;
  readonly fetchMetadata: (url: string) => Promise<unknown>;
  readonly now: Date;
}

/** Answers given beforehand, by flags. */
export interface InitOptions {
  /** Path of the file to write. Default: integration.yaml. */
  readonly out?: string | undefined;
  /** Whether a file that is there may be replaced. Default: keep. */
  readonly existing?: 'keep' | 'replace' | undefined;
  readonly issuer?: string | undefined;
  readonly partner?: string | undefined;
  readonly integration?: string | undefined;
  readonly environment?: string | undefined;
  readonly edition?: string | undefined;
  readonly clientAuthentication?: string | undefined;
  readonly senderConstraint?: string | undefined;
  readonly protocol?: string | undefined;
  readonly clientId?: string | undefined;
  readonly otherClientId?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly resourceUrl?: string | undefined;
  readonly resourceScope?: string | undefined;
  readonly driver?: string | undefined;
  readonly trust?: readonly string[] | undefined;
}

type Check = (answer: string) => string | undefined;

/**
 * Gathers what an integration file needs: from options, from the issuer's metadata, and by asking.
 * @throws InitError when an answer is missing or unusable.
 */
export async function gather(io: InitIo, options: InitOptions, schema: string): Promise<Answers> {
  const answer = (
    question: string,
    given: string | undefined,
    fallback: string,
    check: Check,
  ): Promise<string> => answered(io, question, given, fallback, check);
  const issuer = await answer('Issuer URL of the authorization server', options.issuer, '', httpsUrl);
  const { offer, notes } = await discover(issuer, io.fetchMetadata);
  for (const note of notes) io.write(`${note}\n`);
  const choose = async <T extends string>(
    question: string,
    given: string | undefined,
    choices: readonly T[],
    preferred: T | undefined,
  ): Promise<T> => {
    const fallback = preferred ?? choices[0] ?? '';
    const text = await answer(`${question} (${choices.join(', ')})`, given, fallback, (chosen) =>
      choices.some((choice) => choice === chosen) ? undefined : `expected one of ${choices.join(', ')}`,
    );
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined)
      throw new InitError('bad-answer', `${question}: expected one of ${choices.join(', ')}`);
    return chosen;
  };

  const { hostname } = new URL(issuer);
  const partner = await answer(
    'Partner (id of the organisation)',
    options.partner,
    partnerOf(hostname),
    something,
  );
  const environment = await choose('Environment', options.environment, ['sandbox', 'production'], 'sandbox');
  const integration = await answer(
    'Id of this integration',
    options.integration,
    slug(`${partner}-${environment}`),
    (id) =>
      new RegExp(idPattern, 'u').test(id) ? undefined : 'expected lower case letters, digits and hyphens',
  );
  const profile = {
    edition: await choose('Profile edition', options.edition, editionIds, 'fapi2-sp-flows-1'),
    client_authentication: await choose(
      'How the test clients authenticate',
      options.clientAuthentication,
      clientAuthentications,
      offer?.clientAuthentication[0],
    ),
    sender_constraint: await choose(
      'How access tokens are bound',
      options.senderConstraint,
      ['dpop', 'mtls'],
      offer?.senderConstraint[0],
    ),
    protocol: await choose('Protocol', options.protocol, ['openid', 'oauth'], offer?.protocol),
  };
  const openid = profile.protocol === 'openid';
  const clientId = await answer('client_id of the first test client', options.clientId, 'assay-1', something);
  const otherClientId = await answer(
    'client_id of the second test client',
    options.otherClientId,
    'assay-2',
    (id) => (id === clientId ? 'expected another client than the first' : something(id)),
  );
  const redirectUri = await answer(
    'Registered redirect URI',
    options.redirectUri,
    'https://client.example/callback',
    httpsUrl,
  );
  const fallback = defaultResource(offer, profile);
  const url = await answer('URL of a resource call (GET)', options.resourceUrl, fallback.url, httpsUrl);
  const resourceScope = await answer(
    'Scope that the call needs',
    options.resourceScope,
    url === fallback.url ? fallback.scope : 'accounts',
    something,
  );
  const driver = await choose('Who logs in', options.driver, ['http', 'browser', 'automatic'], 'http');
  const scopes = new Set([...(openid ? ['openid'] : []), ...resourceScope.split(/\s+/u)]);
  return {
    schema,
    partner,
    integration,
    environment,
    roles: ['authorization-server', 'resource-server'],
    profile,
    issuer,
    trust: options.trust ?? [],
    hosts: [...new Set([...(offer?.hosts ?? [new URL(issuer).host]), new URL(url).host])],
    clientIds: [clientId, otherClientId],
    scope: [...scopes].join(' '),
    redirectUri,
    resource: { name: nameOf(url), method: 'GET', url, scope: resourceScope },
    features: (offer?.features ?? []).filter((feature) => openid || feature !== 'userinfo'),
    driver,
  };
}

/** An option's value, or the answer to a question, or the default. A bad answer is asked again. */
async function answered(
  { ask, write }: InitIo,
  question: string,
  given: string | undefined,
  fallback: string,
  check: Check,
): Promise<string> {
  const refuse = (reason: string): InitError => new InitError('bad-answer', `${question}: ${reason}`);
  if (given !== undefined || ask === undefined) {
    const answer = given ?? fallback;
    if (answer === '')
      throw new InitError('no-answer', `${question}: give it by its flag, or run on a terminal to be asked`);
    const reason = check(answer);
    if (reason !== undefined) throw refuse(reason);
    return answer;
  }
  let reason = '';
  for (let tries = 0; tries < 5; tries += 1) {
    const answer = (await ask(question, fallback)).trim();
    const wrong = check(answer);
    if (wrong === undefined) return answer;
    reason = wrong;
    write(`${reason}\n`);
  }
  throw refuse(reason);
}

const something: Check = (answer) => (answer === '' ? 'expected some text' : undefined);

const httpsUrl: Check = (answer) =>
  answer.startsWith('https://') && URL.canParse(answer) ? undefined : 'expected an absolute https URL';

/** Without another API at hand, userinfo is a resource that every OpenID provider protects. */
function defaultResource(
  offer: Offer | undefined,
  profile: Integration['profile'],
): { url: string; scope: string } {
  const { usual, mtls } = offer?.userinfo ?? {};
  const url = profile.sender_constraint === 'mtls' ? (mtls ?? usual) : usual;
  if (url !== undefined && profile.protocol === 'openid') return { url, scope: 'openid' };
  return { url: 'https://api.example.com/accounts', scope: 'accounts' };
}

/** The name that a host belongs to: acme of as.sandbox.acme.example. */
function partnerOf(hostname: string): string {
  return slug(hostname.split('.').at(-2) ?? hostname) || 'partner';
}

function nameOf(url: string): string {
  return slug(new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '') || 'resource';
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
    .slice(0, 63);
}
