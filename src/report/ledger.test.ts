import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { faults } from '../verdict/verdict.ts';
import { Contradiction, endingOf, Ledger, type Evidence } from './ledger.ts';

/**
 * Checks that end in every way, run by the real test runner: how a check ended is read from the text of its errors, so
 * these tests tell when that text changes its shape.
 */
const bodies = {
  passes: 'expect(1).toBe(1)',
  toBe: 'expect(200).toBe(201)',
  toEqual: 'expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] })',
  toMatchObject: "expect({ error: 'x' }).toMatchObject({ error: expect.stringContaining('y') })",
  toContain: "expect(['a', 'b']).toContain('c')",
  notToContain: "expect(['a', 'b']).not.toContain('a')",
  notToEqual: 'expect([1]).not.toEqual([1])',
  toHaveProperty: "expect({ a: 1 }).toHaveProperty('b')",
  notToHaveProperty: "expect({ a: 1 }).not.toHaveProperty('a')",
  toBeLessThan: 'expect(600).toBeLessThan(600)',
  toBeGreaterThanOrEqual: 'expect(60).toBeGreaterThanOrEqual(128)',
  toMatch: 'expect("https://a").toMatch(/^x/u)',
  toHaveLength: 'expect([1]).toHaveLength(2)',
  toBeUndefined: 'expect(1).toBeUndefined()',
  withMessage: "expect('a', 'token_endpoint is in the metadata').toBe('b')",
  soft: 'expect.soft(1).toBe(2)',
  resolves: 'await expect(Promise.resolve(1)).resolves.toBe(2)',
  rejects: 'await expect(Promise.reject(new Error("x"))).rejects.toThrow("y")',
  contradiction: "throw ledger.note(new Contradiction('a refusal', 'accepted: 200'))",
  ...Object.fromEntries(
    faults.map((fault) => [
      fault,
      `throw ledger.note(Object.assign(new Error('expected ${fault} to answer\\n\\nmore'), { fault: '${fault}' }))`,
    ]),
  ),
  unnoted: "throw Object.assign(new Error('nobody noted it'), { fault: 'environment' })",
  unknownFault: "throw ledger.note(Object.assign(new Error('x'), { fault: 'moon' }))",
  typeError: 'undefined.x',
  notAnError: "throw 'a text'",
  emptyNoted: "ledger.note(Object.assign(new Error(''), { fault: 'environment' })); undefined.x",
  swallowed:
    "ledger.note(Object.assign(new Error('connection refused'), { fault: 'environment' })); expect(1).toBe(2)",
  secret: "expect('token s3cr3t-s3cr3t').toBe('none')",
  late: 'test.setTimeout(50); await new Promise(() => {})',
} as const;

const here = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href);
const runner = createRequire(import.meta.url).resolve('@playwright/test');

const spec = `
import { test as base, expect } from ${JSON.stringify(join(runner, '..', 'index.mjs'))};
import { Contradiction, endingOf, Ledger } from ${here('ledger.ts')};
const test = base.extend({
  ledger: [async ({}, use, info) => {
    const ledger = new Ledger();
    await use(ledger);
    const scrub = (text) => text.replaceAll('s3cr3t-s3cr3t', '[redacted]');
    const evidence = ledger.evidence(endingOf(info, ledger), scrub);
    info.annotations.push({ type: 'evidence', description: JSON.stringify(evidence) });
    info.expectedStatus = info.status;
  }, { auto: true }],
});
${Object.entries(bodies)
  .map(([title, body]) => `test(${JSON.stringify(title)}, async ({ ledger }) => { ${body}; });`)
  .join('\n')}
`;

interface Listed {
  readonly specs: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly annotations: readonly { readonly type: string; readonly description: string }[];
    }[];
  }[];
}

let endings: ReadonlyMap<string, Evidence> = new Map();

async function run(): Promise<typeof endings> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-ledger-'));
  await writeFile(join(directory, 'endings.spec.mjs'), spec);
  await writeFile(
    join(directory, 'playwright.config.mjs'),
    'export default { workers: 1, reporter: "json" };',
  );
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [join(runner, '..', 'cli.js'), 'test'],
      // Colours are a part of what has to be understood.
      { cwd: directory, env: { ...process.env, FORCE_COLOR: '1' } },
      (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : resolve(stdout)),
    );
  });
  await rm(directory, { recursive: true });
  const { suites }: { suites: readonly Listed[] } = JSON.parse(output);
  return new Map(
    suites
      .flatMap(({ specs }) => specs)
      .map(({ title, tests }) => [
        title,
        JSON.parse(tests[0]?.annotations.find(({ type }) => type === 'evidence')?.description ?? 'null'),
      ]),
  );
}

const reasonOf = (title: string): unknown => {
  const ending = endings.get(title)?.ending;
  return ending && 'reason' in ending ? ending.reason : undefined;
};

