import { may, shall, should, specification, type Row } from './specification.ts';

/** An RFC's rows: `<rfc>/<section>-<position among our rows of that section>`. */
const rfc = <const Name extends string, const Clause extends string>(
  name: Name,
  rows: Readonly<Record<Clause, Row>>,
) =>
  specification(
    name,
    (item) => `https://www.rfc-editor.org/rfc/${name}.html#section-${item.slice(0, item.lastIndexOf('-'))}`,
    rows,
  );

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
    '3.2-1': shall(
      'authorization-server',
      'refuses token requests that repeat a parameter',
      'A request of two meanings is judged by one and executed by the other.',
    ),
    '4.1.2-1': should(
      'authorization-server',
      'revokes the tokens that were issued for a code when the code is used again',
      'Of two parties that use one code, one is a thief, and it may have been the first.',
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
    '2.2-1': shall(
      'authorization-server',
      'answers the revocation of an unknown token with success',
      'The client has reached what it wanted, and learns nothing about tokens of others.',
    ),
  }),
  ...rfc('rfc7662', {
    '2.2-1': shall(
      'authorization-server',
      'tells of tokens that are not active nothing but that',
      'The endpoint would help in guessing tokens.',
    ),
  }),
  ...rfc('rfc9110', {
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
  }),
  ...rfc('rfc9449', {
    '7.1-1': shall(
      'resource-server',
      'challenges calls with DPoP-bound tokens by the scheme DPoP',
      'A client cannot tell otherwise that a proof is wanted.',
    ),
    '11.1-1': may(
      'servers',
      'refuses a DPoP proof that was used before',
      'A proof that was recorded can be sent again for as long as it is fresh.',
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
  ...specification(
    'oidc-core',
    (item) =>
      `https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.${item.slice(0, item.lastIndexOf('-'))}`,
    {
      '5.3.2-1': shall(
        'authorization-server',
        'names at the userinfo endpoint the subject of the ID token',
        'A client that mixes up users shows one the accounts of another.',
      ),
    },
  ),
} as const;
