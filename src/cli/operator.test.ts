import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { defaultRules } from '../certification/rules.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { emptyWorkplace, operatorWorkplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

const init = ['operator', 'init', '--holder', 'Olga', '--origin', 'log.example/assay'] as const;

test.describe('assay operator init', () => {
  test('writes all that a harness needs, and tells what it is for', async () => {
    await using place = await emptyWorkplace();
    const { code, output, notes } = await place.say(...init);
    expect({ code, notes }).toEqual({ code: 0, notes: '' });
    for (const name of [
      'signing.yaml',
      'verifiers.json',
      'rules.yaml',
      'policy/',
      'connectors.yaml',
      'keys/',
    ])
      expect(output).toContain(`operator/${name}`);
    expect(output).toContain('keys/olga.jwk off the harness');
    const verifiers = await readVerifiers(place.path('operator/verifiers.json'));
    expect(verifiers.keys.map(({ holder, may }) => [holder, may])).toEqual([
      ['harness', ['run', 'transition']],
      ['Olga', ['operate', 'approve']],
    ]);
    expect(verifiers.log).toMatchObject({ origin: 'log.example/assay', keys: [expect.any(String)] });
    expect(parse(await place.read('operator/rules.yaml'))).toEqual(defaultRules);
    expect((await place.say('policy', 'check', 'operator/policy')).code).toBe(0);
  });

  test('lets nobody else read private keys, and keeps them out of version control', async () => {
    await using place = await emptyWorkplace();
    await place.say(...init);
    for (const name of ['harness', 'log', 'olga'])
      expect((await stat(place.path(`operator/keys/${name}.jwk`))).mode & 0o777).toBe(0o600);
    expect(await place.read('operator/keys/.gitignore')).toBe('*\n');
    const { d } = JSON.parse(await place.read('operator/keys/olga.jwk')) as { readonly d: string };
    expect(await place.read('operator/verifiers.json')).not.toContain(d);
  });

  test('touches nothing that is there', async () => {
    await using place = await emptyWorkplace();
    await mkdir(place.path('operator'));
    await writeFile(place.path('operator/notes.txt'), 'mine');
    const { code, notes } = await place.say(...init);
    expect(code).toBe(2);
    expect(notes).toBe(
      'expected operator to be empty or absent, found notes.txt; name another directory by --operator\n',
    );
    expect(await readdir(place.path('operator'))).toEqual(['notes.txt']);
    await writeFile(place.path('file'), '');
    expect(await place.say(...init, '--operator', 'file')).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected a directory, or nothing, at file'),
    });
  });

  for (const [what, args, says] of [
    ['an origin with a space', ['--holder', 'Olga', '--origin', 'my log'], 'expected the name of a key'],
    ['no holder', ['--holder', ' ', '--origin', 'log.example'], 'expected the name of a person'],
    ['the name of a system for a person', ['--holder', 'Log', '--origin', 'log.example'], 'another holder'],
  ] as const)
    test(`refuses ${what}, with nothing that looks finished`, async () => {
      await using place = await emptyWorkplace();
      const { code, notes } = await place.say('operator', 'init', ...args);
      expect({ code, notes }).toEqual({ code: 2, notes: expect.stringContaining(says) });
      expect(await readdir(place.directory).catch(() => [])).toEqual([]);
    });

  test('says when there is a file on the way', async () => {
    await using place = await emptyWorkplace();
    await mkdir(place.directory, { recursive: true });
    await writeFile(place.path('file'), '');
    const { code, notes } = await place.say(...init, '--operator', 'file/operator');
    expect({ code, notes }).toEqual({
      code: 2,
      notes: expect.stringContaining('expected a directory, or nothing, at file/operator'),
    });
  });
});

test.describe('assay operator key and retire', () => {
  test('a key counts from now on, for what it may', async () => {
    await using place = await operatorWorkplace();
    const args = ['--holder', 'Mia Müller', '--may', 'operate', '--may', 'operate', '--may', 'run'];
    const { code, output } = await place.say('operator', 'key', ...args);
    expect(code).toBe(0);
    const { keys } = await readVerifiers(place.path('operator/verifiers.json'));
    const mine = keys.at(-1);
    expect(mine).toMatchObject({
      holder: 'Mia Müller',
      may: ['operate', 'run'],
      from: place.clock.now.toISOString(),
    });
    expect(output).toBe(`${mine?.id}  Mia Müller, may operate, run; private key in keys/mia-m-ller.jwk\n`);
    expect((await stat(place.path('operator/keys/mia-m-ller.jwk'))).mode & 0o777).toBe(0o600);
  });

  test('a key of a partner counts for its integration only', async () => {
    await using place = await operatorWorkplace();
    const scope = ['--integration', 'acme-app', '--environment', 'sandbox'];
    expect(await place.say('operator', 'key', '--holder', 'Acme', '--may', 'run', ...scope)).toMatchObject({
      code: 0,
    });
    expect((await readVerifiers(place.path('operator/verifiers.json'))).keys.at(-1)).toMatchObject({
      holder: 'Acme',
      integrations: ['acme-app'],
      environments: ['sandbox'],
    });
  });

  test('a second key for a holder needs another name: keys are never overwritten', async () => {
    await using place = await operatorWorkplace();
    const before = [await place.read('operator/keys/omar.jwk'), await place.read('operator/verifiers.json')];
    const { code, notes } = await place.say('operator', 'key', '--holder', 'Omar', '--may', 'run');
    expect({ code, notes }).toEqual({ code: 2, notes: expect.stringContaining('name another holder') });
    expect([await place.read('operator/keys/omar.jwk'), await place.read('operator/verifiers.json')]).toEqual(
      before,
    );
  });

  test('a retired key ends once, and what it is told twice changes nothing', async () => {
    await using place = await operatorWorkplace();
    const idOf = async () => (await readVerifiers(place.path('operator/verifiers.json'))).keys.at(-1);
    const { id = '' } = (await idOf()) ?? {};
    const first = await place.say('operator', 'retire', id);
    const until = place.clock.now.toISOString();
    expect(first).toMatchObject({
      code: 0,
      output: `${id} of Omar signs nothing that counts after ${until}\n`,
    });
    place.clock.now = new Date(place.clock.now.getTime() + 1000);
    expect(await place.say('operator', 'retire', id)).toEqual(first);
    expect(await idOf()).toMatchObject({ until });
  });

  test('tells the ids that there are', async () => {
    await using place = await operatorWorkplace();
    const { code, notes } = await place.say('operator', 'retire', 'nobody');
    expect(code).toBe(2);
    expect(notes).toMatch(/got "nobody"; it has \S{43} \(harness\), \S{43} \(Olga\), \S{43} \(Omar\)\n/u);
  });

  test('without an operator directory nothing is made', async () => {
    await using place = await emptyWorkplace();
    for (const args of [
      ['key', '--holder', 'Omar', '--may', 'run'],
      ['retire', 'x'],
    ])
      expect(await place.say('operator', ...args)).toMatchObject({
        code: 2,
        notes: expect.stringContaining('operator/verifiers.json cannot be read'),
      });
    expect(await readdir(place.directory)).toEqual([]);
  });
});
