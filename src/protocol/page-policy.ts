/** Headers by their names in lower case. */
type Headers = Readonly<Record<string, string>>;

/** Sources of frame-ancestors that stand for any site. */
const anybody = new Set(['*', 'https:', 'http:', 'https://*', 'http://*']);

/**
 * Whether any site may show the page in a frame. Where a policy states frame-ancestors, browsers pass X-Frame-Options over.
 * @see https://www.w3.org/TR/CSP3/#directive-frame-ancestors
 */
export function framable(headers: Headers): boolean {
  const ancestors = (headers['content-security-policy'] ?? '')
    .toLowerCase()
    .split(/[;,]/u)
    .map((directive) => directive.trim().split(/\s+/u))
    .filter(([name]) => name === 'frame-ancestors');
  if (ancestors.length > 0)
    return ancestors.every(([, ...sources]) => sources.some((source) => anybody.has(source)));
  return !/^(?:deny|sameorigin)$/iu.test((headers['x-frame-options'] ?? '').trim());
}

/** Policies by which other sites learn no more of a URL than its origin. */
const discreet = new Set([
  'no-referrer',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
]);

const known = new Set([...discreet, 'no-referrer-when-downgrade', 'unsafe-url']);

/**
 * Whether the Referer header gives the URL of a page away to other sites, by the policies of its header and its document. Of
 * a list the last one that is known counts. No policy is none: what a browser does then is its own matter.
 * @see https://www.w3.org/TR/referrer-policy/#parse-referrer-policy-from-header
 */
export function revealsUrl(header: string | undefined, document: string | undefined): boolean {
  const policies = [header, document].flatMap((text = '') => text.toLowerCase().split(/[,\s]+/u));
  const policy = policies.findLast((each) => known.has(each));
  return policy === undefined || !discreet.has(policy);
}
