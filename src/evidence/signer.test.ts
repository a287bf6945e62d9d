import { createPrivateKey, sign } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { openEnvelope, seal } from './envelope.ts';
import { importPublic, p256Order, verifySignature, withLowS } from './keys.ts';
import { sampleStatement, sampleVerifiers } from './sample.ts';
import {
  generateKey,
  keyId,
  loadSigning,
  openSigner,
  publicJwk,
  readVerifiers,
  signerOf,
  verifierKey,
} from './signer.ts';

const test = base.extend<{ directory: string }>({
  directory: async ({}, use, info) => {
    const directory = info.outputPath('operator');
    await mkdir(directory, { recursive: true });
    await use(directory);
    await rm(directory, { recursive: true });
  },
});

const code = (expected: string) => expect.objectContaining({ name: 'EvidenceError', code: expected });
const bytes = Buffer.from('what is signed');
const algorithms = ['ES256', 'Ed25519'] as const;

test.describe('keys', () => {
  test('have the thumbprint of RFC 8037, appendix A.3', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(keyId(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  test('sign the bytes of RFC 8037, appendix A.4', async () => {
    const d = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const signer = signerOf({ kty: 'OKP', crv: 'Ed25519', x, d }, 'Ada');
    const signature = await signer.sign(
      Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'),
    );
    expect(Buffer.from(signature).toString('base64url')).toBe(
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    );
  });

  for (const alg of algorithms)
    test(`of ${alg} show only their public half`, () => {
      const jwk = generateKey(alg);
      const more = { ...jwk, kid: 'mine', use: 'sig' };
      expect(JSON.stringify(signerOf(jwk, 'Ada'))).not.toContain(jwk.d);
      expect(publicJwk(more)).toEqual(signerOf(jwk, 'Ada').jwk);
      expect(keyId(more)).toBe(keyId(publicJwk(jwk)));
    });

  test('sign by ES256 with the lower s only', async () => {
    const jwk = generateKey('ES256');
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    const halves = Array.from({ length: 40 }, () =>
      sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
    );
    const good = (signature: Uint8Array) => verifySignature('ES256', importPublic(jwk), bytes, signature);
    // Half of what a plain signer makes has the higher s: 2^-40 of all runs see none of one kind.
    expect(halves.filter(good).length).toBeLessThan(40);
    expect(halves.map(withLowS).filter(good)).toHaveLength(40);
    const signer = signerOf(jwk, 'Ada');
    const own = await Promise.all(halves.map(() => signer.sign(bytes)));
    expect(own.filter(good)).toHaveLength(40);
  });

  for (const [what, s] of Object.entries({ 'the order': p256Order, 'more than the order': p256Order + 5n }))
    test(`do not take ${what} for an s that has a lower twin`, () => {
      const signature = Buffer.concat([Buffer.alloc(32, 1), Buffer.from(s.toString(16), 'hex')]);
      expect(withLowS(signature)).toEqual(signature);
    });

  for (const alg of algorithms)
    test(`of ${alg} do not verify signatures of another length, nor all zeros`, () => {
      const key = importPublic(generateKey(alg));
      for (const length of [0, 63, 64, 65, 72])
        expect(verifySignature(alg, key, bytes, Buffer.alloc(length))).toBe(false);
    });

  const ec = generateKey('ES256');
  const ed = generateKey('Ed25519');
  for (const [what, jwk] of Object.entries({
    'of another curve': { ...ec, crv: 'P-384' },
    'of RSA': { kty: 'RSA', n: 'AQAB', e: 'AQAB', d: 'AQAB' },
    'that is no point': { ...ec, y: String(ec['x']) },
    'spelt with padding': { ...ec, x: `${ec['x']}=` },
    'without y': { kty: 'EC', crv: 'P-256', x: String(ec['x']), d: ec.d },
    'with the private half of another of P-256': { ...ec, d: generateKey('ES256').d },
    'with the private half of another of Ed25519': { ...ed, d: generateKey('Ed25519').d },
    'with a private half that is none': { ...ed, d: 'AAAA' },
  }))
    test(`refuse a key ${what}, and do not show it`, () => {
      expect(() => signerOf(jwk, 'Ada')).toThrow(code('unusable-key'));
      expect(() => signerOf(jwk, 'Ada')).not.toThrow(jwk.d);
    });
});

test.describe('a signer', () => {
  const jwk = generateKey('ES256');
  const verifiers = {
    ...sampleVerifiers([]),
    keys: [verifierKey(jwk, { holder: 'Ada', may: ['run'], from: '2026-01-01T00:00:00.000Z' })],
  };

  test('opens from a file beside signing.yaml', async ({ directory }) => {
    await writeFile(join(directory, 'key.json'), `${JSON.stringify(jwk)}\n`);
    const signer = await openSigner({ file: 'key.json' }, 'Ada', directory);
    expect(signer).toMatchObject({ id: keyId(jwk), alg: 'ES256', holder: 'Ada', jwk: publicJwk(jwk) });
    expect(openEnvelope(await seal(sampleStatement(), [signer]), verifiers).keys).toEqual(verifiers.keys);
  });

  test('opens from a variable', async () => {
    const environment = { KEY: JSON.stringify(jwk) };
    expect(await openSigner({ env: 'KEY' }, 'Ada', '.', { environment })).toMatchObject({ id: keyId(jwk) });
  });

  for (const [what, [content, message]] of Object.entries({
    'that is not set': [undefined, /variable KEY, but it is not set$/u],
    'that is empty': ['', /but it is empty$/u],
    'without JSON': [`secret ${jwk.d}`, /but it is no JSON$/u],
    'with a public key': [
      JSON.stringify(publicJwk(jwk)),
      /but its member d, the private one, is not there$/u,
    ],
  } as const))
    test(`refuses a variable ${what}`, async () => {
      const opened = openSigner({ env: 'KEY' }, 'Ada', '.', { environment: { KEY: content } });
      await expect(opened).rejects.toThrow(code('unusable-key'));
      await expect(opened).rejects.toThrow(message);
    });

  test('refuses a file that is not there', async ({ directory }) => {
    const opened = openSigner({ file: 'none.json' }, 'Ada', directory);
    await expect(opened).rejects.toThrow(/operator\/none\.json, but there is no such file$/u);
  });
});

test.describe('a signing command', () => {
  const [ec, ed] = [generateKey('ES256'), generateKey('Ed25519')];
  const read = `const bytes = require('fs').readFileSync(0); const { sign } = require('crypto');`;
  const key = `const key = { key: JSON.parse(process.argv[1]), format: 'jwk' };`;
  const write = `process.stdout.write(signature.toString('base64') + '\\n')`;
  const p1363 = `${read}${key} const signature = sign('sha256', bytes, { ...key, dsaEncoding: 'ieee-p1363' }); ${write}`;
  const pure = `${read}${key} const signature = sign(null, bytes, key); ${write}`;
  const open = (script: string, jwk: typeof ec, options = {}) =>
    openSigner(
      { command: [process.execPath, '-e', script, JSON.stringify(jwk)], jwk: { ...publicJwk(jwk) } },
      'HSM',
      '.',
      options,
    );

  for (const [alg, script, jwk] of [
    ['ES256', p1363, ec],
    ['Ed25519', pure, ed],
  ] as const)
    test(`signs by ${alg}`, async () => {
      const signer = await open(script, jwk);
      const signatures = await Promise.all([1, 2, 3, 4].map(() => signer.sign(bytes)));
      for (const each of signatures) expect(verifySignature(alg, importPublic(jwk), bytes, each)).toBe(true);
    });

  test('runs in the directory of signing.yaml', async ({ directory }) => {
    await writeFile(join(directory, 'hsm.js'), p1363);
    await writeFile(join(directory, 'key.json'), JSON.stringify(ec));
    const script = `process.argv[1] = require('fs').readFileSync('key.json', 'utf8'); eval(require('fs').readFileSync('hsm.js', 'utf8'))`;
    const signer = await openSigner(
      { command: [process.execPath, '-e', script], jwk: { ...publicJwk(ec) } },
      'HSM',
      directory,
    );
    expect(await signer.sign(bytes)).toHaveLength(64);
  });

  for (const [what, [script, message]] of Object.entries({
    fails: ['process.exit(3)', /it ended with exit code 3$/u],
    'is killed': [`process.kill(process.pid, 'SIGTERM')`, /it was ended by SIGTERM$/u],
    'writes nothing': ['', /it wrote something else$/u],
    'writes no base64': [`process.stdout.write('signed!')`, /it wrote something else$/u],
    'writes without end': [
      `process.stdout.on('error', () => process.exit()); setInterval(() => process.stdout.write('A'.repeat(500)), 1)`,
      /it wrote more than 1024 characters$/u,
    ],
    'signs by DER': [
      p1363.replace(`, dsaEncoding: 'ieee-p1363'`, ''),
      /expected 64 bytes .* \(r and s, not DER\), got 7\d bytes/u,
    ],
    'signs other bytes': [
      p1363.replace(`'sha256', bytes`, `'sha256', bytes.subarray(1)`),
      /got 64 bytes from the signing command that it does not$/u,
    ],
  } as const))
    test(`that ${what} is refused`, async () => {
      const signed = (await open(script, ec)).sign(bytes);
      await expect(signed).rejects.toThrow(code('unusable-key'));
      await expect(signed).rejects.toThrow(message);
      await expect(signed).rejects.not.toThrow(ec.d);
    });

  test('that signs with another key is refused', async () => {
    const other = {
      command: [process.execPath, '-e', p1363, JSON.stringify(ec)],
      jwk: { ...publicJwk(generateKey('ES256')) },
    };
    await expect((await openSigner(other, 'HSM', '.')).sign(bytes)).rejects.toThrow(code('unusable-key'));
  });

  test('that does not end is stopped, with what it started left behind', async () => {
    // The grandchild holds the pipe open when the command is gone, and ends when nobody reads it.
    const forEver = `setInterval(() => process.stdout.write('A'), 50)`;
    const command = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forEver)}], { stdio: ['ignore', 'inherit', 'ignore'] }).unref()`;
    const started = performance.now();
    await expect((await open(command, ec, { patience: 500 })).sign(bytes)).rejects.toThrow(
      /it did not end within 500 ms$/u,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('that is not there is refused', async () => {
    const signer = await openSigner(
      { command: ['/nowhere/hsm', '--pin', '1234'], jwk: { ...publicJwk(ec) } },
      'HSM',
      '.',
    );
    await expect(signer.sign(bytes)).rejects.toThrow(
      /signing command hsm to write .* could not be started \(ENOENT\)$/u,
    );
  });

  test('with the private key beside it is refused', async () => {
    await expect(openSigner({ command: ['hsm'], jwk: ec }, 'HSM', '.')).rejects.toThrow(code('unusable-key'));
  });
});

test.describe('signing.yaml', () => {
  test('is read', async ({ directory }) => {
    const path = join(directory, 'signing.yaml');
    await writeFile(path, 'holder: Ada\nstatements: { file: keys/run.json }\nvalidity_hours: 24\n');
    expect(await loadSigning(path)).toEqual({
      holder: 'Ada',
      statements: { file: 'keys/run.json' },
      validity_hours: 24,
    });
  });

  for (const [what, text] of Object.entries({
    'another member': 'holder: Ada\nstatements: { env: KEY }\nsecret: hidden-value\n',
    'a key in it': 'holder: Ada\nstatements: { kty: OKP, d: hidden-value }\n',
    'a member twice': 'holder: Ada\nholder: hidden-value\nstatements: { env: KEY }\n',
    'an alias': 'holder: &name hidden-value\nstatements: { file: *name }\n',
    'broken YAML': 'holder: "hidden-value\n',
    nothing: '',
  }))
    test(`with ${what} is refused, and its content is not shown`, async ({ directory }) => {
      const path = join(directory, 'signing.yaml');
      await writeFile(path, text);
      await expect(loadSigning(path)).rejects.toThrow(code('malformed'));
      await expect(loadSigning(path)).rejects.not.toThrow('hidden-value');
    });

  test('that is not there is refused', async ({ directory }) => {
    await expect(loadSigning(join(directory, 'none.yaml'))).rejects.toThrow(code('unusable-key'));
  });
});

test.describe('verifiers.json', () => {
  const jwk = generateKey('Ed25519');
  const key = verifierKey(jwk, { holder: 'Ada', may: ['run'], from: '2026-01-01T00:00:00.000Z' });
  const valid = { ...sampleVerifiers([]), keys: [key] };
  const write = async (directory: string, value: unknown): Promise<string> => {
    const path = join(directory, 'verifiers.json');
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));
    return path;
  };

  test('is read', async ({ directory }) => {
    expect(await readVerifiers(await write(directory, valid))).toEqual(valid);
  });

  for (const [what, [value, expected]] of Object.entries<readonly [unknown, string]>({
    'broken JSON': ['{', 'malformed'],
    'no keys': [{ ...valid, keys: [] }, 'malformed'],
    'a key twice': [{ ...valid, keys: [key, key] }, 'malformed'],
    'a window that ends before it begins': [
      { ...valid, keys: [{ ...key, until: '2025-12-31T00:00:00.000Z' }] },
      'malformed',
    ],
    'the id of another key': [
      { ...valid, keys: [{ ...key, id: keyId(generateKey('Ed25519')) }] },
      'unusable-key',
    ],
    'another algorithm': [{ ...valid, keys: [{ ...key, alg: 'ES256' }] }, 'unusable-key'],
    'a private key': [{ ...valid, keys: [{ ...key, jwk }] }, 'unusable-key'],
  }))
    test(`with ${what} is refused`, async ({ directory }) => {
      const path = await write(directory, value);
      await expect(readVerifiers(path)).rejects.toThrow(code(expected));
      await expect(readVerifiers(path)).rejects.not.toThrow(jwk.d);
    });
});