test.describe('a check ends', () => {
  test.describe.configure({ mode: 'default' });
  test.beforeAll(async () => {
    endings = await run();
  });

  const contradicted: Readonly<Record<string, readonly [expected: unknown, actual: unknown]>> = {
    toBe: ['201', '200'],
    toEqual: [expect.stringMatching(/^- +3,$/u), expect.stringMatching(/^\+ +2,$/u)],
    toMatchObject: [expect.stringContaining('y'), expect.stringContaining('x')],
    toContain: ['"c"', '["a", "b"]'],
    notToContain: ['not "a"', '["a", "b"]'],
    notToEqual: ['not [1]', expect.anything()],
    toHaveProperty: ['"b"', expect.anything()],
    notToHaveProperty: ['not "a"', expect.anything()],
    toBeLessThan: ['< 600', '600'],
    toBeGreaterThanOrEqual: ['>= 128', '60'],
    toMatch: ['/^x/u', '"https://a"'],
    toHaveLength: ['2', '1'],
    toBeUndefined: [expect.anything(), '1'],
    withMessage: ['"b"', '"a"'],
    soft: ['2', '1'],
    resolves: ['2', '1'],
    rejects: ['"y"', expect.stringContaining('x')],
    contradiction: ['a refusal', 'accepted: 200'],
    swallowed: ['2', '1'],
    secret: ['"none"', '"token [redacted]"'],
  };
  for (const [title, [expected, actual]] of Object.entries(contradicted))
    test(`contradicted by an assertion: ${title}`, () => {
      expect(endings.get(title)).toMatchObject({ ending: { end: 'contradicted' }, expected, actual });
      expect(JSON.stringify(endings.get(title))).not.toMatch(/s3cr3t|\\u001b/u);
    });

  test('with a reason that tells the statement and what came', () => {
    expect(reasonOf('withMessage')).toBe('Token_endpoint is in the metadata.');
    expect(reasonOf('contradiction')).toBe('Expected a refusal; got accepted: 200.');
  });

  test('completed', () => {
    expect(endings.get('passes')).toEqual({ ending: { end: 'completed' }, exercised: 0, exchanges: [] });
  });

  for (const fault of faults)
    test(`prevented by ${fault}, as its error says`, () => {
      const evidence = endings.get(fault);
      expect(evidence?.ending).toEqual({
        end: 'prevented',
        fault,
        reason: `Expected ${fault} to answer.`,
      });
      expect(evidence).not.toHaveProperty('expected');
      expect(evidence?.stack).toContain('endings.spec.mjs');
    });

  for (const title of ['unnoted', 'unknownFault', 'typeError', 'notAnError', 'emptyNoted'])
    test(`prevented by the harness: ${title}`, () => {
      expect(endings.get(title)?.ending).toMatchObject({ end: 'prevented', fault: 'harness' });
    });

  test('prevented by the environment when it is late', () => {
    expect(endings.get('late')?.ending).toMatchObject({
      end: 'prevented',
      fault: 'environment',
      reason: expect.stringContaining('in time'),
    });
  });
});

test('a ledger remembers the errors of asynchronous methods, and leaves the others as they are', async () => {
  const refused = Object.assign(new Error('nothing listens there'), { fault: 'environment' });
  class Subject {
    readonly #secret = 7;
    plain(): number {
      return this.#secret;
    }
    async calls(): Promise<never> {
      throw refused;
    }
  }
  const ledger = new Ledger();
  const watched = ledger.watch(new Subject());
  expect(watched.plain()).toBe(7);
  await expect(watched.calls()).rejects.toBe(refused);
  const ending = endingOf({ status: 'failed', error: { message: `Error: ${refused.message}` } }, ledger);
  expect(ending).toEqual({ end: 'prevented', fault: 'environment', reason: 'Nothing listens there.' });
});

test('a check that ended without an error is prevented by the harness', () => {
  expect(endingOf({}, new Ledger())).toMatchObject({
    end: 'prevented',
    fault: 'harness',
  });
});

test('evidence holds no secret in any of its texts', () => {
  const ledger = new Ledger();
  ledger.note(new Contradiction('s3cr3t', 's3cr3t'));
  const message = 'expected s3cr3t; got s3cr3t';
  const ending = endingOf({ status: 'failed', error: { message, stack: `${message}\n at s3cr3t` } }, ledger);
  const evidence = ledger.evidence(ending, (text) => text.replaceAll('s3cr3t', '*'));
  expect(evidence).toMatchObject({ expected: '*', actual: '*', stack: 'expected *; got *\n at *' });
  expect(JSON.stringify(evidence)).not.toContain('s3cr3t');
});

test('evidence holds the last pictures of pages, but none of a page that shows a secret', () => {
  const ledger = new Ledger();
  const page = (text: string) => ({
    text,
    title: `Page ${text}`,
    url: 'https://as.example/s3cr3t',
    picture: { type: 'png', base64: 'AAAA' } as const,
  });
  const { picture: _, ...unpictured } = page('without');
  ledger.pages.push(...['one', 'two', 's3cr3t', 'three', 'four'].map(page), unpictured);
  const { pictures } = ledger.evidence({ end: 'completed' }, (text) => text.replaceAll('s3cr3t', '*'));
  expect(pictures).toEqual(
    ['two', 'three', 'four'].map((text) => ({
      title: `Page ${text}`,
      url: 'https://as.example/*',
      type: 'png',
      base64: 'AAAA',
    })),
  );
});
