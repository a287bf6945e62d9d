import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve as absolute } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import type { ClientIntegration } from '../directory/client-integration.ts';
import type { LoadedIntegration } from '../directory/load.ts';
import { bitsOf, mistakesIn, secretMembers } from '../protocol/published-key.ts';
import { guardedLookup, permit, systemResolve } from '../transport/egress.ts';
import { findChromium } from './chromium.ts';
import { certificatesIn } from './client-registration.ts';
import type { ClientSession } from './client-session.ts';
import { ok, found, validity, type Finding } from './finding.ts';

type Loaded = LoadedIntegration<ClientIntegration>;

/**
 * What can be known of a client before its first flow: whether its keys and certificate can be used, the sandbox opens, and the
 * trigger can be started. A run does not start on a problem of the configuration.
 */
export async function clientPreflight(
  session: ClientSession,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const loaded = await session.integration();
  const findings = [
    await found('keys', async () => keysFinding((await session.registration()).keys)),
    await found('certificate', () => certificateFinding(loaded, new Date(session.options.clock()))),
    await found('trust', () => trustFinding(loaded)),
    await found('trigger', () => triggerFinding(loaded, session, env)),
  ].filter((finding) => finding !== undefined);
  if (findings.some(({ state, fault }) => state === 'problem' && fault === 'configuration')) return findings;
  const sandbox = await found('sandbox', async () => {
    await session.sandbox();
    return ok('sandbox', 'opens');
  });
  return [...findings, ...(sandbox === undefined ? [] : [sandbox])];
}

type Jwk = Readonly<Record<string, unknown>>;

/** FAPI 2.0, 5.4.1, items 2 and 3: RSA has at least 2048 bits, elliptic curves at least 224. */
function keysFinding(keys: readonly Jwk[]): Finding | undefined {
  const [first] = keys;
  if (first === undefined) return undefined;
  const told = keys.map((key, index) => ({
    name: typeof key['kid'] === 'string' ? `the key ${key['kid']}` : `key ${index + 1}`,
    key,
  }));
  const secret = told.find(({ key }) => secretMembers.some((name) => name in key));
  if (secret !== undefined)
    return {
      what: 'keys',
      state: 'problem',
      fault: 'configuration',
      detail: `${secret.name} is private`,
      advice: 'Register public keys only; replace this one if others could read it.',
    };
  const wrong = told.flatMap(({ name, key }) => mistakesIn(key).map((mistake) => `${name} has ${mistake}`));
  if (wrong.length > 0)
    return { what: 'keys', state: 'problem', fault: 'configuration', detail: wrong.join('; ') };
  const weak = told.filter(({ key }) => bitsOf(key) < (key['kty'] === 'RSA' ? 2048 : 224));
  if (weak.length > 0)
    return {
      what: 'keys',
      state: 'problem',
      fault: 'subject',
      detail: weak.map(({ name, key }) => `${name} has ${bitsOf(key)} bits`).join('; '),
      advice: 'Make keys of at least 2048 bits (RSA) or 224 bits (elliptic curves): FAPI 2.0, 5.4.1.',
    };
  return ok('keys', `${keys.length} public ${keys.length === 1 ? 'key' : 'keys'}`);
}

async function certificateFinding({ value, resolve }: Loaded, now: Date): Promise<Finding | undefined> {
  const { certificate } = value.client;
  if (certificate === undefined) return undefined;
  const text = await readFile(resolve(certificate.file), 'utf8');
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/u.test(text))
    return {
      what: 'certificate',
      state: 'problem',
      fault: 'configuration',
      detail: `a private key stands beside the certificate in ${certificate.file}`,
      advice: 'Assay needs the certificate alone; replace the key if others could read it.',
    };
  const [leaf] = certificatesIn(text, certificate.file);
  if (leaf === undefined) return undefined;
  return weakness(leaf) ?? validity('certificate', leaf, now);
}

function weakness({ publicKey }: X509Certificate): Finding | undefined {
  const jwk = publicKey.export({ format: 'jwk' });
  const bits = bitsOf(jwk);
  if (bits >= (jwk.kty === 'RSA' ? 2048 : 224)) return undefined;
  return {
    what: 'certificate',
    state: 'problem',
    fault: 'subject',
    detail: `its key has ${bits} bits`,
    advice: 'Make keys of at least 2048 bits (RSA) or 224 bits (elliptic curves): FAPI 2.0, 5.4.1.',
  };
}

async function trustFinding({ value, resolve }: Loaded): Promise<Finding | undefined> {
  const { trust = [] } = value;
  if (trust.length === 0) return undefined;
  for (const path of trust) certificatesIn(await readFile(resolve(path), 'utf8'), path);
  return ok('trust', `${trust.join(', ')} can be read`);
}

async function triggerFinding(
  { value, file }: Loaded,
  { options }: ClientSession,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding> {
  const { trigger, hosts = [] } = value;
  switch (trigger.driver) {
    case 'command': {
      const [program = ''] = trigger.run;
      const where = await executable(program, dirname(file), env);
      if (where !== undefined) return ok('trigger', `starts ${where}`);
      return {
        what: 'trigger',
        state: 'problem',
        fault: 'configuration',
        detail: `there is no executable ${program} ${program.includes('/') ? 'there' : 'on the path'}`,
        advice:
          'Name a program on the path, or one relative to the integration file as ./name, with its mode set.',
      };
    }
    case 'manual':
      return ok('trigger', 'a person starts the app');
    case 'http':
    case 'browser': {
      const urls = [trigger.start, ...('status' in trigger ? [trigger.status] : [])];
      for (const url of urls)
        if (url !== undefined) await reachable(new URL(url), hosts, options.privateNetwork);
      if (trigger.driver === 'browser' && (await findChromium({ ...env })) === undefined)
        return {
          what: 'trigger',
          state: 'problem',
          fault: 'environment',
          detail: 'there is no Chromium here',
          advice: 'Install it with `npx playwright install chromium`, or name one in ASSAY_CHROMIUM.',
        };
      return ok('trigger', `opens ${new URL(trigger.start).origin}`);
    }
  }
}

/** As a spawned process finds it: below its directory where the name has a slash, else on the path. */
async function executable(
  program: string,
  base: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const candidates = program.includes('/')
    ? [absolute(base, program)]
    : (env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program));
  for (const path of candidates)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
}

/**
 * Whether a URL may be called. Nothing is connected: that would begin a flow.
 * @throws TransportError
 */
async function reachable(
  { hostname, port, protocol }: URL,
  hosts: readonly string[],
  privateNetwork: 'allowed' | 'refused',
): Promise<void> {
  permit(hostname, Number(port || (protocol === 'http:' ? 80 : 443)), { hosts, privateNetwork });
  const lookup = guardedLookup(privateNetwork, systemResolve);
  await new Promise<void>((resolve, reject) =>
    lookup(hostname.replaceAll(/[[\]]/gu, ''), {}, (error) => (error ? reject(error) : resolve())),
  );
}
