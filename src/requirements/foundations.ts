import { may, rfc, shall, should, specification } from './specification.ts';

/**
 * What the specifications that FAPI 2.0 builds on demand of servers, where FAPI itself has no item for it. A demand that
 * is part of an item (RFC 9449 of 5.3.2.1-5, RFC 9126 of 5.3.2.2-2) is judged under that item.
 */
export const foundations = {
  ...rfc('rfc6749', {
    '3.1-1': shall(
      'authorization-server',
      'refuses authorization requests that repeat a parameter',
      'Two components that each read another one of the values are played against each other.',
    ),
    '3.1-2': shall(
      'authorization-server',
      'ignores parameters of authorization requests that it does not know',
      'A client that uses an extension somewhere else would be locked out here.',
    ),
    '3.1-3': shall(
      'authorization-server',
      'takes parameters of authorization requests without a value for absent',
      'Two components that take an empty value for different things are played against each other.',
    ),
    '3.1-4': shall(
      'authorization-server',
      'repeats no parameter in authorization responses',
      'The code of an attacker beside the real one is redeemed by whoever reads the other of the two.',
    ),
    '3.1.2-1': shall(
      'authorization-server',
      'takes as redirect URIs absolute ones without a fragment only',
      'Parameters behind a fragment never reach the client, and scripts of its page read them.',
    ),
    '3.1.2-2': shall(
      'authorization-server',
      'keeps the query of a redirect URI when it adds parameters',
      'The client finds out by it where the response belongs.',
    ),
    '3.2-1': shall(
      'authorization-server',
      'refuses token requests that repeat a parameter',
      'A request of two meanings is judged by one and executed by the other.',
    ),
    '3.2-2': shall(
      'authorization-server',
      'ignores parameters of token requests that it does not know',
      'A client that uses an extension somewhere else would be locked out here.',
    ),
    '3.2-3': should(
      'authorization-server',
      'takes token requests by POST, and their parameters from the body only',
      'Codes and assertions in URLs end in logs.',
    ),
    '3.3-1': shall(
      'authorization-server',
      'takes scopes in any order',
      'A correct client would be refused for how it sorts.',
    ),
    '3.2-4': shall(
      'authorization-server',
      'repeats no parameter in token responses',
      'Of two tokens, one library uses the first and another the last.',
    ),
    '4.1.2-1': should(
      'authorization-server',
      'revokes the tokens that were issued for a code when the code is used again',
      'Of two parties that use one code, one is a thief, and it may have been the first.',
    ),
    '4.1.2-2': shall(
      'authorization-server',
      'returns the state exactly as it came, and none where none came',
      'The client keeps there what it must find again: what was cut or changed belongs to nobody.',
    ),
    '4.1.2.1-1': shall(
      'authorization-server',
      'tells the client by access_denied that the user refused',
      'A client that cannot tell a refusal from a failure asks its user again and again.',
    ),
    '4.1.3-1': shall(
      'authorization-server',
      'redeems a code only as it was issued, with the redirect_uri that it was asked for with',
      'A code that was stolen elsewhere or made up would be good for tokens.',
    ),
    '5.1-1': shall(
      'authorization-server',
      'forbids to store token responses',
      'Tokens in a cache belong to whoever reads it.',
    ),
    '5.1-2': shall(
      'authorization-server',
      'names the granted scope in the token response where it is not the one that was asked for',
      'A client that believes in more than it has fails in front of its users.',
    ),
    '5.1-3': shall(
      'authorization-server',
      'answers token requests in JSON that names the type of the token, and its life as a number',
      'Clients of strict libraries cannot read anything else.',
    ),
    '5.2-1': shall(
      'authorization-server',
      'refuses grants that it does not support or cannot verify, by name',
      'What is taken for something else by mistake was granted by nobody.',
    ),
    '5.2-2': shall(
      'authorization-server',
      'tells errors by 400, or by 401 where it does not know the client, in JSON of one meaning',
      'A client that cannot read what is wrong tries again, or gives up on what is right.',
    ),
    '6-1': shall(
      'authorization-server',
      'refreshes for the refresh tokens that it issued only',
      'A token that was stolen for an hour would be good for ever.',
    ),
  }),
  ...rfc('rfc6750', {
    '3-1': shall(
      'resource-server',
      'answers refused calls with a challenge in WWW-Authenticate',
      'A client cannot tell otherwise what to mend.',
    ),
    '3.1-1': should(
      'resource-server',
      'names what is wrong with a token by the status and the error code of the specification',
      'A client that cannot tell an expired token from a forbidden call asks its user in vain.',
    ),
  }),
  ...rfc('rfc7009', {
    '2-1': should(
      'authorization-server',
      'revokes access tokens',
      'What was stolen is good until it expires.',
    ),
    '2.1-1': shall(
      'authorization-server',
      'does not revoke the tokens of another client',
      'One partner could cut off the customers of another.',
    ),
    '2.1-2': should(
      'authorization-server',
      'revokes the access tokens of a grant with its refresh token',
      'What a user withdrew would work on.',
    ),
    '2.1-3': shall(
      'authorization-server',
      'refuses refresh tokens that were revoked',
      'Who stole it before it was withdrawn would go on.',
    ),
    '2.1-4': shall(
      'authorization-server',
      'revokes a token whatever the client takes its type for',
      'A client that is mistaken believes a token to be dead that is alive.',
    ),
    '2.2-1': shall(
      'authorization-server',
      'answers the revocation of an unknown token with success',
      'The client has reached what it wanted, and learns nothing about tokens of others.',
    ),
  }),
  ...rfc('rfc7517', {
    '4-1': shall(
      'servers',
      'publishes keys that are what their members say',
      'Clients cannot verify with a key that does not exist, and libraries differ in what they make of a broken one.',
    ),
    '9.2-1': shall(
      'servers',
      'publishes no private and no symmetric keys',
      'Whoever has them signs in the name of the server.',
    ),
  }),
  ...rfc('rfc7519', {
    '4-1': shall(
      'authorization-server',
      'repeats no claim and no header parameter in its JWTs',
      'Who verifies one of two values lets a library use the other.',
    ),
  }),
  ...rfc('rfc7523', {
    '3-1': may(
      'authorization-server',
      'refuses a client assertion that was used before',
      'An assertion that was recorded can be sent again for as long as it has not expired.',
    ),
  }),
  ...rfc('rfc7662', {
    '2.2-1': shall(
      'authorization-server',
      'says of every token that is not active that it is not',
      'An API takes an error, or silence, for a reason to let a call through.',
    ),
    '2.2-2': should(
      'authorization-server',
      'tells nothing else of tokens that are not active',
      'The endpoint would help in guessing tokens.',
    ),
    '2.2-3': shall(
      'authorization-server',
      'describes active tokens as they are',
      'An API decides by it what a call may do.',
    ),
  }),
  ...rfc('rfc8259', {
    '4-1': should(
      'authorization-server',
      'names each member of its metadata once',
      'Of two values, one library believes in the first and another in the last.',
    ),
  }),
  ...rfc('rfc9110', {
    '5.1-1': shall(
      'servers',
      'compares the names of header fields without regard to case',
      'Clients and what stands between spell names in several ways.',
    ),
    '11.1-1': shall(
      'resource-server',
      'compares the authentication scheme without regard to case',
      'Correct clients would be refused.',
    ),
  }),
  ...rfc('rfc9126', {
    '2.3-1': should(
      'authorization-server',
      'answers other methods than POST at the pushed authorization request endpoint with 405',
      'A pushed request in a URL ends in logs.',
    ),
    '4-1': should(
      'authorization-server',
      'lets a request_uri be used once',
      'A second use is somebody else, or a mistake.',
    ),
    '4-2': may(
      'authorization-server',
      'lets a request_uri be opened again until the user has decided',
      'Users reload pages, and their software looks at links before they do.',
    ),
  }),
  ...rfc('rfc9325', {
    '4.1-1': should(
      'servers',
      'negotiates no suite with static keys, with finite fields or of less than 128 bits',
      'Recorded traffic opens with the key of the server, and short blocks repeat within one connection.',
    ),
    '4.2-1': should(
      'servers',
      'uses suites in CBC mode with encrypt_then_mac only',
      'What a server says of the padding of a record gives its content away byte by byte.',
    ),
  }),
  ...rfc('rfc9449', {
    '4.3-1': should(
      'servers',
      'normalises URLs before it compares the htu of a DPoP proof',
      'Libraries of correct clients spell one URL in several ways.',
    ),
    '5-1': should(
      'authorization-server',
      'leaves the refresh tokens of confidential clients unbound to a DPoP key',
      'A client that changes its key would need its users again; its authentication protects the token already.',
    ),
    '7.1-1': shall(
      'resource-server',
      'challenges calls with DPoP-bound tokens by the scheme DPoP',
      'A client cannot tell otherwise that a proof is wanted.',
    ),
    '7.1-2': should(
      'resource-server',
      'names in its challenges the error and the algorithms of proofs',
      'A client cannot tell otherwise whether its proof or its token is at fault.',
    ),
    '9-1': may(
      'resource-server',
      'asks for nonces in DPoP proofs',
      'A nonce keeps proofs that were made in advance from being used later.',
    ),
    '11.1-1': may(
      'servers',
      'refuses a DPoP proof that was used before',
      'A proof that was recorded can be sent again for as long as it is fresh.',
    ),
    '11.1-2': should(
      'servers',
      'accepts DPoP proofs whose time differs from its own by ten seconds',
      'Clocks differ a little; correct clients would be refused.',
    ),
  }),
  ...rfc('rfc9700', {
    '2.1-1': should(
      'authorization-server',
      'compares redirect URIs with the registered ones character by character',
      'Each leniency in the comparison has led codes to attackers.',
    ),
    '4.2.4-1': should(
      'authorization-server',
      'keeps what stands in its URLs out of the Referer header',
      'Links on a page give the parameters of the request away.',
    ),
    '4.16-1': shall(
      'authorization-server',
      'keeps its pages from being framed by others',
      'Users press a button of the bank that they believe to be of a game.',
    ),
  }),
  ...rfc('rfc9701', {
    '5-1': should(
      'authorization-server',
      'puts neither sub nor exp beside what signed introspection responses tell of a token',
      'What looks like an access token will be taken for one somewhere.',
    ),
  }),
  ...specification(
    'jarm',
    (item) =>
      `https://openid.net/specs/oauth-v2-jarm-final.html#section-${item.slice(0, item.lastIndexOf('-'))}`,
    {
      '2.1-1': should(
        'authorization-server',
        'lets signed authorization responses live for 10 minutes at most',
        'A response is of use for a moment; later it is of use to whoever found it.',
      ),
    },
  ),
  ...specification(
    'oidc-core',
    (item) =>
      `https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.${item.slice(0, item.lastIndexOf('-'))}`,
    {
      '9-1': should(
        'authorization-server',
        'refuses client assertions without a jti',
        'An assertion that nothing tells from another one can be used again unseen.',
      ),
      '5.3.2-1': shall(
        'authorization-server',
        'names at the userinfo endpoint the subject of the ID token',
        'A client that mixes up users shows one the accounts of another.',
      ),
      '5.3.2-2': shall(
        'authorization-server',
        'serves claims about the user as JSON, or signed as a JWT, and says which',
        'Clients read nothing else.',
      ),
      '5.3.3-1': shall(
        'authorization-server',
        'shows claims about the user only for a valid access token in the header that covers them',
        'The userinfo endpoint is an API: whoever gets in with another token learns who its user is.',
      ),
      '5.5-1': shall(
        'authorization-server',
        'ignores claims that it does not know in a request for claims',
        'A client that asks for more where it can get it would get nothing here.',
      ),
    },
  ),
} as const;
