import type { Decision } from '../decision.ts';
import { passes, type Face, type FaceReply } from '../gate.ts';
import { questionOf } from './credentials.ts';

/** What proxies may log and pass on. */
const headersOf = ({ decision, rule, mode, integration }: Decision): Record<string, string> => ({
  'x-assay-decision': decision,
  'x-assay-rule': inHeader(rule),
  'x-assay-integration': inHeader(integration),
  'x-assay-mode': mode,
});

/** A header holds one line of ASCII; an id, or what a caller says that it is, may hold anything: it is percent-encoded. */
const inHeader = (text: string): string =>
  text.toWellFormed().replaceAll(/[^\x21-\x7e ]|%/gu, encodeURIComponent);

/**
 * nginx's `auth_request`, which knows three answers: 2xx lets pass, 401 and 403 deny. Anything else is an error, and denies
 * as well. 401: the proxy sent nobody; 403: the gate denied.
 */
export const nginx: Face = async (request, gate) => {
  const question = questionOf(request, 'nginx');
  if (question === 'nobody') return empty(401, {});
  if (question === 'no-environment') return empty(403, { 'x-assay-rule': 'no-environment' });
  const decision = await gate.ask(question);
  return empty(passes(decision) ? 204 : 403, headersOf(decision));
};

/** Envoy's `ext_authz` over HTTP: 200 lets pass, everything else is what the caller of the API gets. */
export const envoy: Face = async (request, gate) => {
  const question = questionOf(request, 'envoy');
  if (question === 'nobody')
    return problem(401, 'unauthenticated', 'no client certificate and no client id', {});
  if (question === 'no-environment')
    return problem(403, 'no-environment', 'the proxy names no environment in x-assay-environment', {});
  const decision = await gate.ask(question);
  // Envoy passes what it gets here on to the caller: the reasons stay inside.
  return passes(decision)
    ? empty(200, headersOf(decision))
    : problem(403, decision.rule, 'access is closed', headersOf(decision));
};

const empty = (status: number, headers: Record<string, string>): FaceReply => ({
  status,
  headers: { 'cache-control': 'no-store', ...headers },
  body: '',
});

const problem = (
  status: number,
  error: string,
  description: string,
  headers: Record<string, string>,
): FaceReply => ({
  status,
  headers: { 'cache-control': 'no-store', 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ error, error_description: description }),
});
