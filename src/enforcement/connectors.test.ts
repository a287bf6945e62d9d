import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { loadConnectors } from './connectors.ts';
import { noDatabase } from './contract.ts';

const good = `- name: desk
  kind: webhook
  url: https://desk.example/access
  secrets: [{ file: secret }]
- name: server
  kind: client-registration
  clients:
    - client_id: one
      registration_client_uri: https://as.example/reg/one
      registration_access_token: { env: TOKEN }
`;

/** What the file's errors say, without its path. */
async function told(text: string): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'assay-connectors-'));
  const path = join(base, 'connectors.yaml');
  try {
    await writeFile(path, text);
    const found = await loadConnectors(path);
    return found.map(({ name }) => name).join(' ');
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConnectorError', code: 'configuration' });
    return String(error).replaceAll(path, '').replace('ConnectorError: ', '');
  } finally {
    await rm(base, { recursive: true });
  }
}

test('reads a list of connectors, also an empty one', async () => {
  expect(await told(good)).toBe('desk server');
  expect(await told('[]')).toBe('');
});

for (const [what, text, ...says] of [
  ['an empty file', '', 'is empty; expected a list'],
  ['something else than a list', 'name: desk\n', ':1:1', 'expected a list of connectors'],
  ['broken YAML', `${good}- name: [`, ':11:9'],
  ['a mistyped kind', good.replace('webhook', 'webhok'), ':2:9', 'found "webhok"', 'did you mean webhook?'],
  ['no kind', good.replace('  kind: webhook\n', ''), ':1:3', 'found no kind'],
  ['a name with capitals', good.replace('desk', 'Desk'), ':1:9', 'lower case'],
  ['two of one name', good.replace('name: server', 'name: desk'), ':5:9', 'second connector'],
  ['a mistyped member', good.replace('secrets', 'secret'), ':4:3', 'did you mean secrets?'],
  [
    'a missing member',
    good.replace('      registration_access_token: { env: TOKEN }\n', ''),
    ':8:7',
    'registration_access_token',
  ],
  ['a secret where a reference belongs', good.replace('{ file: secret }', 'whsec_AAAA'), ':4:13'],
  ['no secret at all', good.replace('[{ file: secret }]', '[]'), ':4:12'],
  ['two mistakes', good.replace('webhook', 'x').replace('client_id', 'id'), ':2:9', ':8:7'],
] as const)
  test(`tells of ${what}, and where`, async () => {
    const message = await told(text);
    for (const part of says) expect(message).toContain(part);
    expect(message).not.toContain('whsec_AAAA');
  });

test('says which file or variable of a connector is missing', async () => {
  const base = await mkdtemp(join(tmpdir(), 'assay-connectors-'));
  const path = join(base, 'connectors.yaml');
  await writeFile(path, `${good.split('- name: server')[0]}  trust: [nowhere.pem]\n`);
  const [desk] = await loadConnectors(path);
  const context = { database: noDatabase, now: () => new Date() };
  await expect(desk?.open(context)).rejects.toThrow(`desk: there is no file ${join(base, 'secret')}`);
  await writeFile(join(base, 'secret'), 'password');
  await expect(desk?.open(context)).rejects.toThrow('expected a webhook secret');
  await writeFile(join(base, 'secret'), `whsec_${Buffer.alloc(24).toString('base64')}`);
  await expect(desk?.open(context)).rejects.toThrow('nowhere.pem under `trust`');
  await rm(base, { recursive: true });
});

test('says that there is no file', async () => {
  await expect(loadConnectors('/nowhere/connectors.yaml')).rejects.toMatchObject({ code: 'configuration' });
});
