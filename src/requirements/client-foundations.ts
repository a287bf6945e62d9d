import { may, rfc, shall, should, specification } from './specification.ts';

const jarm = (clause: string): string =>
  `https://openid.net/specs/oauth-v2-jarm-final.html#section-${clause.slice(0, clause.lastIndexOf('-'))}`;
const core = (clause: string): string =>
  `https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.${clause.slice(0, clause.lastIndexOf('-'))}`;

/** Sections of the specification are named here, and numbered. */
const openapiAnchors: Readonly<Record<string, string>> = {
  '4.8.12': 'parameter-object',
  '4.8.13': 'request-body-object',
};
const openapi = (clause: string): string =>
  `https://spec.openapis.org/oas/v3.1.0.html#${openapiAnchors[clause.slice(0, clause.lastIndexOf('-'))]}`;
const idempotency = (clause: string): string =>
  `https://www.ietf.org/archive/id/draft-ietf-httpapi-idempotency-key-header-07.html#section-${clause.slice(0, clause.lastIndexOf('-'))}`;

/**
 * What the specifications that FAPI 2.0 builds on demand of clients, where FAPI itself has no item for it. A demand that is
 * part of an item (RFC 9207 of 5.3.3.2-5, RFC 9525 of 5.2.1-5) is judged under that item.
 */
