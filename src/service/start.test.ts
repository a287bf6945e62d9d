import { cp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { accessOf, ask, handIn, openOffice, receiver, type Office } from '../../fixtures/service.ts';
import { startPostgres } from '../../fixtures/postgres.ts';
import { openLogWriter } from '../evidence/log-writer.ts';
import { generateKey, signerOf } from '../evidence/signer.ts';
import { acquireLock } from '../files/lock.ts';

/** That a start fails, with what is to be mended. */
const fails = (starting: Promise<unknown>, expected: { readonly code: string; readonly message?: RegExp }) =>
  expect(starting).rejects.toEqual(
    expect.objectContaining({
      code: expected.code,
      fault: expect.stringMatching(/^(?:configuration|environment)$/u),
      message: expect.stringMatching(expected.message ?? /expected/u),
    }),
  );

test("an operator's directory that is not whole starts nothing", async () => {
  await using office = await openOffice();
  const operator = join(office.directory, 'operator');
  const without = async (name: string, starting: () => Promise<unknown>): Promise<void> => {
    await rename(join(operator, name), join(operator, 'away'));
    await starting();
    await rename(join(operator, 'away'), join(operator, name));
  };
  await without('rules.yaml', () => fails(office.start(), { code: 'bad-rules', message: /rules\.yaml/u }));
  await without('policy', () => fails(office.start(), { code: 'no-policy', message: /policy/u }));
  await without('connectors.yaml', () =>
    fails(office.start(), { code: 'configuration', message: /connectors\.yaml/u }),
  );
  for (const [text, message] of [
    ['issuer: [\n', /publication\.yaml: /u],
    ['name: nobody\n', /issuer/u],
  ] as const) {
    await without('publication.yaml', async () => {
      await writeFile(join(operator, 'publication.yaml'), text);
      await fails(office.start(), { code: 'bad-publication', message });
    });
  }
});

test('an embedded database and its evidence belong to one server', async () => {
  await using office = await openOffice();
  const evidence = join(office.directory, 'evidence');
  const { log } = office.operator;
  if (log === undefined) throw new Error('expected a key for the log');
  const first = await office.start();
  const copy = join(office.directory, 'state-2');
  await fails(office.start(), { code: 'locked', message: /in use by another process/u });

  // A receiver that waits for signals does not hold up the end, and is answered.
  const waiting = ask(`${first.publicUrl}/signals/poll/${receiver.stream}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${receiver.token}` },
    body: '{}',
  });
  expect((await ask(`${first.publicUrl}/health`)).status).toBe(200);
  await first.close();
  expect(await waiting).toMatchObject({ status: 200, text: '{"sets":{}}' });
  await expect(ask(`${first.publicUrl}/health`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await cp(join(office.directory, 'state'), copy, { recursive: true });
  const second = await office.start();
  await fails(office.start({ database: { kind: 'embedded', directory: copy } }), {
    code: 'second-server',
    message: /one PostgreSQL server/u,
  });
  const port = Number(new URL(second.publicUrl).port);
  await second.close();

  // In shadow mode what is denied passes, and is told once.
  await writeFile(join(office.directory, 'operator/policy/policy.yaml'), 'mode: { production: shadow }\n');
  const again = await office.start({ public: { host: '127.0.0.1', port } });
  expect(again.publicUrl).toBe(second.publicUrl);
  expect((await handIn(again, await office.register('partner'))).status).toBe(200);
  const passed = [await accessOf(again, 'partner'), await accessOf(again, 'partner')];
  expect([passed, office.told.filter((line) => line.startsWith('shadow: '))]).toEqual([
    [204, 204],
    [
      expect.stringMatching(
        /^shadow: would deny access of partner in production: no run of partner that counts has passed/u,
      ),
    ],
  ]);
  await handIn(again, await office.act('partner', { kind: 'suspend' }));
  expect(await accessOf(again, 'partner')).toBe(204);
  await again.close();
  await again.close();

  const taken = { host: '127.0.0.1', port };
  await fails(office.start({ public: taken, gate: taken }), { code: 'address-taken' });
  const other = { origin: 'other.example/log', signer: signerOf(generateKey('Ed25519'), 'log') };
  await fails(office.start({ log: other }), {
    code: 'wrong-subject',
    message: /other\.example\/log, got one of ops\.example\/log/u,
  });
  await fails(
    office.start({
      log: other,
      evidence: join(office.directory, 'evidence-2'),
    }),
    { code: 'other-log', message: /use another database/u },
  );
  using _ = acquireLock(join(evidence, '.lock'), 0);
  await fails(office.start({ log: { ...log, patience: 20 } }), { code: 'locked', message: /\.lock/u });
});

test('an outage of the database refuses for a while, and is caught up without a restart', async () => {
  await using postgres = await startPostgres();
  await using office = await openOffice();
  const service = await office.start({ database: { kind: 'server', url: postgres.url } });
  await using _ = { [Symbol.asyncDispose]: () => service.close() };
  for (const envelope of [await office.register('partner'), await office.run('partner')])
    expect((await handIn(service, envelope)).status).toBe(200);
  expect(await accessOf(service, 'partner')).toBe(204);

  // Two servers may share a PostgreSQL server: what one takes the other knows.
  const beside = await office.start({ database: { kind: 'server', url: postgres.url } });
  expect(await accessOf(beside, 'partner')).toBe(204);
  await handIn(beside, await office.act('partner', { kind: 'suspend' }));
  await expect.poll(() => accessOf(service, 'partner')).toBe(403);
  await handIn(service, await office.act('partner', { kind: 'reinstate' }));
  await handIn(service, await office.run('partner'));
  await expect.poll(() => accessOf(beside, 'partner')).toBe(204);
  await beside.close();

  await postgres.kill();
  const suspend = await office.act('partner', { kind: 'suspend' });
  const refused = await handIn(service, suspend);
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
  expect(JSON.parse(refused.text)).toEqual({
    error: 'temporarily_unavailable',
    error_description: 'this cannot be done now; try again',
  });
  // A gate goes on for a while with what it knows, and no longer.
  expect(await accessOf(service, 'partner')).toBe(204);
  office.pass({ seconds: 6 });
  expect((await ask(`${service.gateUrl}/health`)).status).toBe(503);
  expect((await ask(`${service.publicUrl}/health`)).status).toBe(503);
  // Nothing is published of what may have ended.
  expect((await ask(`${service.publicUrl}/marks/status-list`)).status).toBe(503);
  expect(await accessOf(service, 'partner')).toBe(204);
  office.pass({ seconds: 5 });
  expect(await accessOf(service, 'partner')).toBe(403);
  expect(service.gate.standing('partner')).toBeDefined();

  // What got into the log, but not into the database, as when it dies between the two.
  await appendUnprojected(office, suspend);
  await expect.poll(() => office.told.filter((line) => line.startsWith('clock: '))).not.toEqual([]);
  await postgres.restart();
  await expect.poll(async () => (await ask(`${service.gateUrl}/health`)).status).toBe(200);
  await expect
    .poll(() => service.gate.standing('partner')?.holds, { timeout: 10_000 })
    .toMatchObject([{ act: 'suspend' }]);
  const told = office.told.filter((line) => line.startsWith('store: '));
  expect(told.at(-1)).toBe('store: works again');
  // However often it was tried: what it said when it was killed, when it was gone, and when it came back.
  expect(told.length).toBeLessThan(8);
  expect((await handIn(service, suspend)).status).toBe(200);
});

async function appendUnprojected({ directory, operator: { log } }: Office, envelope: string): Promise<void> {
  if (log === undefined) throw new Error('expected a key for the log');

  const writer = await openLogWriter({ directory: join(directory, 'evidence'), ...log });
  await writer.exclusively((each) => each.append([envelope]));
  await writer.close();
}
