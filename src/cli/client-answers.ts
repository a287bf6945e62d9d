import { editionIds } from '../profiles/editions.ts';
import type { ClientAnswers } from './client-template.ts';
import { clientAuthentications } from './discovery.ts';
import type { InitOptions } from './init-answers.ts';
import { identifier, questions, slug, something, type Check, type InitIo } from './init-questions.ts';

/**
 * Gathers what a client's integration file needs: from options, and by asking.
 * @throws InitError when an answer is missing or unusable.
 */
export async function gatherClient(io: InitIo, options: InitOptions, schema: string): Promise<ClientAnswers> {
  const { answer, choose } = questions(io);
  const partner = await answer('Partner (id of the organisation)', options.partner, 'acme', something);
  const environment = await choose('Environment', options.environment, ['sandbox', 'production'], 'sandbox');
  const integration = await answer(
    'Id of this integration',
    options.integration,
    slug(`${partner}-app`),
    identifier,
  );
  const profile = {
    edition: await choose('Profile edition', options.edition, editionIds, 'fapi2-clients-1'),
    client_authentication: await choose(
      'How the client authenticates',
      options.clientAuthentication,
      clientAuthentications,
      'private_key_jwt',
    ),
    sender_constraint: await choose(
      'How access tokens are bound',
      options.senderConstraint,
      ['dpop', 'mtls'],
      'dpop',
    ),
    protocol: await choose('Protocol', options.protocol, ['openid', 'oauth'], 'openid'),
  };
  const clientId = await answer('client_id of the client', options.clientId, integration, something);
  const redirectUri = await answer(
    'Redirect URI of the client',
    options.redirectUri,
    'https://localhost:4000/callback',
    absoluteUrl,
  );
  const path = await answer('Path of a call that it makes (GET)', options.resourcePath, '/accounts', (text) =>
    text.startsWith('/') ? undefined : 'expected a path that starts with /',
  );
  const scope = await answer('Scope that the call needs', options.resourceScope, 'accounts', something);
  const scopes = new Set([...(profile.protocol === 'openid' ? ['openid'] : []), ...scope.split(/\s+/u)]);
  const driver = await choose(
    'What makes it go through a flow',
    options.driver,
    ['command', 'http', 'browser', 'manual'],
    'command',
  );
  const trigger = async (): Promise<ClientAnswers['trigger']> => {
    if (driver === 'manual') return { driver };
    if (driver === 'command') {
      const run = await answer('Program and its arguments', options.command, 'node app.js', something);
      return { driver, run: run.trim().split(/\s+/u) };
    }
    return {
      driver,
      start: await answer(
        'URL that begins a flow',
        options.start,
        `${new URL('/start', redirectUri).href}?issuer={issuer}&api={api}&scenario={scenario}`,
        absoluteUrl,
      ),
    };
  };
  return {
    schema,
    partner,
    integration,
    environment,
    profile,
    trust: options.trust ?? [],
    clientId,
    redirectUri,
    scope: [...scopes].join(' '),
    call: { name: slug(path) || 'call', path, scope },
    trigger: await trigger(),
  };
}

const absoluteUrl: Check = (answer) => (URL.canParse(answer) ? undefined : 'expected an absolute URL');
