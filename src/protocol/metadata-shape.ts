/** Members that are lists of texts (RFC 8414, section 2; OpenID Connect Discovery, section 3; RFC 9449, RFC 9701, JARM). */
const lists: ReadonlySet<string> = new Set([
  'acr_values_supported',
  'authorization_signing_alg_values_supported',
  'claim_types_supported',
  'claims_locales_supported',
  'claims_supported',
  'code_challenge_methods_supported',
  'display_values_supported',
  'dpop_signing_alg_values_supported',
  'grant_types_supported',
  'id_token_signing_alg_values_supported',
  'introspection_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_signing_alg_values_supported',
  'introspection_signing_alg_values_supported',
  'request_object_signing_alg_values_supported',
  'response_modes_supported',
  'response_types_supported',
  'revocation_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_signing_alg_values_supported',
  'scopes_supported',
  'subject_types_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'ui_locales_supported',
  'userinfo_signing_alg_values_supported',
]);

/** Members that are true or false; a text such as "false" would be true to many. */
const switches: ReadonlySet<string> = new Set([
  'authorization_response_iss_parameter_supported',
  'claims_parameter_supported',
  'request_parameter_supported',
  'request_uri_parameter_supported',
  'require_pushed_authorization_requests',
  'require_request_uri_registration',
  'require_signed_request_object',
  'tls_client_certificate_bound_access_tokens',
]);

const isEndpoint = (name: string): boolean => name.endsWith('_endpoint');

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Whether a value is an absolute URL without a fragment (RFC 6749, sections 3.1 and 3.2). */
const isAddress = (value: unknown): boolean =>
  typeof value === 'string' && /^https?:\/\/[^#]+$/u.test(value) && URL.canParse(value);

/** What is wrong with the types of a metadata document's members; extensions are passed over. */
export function shapeMistakes(document: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    if (lists.has(name))
      return isTexts(value)
        ? // RFC 8414, section 3.2, and OpenID Connect Discovery, section 4.2.
          value.length === 0
          ? [`${name} is empty, and must be left out`]
          : []
        : [`${name} is no list of texts`];
    if (switches.has(name)) return typeof value === 'boolean' ? [] : [`${name} is neither true nor false`];
    if (isEndpoint(name) || name === 'jwks_uri')
      return isAddress(value) ? [] : [`${name} is no absolute URL without a fragment`];
    return name === 'mtls_endpoint_aliases' ? aliasMistakes(value) : [];
  });
}

/** RFC 8705, section 5: endpoints by the names that they have at the top of the document. */
function aliasMistakes(aliases: unknown): readonly string[] {
  if (typeof aliases !== 'object' || aliases === null || Array.isArray(aliases))
    return ['mtls_endpoint_aliases is no object'];
  return Object.entries(aliases)
    .filter(([name, url]) => !isEndpoint(name) || !isAddress(url))
    .map(([name]) => `mtls_endpoint_aliases/${name} is no endpoint`);
}

/** Scopes that are none (RFC 6749, section 3.3), and language tags that are none (BCP 47). */
export function wordMistakes(document: Readonly<Record<string, unknown>>): readonly string[] {
  const textsOf = (name: string): readonly string[] => {
    const value = document[name];
    return isTexts(value) ? value : [];
  };
  const languages = [...textsOf('ui_locales_supported'), ...textsOf('claims_locales_supported')];
  return [
    ...textsOf('scopes_supported').filter((word) => !/^[\u0021\u0023-\u005b\u005d-\u007e]+$/u.test(word)),
    ...languages.filter((tag) => !isLanguageTag(tag)),
  ];
}

function isLanguageTag(tag: string): boolean {
  try {
    Intl.getCanonicalLocales(tag);
    return true;
  } catch {
    return false;
  }
}
