import type { Start } from './trigger.ts';

/** A URL of the integration file with its placeholders replaced. */
export function filled(template: string, start: Start): string {
  const values: ReadonlyMap<string, string> = new Map([
    ['issuer', start.issuer],
    ['api', start.api],
    ['client_id', start.clientId],
    ['redirect_uri', start.redirectUri ?? ''],
    ['scenario', start.scenario],
  ]);
  return template.replaceAll(/\{(\w+)\}/gu, (all, name: string) => {
    const value = values.get(name);
    return value === undefined ? all : encodeURIComponent(value);
  });
}

/** The URL that begins a flow, with what was added to it. */
export function startUrl(template: string, start: Start): string {
  const url = filled(template, start);
  const added = Object.entries(start.added ?? {});
  if (added.length === 0) return url;
  const longer = new URL(url);
  for (const [name, value] of added) longer.searchParams.append(name, value);
  return longer.href;
}

/** The hosts of URLs of the integration file. */
export const hostsOf = (...urls: readonly (string | undefined)[]): string[] =>
  urls.flatMap((url) => URL.parse(url ?? '')?.host || []);
