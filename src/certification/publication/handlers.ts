import type { Standing } from '../standing.ts';
import { PublicationError } from './error.ts';
import {
  checkIssuer,
  endpointsOf,
  entityConfiguration,
  entityOf,
  integrationOf,
  keysOf,
  type TrustMarkIssuer,
} from './issuer.ts';
import { seconds, signJwt } from './jwt.ts';
import { statusIndex, statusList, statusListTtl, type StatusKey } from './status-list.ts';
import {
  delegatedUntil,
  markableUntil,
  readTrustMark,
  trustMark,
  type TrustMarkClaims,
} from './trust-mark.ts';

/** What is published, and from what. */
export interface Publication {
  readonly issuer: TrustMarkIssuer;
  /** The standing of an integration, effective now. */
  readonly standing: (integration: string) => Promise<Standing | undefined>;
  /** Those of all integrations. */
  readonly standings: () => Promise<readonly Standing[]>;
  /** The keys of the status list in the order of their indexes: see `statusKeys`. */
  readonly keys: () => Promise<readonly StatusKey[]>;
  readonly now: () => Date;
}

/** A request as far as it matters here. */
export interface PublicationRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The body, of a request with the type application/x-www-form-urlencoded. */
  readonly form?: URLSearchParams | undefined;
}

/** A response to be sent as it is. */
export interface PublicationReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Handler = (publication: Publication, request: PublicationRequest) => Promise<PublicationReply>;

/** A request that is answered with an error (OpenID Federation 1.0, section 8.9). */
class Refusal extends Error {
  readonly status: number;
  readonly error: 'invalid_request' | 'not_found' | 'unsupported_parameter';

