import { expect, test } from '@playwright/test';
import { parseBundle, printBundle, type Bundle } from './bundle.ts';
import { seal } from './envelope.ts';
import { fuzzBundles } from './fuzz-bundle.ts';
import { sampleKey, sampleStatement } from './sample.ts';
import { verifyBundle } from './verify.ts';

const envelope = await seal(sampleStatement(), [sampleKey().signer]);

test.describe('a bundle', () => {
  for (const [what, bundle] of Object.entries({
    'an envelope alone': { envelope },
    'a proof': { envelope, proof: 'c2sp.org/tlog-proof@v1\nindex 0\n\n' },
    'a fingerprint': {
      envelope,
      fingerprint: {
        keys: ['ä', '\u2028'],
        certificates: {},
        descriptions: { 'openapi.yaml': 'a'.repeat(64) },
        registration: { digest: 'b'.repeat(64), clients: [] },
        profile: { edition: 'e', digest: 'c'.repeat(64) },
      },
    },
  } satisfies Record<string, Bundle>))
    test(`with ${what} is read as it was printed`, () => {
      expect(parseBundle(printBundle(bundle))).toEqual(bundle);
    });

  const printed = printBundle({ envelope });
  for (const [what, text, code] of [
    ['a line end', `${printed}\n`, 'not-canonical'],
    ['a space', printed.replace(':', ': '), 'not-canonical'],
    ['another order', printed.replace(/^\{(.*),("format".*)\}$/u, '{$2,$1}'), 'not-canonical'],
    ['a member twice', printed.replace('{', '{"format":"assay-bundle/1",'), 'not-canonical'],
    ['another member', printed.replace('"format"', '"e":1,"format"'), 'not-canonical'],
    ['another member in order', printed.replace(/\}$/u, ',"zone":1}'), 'malformed'],
    ['another format', printed.replace('bundle/1', 'bundle/2'), 'malformed'],
    ['no envelope', '{"format":"assay-bundle/1"}', 'malformed'],
    ['an envelope as text', '{"envelope":"e","format":"assay-bundle/1"}', 'malformed'],
    ['a proof that is no text', printed.replace(/\}$/u, ',"proof":[]}'), 'malformed'],
    ['no JSON', 'assay', 'malformed'],
  ] as const)
    test(`with ${what} is refused`, () => {
      expect(text).not.toBe(printed);
      expect(() => parseBundle(text)).toThrow(expect.objectContaining({ name: 'EvidenceError', code }));
    });
});

test('of 3,000 mutated bundles none is verified, and each kind of refusal is reached', async () => {
  const { codes } = await fuzzBundles(3000, 1);
  for (const code of ['malformed', 'not-canonical', 'bad-signature', 'not-logged', 'wrong-subject'] as const)
    expect(codes[code], code).toBeGreaterThan(20);
});

// The fuzzer is worth something only if it finds each of these.
for (const claim of ['log', 'subject'] as const)
  test(`the fuzzer finds a reader that believes the ${claim}`, async () => {
    const lenient: Parameters<typeof fuzzBundles>[2] = (text, verifiers) => {
      const { claims } = verifyBundle(parseBundle(text), {
        verifiers,
        now: new Date('2026-11-20T12:00:00.000Z'),
        subjects: [],
      });
      const wrong = claims.find((each) => each.state === 'refuted' && each.claim !== claim);
      if (wrong) parseBundle('');
    };
    await expect(fuzzBundles(3000, 1, lenient)).rejects.toThrow('accepted after');
  });
