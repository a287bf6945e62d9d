import { catalogue, type RequirementId } from './catalogue.ts';
import { clientFixes, type Fixes } from './client-fixes.ts';
import type { foundations } from './foundations.ts';
import type { fapi2ms } from './fapi2-ms.ts';
import type { fapi2sp } from './fapi2-sp.ts';

/** What a developer of the party changes when a check of the requirement fails. */
const securityProfile: Fixes<typeof fapi2sp> = {
  'fapi2-sp/5.2.1-1':
    'Close the ports that speak HTTP, or answer there with an error and no content: a redirect to https still reveals what was sent. Name only https URLs in metadata, and call no others.',
  'fapi2-sp/5.2.1-2':
    'Set the lowest version of TLS to 1.2 wherever TLS begins or ends: HTTP client, load balancer, gateway, server. TLS 1.3 is best.',
  'fapi2-sp/5.2.1-3':
    'Take the suites, versions and extensions that RFC 9325 forbids out of the TLS configuration, and renew the certificate where its key, signature, name or dates are at fault.',
  'fapi2-sp/5.2.1-5':
    'Verify chain, dates and name of the certificate of every host that you call (RFC 9525). For a test environment trust its authority besides; never switch the verification off.',
  'fapi2-sp/5.2.2-1':
    'On TLS 1.2 allow only TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and their AES_256_GCM_SHA384 kin (RFC 9325, section 4.2).',
  'fapi2-sp/5.2.3-1':
    'Send Strict-Transport-Security with a max-age above 0 with every answer of the authorization endpoint, redirects and errors included.',
  'fapi2-sp/5.2.3-2':
    'Take every suite that RFC 9325, section 4.1 forbids out of the configuration of the hosts that browsers reach: without encryption or authentication, for export, with DES or RC4.',
  'fapi2-sp/5.2.3-3':
    'Send no Access-Control-Allow-Origin at the authorization endpoint, neither to GET, POST nor OPTIONS; take the path out of the CORS settings of gateway and framework.',
  'fapi2-sp/5.3.2.1-1':
    'Serve the metadata as application/json at the well-known URL of the issuer, with an issuer that equals it character by character.',
  'fapi2-sp/5.3.2.1-2':
    'Switch the password grant off, answer it with unsupported_grant_type, and take it out of grant_types_supported.',
  'fapi2-sp/5.3.2.1-3':
    'Refuse every request to an authenticated endpoint that carries no client authentication with invalid_client, and do not register or advertise the method none.',
  'fapi2-sp/5.3.2.1-4':
    'Refuse token requests without a DPoP proof or a client certificate, and issue no token that is bound to neither.',
  'fapi2-sp/5.3.2.1-5':
    'Verify everything that binds: of a DPoP proof signature, typ, alg, jwk, jti, htm, htu and iat (RFC 9449, section 4.3), of mutual TLS the certificate of the connection; and write cnf into the token.',
  'fapi2-sp/5.3.2.1-6':
    'Verify at every endpoint who the client is: of an assertion signature, key, iss, sub, aud, exp and nbf (RFC 7523, section 3), of mutual TLS the chain and subject or the registered certificate (RFC 8705, section 2). Accept and advertise no shared secret.',
  'fapi2-sp/5.3.2.1-7':
    'Redirect only to the redirect_uri of a pushed request that is known and valid; show a page for everything else.',
  'fapi2-sp/5.3.2.1-8':
    'Compare aud of client assertions with the issuer, as one string; accept no list and no endpoint URL.',
  'fapi2-sp/5.3.2.1-9':
    'Switch the rotation of refresh tokens off. They are bound to their client; rotation only loses customers when an answer is lost.',
  'fapi2-sp/5.3.2.1-10':
    'Answer a proof without a valid nonce with use_dpop_nonce and a DPoP-Nonce header, and accept the nonce that was handed out (RFC 9449, sections 8 and 9).',
  'fapi2-sp/5.3.2.1-11':
    'Let authorization codes live for 60 seconds or less, measured from when they were issued.',
  'fapi2-sp/5.3.2.1-12':
    'Keep the thumbprint of dpop_jkt, or of the proof that came with the pushed request, with the code, compare the two with each other and with the key at the token endpoint (RFC 9449, section 10).',
  'fapi2-sp/5.3.2.1-13':
    'Allow iat and nbf to lie ahead by a tolerance between 10 and 60 seconds, at every place that reads a JWT; synchronise the clocks of all nodes.',
  'fapi2-sp/5.3.2.1-14':
    'Grant only the scopes that were asked for, never more on refresh than was granted, and fewer where fewer are asked for.',
  'fapi2-sp/5.3.2.2-1':
    'Support response_type=code only: refuse others at the pushed authorization request endpoint and take them out of response_types_supported.',
  'fapi2-sp/5.3.2.2-2':
    'Answer a valid pushed request with 201, request_uri and expires_in; bind the request_uri to its client, and refuse request_uri as a parameter (RFC 9126, section 2).',
  'fapi2-sp/5.3.2.2-3':
    'Require pushed requests: take every parameter from what was pushed, none from the URL, and refuse requests without a request_uri that you issued.',
  'fapi2-sp/5.3.2.2-4':
    'Authenticate the client at the pushed authorization request endpoint as at the token endpoint, before anything is stored.',
  'fapi2-sp/5.3.2.2-5':
    'Refuse requests without code_challenge, or with another code_challenge_method than S256, and token requests whose code_verifier is missing or does not fit.',
  'fapi2-sp/5.3.2.2-6':
    'Refuse pushed requests without redirect_uri, even of clients with a single registered one.',
  'fapi2-sp/5.3.2.2-7':
    'Add iss with your issuer to every authorization response, errors included, and set authorization_response_iss_parameter_supported (RFC 9207).',
  'fapi2-sp/5.3.2.2-8': 'Refuse redirect URIs with the http scheme at registration and in pushed requests.',
  'fapi2-sp/5.3.2.2-9':
    'Consume the code in the same atomic step that looks it up, in a store that all nodes share; a second use is invalid_grant.',
  'fapi2-sp/5.3.2.2-10':
    'Redirect with 303 after a form was posted; 307 would have the browser post the password to the next host.',
  'fapi2-sp/5.3.2.2-11': 'Redirect with 303 everywhere (RFC 9700, section 4.12).',
  'fapi2-sp/5.3.2.2-12':
    'Let request_uri values expire in less than 600 seconds, name that in expires_in, and refuse them afterwards.',
  'fapi2-sp/5.3.2.2-13':
    'Name the client and each scope in words on the consent page, and map your words under scope_names in the integration file where they are not the names of the scopes.',
  'fapi2-sp/5.3.2.2-14':
    'Take a nonce of up to 64 characters and write it into the ID token unchanged; look at the width of the database column.',
  'fapi2-sp/5.3.2.3-1':
    'Issue ID tokens as OpenID Connect Core, section 2 says: signed by a published key, with iss, sub, aud, exp, iat, and the nonce of the request.',
  'fapi2-sp/5.3.4-1': 'Accept access tokens in the Authorization header, under the scheme of their binding.',
  'fapi2-sp/5.3.4-2':
    'Do not look for access tokens in the query; refuse a call that carries one there, even beside a header.',
  'fapi2-sp/5.3.4-3':
    'Verify signature, issuer, audience and expiry of each token, or introspect it, and answer with 401 and invalid_token; do not keep the result for longer than a revocation may take.',
  'fapi2-sp/5.3.4-4':
    'Compare the scope of the token with what each operation needs and answer with 403 and insufficient_scope.',
  'fapi2-sp/5.3.4-5':
    'Verify on every call that the proof (typ, alg, signature, htm, htu, iat, ath) or the certificate of the connection belongs to the cnf of the token.',
  'fapi2-sp/5.4.1-1.1':
    'Fix the algorithm and the type of key for each kind of JWT by configuration, verify issuer, audience and, where one is defined, typ, and never take a key from the JWT itself (RFC 8725).',
  'fapi2-sp/5.4.1-1.2':
    'Restrict signing and verification to PS256, ES256 and EdDSA with Ed25519, in code, registration and metadata.',
  'fapi2-sp/5.4.1-1.3':
    'Remove none from every list of algorithms, whatever its case, and refuse a JWS without a signature.',
  'fapi2-sp/5.4.1-2':
    'Replace RSA keys below 2048 bits, publish or register the new key before you sign with it, and accept no signature of a shorter one.',
  'fapi2-sp/5.4.1-3':
    'Replace the key by one on P-256 or Ed25519, publish or register it before you sign with it, and accept no signature of a shorter one.',
  'fapi2-sp/5.4.1-4':
    'Make codes, tokens, handles and whatever else must not be guessed from 16 or more bytes of a cryptographic generator, such as 32 bytes in base64url; no counters, times or UUIDs.',
  'fapi2-sp/5.4.2-1':
    'Serve your key set over https, name it so in metadata or registration, and fetch those of others over https only.',
  'fapi2-sp/5.4.2-2':
    'Leave x5u and jku out of keys and headers, and ignore them in what you verify: keys come from the registration or the metadata.',
  'fapi2-sp/5.4.2-3': 'Give every key of the key set a kid of its own; its thumbprint (RFC 7638) is one.',
  'fapi2-sp/5.4.3-1':
    'Where several keys have the kid of the header, try those whose kty, crv, alg and use fit the algorithm, not merely the first.',
};

