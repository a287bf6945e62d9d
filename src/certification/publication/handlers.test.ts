import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from '@playwright/test';
import { generateKey, signerOf } from '../../evidence/signer.ts';
import type { Standing } from '../standing.ts';
import { publicationHandlers, type Publication, type PublicationReply } from './handlers.ts';
import { typeUnder, type TrustMarkIssuer } from './issuer.ts';
import { published, signJwt } from './jwt.ts';
import { certified, edition, inHours, now, standingOf } from './sample.ts';
import { statusAt } from './status-list.ts';
import { delegate, trustMark, validateTrustMark } from './trust-mark.ts';

const id = 'https://marks.example/assay';
const signer = signerOf(generateKey('Ed25519'), 'the operator');
const type = typeUnder(id, edition, 'production');
const issuer: TrustMarkIssuer = { id, name: 'Marks', signer, types: [type] };
const bank = standingOf('bank', [certified]);
const closed = standingOf('closed', [{ ...certified, state: 'suspended' }]);

interface Asked {
  readonly issuer?: Partial<TrustMarkIssuer>;
  readonly standings?: readonly Standing[];
  readonly now?: Date;
}

function publication({ issuer: changes, standings = [bank, closed], now: at = now }: Asked): Publication {
  return {
    issuer: { ...issuer, ...changes },
    standing: (integration) => Promise.resolve(standings.find((each) => each.integration === integration)),
    standings: () => Promise.resolve(standings),
    keys: () =>
      Promise.resolve(
        ['closed', 'bank'].map((integration) => ({
          integration,
          edition,
          environment: 'production' as const,
        })),
      ),
    now: () => at,
  };
}

async function ask(
  method: string,
  path: string,
  parameters: ConstructorParameters<typeof URLSearchParams>[0] = {},
  asked: Asked = {},
): Promise<PublicationReply> {
  const handlers = await publicationHandlers(publication(asked));
  const handler = handlers.get(`/assay${path}`);
  if (handler === undefined) throw new Error(`nothing answers at ${path}`);
  const search = new URLSearchParams(parameters);
  return method === 'POST'
    ? handler({ method, query: new URLSearchParams(), form: search })
    : handler({ method, query: search });
}

const bankMark = { trust_mark_type: type.type, sub: `${id}/integrations/bank` };
const markOf = async (asked: Asked = {}) => (await ask('GET', '/trust-mark', bankMark, asked)).body;
const statusOf = async (token: string, asked: Asked = {}) => {
  const { status, body } = await ask('POST', '/trust-mark-status', { trust_mark: token }, asked);
  return status === 200 ? decodeJwt(body)['status'] : status;
};

test('the entity configuration leads to every other endpoint', async () => {
  const { status, headers, body } = await ask('GET', '/.well-known/openid-federation');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/entity-statement+jwt');
  expect(decodeProtectedHeader(body)).toEqual({ alg: 'EdDSA', kid: signer.id, typ: 'entity-statement+jwt' });
  const iat = Math.floor(now.getTime() / 1000);
  expect(decodeJwt(body)).toEqual({
    iss: id,
    sub: id,
    iat,
    exp: iat + 86_400,
    jwks: { keys: [published(signer)] },
    metadata: {
      federation_entity: {
        organization_name: 'Marks',
        federation_trust_mark_endpoint: `${id}/trust-mark`,
        federation_trust_mark_status_endpoint: `${id}/trust-mark-status`,
        federation_trust_mark_list_endpoint: `${id}/trust-marked`,
        federation_fetch_endpoint: `${id}/fetch`,
        federation_list_endpoint: `${id}/subordinates`,
      },
    },
    trust_mark_issuers: { [type.type]: [id] },
  });
  expect(JSON.stringify(decodeJwt(body))).not.toContain('"d":');
});

test('a subordinate names its superiors, and says nothing that only a trust anchor may', async () => {
  const superiors = ['https://anchor.example'];
  const subordinate = { issuer: { superiors } };
  const claims = decodeJwt((await ask('GET', '/.well-known/openid-federation', {}, subordinate)).body);
  expect(claims['authority_hints']).toEqual(superiors);
  expect(Object.keys(claims).toSorted()).toEqual([
    'authority_hints',
    'exp',
    'iat',
    'iss',
    'jwks',
    'metadata',
    'sub',
  ]);
  expect(JSON.stringify(claims['metadata'])).not.toContain('federation_fetch_endpoint');
  await expect(ask('GET', '/fetch', {}, subordinate)).rejects.toThrow('nothing answers');
});

