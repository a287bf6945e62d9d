import type { clientFoundations } from './client-foundations.ts';
import type { fapi2ms } from './fapi2-ms.ts';
import type { fapi2sp } from './fapi2-sp.ts';

/** What to change, by requirement; a requirement that another file speaks of, or none, is absent. */
export type Fixes<Rows> = Readonly<Partial<Record<keyof Rows, string>>>;

const securityProfile: Fixes<typeof fapi2sp> = {
  'fapi2-sp/5.2.2-2':
    'Let your HTTP client offer on TLS 1.2 only TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and their AES_256_GCM_SHA384 kin (RFC 9325, section 4.2).',
  'fapi2-sp/5.2.2.1-3':
    'Where your registration says use_mtls_endpoint_aliases, call each endpoint that stands in mtls_endpoint_aliases at that address and with your certificate, whatever else you authenticate with.',
  'fapi2-sp/5.3.3.1-1':
    'Send a DPoP proof, or present your certificate, with every token request, and with the same key at every call of the API. With DPoP, accept no token of the type Bearer.',
  'fapi2-sp/5.3.3.1-2':
    'Authenticate with private_key_jwt or with your certificate wherever you push, redeem, refresh, revoke or introspect, and send no client_secret.',
  'fapi2-sp/5.3.3.1-3':
    'Send the access token in the Authorization header, under the scheme of its type; put none into a URL or a form.',
  'fapi2-sp/5.3.3.1-4':
    'Send the browser on only to pages that your own code names: take no address from a parameter of the callback or the start, or compare it with a fixed list.',
  'fapi2-sp/5.3.3.1-5':
    'Set aud of client assertions to the issuer of the metadata, as one string, at every endpoint; no list and no endpoint URL.',
  'fapi2-sp/5.3.3.1-6':
    'Replace the stored refresh token by that of each token response, in the same step that stores the access token, and keep the old one where none comes. When an answer was lost, try again with the one you have.',
  'fapi2-sp/5.3.3.1-7':
    'Where you use mutual TLS, take each endpoint from mtls_endpoint_aliases if it stands there (RFC 8705, section 5), and present your certificate.',
  'fapi2-sp/5.3.3.1-8':
    'Answer use_dpop_nonce, of the authorization server and of the API, with the same request and a new proof that holds the nonce of the DPoP-Nonce header.',
  'fapi2-sp/5.3.3.1-9':
    'Read every endpoint from the metadata of the issuer when you run; take endpoint URLs out of code and configuration, and derive none from the issuer.',
  'fapi2-sp/5.3.3.1-10':
    'Configure the issuer as its owner or the directory of the ecosystem names it; take none from a link or a request.',
  'fapi2-sp/5.3.3.1-11':
    'Compare issuer in the metadata character by character with the issuer that you made its URL from, before you use anything of the document.',
  'fapi2-sp/5.3.3.1-12':
    'Start a flow only when the user asks for it on a page of yours: verify a CSRF token of the session, Origin or Sec-Fetch-Site, and ask first where another site led here.',
  'fapi2-sp/5.3.3.1-13':
    'Ask for the scopes that the use case needs and that are registered for it, and for no more.',
  'fapi2-sp/5.3.3.2-1':
    'Ask for response_type=code, and redeem the code at the token endpoint; take the implicit, hybrid and password grants out.',
  'fapi2-sp/5.3.3.2-2':
    'Post the authorization request, authenticated, to the pushed_authorization_request_endpoint, even where the metadata does not require it, and redirect with the request_uri of the answer.',
  'fapi2-sp/5.3.3.2-3':
    'Send code_challenge_method=S256 and, as code_challenge, the SHA-256 of the verifier in base64url without padding; send code_verifier with the code.',
  'fapi2-sp/5.3.3.2-4':
    'Make a new code_verifier for every flow, keep it in the session of the browser that started the flow, and redeem a code only in that session.',
  'fapi2-sp/5.3.3.2-5':
    'Compare iss of every authorization response, errors included, with the issuer that the session sent the request to, before you use anything else, and refuse a response without it. In a signed response it stands in the JWT.',
  'fapi2-sp/5.3.3.2-6':
    'Make the URL of the authorization endpoint from client_id and request_uri alone, and push everything else.',
  'fapi2-sp/5.3.3.2-7': 'Make nonces of 64 characters or fewer, such as 32 random bytes in base64url.',
};

