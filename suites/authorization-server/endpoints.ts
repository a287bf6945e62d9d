import type { OperationName } from '../../src/actors/operations.ts';
import type { EndpointName } from '../../src/protocol/metadata.ts';
import type { RequirementId } from '../../src/requirements/catalogue.ts';
import type { Condition } from '../../src/profiles/plan.ts';
import type { Refusal } from '../test.ts';

/** An endpoint where clients authenticate, and the request by which that is tried. */
interface AuthenticatedEndpoint {
  /** How titles begin. */
  readonly where: string;
  readonly operation: OperationName;
  readonly member: EndpointName;
  /** Where it can be tried: one of these. */
  readonly conditions: readonly [Condition, ...Condition[]];
  /** What a request without any authentication breaks. */
  readonly authentication: RequirementId;
  /** By which it may be refused beside what is usual. */
  readonly unauthenticated: readonly Refusal[];
}

/** Wherever a client authenticates, the same is demanded (FAPI 2.0, 5.3.2.1, item 6). */
export const authenticatedEndpoints: readonly AuthenticatedEndpoint[] = [
  {
    where: 'the PAR endpoint',
    operation: 'push',
    member: 'pushed_authorization_request_endpoint',
    conditions: ['authorization_code'],
    authentication: 'fapi2-sp/5.3.2.2-4',
    unauthenticated: [],
  },
  {
    where: 'the token endpoint',
    operation: 'redeem',
    member: 'token_endpoint',
    conditions: ['authorization_code', 'client_credentials'],
    authentication: 'fapi2-sp/5.3.2.1-3',
    unauthenticated: [],
  },
  {
    where: 'revocation',
    operation: 'revoke',
    member: 'revocation_endpoint',
    conditions: ['revocation'],
    authentication: 'fapi2-sp/5.3.2.1-6',
    unauthenticated: [],
  },
  {
    where: 'introspection',
    operation: 'introspect',
    member: 'introspection_endpoint',
    conditions: ['introspection'],
    authentication: 'fapi2-sp/5.3.2.1-6',
    // RFC 7662, section 2.3 refers to RFC 6750, by which a request without any credentials need not be told an error code.
    unauthenticated: ['unauthenticated'],
  },
];

/** RFC 6749, section 5.2 lets a server call a bad assertion either of these; RFC 7521, section 4.2.1 wants the first. */
export const badAuthentication = ['invalid_client', 'invalid_request'] as const;
