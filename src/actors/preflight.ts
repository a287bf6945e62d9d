import { X509Certificate, createPrivateKey } from 'node:crypto';
import { dirname } from 'node:path';
import type { Client as Registration } from '../directory/integration.ts';
import { endpointsIn } from '../protocol/metadata.ts';
import type { Reply } from '../transport/transport.ts';
import { isGranted, isPushed, memberOf } from './answers.ts';
import type { Client } from './client.ts';
import { assertion } from './edits/authentication.ts';
import { found, ok, validity, type Finding } from './finding.ts';
import { deniesRegistration, describe, errorOf, FlowError } from './flow-error.ts';
import { clientCertificate, signingKey, type Session } from './session.ts';

export type { Finding } from './finding.ts';

/**
 * What can be known within a few requests: whether keys and certificates are usable, the server is there, the clocks agree,
 * and both clients are known to it. A run does not start on a problem of the configuration.
 */
export async function preflight(session: Session): Promise<readonly Finding[]> {
  const { value, file } = await session.integration();
  const now = new Date(session.options.clock());
  const credentials = await Promise.all(
    value.clients.map((client) => credentialsOf(client, dirname(file), now)),
  );
  const server = await metadataOf(session);
  const findings = [...credentials.flat(), ...server];
  if (findings.some(({ state }) => state === 'problem')) return findings;
  return [...findings, await trial(await session.client()), await trial(await session.other())];
}

/** All of `preflight`, then each endpoint's TLS and whole flows up to the resource API. */
export async function examine(session: Session): Promise<readonly Finding[]> {
  const quick = await preflight(session);
  if (quick.some(({ state }) => state === 'problem')) return quick;
  return [...quick, ...(await certificatesOf(session)), ...(await flowsOf(session))];
}

async function credentialsOf(client: Registration, base: string, now: Date): Promise<readonly Finding[]> {
  const key = await found(`key of ${client.id}`, async () => {
    const signing = await signingKey(client, base);
    return (
      signing &&
      ok(
        `key of ${client.id}`,
        `signs with ${signing.alg}${signing.kid === undefined ? '' : `, kid ${signing.kid}`}`,
      )
    );
  });
  const certificate = await found(`certificate of ${client.id}`, async () => {
    const pair = await clientCertificate(client, base);
    return pair && certificateFinding(`certificate of ${client.id}`, pair, now);
  });
  return [key, certificate].filter((finding) => finding !== undefined);
}

function certificateFinding(what: string, pair: { certificate: string; key: string }, now: Date): Finding {
  const certificate = new X509Certificate(pair.certificate);
  if (certificate.checkPrivateKey(createPrivateKey(pair.key))) return validity(what, certificate, now);
  return {
    what,
    state: 'problem',
    fault: 'configuration',
    detail: 'the private key belongs to another certificate',
    advice: 'Name the key that the certificate was made for.',
  };
}

async function metadataOf(session: Session): Promise<readonly Finding[]> {
  const reply = await found('metadata', async () =>
    clockFinding(await session.fetchMetadata(), session.options.clock()),
  );
  if (reply?.state === 'problem') return [reply];
  const document = await found('metadata', async () => {
    const metadata = await session.metadata();
    const { hosts } = (await session.integration()).value;
    const undeclared = endpointsIn(metadata).filter(
      ({ host, hostname }) => !hosts.includes(host) && !hosts.includes(hostname),
    );
    return undeclared.length === 0
      ? ok('metadata', `issuer ${metadata.issuer}`)
      : {
          what: 'metadata',
          state: 'problem' as const,
          fault: 'configuration' as const,
          detail: `names hosts that the integration file does not: ${undeclared.map(({ href }) => href).join(', ')}`,
          advice: 'Add these hosts to `hosts`, if they are right.',
        };
  });
  return [reply, document].filter((finding) => finding !== undefined);
}

/** The Date header has a resolution of one second, and the answer some way to go. */
function clockFinding({ headers }: Reply, now: number): Finding {
  const what = 'clock';
  const there = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(there))
    return {
      what,
      state: 'warning',
      fault: 'subject',
      detail: 'the server sends no Date header, so that clocks cannot be compared',
    };
  const seconds = Math.round((there - now) / 1000);
  if (Math.abs(seconds) <= 5) return ok(what, `within ${Math.max(1, Math.abs(seconds))} s of the server's`);
  return {
    what,
    state: Math.abs(seconds) > 60 ? 'problem' : 'warning',
    fault: 'environment',
    detail: `the server's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's`,
    advice: 'Synchronise both clocks: assertions and proofs carry the time.',
  };
}

