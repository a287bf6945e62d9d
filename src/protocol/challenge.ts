/** One challenge of a WWW-Authenticate field. */
export interface Challenge {
  /** As it came: schemes are compared without regard to case (RFC 9110, section 11.1). */
  readonly scheme: string;
  readonly token68?: string;
  /** By name in lower case; quoted values without their quotation. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/uy;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/uy;
const equals = /[ \t]*=[ \t]*/uy;
const quoted = /"((?:[\t !#-[\]-~\u0080-\u{10FFFF}]|\\[\t -~\u0080-\u{10FFFF}])*)"/uy;
const commas = /[ \t]*(?:,[ \t]*)+|[ \t]*$/uy;
const space = / +/uy;

/**
 * Reads the value of a WWW-Authenticate field, several fields joined by commas (RFC 9110, sections 5.6.1 and 11.6.1).
 * @returns Undefined for what does not follow the grammar; a parameter that stands twice in a challenge is such a thing.
 */
export function parseChallenges(field: string): readonly Challenge[] | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(field);
    if (found) at = pattern.lastIndex;
    return found ?? undefined;
  };
  const challenges: { scheme: string; token68?: string; parameters: Map<string, string> }[] = [];
  take(commas);
  while (at < field.length) {
    const name = take(token)?.[0];
    if (name === undefined) return undefined;
    const current = challenges.at(-1);
    if (take(equals)) {
      const value = take(quoted)?.[1]?.replaceAll(/\\(.)/gu, '$1') ?? take(token)?.[0];
      const known = current?.parameters.has(name.toLowerCase()) ?? true;
      if (value === undefined || known || current?.token68 !== undefined) return undefined;
      current?.parameters.set(name.toLowerCase(), value);
    } else {
      const challenge: (typeof challenges)[number] = { scheme: name, parameters: new Map() };
      challenges.push(challenge);
      if (take(space)) {
        const credentials = take(token68)?.[0];
        if (credentials !== undefined) challenge.token68 = credentials;
        // The first parameter follows the scheme without a comma.
        else if (at < field.length && field[at] !== ',') continue;
      }
    }
    if (!take(commas)) return undefined;
  }
  return challenges;
}
