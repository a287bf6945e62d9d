import { readFile } from 'node:fs/promises';
import { openTransport } from '../transport/transport.ts';
import { createRedactor } from '../transport/redact.ts';
import { exit, type ExitCode } from './exit.ts';
import { initCommand, type InitOptions } from './init.ts';
import type { Io } from './io.ts';

const text = (describe: string) => ({ type: 'string', describe }) as const;

/** The flags of `assay init`; what they leave open is asked, or takes its default. */
export const initOptions = {
  issuer: text('Issuer URL of the authorization server; its metadata fills in what it can'),
  client: { type: 'boolean', default: false, describe: 'Write the file of a client instead of a server' },
  out: text('File to write; by default integration.yaml, of a client client.yaml'),
  force: { type: 'boolean', default: false, describe: 'Replace a file that is there' },
  partner: text('Id of the organisation'),
  integration: text('Id of this integration'),
  environment: text('sandbox or production'),
  edition: text('Profile edition'),
  'client-authentication': text('private_key_jwt, tls_client_auth or self_signed_tls_client_auth'),
  'sender-constraint': text('dpop or mtls'),
  protocol: text('openid or oauth'),
  'client-id': text('client_id of the client, or of the first test client'),
  'other-client-id': text('client_id of the second test client'),
  'redirect-uri': text('Registered redirect URI'),
  'resource-url': text('URL of a resource call (GET)'),
  'resource-scope': text('Scope that the call needs'),
  'resource-path': text('Of a client: path of a call that it makes (GET)'),
  driver: text('Who logs in: http, browser or automatic; of a client: command, http, browser or manual'),
  command: text('Of a client: the program that goes through a flow, with its arguments'),
  start: text('Of a client: URL that begins a flow'),
  trust: { type: 'string', array: true, nargs: 1, describe: 'PEM file of a certificate authority to trust' },
} as const;

/** `assay init` as the command line calls it: metadata is fetched from the host of the issuer alone. */
export async function initFromArguments(
  io: Io,
  { force, client, ...options }: InitOptions & { readonly force: boolean; readonly client: boolean },
  privateNetwork: 'allowed' | 'refused',
): Promise<ExitCode> {
  const trust = await Promise.all((options.trust ?? []).map((path) => readFile(path, 'utf8')));
  await initCommand(
    {
      ask: io.ask,
      write: (line) => io.note(line.endsWith('\n') ? line : `${line}\n`),
      now: io.now(),
      fetchMetadata: async (url) => {
        const transport = openTransport({
          hosts: [new URL(url).host],
          trust,
          privateNetwork,
          redactor: createRedactor('init'),
          clock: Date.now,
        });
        try {
          const reply = await transport.send({ method: 'GET', url, purpose: 'metadata request' });
          if (reply.status !== 200)
            throw new Error(`expected metadata at ${url}, got status ${reply.status}`);
          return reply.body;
        } finally {
          await transport.close();
        }
      },
    },
    { ...options, about: client ? 'client' : 'server', existing: force ? 'replace' : 'keep' },
  );
  return exit.pass;
}