const messageSigning: Fixes<typeof fapi2ms> = {
  'fapi2-ms/5.3.1-1':
    'Require a signed request object in pushed requests, verify it with the registered key of the client, and take every parameter from it, none from beside it.',
  'fapi2-ms/5.3.1-2': 'Demand that aud of the request object is your issuer, or a list that holds it.',
  'fapi2-ms/5.3.1-3': 'Demand nbf in the request object, and refuse one that is more than 60 minutes old.',
  'fapi2-ms/5.3.1-4':
    'Demand exp in the request object, and refuse one that is past, or more than 60 minutes after nbf.',
  'fapi2-ms/5.3.1-5': 'Accept oauth-authz-req+jwt as the typ of request objects.',
  'fapi2-ms/5.4.1-1':
    'Answer with one parameter, response: a JWT signed by a published key with iss, aud, exp and the parameters of the response; for errors, too. Refuse other response modes.',
  'fapi2-ms/5.5.1-1':
    'Answer introspection requests that accept application/token-introspection+jwt with a JWT of that type, signed by a published key, with iss, aud, iat and token_introspection (RFC 9701, section 5).',
};

const founding: Fixes<typeof foundations> = {
  'rfc6749/3.1-1':
    'Refuse a request with invalid_request as soon as a parameter comes twice; take care that gateway and server read the same one.',
  'rfc6749/3.1-2': 'Pass over parameters that you do not know; refuse none for them.',
  'rfc6749/3.1-3': 'Drop parameters with an empty value before anything reads the request.',
  'rfc6749/3.1-4':
    'Set code, state, iss and error in the query of the redirect URI instead of appending them, or refuse redirect URIs that have them already.',
  'rfc6749/3.1.2-1': 'Refuse a redirect_uri that has no scheme and host, or a #, even an empty one.',
  'rfc6749/3.1.2-2': 'Add the parameters of the response to the query of the redirect URI; replace nothing.',
  'rfc6749/3.2-1': 'Refuse a token request with invalid_request as soon as a parameter comes twice.',
  'rfc6749/3.2-2': 'Pass over parameters of token requests that you do not know; refuse none for them.',
  'rfc6749/3.2-3':
    'Answer other methods than POST at the token endpoint with 405, and read no parameter from its URL.',
  'rfc6749/3.3-1': 'Compare scopes as sets of words, not as text.',
  'rfc6749/4.1.2-1': 'When a code comes a second time, revoke every token that was issued for it.',
  'rfc6749/4.1.2-2':
    'Store the state in full, and write it into the response percent-encoded and otherwise unchanged; demand none. Refuse at the pushed authorization request endpoint what is too long for you.',
  'rfc6749/4.1.2.1-1':
    'Redirect with error=access_denied, the state and iss when the user refuses or cancels.',
  'rfc6749/4.1.3-1':
    'Look codes up as a whole, keep the redirect_uri of the request with them, and compare it with that of the token request, which must have one.',
  'rfc6749/5.1-1': 'Send Cache-Control: no-store with every answer of the token endpoint.',
  'rfc6749/5.1-2':
    'Name the granted scope in the token response whenever it differs from what was asked for.',
  'rfc6749/5.1-3':
    'Answer as application/json, with token_type, and with expires_in as a number and not as text; make tokens of letters, digits and -._~+/ only.',
  'rfc6749/5.2-1':
    'Answer a grant_type that you do not know with unsupported_grant_type, and none with invalid_request; take nothing for granted.',
  'rfc6749/3.2-4': 'Write each member of the token response once.',
  'rfc6749/5.2-2':
    'Answer errors of clients with 400 (an unknown client with 401, if you like) and application/json, with error and error_description as text of ASCII without quotes and backslashes, each once.',
  'rfc7519/4-1':
    'Build headers and claims of JWTs as one object each, and serialise them with a JSON library.',
  'rfc6749/6-1':
    'Look refresh tokens up as a whole, among refresh tokens only, and answer others with invalid_grant.',
  'rfc6750/3-1': 'Add a WWW-Authenticate header with the scheme to every 401 of the API.',
  'rfc6750/3.1-1':
    'Answer with 401 and invalid_token for a bad token, with 403 and insufficient_scope for a missing scope, with 400 and invalid_request for a malformed call, and without an error code where no token was sent.',
  'rfc7009/2.1-1': 'Compare the client of the token with the one that asks, before anything is revoked.',
  'rfc7009/2.1-2': 'Revoke the whole grant when its refresh token is revoked.',
  'rfc7009/2.1-3': 'Delete a refresh token when it is revoked, on every node, before the answer is sent.',
  'rfc7009/2-1': 'Revoke access tokens as well as refresh tokens; do not answer unsupported_token_type.',
  'rfc7009/2.1-4': 'Search all kinds of tokens where none of the kind that token_type_hint names is found.',
  'rfc7009/2.2-1': 'Answer the revocation of a token that you do not know with 200.',
  'rfc7517/4-1':
    'Publish keys with right kty, crv, alg and use, points that are on their curve, an RSA exponent that is odd and at least 3, and an x5c whose first certificate has the same key.',
  'rfc7517/9.2-1':
    'Take d, p, q, dp, dq, qi, oth and k out of the key set, replace the keys that they belong to, and publish no oct keys.',
  'rfc7523/3-1': 'Remember the jti of client assertions until they expire, and refuse the second use.',
  'rfc7662/2.2-1':
    'Answer with 200 and "active": false, and with no error, for every token that is expired, revoked, altered, unknown or not for the one who asks.',
  'rfc7662/2.2-2': 'Answer with {"active": false} alone for every token that is not active.',
  'rfc7662/2.2-3':
    'Take scope, client_id, exp and iat of the introspection response from the token itself, times in seconds.',
  'rfc9110/5.1-1': 'Look header fields up in lower case; DPOP, DPoP and dpop are one name.',
  'rfc9110/11.1-1': 'Compare the scheme of the Authorization header in lower case.',
  'rfc9126/2.3-1':
    'Answer methods other than POST at the pushed authorization request endpoint with 405 and Allow: POST.',
  'rfc9126/4-1':
    'Mark a request_uri as used when the authorization is complete; a reload before the login may still work.',
  'rfc9325/4.1-1':
    'Allow on TLS 1.2 only suites that begin with TLS_ECDHE and use AES or ChaCha20 (RFC 9325, section 4.1).',
  'rfc9325/4.2-1':
    'Take the suites in CBC mode out of the configuration, or switch encrypt_then_mac on (RFC 7366).',
  'rfc9449/4.3-1':
    'Parse htu and the URL of the request, write both in one way (scheme and host in lower case, no default port, no query, no fragment), and compare these.',
  'rfc9449/5-1':
    'Ask of a refresh that the client authenticates, and bind the new access token to whatever key its DPoP proof shows.',
  'rfc9126/4-2': 'Let loading the page leave the request_uri as it was; mark it when the user decides.',
  'rfc9449/7.1-1': 'Challenge with WWW-Authenticate: DPoP and the algorithms that you accept.',
  'rfc9449/7.1-2':
    'Write error and algs into the challenge: WWW-Authenticate: DPoP error="invalid_dpop_proof", algs="ES256 PS256".',
  'rfc9449/9-1':
    'Answer a proof without a nonce of yours with 401, WWW-Authenticate: DPoP error="use_dpop_nonce" and one DPoP-Nonce header; or take dpop-nonce out of the features, if no server asks for nonces.',
  'rfc9449/11.1-1': 'Remember the jti of proofs for as long as their iat is accepted.',
  'rfc9449/11.1-2': 'Accept an iat up to a minute in the past, and up to ten seconds ahead.',
  'rfc9700/2.1-1':
    'Compare redirect URIs as strings with the registered ones, before anything is decoded or normalised.',
  'rfc9700/4.2.4-1': 'Send Referrer-Policy: no-referrer with every page.',
  'rfc9700/4.16-1':
    "Send Content-Security-Policy: frame-ancestors 'none' (and X-Frame-Options: DENY) with every page.",
  'rfc9701/5-1': 'Keep sub and exp of the token within token_introspection, and out of the claims around it.',
  'jarm/2.1-1': 'Set exp of the signed response a few minutes after its issue.',
  'oidc-core/9-1': 'Refuse client assertions without a jti with invalid_client.',
  'rfc8259/4-1': 'Write each member of the metadata document once.',
  'oidc-core/5.3.2-2':
    'Answer at the userinfo endpoint with application/json, or with application/jwt where the client registered for it.',
  'oidc-core/5.3.3-1':
    'Read the token from the Authorization header only, verify at the userinfo endpoint that it is known, active and of the scope openid, and answer others as RFC 6750, section 3 tells.',
  'oidc-core/5.5-1': 'Pass over the names in the claims parameter that you do not know.',
  'oidc-core/5.3.2-1': 'Take sub at the userinfo endpoint from the same place as in the ID token.',
};

const fixes: Readonly<Partial<Record<RequirementId, string>>> = {
  ...securityProfile,
  ...messageSigning,
  ...founding,
  ...clientFixes,
};

/** What to do when a requirement is broken, as one instruction or two. */
export const fixFor = (id: RequirementId): string =>
  fixes[id] ?? `Mend what breaks it: the party ${catalogue[id].text}.`;
