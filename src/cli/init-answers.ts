import { type Integration } from '../directory/integration.ts';
import { editionIds } from '../profiles/editions.ts';
import { clientAuthentications, discover, type Offer } from './discovery.ts';
import { httpsUrl, identifier, questions, slug, something, type InitIo } from './init-questions.ts';
import type { Answers } from './integration-template.ts';

/** Answers given beforehand, by flags. */
export interface InitOptions {
  /** Whose file to write. Default: server. */
  readonly about?: 'server' | 'client' | undefined;
  /** Path of the file to write. Default: integration.yaml, of a client client.yaml. */
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
  /** Of a client: path of a call that it makes. */
  readonly resourcePath?: string | undefined;
  /** Of a client: program and arguments, separated by spaces. */
  readonly command?: string | undefined;
  /** Of a client: URL that begins a flow. */
  readonly start?: string | undefined;
  readonly trust?: readonly string[] | undefined;
}

/**
 * Gathers what an integration file needs: from options, from the issuer's metadata, and by asking.
 * @throws InitError when an answer is missing or unusable.
 */
export async function gather(io: InitIo, options: InitOptions, schema: string): Promise<Answers> {
  const { answer, choose } = questions(io);
  const issuer = await answer('Issuer URL of the authorization server', options.issuer, '', httpsUrl);
  const { offer, notes } = await discover(issuer, io.fetchMetadata);
  for (const note of notes) io.write(`${note}\n`);

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
    identifier,
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