export const clientFoundations = {
  ...rfc('rfc6749', {
    '4.1.1-1': shall(
      'client',
      'names in its authorization request a redirect URI that is registered for it',
      'The response would go where nobody expects it.',
    ),
    '4.1.2-3': shall(
      'client',
      'ignores parameters of authorization responses that it does not know',
      'A server that learns an extension would lock it out.',
    ),
    '4.1.2-4': shall(
      'client',
      'uses an authorization code once',
      'A code that comes a second time came from somebody else.',
    ),
    '4.1.2-5': shall(
      'client',
      'takes no response whose parameters are repeated or stand in the fragment',
      'Of two codes in one response an attacker brought one, and a fragment can be brought by any page.',
    ),
    '4.1.2.1-2': shall(
      'client',
      'takes an authorization response with an error for the end of the flow',
      'It would go on with what the user refused.',
    ),
    '4.1.3-2': shall(
      'client',
      'redeems a code with the redirect_uri that it asked for it with, and with its verifier',
      'The server could not tell that the code was not injected.',
    ),
    '5.1-4': shall(
      'client',
      'ignores members of token responses that it does not know',
      'A server that learns an extension would lock it out.',
    ),
    '5.1-5': shall(
      'client',
      'takes the type of a token without regard to case',
      'It would be locked out by servers that write it in another way.',
    ),
    '5.1-6': shall(
      'client',
      'does without expires_in in token responses',
      'It would be locked out by servers that tell the life of tokens elsewhere.',
    ),
    '5.1-7': shall(
      'client',
      'takes for a token response only JSON with an access token and its type',
      'What it takes for a token otherwise was meant for something else.',
    ),
    '5.2-3': shall(
      'client',
      'takes an error of the token endpoint for the end of the grant',
      'It would call the API with what it does not have.',
    ),
    '6-2': shall(
      'client',
      'asks at a refresh for no scope that was not granted',
      'A grant of the user would grow without the user.',
    ),
    '7.1-1': shall(
      'client',
      'uses no access token whose type it does not know',
      'It would send it in a way that protects nothing.',
    ),
    '10.12-1': shall(
      'client',
      'accepts an authorization response only in the session that asked for it, with the state that it sent',
      'A victim could be made to use the account or the grant of an attacker.',
    ),
  }),
  ...rfc('rfc6750', {
    '2-1': shall(
      'client',
      'sends the access token in one way per call',
      'A call with two tokens is judged by one and executed with the other.',
    ),
    '3.1-2': should(
      'client',
      'does not repeat a refused call with the same token over and over',
      'A client that hammers a server is locked out, and hides attacks in its noise.',
    ),
  }),
  ...rfc('rfc7009', {
    '2.1-5': should(
      'client',
      'revokes its tokens when the user ends the connection',
      'A token that nobody needs any more is found by somebody else.',
    ),
    '2.2.1-1': shall(
      'client',
      'takes a token for revoked only where the server says so',
      'The user is told that access ended, and it goes on.',
    ),
  }),
  ...rfc('rfc7523', {
    '3-2': shall(
      'client',
      'names itself as issuer and subject of its assertions',
      'The server cannot tell who authenticates.',
    ),
    '3-3': shall(
      'client',
      'signs its assertions with a registered key, and lets them expire',
      'An assertion without an end can be used by whoever finds it.',
    ),
  }),
  ...rfc('rfc7636', {
    '4.1-1': shall(
      'client',
      'makes code verifiers of 43 to 128 unreserved characters',
      'Shorter ones can be guessed, and others are refused.',
    ),
    '7.1-1': should(
      'client',
      'makes code verifiers of 256 bits of randomness',
      'A verifier that can be guessed protects no code.',
    ),
  }),
  ...rfc('rfc8259', {
    '4-2': may(
      'client',
      'refuses metadata that names a member twice',
      'Two readers of one document take another endpoint for the right one.',
    ),
  }),
  ...rfc('rfc8414', {
    '3.2-1': shall(
      'client',
      'takes for metadata only a successful answer that is a JSON object with the endpoints it needs',
      'It would take its endpoints from an error page.',
    ),
    '3.2-2': may(
      'client',
      'refuses metadata that is not marked as JSON',
      'A file that somebody could put on the host is no metadata.',
    ),
    '3.3-1': may(
      'client',
      'does not follow redirects of the metadata to another place',
      'Whoever controls one redirect controls every endpoint.',
    ),
  }),
  ...rfc('rfc9110', {
    '9.2.2-1': may(
      'client',
      'refreshes again, with the refresh token that it has, where an answer was lost',
      'One lost answer would end a connection that was meant to last.',
    ),
    '10.2.3-1': should(
      'client',
      'waits for as long as Retry-After asks, before it tries again',
      'A server in need is kept down by those who knock.',
    ),
    '17.5-1': should(
      'client',
      'limits how much of an answer it reads, and how long it waits for one',
      'One server could exhaust it for all others.',
    ),
  }),
  ...rfc('rfc9126', {
    '4-3': shall(
      'client',
      'uses a request_uri once, for the request that it was made for',
      'A challenge, a state and a nonce that are used twice protect nothing.',
    ),
  }),
  ...rfc('rfc9449', {
    '4.2-1': shall(
      'client',
      'proves in each DPoP proof the method and the URL of the request, the time, and nothing else',
      'A proof for another request can be used for it.',
    ),
    '4.2-2': shall(
      'client',
      'gives each DPoP proof a jti of its own',
      'A replay could not be told from a request.',
    ),
    '7-1': shall(
      'client',
      'binds its DPoP proofs at the API to the access token, by ath, and to the key that the token was issued for',
      'A stolen token could be used with the proof of another one.',
    ),
    '8.2-1': shall(
      'client',
      'goes by a new nonce as soon as the server gives one',
      'It would be locked out when the server changes its nonce.',
    ),
  }),
  ...rfc('rfc9700', {
    '4.2.4-2': should(
      'client',
      'keeps codes and tokens out of the Referer header and out of what it shows',
      'Whatever the page loads next, and whoever reads the logs, would have them.',
    ),
  }),
  ...specification('openapi', openapi, {
    '4.8.12-1': shall(
      'client',
      'calls the API with the parameters that its description demands and admits',
      'What a server happens to take today it refuses tomorrow.',
    ),
    '4.8.13-1': shall(
      'client',
      'calls the API with bodies that its description admits',
      'What a server happens to take today it refuses tomorrow.',
    ),
  }),
  ...specification('idempotency-key', idempotency, {
    '2.2-1': should(
      'client',
      'gives each request an idempotency key of its own, where it sends one',
      'An order with the key of another one is lost.',
    ),
  }),
  ...specification('jarm', jarm, {
    '2.4-1': may(
      'client',
      'accepts no signed authorization response that lives for hours',
      'A response that lives long can be replayed for long.',
    ),
  }),
  ...specification('oidc-core', core, {
    '3.1.3.3-1': should(
      'client',
      'goes no further without an ID token where it asked for one',
      'It would take whoever comes for the user who logged in.',
    ),
    '3.1.3.7-2': shall(
      'client',
      'accepts ID tokens of the issuer only that it asked',
      'Another server could say who the user is.',
    ),
    '3.1.3.7-3': shall(
      'client',
      'accepts ID tokens only that are meant for it',
      'The ID token of another client, which an attacker runs, would log the attacker in.',
    ),
    '3.1.3.7-5': should(
      'client',
      'accepts no ID token that names another client as the authorised party',
      'An ID token that was issued for another client is passed on.',
    ),
    '3.1.3.7-9': shall(
      'client',
      'accepts no ID token that has expired',
      'An old login would be used for a new one.',
    ),
    '3.1.3.7-10': may(
      'client',
      'refuses ID tokens that were issued long ago or are from the future',
      'Nonces need to be remembered for a limited time only.',
    ),
    '3.1.3.7-11': shall(
      'client',
      'accepts an ID token only with the nonce that it sent',
      'The ID token of another login could be injected.',
    ),
    '3.1.3.8-1': may(
      'client',
      'compares the at_hash of the ID token with the access token',
      'An access token could be exchanged for another one.',
    ),
    '5.3.2-3': shall(
      'client',
      'uses claims of the userinfo endpoint only where their subject is that of the ID token',
      'The claims of one user would be taken for those of another one.',
    ),
    '9-2': shall(
      'client',
      'gives each assertion a jti of its own',
      'A replay could not be told from a request.',
    ),
    '10.1.1-1': should(
      'client',
      'fetches the keys of the server again when it meets a kid that it does not know',
      'It would be locked out when the server rotates its keys.',
    ),
    '12.2-1': shall(
      'client',
      'accepts at a refresh only an ID token of the same issuer, for the same user and client',
      'The session of one user would become that of another one.',
    ),
  }),
};