/** Pushes one authorization request: whether the server knows the client, its key, scopes and redirect URI. */
async function trial(client: Client): Promise<Finding> {
  const what = `registration of ${client.id}`;
  const finding = await found(what, async () => {
    const own = client.parts.variant.grant === 'client_credentials';
    const purpose = own ? 'token request' : 'pushed authorization request';
    const reply = await (own ? client.ownTokens() : client.push());
    if (isPushed(reply) || isGranted(reply)) return ok(what, `a ${purpose} is accepted`);
    if (await demandsAnotherAudience(client, reply))
      return {
        what,
        state: 'problem' as const,
        fault: 'subject' as const,
        detail:
          'the server refuses its issuer as the audience of a client assertion and accepts its token endpoint (FAPI 2.0, 5.3.2.1, item 8)',
      };
    const refused = FlowError.refused(purpose, reply);
    return {
      what,
      state: 'problem' as const,
      fault: refused.fault,
      detail: describe(reply),
      advice: adviceOn(errorOf(reply)),
    };
  });
  return finding ?? ok(what, 'not looked at');
}

/** A control: a client that is known after all, if only its assertion names another audience, is not misconfigured. */
async function demandsAnotherAudience(client: Client, reply: Reply): Promise<boolean> {
  if (!deniesRegistration(reply) || errorOf(reply) !== 'invalid_client' || !client.parts.key) return false;
  const control = assertion('audience: the token endpoint', {
    aud: ({ metadata }) => metadata.token_endpoint,
  });
  return client.parts.variant.grant === 'client_credentials'
    ? isGranted(await client.ownTokens(control))
    : isPushed(await client.push(control));
}

function adviceOn(error: string | undefined): string {
  switch (error) {
    case 'invalid_client':
      return 'Compare client id, key (or certificate) and authentication method with the registration at the server.';
    case 'invalid_scope':
      return 'Register the scopes of the file for this client, or take those out that it does not have.';
    case 'unauthorized_client':
      return 'Register the grant, PAR and the sender constraint of the file for this client.';
    default:
      return 'Compare redirect URI, scopes and variant with the registration at the server.';
  }
}

async function certificatesOf(session: Session): Promise<readonly Finding[]> {
  const transport = await session.transport();
  const metadata = await session.metadata();
  const origins = new Set(endpointsIn(metadata).map(({ origin }) => origin));
  const { value } = await session.integration();
  for (const { url } of value.resources) origins.add(new URL(url).origin);
  const findings = [...origins].map((origin) =>
    found(`TLS of ${origin}`, async () => {
      const { exchange } = await transport.send({ method: 'GET', url: `${origin}/`, purpose: 'TLS' });
      return ok(
        `TLS of ${origin}`,
        `${exchange.tls?.protocol ?? 'unknown'}, ${exchange.tls?.cipher ?? 'unknown'}, certificate trusted`,
      );
    }),
  );
  return (await Promise.all(findings)).filter((finding) => finding !== undefined);
}

async function flowsOf(session: Session): Promise<readonly Finding[]> {
  const { value } = await session.integration();
  const findings: (Finding | undefined)[] = [];
  const steps = value.profile.grant === 'client_credentials' ? 'tokens' : 'login, consent, tokens';
  for (const client of [await session.client(), await session.other()])
    findings.push(
      await found(`flow of ${client.id}`, async () => {
        const { access, reply: tokens } = await client.tokens();
        const missing = notGranted(client.parts.registration.scope, tokens);
        if (missing.length > 0)
          return {
            what: `flow of ${client.id}`,
            state: 'problem' as const,
            fault: 'configuration' as const,
            detail: `the server passes over a part of the scope: ${missing.join(' ')} was asked for and not granted`,
            advice: adviceOn('invalid_scope'),
          };
        const [resource] = value.resources;
        if (!resource) return ok(`flow of ${client.id}`, `${steps} work`);
        const reply = await client.call(resource, access);
        return reply.status < 300
          ? ok(`flow of ${client.id}`, `${steps} and ${resource.name} work`)
          : {
              what: `flow of ${client.id}`,
              state: 'problem' as const,
              fault: 'subject' as const,
              detail: `expected ${resource.method} ${resource.url} to succeed, got ${describe(reply)}`,
              advice: 'Compare method, URL, body and scope of the call with the API.',
            };
      }),
    );
  return findings.filter((finding) => finding !== undefined);
}

/** The scopes that were asked for and not granted; a server that says nothing granted all (RFC 6749, section 5.1). */
function notGranted(asked: string, reply: Reply): readonly string[] {
  const granted = memberOf(reply, 'scope');
  if (typeof granted !== 'string') return [];
  return asked.split(' ').filter((scope) => !granted.split(' ').includes(scope));
}