const messageSigning: Fixes<typeof fapi2ms> = {
  'fapi2-ms/5.3.2-1':
    'Put every authorization parameter into the request object, and push beside it only client_id and what authenticates you.',
  'fapi2-ms/5.3.2-2': 'Set aud of the request object to the issuer of the metadata.',
  'fapi2-ms/5.3.2-3':
    'Sign a new request object for each flow, and set its nbf to the present time in seconds.',
  'fapi2-ms/5.3.2-4': 'Set exp of the request object a few minutes after its nbf, at most 60.',
  'fapi2-ms/5.3.2-5': 'Set typ in the header of request objects to oauth-authz-req+jwt.',
  'fapi2-ms/5.4.2-1':
    'Add response_mode=jwt to the authorization request; where you sign requests, in the request object.',
  'fapi2-ms/5.4.2-2':
    'Verify algorithm, signature, iss, aud and exp of the response (JARM, section 2.4) before you use a parameter of it, with a key of the jwks_uri of the issuer, and refuse plain parameters in its place.',
  'fapi2-ms/5.5.2-1':
    'Send Accept: application/token-introspection+jwt with introspection requests (RFC 9701, section 4).',
  'fapi2-ms/5.5.2-2':
    'Verify typ, algorithm, signature, iss and aud of the answer (RFC 9701, section 5), read token_introspection and nothing around it, and refuse plain JSON in its place.',
  'fapi2-ms/5.6.2-1':
    'Verify algorithm and signature of each ID token with a key of the jwks_uri of the issuer, although it came from the token endpoint. Many libraries do so only when told to.',
};

