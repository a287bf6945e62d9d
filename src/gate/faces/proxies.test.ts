import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { request } from 'undici';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import type { Face, FaceReply } from '../gate.ts';
import { sampleNow, soundRegistered, soundStanding } from '../sample.ts';
import { envoy, nginx } from './proxies.ts';
import { sampleGate } from './sample.ts';

test.describe.configure({ mode: 'default' });

let own: { readonly pem: string; readonly thumbprint: string; readonly hash: string };
let foreign: typeof own;

test.beforeAll(async () => {
  const authority = await createAuthority({ now: sampleNow });
  const issue = async (commonName: string): Promise<typeof own> => {
    const { certificate: pem } = await authority.issue({ commonName, usage: 'client' });
    const digest = createHash('sha256').update(new X509Certificate(pem).raw);
    return { pem, thumbprint: digest.copy().digest('base64url'), hash: digest.digest('hex') };
  };
  own = await issue('acme');
  foreign = await issue('mallory');
});

/** Asks a gate that knows `acme-1` by its certificate and its client_id. */
async function ask(
  face: Face,
  headers: Readonly<Record<string, string>>,
  mode: 'enforce' | 'shadow' = 'enforce',
): Promise<FaceReply> {
  const registration = { ...soundRegistered, certificates: [own.thumbprint] };
  await using gate = await sampleGate(
    [{ ...soundStanding, registrations: [{ environment: 'production', registration }] }],
    mode,
  );
  return face(
    {
      method: 'GET',
      path: '/',
      headers: { 'x-assay-environment': 'production', ...headers },
      body: '',
    },
    gate,
  );
}

const byPem = (text: string) => ({ 'x-assay-client-certificate': encodeURIComponent(text) });
const byElement = (text: string) => ({ 'x-forwarded-client-cert': text });
const byClient = (id: string) => ({ 'x-assay-client-id': id });

test.describe('the answers to nginx', () => {
  test('204 to an integration in force, 403 to others, 401 to nobody', async () => {
    expect(await ask(nginx, byPem(own.pem))).toMatchObject({
      status: 204,
      headers: { 'x-assay-decision': 'allow', 'x-assay-rule': 'production-access' },
      body: '',
    });
    expect(await ask(nginx, byClient('acme-client'))).toMatchObject({ status: 204 });
    expect(await ask(nginx, byPem(foreign.pem))).toMatchObject({
      status: 403,
      headers: { 'x-assay-decision': 'deny', 'x-assay-rule': 'not-registered' },
    });
    expect(await ask(nginx, byClient('somebody'))).toMatchObject({ status: 403 });
    expect(await ask(nginx, {})).toMatchObject({ status: 401, body: '' });
  });

  test('a certificate counts before a client_id', async () => {
    expect(await ask(nginx, { ...byPem(foreign.pem), ...byClient('acme-client') })).toMatchObject({
      status: 403,
    });
  });

  for (const [what, headers] of [
    ['that is empty', () => ({ 'x-assay-client-certificate': '' })],
    ['that is no certificate', () => byPem('acme')],
    ['with a broken escape', () => ({ 'x-assay-client-certificate': '%E0%A4%A' })],
    ['cut off', () => byPem(own.pem.slice(0, 200))],
    ['of which there are two', () => byPem(own.pem + foreign.pem)],
    ['behind another text', () => byPem(`subject=CN=acme\n${own.pem}`)],
    [
      'that is joined with a second header',
      () => ({
        'x-assay-client-certificate': `${encodeURIComponent(own.pem)}, ${encodeURIComponent(foreign.pem)}`,
      }),
    ],
    ['in the header of Envoy, which the client itself may have sent', () => byElement(`Hash=${own.hash}`)],
  ] as const)
    test(`a certificate ${what} is of nobody`, async () => {
      expect(await ask(nginx, headers())).toMatchObject({ status: 401 });
    });

  test('a certificate that was seen before is still told from others', async () => {
    for (const turn of [1, 2, 3])
      for (const [pem, status] of [
        [own.pem, 204],
        [foreign.pem, 403],
        [`${own.pem}${foreign.pem}`, 401],
        [own.pem.slice(0, -40), 401],
      ] as const)
        expect(await ask(nginx, byPem(pem)), `turn ${turn}`).toMatchObject({ status });
  });

  test('an unreadable certificate is not made up for by a client_id', async () => {
    expect(await ask(nginx, { ...byPem('acme'), ...byClient('acme-client') })).toMatchObject({ status: 401 });
  });
});