test('a trust anchor names the owner of a type, and issues it by the delegation', async () => {
  const owner = signerOf(generateKey('ES256'), 'the owner');
  const terms = { owner: 'https://owner.example', issuer: id, type: type.type, now };
  const by = async (issuerOf: typeof terms) => {
    const delegation = { owner: terms.owner, keys: [published(owner)], jwt: await delegate(owner, issuerOf) };
    return { issuer: { types: [{ ...type, delegation }] } };
  };
  const asked = await by(terms);
  const claims = decodeJwt((await ask('GET', '/.well-known/openid-federation', {}, asked)).body);
  const owners = { [type.type]: { sub: terms.owner, jwks: { keys: [published(owner)] } } };
  expect(claims['trust_mark_owners']).toEqual(owners);
  const reader = { issuer: id, keys: [published(signer)], sub: bankMark.sub, now };
  const token = await markOf(asked);
  expect(await validateTrustMark(token, { ...reader, owners })).toMatchObject(bankMark);
  await expect(
    publicationHandlers(publication(await by({ ...terms, issuer: 'https://else.example' }))),
  ).rejects.toEqual(expect.objectContaining({ code: 'not-delegated' }));
});

test('a trust mark is given to who has it now, and leads to the status list', async () => {
  const { status, headers, body } = await ask('GET', '/trust-mark', bankMark);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/trust-mark+jwt');
  expect(decodeJwt(body)['status']).toEqual({ status_list: { idx: 1, uri: `${id}/status-list` } });
  const list = await ask('GET', '/status-list');
  expect(list.headers).toMatchObject({
    'content-type': 'application/statuslist+jwt',
    'cache-control': 'max-age=300',
    'access-control-allow-origin': '*',
  });
  const reader = { uri: `${id}/status-list`, keys: [published(signer)], now };
  expect([await statusAt(list.body, 1, reader), await statusAt(list.body, 0, reader)]).toEqual([0, 2]);
});

test('the status of a trust mark follows the certification', async () => {
  const token = await markOf();
  const { status, headers, body } = await ask('POST', '/trust-mark-status', { trust_mark: token });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/trust-mark-status-response+jwt');
  expect(decodeProtectedHeader(body)).toMatchObject({
    kid: signer.id,
    typ: 'trust-mark-status-response+jwt',
  });
  expect(decodeJwt(body)).toEqual({
    iss: id,
    iat: Math.floor(now.getTime() / 1000),
    trust_mark: token,
    status: 'active',
  });
  expect(
    await statusOf(token, { standings: [standingOf('bank', [{ ...certified, state: 'suspended' }])] }),
  ).toBe('revoked');
  expect(await statusOf(token, { standings: [] })).toBe('revoked');
  expect(await statusOf(token, { issuer: { types: [] } })).toBe('revoked');
  expect(await statusOf(token, { now: new Date(inHours(25)) })).toBe('expired');
});

test('the status of what the issuer did not issue is not found, of a forgery invalid', async () => {
  const token = await markOf();
  const other = signerOf(generateKey('Ed25519'), 'somebody');
  const elsewhere = await trustMark(
    { ...issuer, id: 'https://else.example', signer: other },
    type,
    bank,
    now,
  );
  expect(await statusOf(elsewhere ?? '')).toBe(404);
  expect(
    await statusOf(await signJwt(signer, 'trust-mark+jwt', { ...decodeJwt(token), iss: 'https://x' })),
  ).toBe(404);
  const forged = await signJwt({ ...other, id: signer.id }, 'trust-mark+jwt', decodeJwt(token));
  expect(await statusOf(forged)).toBe('invalid');
  expect(await statusOf(`${token.slice(0, -4)}AAAA`)).toBe('invalid');
});

test('a mark by a former key stays active after the key has been replaced', async () => {
  const token = await markOf();
  const next = signerOf(generateKey('ES256'), 'the operator');
  expect(await statusOf(token, { issuer: { signer: next, formerly: [published(signer)] } })).toBe('active');
  expect(await statusOf(token, { issuer: { signer: next } })).toBe(404);
});

test('the list names the bearers of a type, and one of them when asked', async () => {
  const entities = new Map([['bank', 'https://as.bank.example']]);
  const standings = [standingOf('zoo', [certified]), bank, closed];
  const list = async (parameters: Record<string, string>) => {
    const reply = await ask('GET', '/trust-marked', parameters, { standings, issuer: { entities } });
    expect(reply.headers['content-type']).toBe('application/json');
    return JSON.parse(reply.body) as unknown;
  };
  const { trust_mark_type } = bankMark;
  expect(await list({ trust_mark_type })).toEqual(['https://as.bank.example', `${id}/integrations/zoo`]);
  expect(await list({ trust_mark_type, sub: 'https://as.bank.example' })).toEqual([
    'https://as.bank.example',
  ]);
  expect(await list({ trust_mark_type, sub: `${id}/integrations/closed` })).toEqual([]);
  expect(await list({ trust_mark_type, sub: 'https://nobody.example' })).toEqual([]);
  expect(await list({ trust_mark_type: 'https://nothing.example' })).toEqual([]);
});

