import { shall, should, specification } from './specification.ts';

const anchor = (item: string): string => {
  const [clause, position = ''] = item.split('-');
  return `https://openid.net/specs/fapi-message-signing-2_0-final.html#section-${clause}-2.${position}`;
};

/** FAPI 2.0 Message Signing, Final (September 2025): every item of clauses 5.3 to 5.6. */
export const fapi2ms = specification('fapi2-ms', anchor, {
  // 5.3 Signing authorization requests
  '5.3.1-1': shall(
    'authorization-server',
    'supports, requires and verifies signed request objects (RFC 9101) at the pushed authorization request endpoint',
    'What nobody signed, nobody can be held to.',
  ),
  '5.3.1-2': shall(
    'authorization-server',
    'demands its issuer as the audience of request objects, alone or in a list',
    'A request that was signed for another server could be passed on to this one.',
  ),
  '5.3.1-3': shall(
    'authorization-server',
    'demands an nbf in request objects that is at most 60 minutes in the past',
    'A request that was signed long ago need not be meant any more.',
  ),
  '5.3.1-4': shall(
    'authorization-server',
    'demands an exp in request objects that is at most 60 minutes after the nbf',
    'A request that is valid for long can be kept and used later.',
  ),
  '5.3.1-5': shall(
    'authorization-server',
    'accepts request objects of the type oauth-authz-req+jwt',
    'The type keeps other JWTs of the client from being taken for requests.',
  ),
  '5.3.2-1': shall(
    'client',
    'sends all authorization parameters in a signed request object',
    'What is left outside is not signed.',
  ),
  '5.3.2-2': shall(
    'client',
    'names the issuer of the server as the audience of its request objects',
    'The request could be used at another server.',
  ),
  '5.3.2-3': shall(
    'client',
    'says in its request objects from when on they are valid',
    'A signature without a time proves little.',
  ),
  '5.3.2-4': shall(
    'client',
    'lets its request objects expire within 60 minutes',
    'A request that is valid for long can be kept and used later.',
  ),
  '5.3.2-5': should(
    'client',
    'gives its request objects the type oauth-authz-req+jwt',
    'The type keeps other JWTs of the client from being taken for requests.',
  ),

  // 5.4 Signing authorization responses
  '5.4.1-1': shall(
    'authorization-server',
    'supports, requires and issues signed authorization responses (JARM)',
    'What passes through the browser unsigned can be changed by it.',
  ),
  '5.4.2-1': shall(
    'client',
    'asks for signed authorization responses with the response_mode jwt',
    'The response would come unsigned.',
  ),
  '5.4.2-2': shall(
    'client',
    'verifies signed authorization responses',
    'A signature that nobody verifies protects nothing.',
  ),

  // 5.5 Signing introspection responses
  '5.5.1-1': shall(
    'authorization-server',
    'signs introspection responses in the JWT format (RFC 9701)',
    'What a token was good for must be shown later, too.',
  ),
  '5.5.2-1': shall('client', 'asks for signed introspection responses', 'The response would come unsigned.'),
  '5.5.2-2': shall(
    'client',
    'verifies signed introspection responses',
    'A signature that nobody verifies protects nothing of what it signs.',
  ),

  // 5.6 Signing ID tokens
  '5.6.2-1': shall(
    'client',
    'verifies the signature of ID tokens',
    'Anybody on the way could say who the user is.',
  ),
});
