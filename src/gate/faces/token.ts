import type { Standing } from '../../certification/standing.ts';
import type { Signer } from '../../evidence/signing.ts';
import type { Face, FaceReply } from '../gate.ts';
import { issueToken } from '../token.ts';
import { questionOf } from './credentials.ts';

/** Who issues decision tokens. */
export interface TokenIssuer {
  readonly signer: Signer;
  readonly issuer: string;
  /** Seconds. For that long a gateway that cannot ask does not learn of a suspension. */
  readonly lifetime: number;
  readonly standing: (integration: string) => Standing | undefined;
}

/**
 * A signed decision for gateways that cannot ask at each request. Whom it is about is said as to the proxies' faces; for
 * whom it is, by `x-assay-audience`. A denial is a token as well: the gateway learns that it shall close.
 */
export const decisionToken =
  ({ signer, issuer, lifetime, standing }: TokenIssuer): Face =>
  async (request, gate) => {
    const audience = request.headers['x-assay-audience'] ?? '';
    if (audience === '')
      return refused(400, 'invalid_request', 'expected x-assay-audience: the gateway that reads it');
    const question = questionOf(request, 'nginx');
    if (question === 'nobody')
      return refused(401, 'unauthenticated', 'no client certificate and no client id');
    if (question === 'no-environment')
      return refused(400, 'invalid_request', 'x-assay-environment names none');
    const decision = await gate.ask(question);
    const registration = standing(decision.integration)?.registrations.find(
      ({ environment }) => environment === decision.environment,
    )?.registration;
    if (registration === undefined)
      return refused(404, 'not_registered', decision.reasons[0] ?? decision.rule);
    const { certificates } = registration;
    const token = await issueToken(decision, { signer, issuer, audience, lifetime, certificates });
    return {
      status: 200,
      headers: { 'content-type': 'application/jwt', 'cache-control': 'no-store' },
      body: token,
    };
  };

const refused = (status: number, error: string, description: string): FaceReply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({ error, error_description: description }),
});
