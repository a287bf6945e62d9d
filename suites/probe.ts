import { X509Certificate } from 'node:crypto';
import type { Chosen } from '../src/protocol/tls-answer.ts';
import { welcome, type Offer } from '../src/protocol/tls-hello.ts';
import type { Egress } from '../src/transport/egress.ts';
import { shakeHands } from '../src/transport/handshake.ts';
import { plainHttp, presentation, type PresentationOptions } from '../src/transport/tls.ts';

/** Offers of something that a server should not agree to, or not in this way. */
export interface Bait {
  readonly offers: readonly Offer[];
  /** What is wrong with a choice, if anything. The offer is made again, less the chosen suite, while that is news. */
  readonly wrong: (chosen: Chosen) => string | undefined;
}

/** The certificate of a port. */
export interface Identity {
  readonly host: string;
  readonly certificate: X509Certificate;
  /** Why it would not be accepted, by the code of OpenSSL. */
  readonly refusal?: string;
  readonly seen: Date;
}

/** What a certificate must be. */
export interface Demand {
  /** What is wrong with a certificate, if anything. */
  readonly wrong: (identity: Identity) => string | undefined;
  /** Whether that can be said of it, where not of each. */
  readonly known?: (identity: Identity) => boolean;
}

/** Questions below HTTP, to the ports of URLs; each port is asked once. */
export interface Probe {
  /** URLs that answer plain HTTP with anything but an error. */
  answeringInTheClear(urls: readonly URL[]): Promise<readonly string[]>;
  /**
   * What ports took of a bait, as `host:port: what is wrong`. Only an alert or an orderly end counts as a refusal, and only
   * of a port that takes an offer of everything that is common.
   */
  taking(urls: readonly URL[], bait: Bait): Promise<readonly string[]>;
  /** What is wrong with the certificates of ports, in the same form. */
  presenting(urls: readonly URL[], demand: Demand): Promise<readonly string[]>;
}

/** No offer has more suites: some servers end the connection at a larger one. */
const most = 100;

const portOf = ({ port }: URL): number => Number(port || 443);
const hostOf = ({ hostname }: URL): string => hostname.replaceAll(/[[\]]/gu, '');

/** Each host and port once. */
const byHost = (urls: readonly URL[]): readonly URL[] => [
  ...new Map(urls.map((url) => [url.host, url])).values(),
];

const secure = (urls: readonly URL[]): readonly URL[] => urls.filter(({ protocol }) => protocol === 'https:');

const inParts = (offer: Offer): readonly Offer[] =>
  Array.from({ length: Math.ceil(offer.suites.length / most) }, (_, part) => ({
    ...offer,
    suites: offer.suites.slice(part * most, (part + 1) * most),
  }));

/** A port of which nothing can be said: one that refuses everything shows nothing by it. */
class Unproven extends Error {
  override readonly name = 'Unproven';
  readonly fault: 'configuration' | 'environment';

  constructor(fault: Unproven['fault'], message: string) {
    super(message);
    this.fault = fault;
  }
}

/** What is found at each port. What one does wrong stays so when another one cannot be judged. */
async function foundAt(
  all: readonly URL[],
  look: (url: URL) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const urls = byHost(secure(all));
  if (urls.length === 0)
    throw new Unproven('configuration', 'expected https URLs to connect to; there are none');
  const ports = await Promise.allSettled(
    urls.map(async (url) => (await look(url)).map((what) => `${url.host}: ${what}`)),
  );
  const found = ports.flatMap((port) => (port.status === 'fulfilled' ? port.value : []));
  const failed = ports.find((port) => port.status === 'rejected');
  if (failed && found.length === 0) throw failed.reason;
  return found;
}

export function openProbe(options: PresentationOptions & Egress): Probe {
  const shake = (url: URL, offer: Offer) => shakeHands(hostOf(url), portOf(url), offer, options);

  async function takenBy(url: URL, { offers, wrong }: Bait): Promise<readonly string[]> {
    const found = new Set<string>();
    let chosen: 'something' | 'nothing' = 'nothing';
    for (const offer of offers.flatMap(inParts)) {
      let { suites } = offer;
      while (suites.length > 0) {
        const answer = await shake(url, { ...offer, suites });
        if (answer.answer !== 'chosen') break;
        chosen = 'something';
        const what = wrong(answer);
        if (what === undefined || found.has(what)) break;
        found.add(what);
        suites = suites.filter((suite) => suite !== answer.suite);
      }
    }
    if (chosen === 'nothing') {
      const { answer } = await shake(url, welcome);
      if (answer !== 'chosen')
        throw new Unproven(
          'environment',
          `expected ${url.host} to accept TLS 1.2 or 1.3 with some common suite; it refuses`,
        );
    }
    return [...found];
  }

  async function presentedBy(url: URL, { wrong, known }: Demand): Promise<readonly string[]> {
    const { chain, refusal } = await presentation(hostOf(url), portOf(url), options);
    const [leaf] = chain;
    if (!leaf) throw new Unproven('environment', `expected ${url.host} to present a certificate`);
    const identity: Identity = {
      host: hostOf(url),
      certificate: new X509Certificate(leaf),
      seen: new Date(),
      ...(refusal === undefined ? {} : { refusal }),
    };
    if (known?.(identity) === false)
      throw new Unproven(
        'configuration',
        `the certificate of ${url.host} is of an unknown authority (${refusal}); name it under \`trust\` if it is right`,
      );
    const what = wrong(identity);
    return what === undefined ? [] : [what];
  }

  return {
    async answeringInTheClear(all) {
      const urls = secure(all);
      const answers = await Promise.all(
        urls.map((url) => plainHttp(url.hostname, portOf(url), { ...options, path: url.pathname })),
      );
      return urls.filter((_, at) => answers[at]?.outcome === 'answered').map(({ href }) => href);
    },
    taking: (urls, bait) => foundAt(urls, (url) => takenBy(url, bait)),
    presenting: (urls, demand) => foundAt(urls, (url) => presentedBy(url, demand)),
  };
}
