import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { examine, isClient, loadClientIntegration, loadIntegration, loadServerIntegration } from './load.ts';
import { IntegrationError } from './problem.ts';
import { changed, clientSample, now, sample } from './sample.ts';

async function failure(
  path: string,
  load: (path: string, now: Date) => Promise<unknown> = loadIntegration,
): Promise<IntegrationError> {
  const error: unknown = await load(path, now).catch((reason: unknown) => reason);
  if (error instanceof IntegrationError) return error;
  throw new Error('expected an IntegrationError', { cause: error });
}

test.describe('a file', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);

  test.beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assay-load-'));
    await mkdir(at('keys'));
    for (const name of ['keys/one.jwk', 'ca.pem', 'openapi.yaml']) await writeFile(at(name), 'content');
  });
  test.afterEach(() => rm(directory, { recursive: true }));

  test('in YAML loads, and knows its lines and paths', async () => {
    await writeFile(at('integration.yaml'), sample);
    const loaded = await loadServerIntegration(at('integration.yaml'), now);
    expect(loaded.value.clients[1]).toMatchObject({ id: 'two', key: { env: 'KEY_TWO' } });
    expect(loaded.value.waivers?.[0]?.expires).toBe('2026-12-31');
    expect(loaded.file).toBe(at('integration.yaml'));
    expect(loaded.resolve('keys/one.jwk')).toBe(at('keys/one.jwk'));
    expect(loaded.text).toBe(sample);
    expect(loaded.lineOf('/profile/protocol')).toBe(10);
    expect(loaded.lineOf('/clients/1')).toBe(19);
    expect(loaded.lineOf('/clients/1/certificate')).toBe(19);
    expect(loaded.lineOf('')).toBe(2);
  });

  test('in JSON loads, with tabs and a schema for editors', async () => {
    const data = { $schema: './integration.schema.json', ...parse(sample) };
    await writeFile(at('integration.json'), JSON.stringify(data, null, '\t'));
    const loaded = await loadServerIntegration(at('integration.json'), now);
    expect(loaded.value).toEqual(data);
    expect(loaded.lineOf('/partner')).toBe(3);
  });

  test('of a client and one of a server are told apart, and neither is taken for the other', async () => {
    await writeFile(at('client.yaml'), clientSample);
    await writeFile(at('server.yaml'), sample);
    expect((await failure(at('client.yaml'))).problems).toMatchObject([
      { code: 'missing-file', pointer: '/client/jwks/file' },
    ]);
    await writeFile(at('jwks.json'), '{"keys":[]}');
    const { value, lineOf } = await loadClientIntegration(at('client.yaml'), now);
    expect(value.client.id).toBe('acme-app');
    expect(lineOf('/trigger/run')).toBe(21);
    const kinds = ['client.yaml', 'server.yaml'].map((name) => loadIntegration(at(name), now));
    expect((await Promise.all(kinds)).map((each) => isClient(each.value))).toEqual([true, false]);
    expect((await failure(at('client.yaml'), loadServerIntegration)).message).toContain(
      ':5:1  /roles  expected the file of a server, found that of a client',
    );
    expect((await failure(at('server.yaml'), loadClientIntegration)).message).toContain(
      ':5:1  /roles  expected the file of a client, found that of a server',
    );
  });

  test('with anchors, a byte order mark and Windows line ends loads', async () => {
    const text = `\uFEFF${changed(
      [
        'redirect_uri: https://client.example/callback',
        'redirect_uri: &callback https://client.example/callback',
      ],
      ['redirect_uri: https://client.example/callback', 'redirect_uri: *callback'],
    ).replaceAll('\n', '\r\n')}`;
    await writeFile(at('integration.yaml'), text);
    const { value } = await loadServerIntegration(at('integration.yaml'), now);
    expect(value.clients[1]?.redirect_uri).toBe('https://client.example/callback');
  });

  test('with ten mistakes names each of them at its place', async () => {
    const text = changed(
      ['partner:', 'parner:'],
      ['environment: sandbox', 'environment: sandbx'],
      ['resource-server]', 'resource-sever]'],
      ['  sender_constraint: dpop\n', ''],
      ['issuer: https', 'issuer: http'],
      ['key: { file: keys/one.jwk }', 'key: { kty: EC, d: hunter2 }'],
      ['id: two', 'id: 2'],
      ['api.acme.example:8443/accounts', 'pai.acme.example:8443/accounts'],
      ['driver: http', 'driver: http\n\tdriver: http'],
      ['2026-12-31', '2025-12-31'],
    );
    await writeFile(at('ten.yaml'), text);
    await rm(at('ca.pem'));
    const error = await failure(at('ten.yaml'));
    expect(error).toMatchObject({ code: 'integration-invalid', fault: 'configuration' });
    expect(error.message).not.toContain('hunter2');
    const shown = error.problems.map(
      ({ line, column, code, pointer }) => `${line}:${column} ${code} ${pointer}`,
    );
    expect(shown).toEqual([
      '2:1 unknown-member /parner',
      '4:14 bad-value /environment',
      '5:31 bad-value /roles/1',
      '6:1 missing-member /profile/sender_constraint',
      '10:9 bad-format /issuer',
      '11:9 missing-file /trust/0',
      '17:10 secret /clients/0/key',
      '18:9 wrong-type /clients/1/id',
      '25:10 conflict /resources/0/url',
      '36:1 syntax ',
      '36:2 duplicate-member /user/driver',
      '45:14 conflict /waivers/0/expires',
    ]);
    const file = at('ten.yaml');
    expect(error.message.split('\n')).toContain(
      `${file}:4:14  /environment  expected one of sandbox, production, found "sandbx" (did you mean sandbox?)`,
    );
  });

  test('that refers to missing files names each of them', async () => {
    await rm(at('ca.pem'));
    await rm(at('openapi.yaml'));
    await rm(at('keys'), { recursive: true });
    await mkdir(at('keys/one.jwk'), { recursive: true });
    await writeFile(at('integration.yaml'), sample);
    const { problems } = await failure(at('integration.yaml'));
    expect(problems.map(({ code, line, column, pointer }) => [code, `${line}:${column}`, pointer])).toEqual([
      ['missing-file', '12:9', '/trust/0'],
      ['missing-file', '18:18', '/clients/0/key/file'],
      ['missing-file', '28:14', '/resources/0/openapi'],
    ]);
    expect(problems[0]?.message).toContain(`there is no file ca.pem (${at('ca.pem')})`);
    expect(problems[1]?.message).toContain('found a directory');
  });

  test('that cannot be read is named with the reason', async () => {
    await writeFile(at('latin1.yaml'), Buffer.from([0x61, 0x3a, 0xe9]));
    await symlink(at('nowhere'), at('dangling.yaml'));
    expect((await failure(at('none.yaml'))).message).toContain(
      'there is no such file; `assay init` writes one',
    );
    expect((await failure(at('dangling.yaml'))).message).toContain('there is no such file');
    expect((await failure(at('none.yaml'))).cause).toMatchObject({ code: 'ENOENT' });
    expect((await failure(at('keys'))).message).toContain('expected a file, found a directory');
    expect((await failure(at('latin1.yaml'))).message).toContain('UTF-8');
  });

  test('that is empty is named so', async () => {
    for (const text of ['', '\n\n', '# yaml-language-server: $schema=x.json\n', '---\n']) {
      await writeFile(at('empty.yaml'), text);
      expect((await failure(at('empty.yaml'))).message, JSON.stringify(text)).toContain(
        'found an empty file',
      );
    }
  });
});

