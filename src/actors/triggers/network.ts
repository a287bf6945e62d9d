import type { PrivateNetwork } from '../../transport/egress.ts';
import type { Redactor } from '../../transport/redact.ts';
import { openTransport, type Reply, type Request, type Transport } from '../../transport/transport.ts';
import type { Shown } from './shown.ts';
import type { Start } from './trigger.ts';

export interface NetworkOptions {
  /** PEM texts of certificate authorities that are trusted beside those that Node brings. */
  readonly trust: readonly string[];
  /** host or host:port that may be called beside the sandbox. */
  readonly hosts: readonly string[];
  readonly privateNetwork: PrivateNetwork;
  /** Milliseconds that an answer may take. */
  readonly patience: number;
}

/** What the browsers of flows send through: to the sandbox always, elsewhere where the integration file permits it. */
export interface Network {
  /** The transport of one flow. What the client shows on it is kept. */
  of(start: Start, shown: Shown): Transport;
  close(): Promise<void>;
}

/** Whether a URL is one of the sandbox's. */
export const isSandbox = (start: Start, url: string): boolean =>
  [start.issuer, start.api].some((own) => URL.parse(own)?.origin === URL.parse(url)?.origin);

// The sandbox records what arrives; here nothing is recorded.
const unrecorded: Redactor = { exchange: (exchange) => exchange, scrub: (text) => text, learn: () => {} };

export function openNetwork({ trust, hosts, privateNetwork, patience }: NetworkOptions): Network {
  const open = (egress: { readonly hosts: readonly string[]; readonly privateNetwork: PrivateNetwork }) =>
    openTransport({
      ...egress,
      trust,
      redactor: unrecorded,
      clock: () => 0,
      limits: { headers: patience, body: patience, total: patience },
    });
  const elsewhere = open({ hosts, privateNetwork });
  const sandboxes = new Map<string, Transport>();

  function sandboxAt({ host, port }: URL): Transport {
    const known =
      sandboxes.get(host) ?? open({ hosts: [port === '' ? `${host}:443` : host], privateNetwork: 'allowed' });
    sandboxes.set(host, known);
    return known;
  }

  return {
    of(start, shown) {
      const transport: Transport = {
        async send(request) {
          const own = isSandbox(start, request.url);
          if (!own) keepReferrer(start, request, shown);
          const reply = await (own ? sandboxAt(new URL(request.url)) : elsewhere).send(request);
          if (!own) keepAnswer(reply, shown);
          return reply;
        },
        recordedBy: () => transport,
        close: async () => {},
      };
      return transport;
    },
    async close() {
      await Promise.all([elsewhere, ...sandboxes.values()].map((each) => each.close()));
    },
  };
}

/** A page tells its address to another site. Its own may see it. */
function keepReferrer(start: Start, { url, headers = [] }: Request, shown: Shown): void {
  const referrer = headers.find(([name]) => name.toLowerCase() === 'referer')?.[1];
  const from = URL.parse(referrer ?? '');
  if (from !== null && !isSandbox(start, from.href) && from.origin !== new URL(url).origin)
    shown.add(`referer: ${referrer}\n`);
}

function keepAnswer({ headers, text }: Reply, shown: Shown): void {
  if (headers['location'] !== undefined) shown.add(`location: ${headers['location']}\n`);
  // Scripts and styles are the same in every flow.
  if (/html|json|plain|xml|^$/iu.test(headers['content-type'] ?? '')) shown.add(`${text}\n`);
}
