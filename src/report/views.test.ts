import { expect, test } from '@playwright/test';
import { renderHar } from './har.ts';
import { renderJunit } from './junit.ts';
import type { Results } from './results.ts';
import { sampleResults, summarised } from './sample.ts';
import { renderSarif } from './sarif.ts';
import { amount, cut, duration, instant, visible } from './text.ts';
import { clauses, headline, outcomeOf, runOutcome } from './view.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The tags of an XML text that is well-formed: every tag is closed in order and no character is forbidden. */
function parse(xml: string): readonly Element[] {
  // oxlint-disable-next-line no-control-regex -- what XML 1.0 forbids
  expect(xml).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uD800-\uDFFF\uFFFE\uFFFF]/u);
  const found: Element[] = [];
  const open: string[] = [];
  const text = xml
    .replace(/^<\?xml[^>]*\?>/u, '')
    .replaceAll(
      /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)(\/?)>/gu,
      (_, slash: string, name: string, list: string, empty: string) => {
        if (slash === '/') expect(open.pop()).toBe(name);
        else {
          const pairs = Array.from(
            list.matchAll(/([\w-]+)="([^"]*)"/gu),
            ([, key = '', value = '']): [string, string] => [key, value],
          );
          found.push({ name, attributes: Object.fromEntries(pairs) });
          if (empty === '') open.push(name);
        }
        return '';
      },
    );
  expect(open).toEqual([]);
  expect(text).not.toMatch(/<|&(?!(?:amp|lt|gt|quot|#39|#9|#10);)/u);
  return found;
}

const named = (elements: readonly Element[], name: string) =>
  elements.filter((element) => element.name === name);

test.describe('the JUnit view', () => {
  test('lists every check and the verdict of the run, with right counts', () => {
    const elements = parse(renderJunit(sampleResults()));
    const [root] = named(elements, 'testsuites');
    expect(named(elements, 'testcase')).toHaveLength(91);
    expect(root?.attributes).toMatchObject({ tests: '91', failures: '3', errors: '3', skipped: '4' });
    for (const [element, count] of [
      ['failure', 3],
      ['error', 3],
      ['skipped', 4],
    ] as const)
      expect(named(elements, element)).toHaveLength(count);
    const sum = (name: string) =>
      named(elements, 'testsuite').reduce((total, { attributes }) => total + Number(attributes[name]), 0);
    expect([sum('tests'), sum('failures'), sum('errors'), sum('skipped')]).toEqual([91, 3, 3, 4]);
  });

  test('names the fault as the type of an error and of a failure', () => {
    const elements = parse(renderJunit(sampleResults()));
    const types = named(elements, 'error').map(({ attributes }) => attributes['type']);
    expect(new Set(types)).toEqual(new Set(['configuration', 'environment', 'harness']));
    expect(named(elements, 'failure').map(({ attributes }) => attributes['type'])).toEqual([
      'subject',
      'subject',
      'subject',
    ]);
  });

  test('tells a waived failure as skipped, with who accepted it', () => {
    const messages = named(parse(renderJunit(sampleResults())), 'skipped').map(
      ({ attributes }) => attributes['message'],
    );
    expect(
      messages.filter((message) =>
        message?.startsWith('Waived until 2027-01-31 by security@ecosystem.example'),
      ),
    ).toHaveLength(1);
  });

  test('carries the requirements of each check', () => {
    const requirements = named(parse(renderJunit(sampleResults())), 'property').filter(
      ({ attributes }) => attributes['name'] === 'requirement',
    );
    expect(requirements.length).toBeGreaterThan(90);
  });

  test('is an error for an interrupted run in which every check passed', () => {
    const results: Results = { ...summarised([]), verdict: 'pass' };
    results.run.status = 'interrupted';
    const [root] = named(parse(renderJunit(results)), 'testsuites');
    expect(root?.attributes).toMatchObject({ tests: '1', errors: '1' });
  });

  test('stays well-formed whatever a subject sent', () => {
    const results = sampleResults();
    for (const check of results.checks)
      Object.assign(check, {
        title: ']]> <a b="c">\u0000\u001B[31m&\uD800',
        reason: '"\n\t\u0008\uFFFE\'',
        actual: '</failure>',
      });
    expect(named(parse(renderJunit(results)), 'testcase')).toHaveLength(91);
  });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly rules: readonly { readonly id: string; readonly helpUri: string }[] };
    };
    readonly invocations: readonly { readonly executionSuccessful: boolean }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly kind: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
      }[];
      readonly relatedLocations?: readonly {
        physicalLocation: { artifactLocation: { uri: string; uriBaseId: string } };
      }[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly suppressions?: readonly { readonly kind: string; readonly status: string }[];
    }[];
  }[];
}

