import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { stringify } from 'yaml';
import { published } from '../certification/publication/jwt.ts';
import { delegate, delegatedUntil } from '../certification/publication/trust-mark.ts';
import { sampleKey } from '../evidence/sample.ts';
import { loadIssuer } from './publication-routes.ts';

const issuer = 'https://assay.example';
const owner = 'https://scheme.example';
const type = 'https://scheme.example/marks/fapi2';
const now = new Date('2026-11-22T12:00:00.000Z');

async function load(delegated: unknown) {
  const directory = await mkdtemp(join(tmpdir(), 'assay-publication-'));
  try {
    const path = join(directory, 'publication.yaml');
    await writeFile(path, stringify({ issuer, name: 'Operator', delegated }));
    return await loadIssuer(path, sampleKey().signer);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('a type of another owner takes the place of the own one, with its delegation', async () => {
  const scheme = sampleKey();
  const jwt = await delegate(scheme.signer, { owner, issuer, type, now });
  const entry = {
    type,
    edition: 'fapi2-sp-flows-1',
    environment: 'production',
    owner,
    keys: [published(scheme.signer)],
    jwt,
  };
  const loaded = await load([entry]);
  const found = loaded?.types.filter(
    ({ edition, environment }) => edition === entry.edition && environment === 'production',
  );
  expect(found).toEqual([
    { type, edition: entry.edition, environment: 'production', delegation: { owner, keys: entry.keys, jwt } },
  ]);
  const [mine] = found ?? [];
  expect(loaded && mine && (await delegatedUntil(loaded, mine, now))).toBe(Infinity);
  // Signed by somebody else, it entrusts nobody.
  const forged = { ...entry, jwt: await delegate(sampleKey().signer, { owner, issuer, type, now }) };
  const other = (await load([forged]))?.types.find((each) => each.type === type);
  await expect(other && loaded && delegatedUntil(loaded, other, now)).rejects.toThrow();
});

test('a delegation without keys of its owner is refused', async () => {
  const entry = { type, edition: 'fapi2-sp-flows-1', environment: 'production', owner, keys: [], jwt: 'x' };
  await expect(load([entry])).rejects.toMatchObject({ code: 'bad-publication' });
});
