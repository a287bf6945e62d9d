import { may, shall, should, specification } from './specification.ts';

const text = 'https://openid.net/specs/fapi-security-profile-2_0-final.html';

/**
 * The published text anchors a list item as `section-<clause>-2.<position>`. A nested item (5.4.1-1.2)
 * is linked to the item that holds it.
 */
function anchor(item: string): string {
  const [clause, position = ''] = item.split('-');
  return `${text}#section-${clause}-2.${position.split('.')[0]}`;
}

/** FAPI 2.0 Security Profile, Final (February 2025): every item of clauses 5.2 to 5.4. */
export const fapi2sp = specification('fapi2-sp', anchor, {
  // 5.2 Network layer
  '5.2.1-1': shall(
    'all',
    'offers and uses endpoints over TLS only',
    'Whatever crosses the network in the clear is read and changed by whoever carries it.',
  ),
  '5.2.1-2': shall(
    'all',
    'negotiates TLS 1.2 or a later version',
    'Earlier versions fall to downgrade and padding attacks.',
  ),
  '5.2.1-3': shall(
    'all',
    'follows BCP 195 (RFC 9325) in its use of TLS',
    'Weak suites, compression and renegotiation reopen attacks that TLS is there to stop.',
  ),
  '5.2.1-4': should(
    'all',
    'protects its host names with DNSSEC',
    'A forged address sends clients to an impostor, which may obtain a certificate from it.',
    'A resolver of the operator would have to say it: Node reads no AD bit, the bit is worth only as much as the path to whoever sets it (RFC 4035, section 4.9.3), and names of test environments are often in no public zone.',
  ),
  '5.2.1-5': shall(
    'all',
    'verifies the certificate of the server it calls (RFC 9525)',
    'An unverified certificate lets anybody on the way take the part of the server.',
  ),
  '5.2.2-1': shall(
    'servers',
    'permits on TLS 1.2 only the recommended suites, at endpoints that no browser uses',
    'Suites without forward secrecy or authenticated encryption give up recorded traffic later.',
  ),
  '5.2.2-2': should(
    'client',
    'offers on TLS 1.2 only the recommended suites',
    'What is not offered cannot be chosen by a downgrade.',
  ),
  '5.2.2.1-1': should(
    'all',
    'publishes the certificate authorities that an ecosystem with mutual TLS trusts',
    'Parties that guess whom to trust end up trusting too many.',
    'Planned with the directory: the list belongs to the ecosystem, not to one server.',
  ),
  '5.2.2.1-2': may(
    'authorization-server',
    'publishes mtls_endpoint_aliases beside its usual endpoints',
    'Browsers need not see a certificate prompt.',
    'A permission: a server that makes no use of it conforms, so nothing can fail.',
  ),
  '5.2.2.1-3': shall(
    'client',
    'uses the endpoint aliases when its registration says use_mtls_endpoint_aliases',
    'A call without its certificate at the wrong endpoint is refused, or worse, accepted unbound.',
  ),
  '5.2.3-1': shall(
    'authorization-server',
    'keeps browsers from being led off TLS at the endpoints that they use',
    'The first plain request of a browser can be intercepted and never upgraded.',
  ),
  '5.2.3-2': shall(
    'authorization-server',
    'uses only allowed suites on TLS 1.2 at endpoints for browsers',
    'A browser is no reason to accept a suite that is known to be broken.',
  ),
  '5.2.3-3': shall(
    'authorization-server',
    'does not support CORS at the authorization endpoint',
    'Scripts of other sites would read what the user alone may see.',
  ),

  // 5.3.2.1 Authorization servers, general
  '5.3.2.1-1': shall(
    'authorization-server',
    'publishes a metadata document (OpenID Connect Discovery or RFC 8414)',
    'Configuration by hand is where mix-ups and stale endpoints come from.',
  ),
  '5.3.2.1-2': shall(
    'authorization-server',
    'refuses the password grant',
    'It teaches users to give their password to a client.',
  ),
  '5.3.2.1-3': shall(
    'authorization-server',
    'supports confidential clients only',
    'Anybody can pretend to be a client that need not authenticate.',
  ),
  '5.3.2.1-4': shall(
    'authorization-server',
    'issues sender-constrained access tokens only',
    'A leaked bearer token is usable by its finder.',
  ),
  '5.3.2.1-5': shall(
    'authorization-server',
    'constrains tokens by mutual TLS (RFC 8705) or DPoP (RFC 9449), and verifies what binds them',
    'A binding that is not verified binds nothing.',
  ),
  '5.3.2.1-6': shall(
    'authorization-server',
    'authenticates clients by mutual TLS or private_key_jwt',
    'Shared secrets leak from both sides and cannot be attributed.',
  ),
  '5.3.2.1-7': shall(
    'authorization-server',
    'is no open redirector',
    'A trusted address that redirects anywhere serves phishing and steals codes.',
  ),
  '5.3.2.1-8': shall(
    'authorization-server',
    'accepts as the audience of a client assertion its issuer as a string, and nothing else',
    'An assertion for another server could be replayed here, or the other way round.',
  ),
  '5.3.2.1-9': shall(
    'authorization-server',
    'does not rotate refresh tokens but in extraordinary circumstances',
    'A lost answer locks the user out, and sender constraint already protects the token.',
  ),
  '5.3.2.1-10': may(
    'authorization-server',
    'asks for nonces in DPoP proofs',
    'A nonce keeps proofs that were made in advance from being used later.',
  ),
  '5.3.2.1-11': shall(
    'authorization-server',
    'lets an authorization code live for 60 seconds at most',
    'The longer a code lives, the longer a stolen one is of use.',
  ),
  '5.3.2.1-12': shall(
    'authorization-server',
    'binds the code to the DPoP key where a key is announced (RFC 9449, section 10)',
    'Without it a stolen code can be redeemed with the key of the thief.',
  ),
  '5.3.2.1-13': shall(
    'authorization-server',
    'accepts JWT times up to 10 seconds ahead and refuses those over 60 seconds ahead',
    'Clocks differ a little; proofs made for the future are a way to stock them.',
  ),
  '5.3.2.1-14': should(
    'authorization-server',
    'restricts a token to the privileges that its use needs',
    'What a token cannot do, its thief cannot do either.',
  ),

  // 5.3.2.2 Authorization endpoint flows
  '5.3.2.2-1': shall(
    'authorization-server',
    'accepts response_type=code only',
    'Tokens in the front channel leak through history, logs and referrers.',
  ),
  '5.3.2.2-2': shall(
    'authorization-server',
    'supports pushed authorization requests of authenticated clients (RFC 9126)',
    'What goes through the browser can be changed by it.',
  ),
  '5.3.2.2-3': shall(
    'authorization-server',
    'refuses authorization requests that were not pushed',
    'A way around PAR undoes all that PAR protects.',
  ),
  '5.3.2.2-4': shall(
    'authorization-server',
    'refuses pushed authorization requests without client authentication',
    'Anybody could start flows in the name of a client.',
  ),
  '5.3.2.2-5': shall(
    'authorization-server',
    'requires PKCE with S256 (RFC 7636)',
    'A code that is injected or stolen must be worthless without the verifier.',
  ),
  '5.3.2.2-6': shall(
    'authorization-server',
    'requires redirect_uri in pushed authorization requests',
    'A default invites confusion about where the code goes.',
  ),
  '5.3.2.2-7': shall(
    'authorization-server',
    'returns iss in each authorization response (RFC 9207)',
    'A client of several servers is otherwise led to take a code to the wrong one.',
  ),
  '5.3.2.2-8': shall(
    'authorization-server',
    'accepts no redirect URI with the http scheme, but for native clients on loopback',
    'A code sent in the clear is a stolen code.',
  ),
  '5.3.2.2-9': shall(
    'authorization-server',
    'refuses a code that was used before',
    'Of two who redeem the same code, one has stolen it.',
  ),
  '5.3.2.2-10': shall(
    'authorization-server',
    'does not redirect with 307 a request that may carry credentials',
    'The browser would post the password again, to the client.',
  ),
  '5.3.2.2-11': should(
    'authorization-server',
    'redirects with 303',
    'It is the only status that always drops the posted form.',
  ),
  '5.3.2.2-12': shall(
    'authorization-server',
    'issues request_uri values that expire in less than 600 seconds',
    'A pushed request that lives long can be slipped to a victim later.',
  ),
  '5.3.2.2-13': should(
    'authorization-server',
    'tells the user which client asks and for what',
    'Consent without knowledge is none.',
  ),
  '5.3.2.2-14': shall(
    'authorization-server',
    'handles nonce values of up to 64 characters',
    'A truncated nonce breaks the binding, or the client.',
  ),
  '5.3.2.3-1': shall(
    'authorization-server',
    'follows OpenID Connect where it returns the identity of the user',
    'An identity outside of a verified ID token can be forged.',
  ),

  // 5.3.3 Clients
  '5.3.3.1-1': shall(
    'client',
    'uses sender-constrained access tokens, by mutual TLS or DPoP',
    'A leaked bearer token is usable by its finder.',
  ),
  '5.3.3.1-2': shall(
    'client',
    'authenticates by mutual TLS or private_key_jwt',
    'Shared secrets leak from both sides and cannot be attributed.',
  ),
  '5.3.3.1-3': shall(
    'client',
    'sends access tokens in the Authorization header',
    'URLs and bodies end in logs.',
  ),
  '5.3.3.1-4': shall(
    'client',
    'is no open redirector',
    'Its callback would carry codes and users to an attacker.',
  ),
  '5.3.3.1-5': shall(
    'client',
    'sends the issuer, as a string, as the audience of its assertions',
    'An assertion that names more can be replayed elsewhere.',
  ),
  '5.3.3.1-6': shall(
    'client',
    'supports refresh tokens and their rotation',
    'A client that keeps the old token loses access when the server must rotate.',
  ),
  '5.3.3.1-7': shall(
    'client',
    'calls the mtls_endpoint_aliases where it uses mutual TLS',
    'Its certificate is not asked for anywhere else.',
  ),
  '5.3.3.1-8': shall(
    'client',
    'supports nonces in DPoP proofs',
    'It is otherwise locked out by a server that demands them.',
  ),
  '5.3.3.1-9': shall(
    'client',
    'takes endpoints from the metadata document only',
    'Endpoints from elsewhere are how a client is led to an impostor.',
  ),
  '5.3.3.1-10': shall(
    'client',
    'takes the issuer from an authoritative source',
    'An issuer that an attacker names is the attacker.',
    'Where a configuration came from cannot be seen on the wire; the directory holds the attestation.',
  ),
  '5.3.3.1-11': shall(
    'client',
    'verifies that the metadata names the issuer it was fetched for',
    'A document that names another issuer is the beginning of a mix-up.',
  ),
  '5.3.3.1-12': shall(
    'client',
    'starts a flow only with the consent of the user and protects its start against CSRF',
    'A victim could be logged in to the account of an attacker.',
  ),
  '5.3.3.1-13': should('client', 'asks for the least privilege', 'What was never granted cannot be abused.'),
  '5.3.3.2-1': shall(
    'client',
    'uses the authorization code grant',
    'Other grants show tokens to the browser.',
  ),
  '5.3.3.2-2': shall(
    'client',
    'pushes its authorization requests',
    'What goes through the browser can be changed by it.',
  ),
  '5.3.3.2-3': shall(
    'client',
    'uses PKCE with S256',
    'A code that is injected or stolen must be worthless without the verifier.',
  ),
  '5.3.3.2-4': shall(
    'client',
    'makes a fresh PKCE challenge for each request and binds it to the user agent',
    'A challenge that is known before protects nothing.',
  ),
  '5.3.3.2-5': shall(
    'client',
    'verifies iss in the authorization response',
    'It would take a code to the wrong server.',
  ),
  '5.3.3.2-6': shall(
    'client',
    'sends only client_id and request_uri to the authorization endpoint',
    'Whatever else it sends there was not protected by the push.',
  ),
  '5.3.3.2-7': should(
    'client',
    'sends nonce values of no more than 64 characters',
    'Servers need not handle longer ones.',
  ),

  // 5.3.4 Resource servers
  '5.3.4-1': shall(
    'resource-server',
    'accepts access tokens in the Authorization header',
    'It is the one place that is kept out of logs.',
  ),
  '5.3.4-2': shall(
    'resource-server',
    'refuses access tokens in the query',
    'URLs end in logs, histories and referrers.',
  ),
  '5.3.4-3': shall(
    'resource-server',
    'verifies that a token is genuine, unexpired and not revoked',
    'Anything else opens the API to made-up and withdrawn tokens.',
  ),
  '5.3.4-4': shall(
    'resource-server',
    'refuses a token that does not authorize the call',
    'Scopes that nobody checks are decoration.',
  ),
  '5.3.4-5': shall(
    'resource-server',
    'verifies the sender constraint of a token',
    'A binding that is not verified binds nothing.',
  ),

  // 5.4 Cryptography and secrets
  '5.4.1-1.1': shall(
    'all',
    'follows RFC 8725 in its use of JWTs',
    'Confused types, keys and audiences are how valid signatures are abused.',
  ),
  '5.4.1-1.2': shall(
    'all',
    'signs and accepts JWTs with PS256, ES256 or EdDSA (Ed25519) only',
    'Older algorithms have known weaknesses, and each one more is one more to attack.',
  ),
  '5.4.1-1.3': shall(
    'all',
    'neither uses nor accepts the algorithm none',
    'An unsigned assertion can be written by anybody.',
  ),
  '5.4.1-2': shall('all', 'uses RSA keys of at least 2048 bits', 'Shorter moduli can be factored.'),
  '5.4.1-3': shall('all', 'uses elliptic curve keys of at least 224 bits', 'Shorter keys can be computed.'),
  '5.4.1-4': shall(
    'all',
    'gives codes, tokens and handles at least 128 bits of entropy',
    'What can be guessed need not be stolen.',
  ),
  '5.4.2-1': shall(
    'all',
    'serves and fetches jwks_uri over TLS only',
    'Who replaces the keys replaces the party.',
  ),
  '5.4.2-2': should(
    'all',
    'uses neither x5u nor jku in JOSE headers and keys',
    'They let the sender choose where the verifier gets its keys.',
  ),
  '5.4.2-3': should(
    'all',
    'uses each kid for one key only',
    'An ambiguous kid breaks rotation and invites confusion.',
  ),
  '5.4.3-1': shall(
    'all',
    'chooses among keys of the same kid by their algorithm, use and type',
    'It would otherwise refuse good signatures while keys rotate.',
  ),
});