test.describe('the answers to Envoy', () => {
  test('200 to an integration in force, 403 and 401 with a reason that tells nothing else', async () => {
    const element = `By=spiffe://gateway;Hash=${own.hash};Subject="CN=acme,O=\\"Acme; Ltd\\"";URI=spiffe://acme`;
    expect(await ask(envoy, byElement(element))).toMatchObject({
      status: 200,
      headers: { 'x-assay-integration': 'acme-1' },
      body: '',
    });
    expect(await ask(envoy, byElement(`Hash=${own.hash.toUpperCase()}`))).toMatchObject({ status: 200 });
    const denied = await ask(envoy, byElement(`Hash=${foreign.hash}`));
    expect(denied.status).toBe(403);
    expect(JSON.parse(denied.body)).toEqual({
      error: 'not-registered',
      error_description: 'access is closed',
    });
    const nobody = await ask(envoy, {});
    expect(nobody.status).toBe(401);
    expect(JSON.parse(nobody.body)).toMatchObject({ error: 'unauthenticated' });
  });

  // In each of these a client of mallory's sends a part of the header itself, before what the proxy puts behind it.
  for (const [what, element] of [
    ['a whole element before it', () => `Hash=${own.hash},Hash=${foreign.hash}`],
    ['an open quote before it', () => `Hash=${own.hash};Subject=",By=a;Hash=${foreign.hash};Subject="CN=m"`],
    [
      'an open quote that one in its own name closes',
      () => `Hash=${own.hash};Subject=",Hash=${foreign.hash};Subject="CN=m\\"m"`,
    ],
    ['a second hash in one element', () => `Hash=${own.hash};Hash=${foreign.hash}`],
    ['a hash in its name', () => `Hash=${foreign.hash};Subject="CN=m;Hash=${own.hash}"`],
    ['a hash of other letters', () => `hASH=${own.hash},Hash=${foreign.hash}`],
    ['a second header, joined', () => `Hash=${own.hash}, Hash=${foreign.hash}`],
    ['the same element twice', () => `Hash=${own.hash},Hash=${own.hash}`],
    ['no hash', () => 'Subject="CN=acme"'],
    ['a hash that is too short', () => `Hash=${own.hash.slice(2)}`],
    ['a hash with something behind it', () => `Hash=${own.hash}00`],
    ['a thumbprint for a hash', () => `Hash=${own.thumbprint}`],
  ] as const)
    test(`a header with ${what} is of nobody`, async () => {
      expect(await ask(envoy, byElement(element()))).toMatchObject({ status: 401 });
    });

  test('does not read the header of nginx, which the client itself may have sent', async () => {
    expect(await ask(envoy, byPem(own.pem))).toMatchObject({ status: 401 });
  });
});

for (const [name, face] of Object.entries({ nginx, envoy })) {
  test(`${name}: the environment is the proxy's to name`, async () => {
    for (const environment of ['', 'staging', 'production, sandbox', 'Production'])
      expect(
        await ask(face, { ...byClient('acme-client'), 'x-assay-environment': environment }),
      ).toMatchObject({ status: 403 });
    expect(await ask(face, { ...byClient('acme-client'), 'x-assay-environment': 'sandbox' })).toMatchObject({
      status: 403,
      headers: { 'x-assay-rule': 'not-registered' },
    });
  });

  test(`${name}: shadow mode lets pass, and says so`, async () => {
    expect(await ask(face, byClient('somebody'), 'shadow')).toMatchObject({
      status: face === nginx ? 204 : 200,
      headers: { 'x-assay-decision': 'deny', 'x-assay-mode': 'shadow' },
    });
    expect(await ask(face, {}, 'shadow')).toMatchObject({ status: 401 });
  });

  test(`${name}: what a caller says of itself adds no header and breaks no answer`, async () => {
    for (const id of ['a\r\nx-assay-decision: allow', 'a\u0000b', 'ünï', '😂', '\uD800', '100% acme']) {
      const reply = await ask(face, byClient(id));
      expect(reply.status).toBe(403);
      const server = createServer((_, response) => {
        response.writeHead(reply.status, reply.headers).end(reply.body);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const { headers, statusCode, body } = await request(`http://127.0.0.1:${port}/`);
      await body.dump();
      server.close();
      expect({ statusCode, decision: headers['x-assay-decision'] }).toEqual({
        statusCode: 403,
        decision: 'deny',
      });
      expect(decodeURIComponent(String(headers['x-assay-integration']))).toBe(`client ${id.toWellFormed()}`);
    }
  });
}