  constructor(status: number, error: Refusal['error'], description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

const refuse = (status: number, error: Refusal['error'], description: string): never => {
  throw new Refusal(status, error, description);
};

/**
 * The public endpoints of a trust mark issuer, by path: entity configuration, trust marks, their status and their bearers,
 * the status list, and those of a trust anchor without subordinates. Other paths and what the publication itself throws are
 * the server's.
 * @throws PublicationError `bad-issuer`, or why a delegation is not for this issuer.
 */
export async function publicationHandlers(
  publication: Publication,
): Promise<ReadonlyMap<string, (request: PublicationRequest) => Promise<PublicationReply>>> {
  const { issuer } = publication;
  checkIssuer(issuer);
  await Promise.all(issuer.types.map((type) => delegatedUntil(issuer, type, publication.now())));
  const at = endpointsOf(issuer);
  const routes: readonly (readonly [string, 'GET' | 'POST', Handler])[] = [
    [at.configuration, 'GET', configuration],
    [at.trustMark, 'GET', mark],
    [at.status, 'POST', markStatus],
    [at.list, 'GET', bearers],
    [at.statusList, 'GET', list],
    ...(issuer.superiors === undefined
      ? ([
          [at.subordinates, 'GET', subordinates],
          [at.fetch, 'GET', fetchSubordinate],
        ] as const)
      : []),
  ];
  return new Map(
    routes.map(([url, method, handler]) => [
      new URL(url).pathname,
      (request) => answer(method, handler, publication, request),
    ]),
  );
}

async function answer(
  method: 'GET' | 'POST',
  handler: Handler,
  publication: Publication,
  request: PublicationRequest,
): Promise<PublicationReply> {
  if (request.method !== method && !(method === 'GET' && request.method === 'HEAD'))
    return {
      ...json(405, { error: 'invalid_request', error_description: `Use ${method}, not ${request.method}.` }),
      headers: { ...headers('application/json'), allow: method },
    };
  try {
    return await handler(publication, request);
  } catch (error) {
    if (error instanceof Refusal)
      return json(error.status, { error: error.error, error_description: error.message });
    throw error;
  }
}

const configuration: Handler = async ({ issuer, now }) =>
  signed('application/entity-statement+jwt', await entityConfiguration(issuer, now()));

const mark: Handler = async (publication, { query }) => {
  const { issuer } = publication;
  const type = issuer.types.find((each) => each.type === required(query, 'trust_mark_type'));
  const integration = integrationOf(issuer, required(query, 'sub'));
  const standing = integration === undefined ? undefined : await publication.standing(integration);
  if (type === undefined || standing === undefined) return missing();
  const index = statusIndex(await publication.keys(), { ...type, integration: standing.integration });
  const token = await trustMark(issuer, type, standing, publication.now(), index);
  return token === undefined ? missing() : signed('application/trust-mark+jwt', token);
};

const missing = (): never => refuse(404, 'not_found', 'The entity does not have this trust mark now.');

/** @see OpenID Federation 1.0, section 8.4 */
const markStatus: Handler = async (publication, { form }) => {
  const { issuer } = publication;
  if (form === undefined)
    return refuse(400, 'invalid_request', 'Expected a body of the type application/x-www-form-urlencoded.');
  const token = required(form, 'trust_mark');
  // A trust mark is about 1 kB; what is signed back must not be anything of any length.
  if (token.length > 16_384)
    return refuse(400, 'invalid_request', 'trust_mark is longer than any trust mark.');
  const now = publication.now();
  return signed(
    'application/trust-mark-status-response+jwt',
    await signJwt(issuer.signer, 'trust-mark-status-response+jwt', {
      iss: issuer.id,
      iat: seconds(now),
      trust_mark: token,
      status: await statusOf(token, publication, now),
    }),
  );
};

async function statusOf(
  token: string,
  { issuer, standing }: Publication,
  now: Date,
): Promise<'active' | 'expired' | 'revoked' | 'invalid'> {
  let claims: TrustMarkClaims;
  try {
    claims = await readTrustMark(token, { issuer: issuer.id, keys: keysOf(issuer), now });
  } catch (error) {
    if (!(error instanceof PublicationError)) throw error;
    switch (error.code) {
      case 'malformed':
        return refuse(400, 'invalid_request', `trust_mark: ${error.message}.`);
      case 'unknown-key':
      case 'wrong-issuer':
        return refuse(404, 'not_found', 'This issuer has not issued the trust mark.');
      case 'expired':
        return 'expired';
      default:
        return 'invalid';
    }
  }
  const type = issuer.types.find((each) => each.type === claims.trust_mark_type);
  const integration = integrationOf(issuer, claims.sub);
  const current = integration === undefined ? undefined : await standing(integration);
  if (type === undefined || current === undefined) return 'revoked';
  const until = markableUntil(type, current, now, await delegatedUntil(issuer, type, now));
  return until === undefined ? 'revoked' : 'active';
}

/** @see OpenID Federation 1.0, section 8.5 */
const bearers: Handler = async (publication, { query }) => {
  const { issuer } = publication;
  const wanted = required(query, 'trust_mark_type');
  const sub = optional(query, 'sub');
  const type = issuer.types.find((each) => each.type === wanted);
  if (type === undefined) return json(200, []);
  const now = publication.now();
  const integration = sub === undefined ? undefined : integrationOf(issuer, sub);
  const standings =
    sub === undefined
      ? await publication.standings()
      : integration === undefined
        ? []
        : [await publication.standing(integration)].filter((each) => each !== undefined);
  const delegated = await delegatedUntil(issuer, type, now);
  const marked = standings
    .filter((standing) => markableUntil(type, standing, now, delegated) !== undefined)
    .map((standing) => entityOf(issuer, standing.integration));
  return json(200, marked.toSorted());
};

/** @see Token Status List, section 8.2 */
const list: Handler = async (publication) => {
  const [keys, standings] = await Promise.all([publication.keys(), publication.standings()]);
  const token = await statusList(publication.issuer, keys, standings, publication.now());
  return {
    ...signed('application/statuslist+jwt', token),
    headers: { ...headers('application/statuslist+jwt'), 'cache-control': `max-age=${statusListTtl}` },
  };
};

/** @see OpenID Federation 1.0, section 8.2 */
const subordinates: Handler = (_, { query }) => {
  const filter = ['entity_type', 'trust_marked', 'trust_mark_type', 'intermediate'].find((name) =>
    query.has(name),
  );
  return Promise.resolve(
    filter === undefined
      ? json(200, [])
      : refuse(400, 'unsupported_parameter', `${filter} is not supported here.`),
  );
};

/** @see OpenID Federation 1.0, section 8.1.2 */
const fetchSubordinate: Handler = ({ issuer }, { query }) =>
  required(query, 'sub') === issuer.id
    ? refuse(400, 'invalid_request', 'sub is the issuer itself; ask for its entity configuration.')
    : refuse(404, 'not_found', 'This entity has no subordinates.');

function required(parameters: URLSearchParams, name: string): string {
  return (
    optional(parameters, name) ?? refuse(400, 'invalid_request', `The request parameter ${name} is missing.`)
  );
}

/** Nobody may say two things at once (RFC 6749, section 3.1). */
function optional(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1)
    return refuse(400, 'invalid_request', `The request parameter ${name} is there twice.`);
  return values[0] === '' ? undefined : values[0];
}

const headers = (type: string): Record<string, string> => ({
  'content-type': type,
  'cache-control': 'no-store',
  // All of it is public, and carries no cookies.
  'access-control-allow-origin': '*',
});

const signed = (type: string, body: string): PublicationReply => ({
  status: 200,
  headers: headers(type),
  body,
});

const json = (status: number, body: unknown): PublicationReply => ({
  status,
  headers: headers('application/json'),
  body: JSON.stringify(body),
});
