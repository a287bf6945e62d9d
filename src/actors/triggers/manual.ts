import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pageOf, policyOf } from './manual-page.ts';
import { toldNothing, type Over, type Patience } from './patience.ts';
import type { Outcome, Start, Trigger } from './trigger.ts';

export interface ManualOptions {
  /** Path of the PEM file with the authority that the client must trust. */
  readonly authorityFile: string;
  readonly patience: Patience;
  readonly note: (text: string) => void;
  readonly progress: ((start: Start) => readonly string[]) | undefined;
}

interface Asked {
  readonly start: Start;
  end(end: 'completed' | 'failed'): void;
}

const handle = () => randomBytes(24).toString('base64url');
const most = 1024;

/** The trigger of an app that a person drives: a page on the loopback interface says where to, and asks how it ended. */
export function createManualTrigger(options: ManualOptions): Trigger {
  const { authorityFile, patience, note, progress = () => [] } = options;
  const path = `/${handle()}`;
  const asked = new Map<string, Asked>();
  let serving: Promise<{ readonly server: Server; readonly origin: string }> | undefined;

  async function serve() {
    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { server, origin: `http://127.0.0.1:${port}` };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = (await serving) ?? {};
    // Another name for this address is a rebinding page's; another path nobody was told.
    if (`http://${request.headers.host}` !== origin || request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    if (request.method === 'POST') {
      const form = new URLSearchParams(await read(request));
      const end = form.get('end');
      // The handle of a flow is known to its form alone, so that no other site can send it.
      const told = asked.get(form.get('flow') ?? '');
      if (told === undefined || (end !== 'completed' && end !== 'failed')) {
        response
          .writeHead(409, { 'content-type': 'text/plain' })
          .end('Nobody waits for this flow any longer.');
        return;
      }
      told.end(end);
      response.writeHead(303, { location: path }).end();
      return;
    }
    const nonce = handle();
    const flows = [...asked].map(([id, { start }]) => ({
      id,
      start,
      authorityFile,
      arrivals: progress(start),
    }));
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': policyOf(nonce),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      .end(pageOf(flows, nonce));
  }

  async function run(start: Start, over: Promise<Over>): Promise<Outcome> {
    const { origin } = await (serving ??= serve());
    const id = handle();
    const { promise: told, resolve } = Promise.withResolvers<Pick<Outcome, 'end' | 'told'>>();
    asked.set(id, {
      start,
      end: (end) =>
        resolve({
          end,
          told: `a person told that the app ${end === 'completed' ? 'completed the flow' : 'refused'}`,
        }),
    });
    note(`Drive the app, and tell how it went, at ${origin}${path}`);
    const late = over.then((why) => ({ end: 'unknown' as const, told: toldNothing(why, patience) }));
    try {
      return { ...(await Promise.race([told, late])), shown: '' };
    } finally {
      asked.delete(id);
    }
  }

  return {
    run: (start) => patience.within((over) => run(start, over)),
    async close() {
      await patience.close();
      const { server } = (await serving) ?? {};
      server?.close();
      server?.closeAllConnections();
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > most) throw new Error('the form is too large');
  }
  return text;
}
