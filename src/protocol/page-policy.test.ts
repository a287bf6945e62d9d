import { expect, test } from '@playwright/test';
import { framable, revealsUrl } from './page-policy.ts';

const csp = (policy: string) => ({ 'content-security-policy': policy });

const framed: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
  [{}, true],
  [{ 'x-frame-options': 'DENY' }, false],
  [{ 'x-frame-options': ' SameOrigin ' }, false],
  [{ 'x-frame-options': 'ALLOW-FROM https://bank.example' }, true],
  [csp("default-src 'none'"), true],
  [csp("default-src 'none'; Frame-Ancestors 'none'"), false],
  [csp("frame-ancestors 'self' https://bank.example"), false],
  [csp('frame-ancestors'), false],
  [csp('frame-ancestors *'), true],
  [csp("frame-ancestors 'self' https:"), true],
  [csp("frame-ancestors *, frame-ancestors 'none'"), false],
  [{ ...csp('frame-ancestors *'), 'x-frame-options': 'DENY' }, true],
];

for (const [headers, expected] of framed)
  test(`${JSON.stringify(headers)} lets ${expected ? 'anybody' : 'only some'} frame the page`, () => {
    expect(framable(headers)).toBe(expected);
  });

const referred: readonly (readonly [string | undefined, string | undefined, boolean])[] = [
  [undefined, undefined, true],
  ['no-referrer', undefined, false],
  ['strict-origin-when-cross-origin', undefined, false],
  ['unsafe-url', undefined, true],
  ['no-referrer-when-downgrade', undefined, true],
  ['no-referrer, unsafe-url', undefined, true],
  ['no-referrer, of-the-future', undefined, false],
  [undefined, 'same-origin', false],
  ['no-referrer', 'unsafe-url', true],
];

for (const [header, document, expected] of referred)
  test(`${header} and ${document} ${expected ? 'give the URL away' : 'keep the URL'}`, () => {
    expect(revealsUrl(header, document)).toBe(expected);
  });
