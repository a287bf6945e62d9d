import type { SecureVersion } from 'node:tls';
import type { Egress } from '../src/transport/egress.ts';
import { offers, plainHttp } from '../src/transport/tls.ts';

/** Questions below HTTP, to the ports of URLs. */
export interface Probe {
  /** URLs that answer plain HTTP with anything but an error. */
  answeringInTheClear(urls: readonly URL[]): Promise<readonly string[]>;
  /** `host:port` of the URLs that accept one of the versions of TLS. */
  accepting(urls: readonly URL[], ...versions: readonly SecureVersion[]): Promise<readonly string[]>;
}

const portOf = ({ port }: URL): number => Number(port || 443);

/** Each host and port once. */
const byHost = (urls: readonly URL[]): readonly URL[] => [
  ...new Map(urls.map((url) => [url.host, url])).values(),
];

const secure = (urls: readonly URL[]): readonly URL[] => urls.filter(({ protocol }) => protocol === 'https:');

export function openProbe(egress: Egress): Probe {
  return {
    async answeringInTheClear(all) {
      const urls = secure(all);
      const answers = await Promise.all(
        urls.map((url) => plainHttp(url.hostname, portOf(url), { ...egress, path: url.pathname })),
      );
      return urls.filter((_, at) => answers[at]?.outcome === 'answered').map(({ href }) => href);
    },
    async accepting(all, ...versions) {
      const urls = byHost(secure(all));
      const offered = await Promise.all(
        urls.map((url) =>
          Promise.all(versions.map((version) => offers(url.hostname, portOf(url), version, egress))),
        ),
      );
      return urls.filter((_, at) => offered[at]?.includes('accepted')).map(({ host }) => host);
    },
  };
}
