import { requestUri } from '../src/actors/answers.ts';
import type { Client, VisitOptions } from '../src/actors/client.ts';
import type { Pairs } from '../src/actors/draft.ts';
import type { Visit } from '../src/actors/user.ts';
import type { Reply } from '../src/transport/transport.ts';

/** What a visit brings to the client; nothing where the user ended elsewhere. */
export const parametersOf = ({ landing }: Visit): Readonly<Record<string, string>> =>
  landing.at === 'callback' ? landing.parameters : {};

/** Opens a pushed request, with parameters beside it in the URL. */
export const open = (
  client: Client,
  pushed: Reply,
  beside: Pairs = [],
  options: VisitOptions = {},
): Promise<Visit> =>
  client.visit([['client_id', client.id], ['request_uri', requestUri(pushed)], ...beside], options);

/** Redeems the code of a request with its verifier. */
export const redeem = (client: Client, code: string, verifier: string): Promise<Reply> =>
  client.redeem({ code, verifier, redirectUri: client.redirectUri, state: '', nonce: '' });

/** What a visit brings to the client. That there is no code shows something only where a valid request brings one. */
export async function response(client: Client, visit: Visit): Promise<Readonly<Record<string, string>>> {
  const parameters = parametersOf(visit);
  if (parameters['code'] === undefined) await client.grant();
  return parameters;
}