const founding: Readonly<Record<keyof typeof clientFoundations, string>> = {
  'rfc6749/4.1.1-1':
    'Send a registered redirect URI character by character, or register the one that you use.',
  'rfc6749/4.1.2-3': 'Read the parameters of the response that you know, and pass over the others.',
  'rfc6749/4.1.2-4':
    'Take the flow out of the session before you redeem its code, so that a response that comes again finds none.',
  'rfc6749/4.1.2-5':
    'Read the response from the query of the callback only, and refuse it as soon as one of its parameters comes twice.',
  'rfc6749/4.1.2.1-2':
    'Look for error before code, and end the flow where there is one: no token request, even if a code stands beside it.',
  'rfc6749/4.1.3-2':
    'Keep redirect_uri and code_verifier of the request in the session, and send both unchanged with the code.',
  'rfc6749/5.1-4': 'Read the members of the response that you know, and pass over the others.',
  'rfc6749/5.1-5': 'Compare token_type in lower case.',
  'rfc6749/5.1-6':
    'Treat expires_in as optional: without it, use the token until the API refuses it with 401.',
  'rfc6749/5.1-7':
    'Take tokens only from an answer with status 200 and application/json that has access_token and token_type as text, and end the flow at any other.',
  'rfc6749/5.2-3':
    'End the flow at every error of the token endpoint but use_dpop_nonce, whatever else the answer holds, and call no API. At invalid_grant ask the user to connect again.',
  'rfc6749/6-2':
    'Leave scope out of refresh requests, or take it from what the token response granted, not from the configuration.',
  'rfc6749/7.1-1':
    'Accept only the token_type of your binding, DPoP or, with mutual TLS, Bearer; end the flow at any other.',
  'rfc6749/10.12-1':
    'Make a random state for each flow, keep it in the session of the browser, and refuse a response whose state is missing or not that of the session.',
  'rfc6750/2-1': 'Send the token in one Authorization header, and take access_token out of query and body.',
  'rfc6750/3.1-2':
    'Repeat a refused call at most once, and only with a new token or the nonce that the answer asks for; then report the error.',
  'rfc7009/2.1-5':
    'When the user disconnects, send the refresh token and the access token to the revocation_endpoint, and delete both.',
  'rfc7009/2.2.1-1':
    'Take a token for revoked at status 200 only: keep it otherwise, try again after a 503, and tell the user that access may go on.',
  'rfc7523/3-2': 'Set both iss and sub of client assertions to your client_id.',
  'rfc7523/3-3':
    'Sign assertions with a key of your registered key set, name its kid, and set exp a minute ahead.',
  'rfc7636/4.1-1':
    'Make code_verifier from 32 random bytes in base64url without padding: 43 letters, digits, - and _.',
  'rfc7636/7.1-1':
    'Make each code_verifier from 32 bytes of a cryptographic generator; not from a UUID, a time, or the hash of something shorter.',
  'rfc8259/4-2':
    'Read metadata with a parser that notices repeated names, and refuse a document that has one.',
  'rfc8414/3.2-1':
    'Use metadata only from an answer with status 200 whose body is a JSON object with issuer and each endpoint that the flow needs; end the flow otherwise.',
  'rfc8414/3.2-2': 'Refuse metadata whose Content-Type is not application/json.',
  'rfc8414/3.3-1': 'Switch the following of redirects off where you fetch metadata.',
  'rfc9110/9.2.2-1':
    'When the connection breaks during a refresh, or the server fails, send the refresh request once more with the stored refresh token, a new assertion and a new proof.',
  'rfc9110/10.2.3-1':
    'Read Retry-After, in seconds or as a date, of answers with 429 and 503, and do not try again before.',
  'rfc9110/17.5-1':
    'Set a limit on the size of answers, and a deadline for the whole of an answer, in the HTTP client that calls the servers.',
  'rfc9126/4-3':
    'Push a new request for each flow, also when the user tries again, and forget a request_uri once you redirected with it.',
  'rfc9449/4.2-1':
    'Make a new proof for each request, repeated ones included: typ dpop+jwt, jwk with the public key alone, htm with the method, htu with the URL without query and fragment, iat with the time in seconds.',
  'rfc9449/4.2-2':
    'Make the jti of each proof anew, repeated requests included, as a random UUID or from 12 or more random bytes.',
  'rfc9449/7-1':
    'Add ath, the SHA-256 of the access token in base64url, to each proof at the API, and sign it with the key of the token request.',
  'rfc9449/8.2-1':
    'Read DPoP-Nonce from every answer, successful ones included, and put the latest of that server into the next proof.',
  'rfc9700/4.2.4-2':
    'Redirect from the callback to an address without code and state, send Referrer-Policy: no-referrer there, and keep codes, tokens and verifiers out of pages, output and logs.',
  'openapi/4.8.12-1':
    'Send the query and header parameters that the description of the operation requires, in the form of their schemas; generate the client from the description, or test it against it.',
  'openapi/4.8.13-1':
    'Send the body that the description of the operation requires, with one of its media types, and valid by its schema.',
  'idempotency-key/2.2-1':
    'Draw a new random key for each new order, and use it again only to repeat that very request.',
  'jarm/2.4-1':
    'Set an upper limit for the exp of signed responses; JARM, section 2.1 recommends 10 minutes to servers.',
  'oidc-core/3.1.3.3-1':
    'Where scope holds openid, demand id_token in the token response, and end the flow without it.',
  'oidc-core/3.1.3.7-2':
    'Compare iss of the ID token as a string with the issuer of the metadata, and refuse an ID token without it.',
  'oidc-core/3.1.3.7-3':
    'Demand that aud of the ID token is your client_id, or a list that holds it and nobody whom you do not trust; refuse an ID token without it.',
  'oidc-core/3.1.3.7-5': 'Where the ID token has azp, refuse it unless that is your client_id.',
  'oidc-core/3.1.3.7-9':
    'Demand exp, and refuse an ID token that is past it by more than clocks may differ, such as a minute.',
  'oidc-core/3.1.3.7-10':
    'Refuse an ID token whose iat lies more than a few minutes back, or ahead by more than clocks may differ.',
  'oidc-core/3.1.3.7-11':
    'Keep the nonce of the request in the session, and refuse an ID token whose nonce is missing or differs.',
  'oidc-core/3.1.3.8-1':
    'Where the ID token has at_hash, compare it with the left half of the hash of the access token in base64url, and refuse both where they differ.',
  'oidc-core/5.3.2-3':
    'Compare sub of the userinfo response with sub of the ID token before you use another claim, and drop the response where they differ.',
  'oidc-core/9-2': 'Sign a new assertion for each request, repeated ones included, with a random jti.',
  'oidc-core/10.1.1-1':
    'When no cached key has the kid, fetch jwks_uri once more, at most once in a minute or so, and only then refuse.',
  'oidc-core/12.2-1':
    'Compare iss, sub and aud of an ID token that comes with a refresh with those of the first one, and refuse the tokens where one differs.',
};

/** What the developer of a client changes when a check of the requirement fails. */
export const clientFixes = { ...securityProfile, ...messageSigning, ...founding };
