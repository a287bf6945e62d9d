import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { isRange, type RelayAddress } from '../actors/sandbox/relay-listen.ts';
import { openRelayService, type RelayServiceOptions } from '../actors/sandbox/relay-service.ts';
import { visible } from '../report/text.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { addressOf } from './serve.ts';

/** What `assay sandbox` may be told. */
export interface SandboxCommandOptions {
  readonly url: string;
  readonly listen: string;
  readonly mutualUrl?: string;
  readonly listenMutual?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly trustedProxy: readonly string[];
  readonly clientCertificateHeader?: string;
  readonly tokenFile: string;
}

/** Serves as the relay of sandboxes until it is told to stop. */
export async function sandboxCommand(io: Io, options: SandboxCommandOptions): Promise<ExitCode> {
  const tls = await tlsOf(io, options);
  const service = await openRelayService({
    url: originOf(options.url, 'url'),
    listen: listenAddress(options.listen, 'listen'),
    ...mutualOf(options),
    ...(tls === undefined ? {} : { tls }),
    ...certificateHeaderOf(options),
    tokenFile: resolve(io.cwd, options.tokenFile),
    tell: (line) => io.note(`${io.now().toISOString()} ${visible(line).replaceAll('\n', ' ')}\n`),
  });
  io.write(`listening at ${service.ports.join(' and ')}\n`);
  try {
    if (!io.stop.aborted) await once(io.stop, 'abort');
  } finally {
    await service.close();
  }
  return exit.pass;
}

async function tlsOf(
  io: Io,
  { tlsCertificate, tlsKey }: SandboxCommandOptions,
): Promise<RelayServiceOptions['tls']> {
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate === undefined || tlsKey === undefined)
    throw new UsageError(
      'expected --tls-certificate and --tls-key together: one is of no use without the other',
    );
  const read = async (path: string, option: string): Promise<string> => {
    try {
      return await readFile(resolve(io.cwd, path), 'utf8');
    } catch (cause) {
      throw new UsageError(`expected --${option} to be a file (PEM); ${path} cannot be read`, { cause });
    }
  };
  return {
    certificate: await read(tlsCertificate, 'tls-certificate'),
    key: await read(tlsKey, 'tls-key'),
  };
}

function mutualOf(options: SandboxCommandOptions): Pick<RelayServiceOptions, 'mutual'> {
  const { mutualUrl, listenMutual, tlsCertificate, clientCertificateHeader } = options;
  if (mutualUrl === undefined && listenMutual === undefined) return {};
  if (mutualUrl === undefined)
    throw new UsageError(
      'expected --mutual-url with --listen-mutual: the address under which clients reach it',
    );
  if (listenMutual === undefined) {
    if (clientCertificateHeader === undefined)
      throw new UsageError(
        'expected --listen-mutual, or --client-certificate-header of a proxy, with --mutual-url: nobody would ask for certificates',
      );
    return { mutual: { url: originOf(mutualUrl, 'mutual-url') } };
  }
  if (tlsCertificate === undefined)
    throw new UsageError(
      'expected --tls-certificate and --tls-key with --listen-mutual: who does not end TLS sees no client certificate',
    );
  return {
    mutual: {
      url: originOf(mutualUrl, 'mutual-url'),
      listen: listenAddress(listenMutual, 'listen-mutual'),
    },
  };
}

function certificateHeaderOf(
  options: SandboxCommandOptions,
): Pick<RelayServiceOptions, 'certificateHeader' | 'trustedProxies'> {
  const { trustedProxy: trustedProxies, clientCertificateHeader: header } = options;
  const wrong = trustedProxies.find((text) => !isRange(text));
  if (wrong !== undefined)
    throw new UsageError(
      `expected --trusted-proxy to be an address or a range of them, as 10.0.0.0/8, got ${wrong}`,
    );
  if (header === undefined) {
    if (trustedProxies.length > 0)
      throw new UsageError(
        'expected --client-certificate-header with --trusted-proxy: proxies are trusted for nothing else',
      );
    return { trustedProxies };
  }
  if (trustedProxies.length === 0)
    throw new UsageError(
      'expected --trusted-proxy with --client-certificate-header: anybody can send the header, and nobody would be believed',
    );
  if (!/^[\w-]+$/u.test(header))
    throw new UsageError(`expected --client-certificate-header to be the name of a header, got ${header}`);
  const format = header.toLowerCase() === 'client-cert' ? 'rfc9440' : 'pem-urlencoded';
  return { trustedProxies, certificateHeader: { header, format } };
}

function originOf(text: string, option: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || `${url.origin}/` !== url.href)
    throw new UsageError(`expected --${option} to be https://host or https://host:port, got ${text}`);
  return url.origin;
}

/** `host:port`, or a port at all addresses. */
const listenAddress = (text: string, option: string): RelayAddress =>
  /^\d{1,5}$/u.test(text) && Number(text) <= 65_535 ? { port: Number(text) } : addressOf(text, option);

/** Adds the command. `ended` takes its exit code. */
export const addSandboxCommand = (parser: Argv, io: Io, ended: (code: ExitCode) => void): Argv =>
  parser.command(
    'sandbox',
    'Let clients reach the sandboxes of runs elsewhere, which need no address of their own',
    (command) =>
      command.options({
        url: { type: 'string', demandOption: true, describe: 'https address under which it is reached' },
        listen: { type: 'string', demandOption: true, describe: 'Port, or host:port' },
        'tls-certificate': {
          type: 'string',
          describe: 'Its certificate and chain (PEM). Default: HTTP, for a proxy in front that ends TLS',
        },
        'tls-key': { type: 'string', describe: 'Private key of the certificate (PEM)' },
        'listen-mutual': {
          type: 'string',
          describe: 'Port, or host:port, where client certificates are asked for',
        },
        'mutual-url': { type: 'string', describe: 'https address under which that is reached' },
        'trusted-proxy': {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'Address or range (CIDR) of proxies that are believed about client certificates',
        },
        'client-certificate-header': {
          type: 'string',
          describe: 'Where they tell them: client-cert (RFC 9440), or a header with PEM, percent-encoded',
        },
        'token-file': {
          type: 'string',
          demandOption: true,
          describe: 'Who may register runs: lines of name:sha256-of-token',
        },
      }),
    async ({
      url,
      listen,
      tlsCertificate,
      tlsKey,
      listenMutual,
      mutualUrl,
      trustedProxy,
      clientCertificateHeader,
      tokenFile,
    }) =>
      ended(
        await sandboxCommand(io, {
          url,
          listen,
          trustedProxy,
          tokenFile,
          ...(tlsCertificate === undefined ? {} : { tlsCertificate }),
          ...(tlsKey === undefined ? {} : { tlsKey }),
          ...(listenMutual === undefined ? {} : { listenMutual }),
          ...(mutualUrl === undefined ? {} : { mutualUrl }),
          ...(clientCertificateHeader === undefined ? {} : { clientCertificateHeader }),
        }),
      ),
  );