test('examines any text without throwing, and never gives a value together with problems', () => {
  // A fixed linear congruential generator: the same texts in every run.
  let state = 20_261_122;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % bound;
  };
  const scraps = [
    ...Array.from('{}[]:,-"\'\n\t #&*!|>%@`?~\\\0\uD800é'),
    '---\n',
    'key: ',
    'null',
    '5',
    '<<: ',
    '&a [*a]',
    '__proto__: ',
    '- ',
    '  ',
  ];
  for (let round = 0; round < 400; round += 1) {
    let text = round % 4 === 0 ? '' : sample;
    for (let edit = below(8); edit >= 0; edit -= 1) {
      const from = below(text.length + 1);
      const scrap = scraps[below(scraps.length)] ?? '';
      text = text.slice(0, from) + scrap + text.slice(from + below(3) * below(12));
    }
    const { value, problems } = examine(text, 'f', now);
    expect(value === undefined, JSON.stringify(text)).toBe(problems.length > 0);
    for (const { line, column } of problems) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(column).toBeGreaterThanOrEqual(1);
    }
  }
  for (const text of ['['.repeat(5000), '- '.repeat(5000), 'a: &a [*a, *a]', `a: ${'x'.repeat(1_000_001)}`])
    expect(examine(text, 'f', now).problems).not.toEqual([]);
});