test('garbage is answered with an error that says what is wrong', async () => {
  const status = '/trust-mark-status';
  const twice = [
    ['sub', 'a'],
    ['sub', 'b'],
    ['trust_mark_type', type.type],
  ];
  const rows = [
    ['GET', '/trust-mark', {}, 400, 'invalid_request', /trust_mark_type is missing/u],
    ['GET', '/trust-mark', { trust_mark_type: type.type }, 400, 'invalid_request', /sub is missing/u],
    ['GET', '/trust-mark', { ...bankMark, sub: '' }, 400, 'invalid_request', /sub is missing/u],
    ['GET', '/trust-mark', twice, 400, 'invalid_request', /sub is there twice/u],
    [
      'GET',
      '/trust-mark',
      { ...bankMark, sub: `${id}/integrations/closed` },
      404,
      'not_found',
      /does not have/u,
    ],
    ['GET', '/trust-mark', { ...bankMark, sub: '../../etc/passwd' }, 404, 'not_found', /does not have/u],
    ['GET', '/trust-mark', { ...bankMark, trust_mark_type: 'https://x' }, 404, 'not_found', /does not have/u],
    ['POST', '/trust-mark', bankMark, 405, 'invalid_request', /Use GET/u],
    ['GET', status, {}, 405, 'invalid_request', /Use POST/u],
    ['POST', status, {}, 400, 'invalid_request', /trust_mark is missing/u],
    ['POST', status, { trust_mark: 'garbage' }, 400, 'invalid_request', /signed JWT/u],
    ['POST', status, { trust_mark: 'a'.repeat(20_000) }, 400, 'invalid_request', /longer/u],
    ['GET', '/trust-marked', {}, 400, 'invalid_request', /trust_mark_type is missing/u],
    ['GET', '/fetch', {}, 400, 'invalid_request', /sub is missing/u],
    ['GET', '/fetch', { sub: id }, 400, 'invalid_request', /the issuer itself/u],
    ['GET', '/fetch', { sub: 'https://x' }, 404, 'not_found', /no subordinates/u],
    ['GET', '/subordinates', { entity_type: 'x' }, 400, 'unsupported_parameter', /entity_type/u],
  ] as const;
  for (const [method, path, parameters, code, error, description] of rows) {
    const reply = await ask(method, path, parameters);
    expect(reply.status, `${method} ${path} ${JSON.stringify(parameters)}`).toBe(code);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(JSON.parse(reply.body)).toEqual({ error, error_description: expect.stringMatching(description) });
  }
  expect((await ask('PUT', '/status-list')).headers['allow']).toBe('GET');
  expect(await ask('GET', '/subordinates')).toMatchObject({ status: 200, body: '[]' });
  expect(await ask('HEAD', '/status-list')).toMatchObject({ status: 200 });
  const handlers = await publicationHandlers(publication({}));
  const bodiless = handlers.get(`/assay${status}`)?.({ method: 'POST', query: new URLSearchParams() });
  expect(await bodiless).toMatchObject({ status: 400 });
});

test('what the publication itself throws is not hidden', async () => {
  const broken = { ...publication({}), standings: () => Promise.reject(new Error('the database is gone')) };
  const handlers = await publicationHandlers(broken);
  const reply = handlers.get('/assay/status-list')?.({ method: 'GET', query: new URLSearchParams() });
  await expect(reply).rejects.toThrow('the database is gone');
});

test('an issuer that contradicts itself publishes nothing', async () => {
  const wrong: readonly Partial<TrustMarkIssuer>[] = [
    { id: 'http://marks.example' },
    { id: 'https://marks.example/' },
    { id: 'https://marks.example?x' },
    { id: 'marks' },
    { superiors: [] },
    { lifetime: 0 },
    { formerly: [published(signer)] },
    { formerly: [signer.jwk] },
    { formerly: [{ ...generateKey('ES256'), kid: 'former' }] },
    {
      types: [
        {
          ...type,
          delegation: { owner: 'https://x', keys: [{ ...generateKey('ES256'), kid: 'x' }], jwt: '' },
        },
      ],
    },
    { types: [type, type] },
    {
      entities: new Map([
        ['a', 'https://x.example'],
        ['b', 'https://x.example'],
      ]),
    },
    { entities: new Map([['a', `${id}/integrations/bank`]]) },
  ];
  for (const changes of wrong)
    await expect(publicationHandlers(publication({ issuer: changes }))).rejects.toEqual(
      expect.objectContaining({ code: 'bad-issuer' }),
    );
});
