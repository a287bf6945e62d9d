/** How the value of a named parameter, member or field is redacted: whole, or only what makes it usable. */
export type Treatment = 'whole' | 'signature' | 'tail';

const treatments: Readonly<Record<string, Treatment>> = {
  access_token: 'whole',
  refresh_token: 'whole',
  id_token: 'whole',
  id_token_hint: 'whole',
  logout_token: 'whole',
  subject_token: 'whole',
  actor_token: 'whole',
  token: 'whole',
  registration_access_token: 'whole',
  initial_access_token: 'whole',
  code: 'whole',
  device_code: 'whole',
  user_code: 'whole',
  auth_req_id: 'whole',
  code_verifier: 'whole',
  client_secret: 'whole',
  request: 'whole',
  // A URN's prefix tells that it is one; the random part is the handle.
  request_uri: 'tail',
  // What an assertion claims is evidence; without its signature it is of no use to a thief.
  client_assertion: 'signature',
  assertion: 'signature',
};

const passwordLike = /pass(?:word|wd|phrase|code)|(?:^|[_.-])(?:pwd|pin|otp|secret)(?:$|[_.-])/iu;

/** Members of a JWK that are private: RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1. */
const privateMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']);

/** Whether a form field of this name holds a credential of a person. */
export const isPasswordLike = (name: string): boolean => passwordLike.test(name);

/** How the value under a name is to be redacted; undefined when the name tells nothing. */
export const treatmentOf = (name: string): Treatment | undefined =>
  (Object.hasOwn(treatments, name.toLowerCase()) ? treatments[name.toLowerCase()] : undefined) ??
  (isPasswordLike(name) ? 'whole' : undefined);

/** Whether a JSON text may hold a JWK, so that its short member names mean private parts. */
export const mayHoldKey = (json: string): boolean => /"kty"\s*:/u.test(json);

/** Whether a member of a JWK is private. */
export const isPrivateMember = (name: string): boolean => privateMembers.has(name);

/** A word, or several written as one: `invalid`, `UK`, `ConsentMismatch`. Letters drawn at random do not go on like that. */
const word = '(?:[A-Z]+|[A-Za-z][a-z]+(?:[A-Z][a-z]{2,})*)';
const errorCode = new RegExp(`^(?:\\d{1,6}|${word}(?:[._ -]${word})+)$`, 'u');

/**
 * Whether a JSON member `code` is an error's code rather than an authorization code: short numbers, or words joined by
 * separators, as resource APIs use them.
 */
export const isErrorCode = (value: string): boolean => errorCode.test(value);

// Starting only where a run of characters starts keeps the scan linear.
const compact = /(?<![\w-])ey[\w-]{8,}\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]+)?(?![\w-]|\[redacted )/gu;

function hasHeader(jwt: string): boolean {
  try {
    const header: unknown = JSON.parse(
      Buffer.from(jwt.slice(0, jwt.indexOf('.')), 'base64url').toString('utf8'),
    );
    return typeof header === 'object' && header !== null;
  } catch {
    return false;
  }
}

/** Replaces whatever has the shape of a JWS or JWE in compact form (RFC 7515, section 7.1; RFC 7516, section 7.1). */
export const replaceTokens = (text: string, replace: (token: string) => string): string =>
  text.replace(compact, (found) => (hasHeader(found) ? replace(found) : found));

/** Whether the whole text is a JWS in compact form. */
export const isSigned = (text: string): boolean =>
  /^ey[\w-]{8,}\.[\w-]+\.[\w-]*$/u.test(text) && hasHeader(text);

// A key whose end was cut off is a key still.
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-(?!----END))*(?:-----END [A-Z ]*PRIVATE KEY-----)?/gu;

/** Replaces private keys in PEM. */
export const replacePem = (text: string, replace: (key: string) => string): string =>
  text.replace(pem, replace);