function sarif(results: Results, lineOf: (pointer: string) => number = () => 1): Sarif['runs'][number] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test says what it expects of the text
  const { version, runs } = JSON.parse(renderSarif(results, { lineOf })) as Sarif;
  const [run] = runs;
  if (run === undefined) throw new Error('expected one run');
  expect(version).toBe('2.1.0');
  return run;
}

function prints(results: Results): string[] {
  return sarif(results).results.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints));
}

test.describe('the SARIF view', () => {
  test('makes the requirements its rules, each result pointing at its own', () => {
    const { tool, results } = sarif(sampleResults());
    expect(tool.driver.rules).toHaveLength(45);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    for (const { helpUri } of tool.driver.rules)
      expect(helpUri).toMatch(/^https:\/\/openid\.net\/.+#section-/u);
    expect(new Set(results.map(({ ruleId }) => ruleId)).size).toBe(45);
  });

  test('gives a level to failures alone', () => {
    const { results } = sarif(sampleResults());
    const pairs = new Set(results.map(({ kind, level }) => `${kind} ${level}`));
    expect([...pairs].toSorted()).toEqual([
      'fail error',
      'fail warning',
      'notApplicable none',
      'open none',
      'pass none',
    ]);
    expect(results.filter(({ level }) => level === 'error')).toHaveLength(3);
    expect(results.filter(({ suppressions }) => suppressions !== undefined)).toMatchObject([
      {
        ruleId: 'fapi2-sp/5.3.2.1-8',
        kind: 'fail',
        suppressions: [{ kind: 'external', status: 'accepted' }],
      },
    ]);
  });

  test('points at the integration file, with the check beside it', () => {
    const asked: string[] = [];
    const { results } = sarif(sampleResults(), (pointer) => asked.push(pointer));
    for (const { locations, relatedLocations } of results) {
      expect(locations[0]?.physicalLocation.artifactLocation.uri).toBe(
        'file:///srv/partners/northbank/accounts-as.yaml',
      );
      expect(locations[0]?.physicalLocation.region.startLine).toBeGreaterThan(0);
      for (const { physicalLocation } of relatedLocations ?? [])
        expect(physicalLocation.artifactLocation).toEqual({
          uri: expect.stringMatching(/\.spec\.ts$/u),
          uriBaseId: 'SUITES',
        });
    }
    expect(new Set(asked)).toEqual(new Set(['/issuer', '/profile', '/clients', '/resources/0/url']));
  });

  test('keeps fingerprints distinct in a run and equal between runs', () => {
    const later = sampleResults();
    later.run.id = '20261121T020000Z-aaaa';
    expect(new Set(prints(sampleResults())).size).toBe(prints(sampleResults()).length);
    expect(prints(later)).toEqual(prints(sampleResults()));
  });

  test('says of an interrupted run that its execution did not succeed', () => {
    const results = sampleResults();
    results.run.status = 'interrupted';
    expect(sarif(results).invocations[0]?.executionSuccessful).toBe(false);
  });
});

test('the HAR view holds every exchange, on the page of its check, with timings', () => {
  const results = sampleResults();
  const exchanges = results.checks.flatMap(({ exchanges }) => exchanges);
  const har: unknown = JSON.parse(renderHar(results));
  expect(har).toMatchObject({ log: { version: '1.2', creator: { name: 'Assay', version: '0.1.0' } } });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is expected above
  const { pages, entries } = (har as { log: { pages: { id: string }[]; entries: { pageref: string }[] } })
    .log;
  expect(entries).toHaveLength(exchanges.length);
  const ids = new Set(pages.map(({ id }) => id));
  for (const entry of entries) {
    expect(ids.has(entry.pageref)).toBe(true);
    expect(entry).toMatchObject({
      startedDateTime: expect.stringMatching(/^2026-11-20T02:00:/u),
      time: expect.any(Number),
      request: {
        method: expect.any(String),
        httpVersion: 'HTTP/1.1',
        cookies: [],
        queryString: expect.any(Array),
        headersSize: -1,
      },
      response: {
        status: expect.any(Number),
        content: { size: expect.any(Number), mimeType: expect.any(String) },
      },
      timings: { send: 0, wait: expect.any(Number), receive: 0 },
      cache: {},
    });
  }
  const reset = entries.filter((entry) => JSON.stringify(entry).includes('ECONNRESET'));
  expect(reset).toMatchObject([
    { response: { status: 0 }, _assay: { edits: ['replay the assertion'], error: { code: 'reset' } } },
  ]);
  expect(entries[0]).toMatchObject({ _assay: { tls: { protocol: 'TLSv1.3' } } });
});

test.describe('what a view says first', () => {
  const base = summarised([]);
  const run = (members: Partial<Results['run']>, verdict: Results['verdict']): Results => ({
    ...base,
    verdict,
    run: { ...base.run, ...members },
  });
  for (const [what, results, word, outcome] of [
    ['a pass', run({}, 'pass'), 'Pass', 'passed'],
    ['a warning', run({}, 'warn'), 'Warn', 'passed'],
    ['a failure', run({}, 'fail'), 'Fail', 'failed'],
    ['an inconclusive run', run({}, 'inconclusive'), 'Inconclusive', 'broken'],
    ['an interrupted pass', run({ status: 'interrupted' }, 'pass'), 'Interrupted', 'broken'],
    ['an interrupted warning', run({ status: 'interrupted' }, 'warn'), 'Interrupted', 'broken'],
    ['an interrupted failure', run({ status: 'interrupted' }, 'fail'), 'Fail', 'failed'],
    ['a selected pass', run({ selection: 'x' }, 'pass'), 'Partial pass', 'passed'],
    ['a fast warning', run({ tier: 'fast' }, 'warn'), 'Partial warn', 'passed'],
    ['a fast failure', run({ tier: 'fast' }, 'fail'), 'Fail', 'failed'],
  ] as const)
    test(`calls ${what} "${word}"`, () => {
      expect(headline(results).word).toBe(word);
      expect(runOutcome(results)).toBe(outcome);
      expect(headline(results).limits.length > 0).toBe(
        results.run.status === 'interrupted' ||
          results.run.tier === 'fast' ||
          results.run.selection !== undefined,
      );
    });
});

test('a failure counts as waived only where every requirement that it fails is', () => {
  const results = sampleResults();
  const check = results.checks.find(({ id }) => id.includes('rejects-an-array'));
  if (check === undefined) throw new Error('expected the waived check');
  expect(outcomeOf(results, check)).toBe('skipped');
  expect(outcomeOf(results, { ...check, requirements: [...check.requirements, 'fapi2-sp/5.3.2.2-5'] })).toBe(
    'failed',
  );
});

test('clauses and their requirements come in the order of their numbers', () => {
  const template = sampleResults().requirements[0];
  if (template === undefined) throw new Error('expected a requirement');
  const ids = ['b/2-1', 'a/5.10-1', 'a/5.9-10', 'a/5.9-2', 'a/5.9.1-1', 'a/5.9-1.2'];
  const order = clauses(ids.map((id) => Object.assign(structuredClone(template), { id })));
  expect(
    order.map(({ specification, number, requirements }) => [
      specification,
      number,
      requirements.map(({ id }) => id),
    ]),
  ).toEqual([
    ['a', '5.9', ['a/5.9-1.2', 'a/5.9-2', 'a/5.9-10']],
    ['a', '5.9.1', ['a/5.9.1-1']],
    ['a', '5.10', ['a/5.10-1']],
    ['b', '2', ['b/2-1']],
  ]);
});

test('text shows what is invisible in it', () => {
  expect(visible('a\u0000b\u202Ec\u200Bd\r\ne\tf\u001B[31m\uD800')).toBe(
    'a⟨U+0000⟩b⟨U+202E⟩c⟨U+200B⟩d\ne\tf⟨U+001B⟩[31m\uFFFD',
  );
  expect(visible('größe, 東京, 🔑')).toBe('größe, 東京, 🔑');
  expect(cut('abcdef', 4)).toEqual({ shown: 'abcd', left: 2 });
  expect([0.4, 999.4, 999.6, 2340, 59_949, 59_951, 245_000].map((value) => duration(value))).toEqual([
    '0 ms',
    '999 ms',
    '1.0 s',
    '2.3 s',
    '59.9 s',
    '1 min 00 s',
    '4 min 05 s',
  ]);
  expect(instant('2026-11-20T02:00:07.123Z')).toBe('2026-11-20 02:00:07 UTC');
  expect(amount(1_234_567)).toBe('1\u{202F}234\u{202F}567');
});
