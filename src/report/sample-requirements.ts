import type { RequirementResult } from './results.ts';

type Row = Pick<RequirementResult, 'level' | 'text'>;
const shall = (text: string): Row => ({ level: 'shall', text });
const should = (text: string): Row => ({ level: 'should', text });
const may = (text: string): Row => ({ level: 'may', text });

/** Requirements of the sample run, by the part of their id after `fapi2-sp/`. */
export const sampleRequirements: Readonly<Record<string, Row>> = {
  '5.2.1-1': shall('Every endpoint is offered over TLS only.'),
  '5.2.1-2': shall('TLS 1.2 or later is negotiated.'),
  '5.2.1-3': shall('The recommendations of BCP 195 for TLS are followed.'),
  '5.2.1-4': should('DNSSEC protects the names of the endpoints.'),
  '5.2.2-1': shall('On TLS 1.2, back-channel endpoints permit only the recommended cipher suites.'),
  '5.2.2.1-2': may('mtls_endpoint_aliases tells where clients with a certificate go.'),
  '5.2.3-1': shall('Endpoints that a browser visits cannot be stripped of TLS.'),
  '5.2.3-3': shall('The authorization endpoint answers no cross-origin requests.'),
  '5.3.2.1-1': shall('The server publishes a metadata document.'),
  '5.3.2.1-2': shall('The password grant is refused.'),
  '5.3.2.1-3': shall('Only confidential clients are served.'),
  '5.3.2.1-4': shall('Only sender-constrained access tokens are issued.'),
  '5.3.2.1-5': shall('Access tokens are bound by mutual TLS or DPoP.'),
  '5.3.2.1-6': shall('Clients authenticate by mutual TLS or private_key_jwt.'),
  '5.3.2.1-7': shall('The server redirects nowhere but to registered addresses.'),
  '5.3.2.1-8': shall('The audience of a client assertion is the issuer as a string, and nothing else.'),
  '5.3.2.1-9': shall('Refresh tokens are not rotated.'),
  '5.3.2.1-10': may('DPoP nonces are issued and checked.'),
  '5.3.2.1-11': shall('An authorization code lives for at most 60 seconds.'),
  '5.3.2.1-12': shall('An authorization code can be bound to a DPoP key.'),
  '5.3.2.1-13': shall(
    'A JWT from up to 10 seconds ahead is accepted, and one from over 60 seconds ahead is not.',
  ),
  '5.3.2.1-14': should('An access token permits no more than was asked for.'),
  '5.3.2.2-1': shall('Only the response type code is served.'),
  '5.3.2.2-2': shall('Authenticated pushed authorization requests are served.'),
  '5.3.2.2-3': shall('Authorization requests that were not pushed are refused.'),
  '5.3.2.2-4': shall('Pushed authorization requests without client authentication are refused.'),
  '5.3.2.2-5': shall('PKCE with S256 is required.'),
  '5.3.2.2-6': shall('The redirect URI is required in the pushed authorization request.'),
  '5.3.2.2-7': shall('The authorization response carries the issuer.'),
  '5.3.2.2-8': shall('Redirect URIs without TLS are refused.'),
  '5.3.2.2-9': shall('A code that was used is refused.'),
  '5.3.2.2-10': shall('No 307 redirect follows a form with credentials.'),
  '5.3.2.2-11': should('Redirects use the status 303.'),
  '5.3.2.2-12': shall('A request URI expires in less than 600 seconds.'),
  '5.3.2.2-14': shall('A nonce of 64 characters works.'),
  '5.3.4-1': shall('An access token is accepted in the Authorization header.'),
  '5.3.4-2': shall('An access token in the query is refused.'),
  '5.3.4-3': shall('Validity, integrity, expiry and revocation of access tokens are verified.'),
  '5.3.4-4': shall('A token without the needed scope is refused.'),
  '5.3.4-5': shall('The sender constraint of access tokens is verified.'),
  '5.4.1-1.2': shall('JWTs are signed with PS256, ES256 or EdDSA, and with nothing else.'),
  '5.4.1-1.3': shall('The algorithm none is neither used nor accepted.'),
  '5.4.1-2': shall('RSA keys have at least 2048 bits.'),
  '5.4.1-4': shall('Codes, tokens and handles carry at least 128 bits of entropy.'),
  '5.4.2-3': should('No two keys of a key set share a key id.'),
};
