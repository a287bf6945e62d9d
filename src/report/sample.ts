import type { Verdict } from '../verdict/verdict.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import { sampleChecks } from './sample-checks.ts';
import { call, metadata, placed, push, reset, token, visit, type Draft } from './sample-exchanges.ts';
import { sampleRequirements } from './sample-requirements.ts';
import { attention } from './view.ts';

const started = Date.parse('2026-11-20T02:00:00.000Z');
const issued = {
  request_uri: 'urn:ietf:params:oauth:request_uri:[redacted request_uri q8R1]',
  expires_in: 60,
};
const tokens = {
  access_token: '[redacted access_token Zt9u4y7B1kQe]',
  token_type: 'DPoP',
  expires_in: 300,
  scope: 'openid accounts',
};
const challenge = '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=';
const valid = push([], `${challenge}S256`, [201, issued], { at: 2, took: 21 });
const accounts = { data: [{ accountId: 'acc-1', currency: 'EUR' }] };

type Finding = Omit<Partial<CheckResult>, 'exchanges'> & { readonly drafts?: readonly Draft[] };

const notApplicable = (reason: string): Finding => ({
  verdict: 'not-applicable',
  executed: false,
  reason,
  drafts: [],
});

/** What did not pass, or measured something, by check id. */
const findings: Readonly<Record<string, Finding>> = {
  'authorization-server/par/rejects-the-plain-method': {
    verdict: 'fail',
    fault: 'subject',
    reason: 'The request with the plain method was accepted, right after its valid twin.',
    expected: 'status 400 with error invalid_request',
    actual: 'status 201 with a request_uri',
    hint: 'Refuse every code_challenge_method but S256, and advertise only S256 in code_challenge_methods_supported.',
    drafts: [
      valid,
      push(['replace code_challenge_method'], `${challenge}plain`, [201, issued], { at: 26, took: 19 }),
    ],
  },
  'authorization-server/token/revokes-the-tokens-of-a-used-code': {
    verdict: 'fail',
    fault: 'subject',
    reason: 'The access token still worked after its code had been replayed.',
    expected: 'status 401 with error invalid_token',
    actual: 'status 200 with 1 account',
    hint: 'When a code comes a second time, revoke all tokens that were issued from it (RFC 6749, section 4.1.2).',
    drafts: [
      valid,
      token([], [200, tokens], { at: 60, took: 28 }),
      token(['replay the code'], [400, { error: 'invalid_grant' }], { at: 92, took: 17 }),
      call([], [200, accounts], { at: 112, took: 12 }),
    ],
  },
  'authorization-server/client-authentication/rejects-an-array-with-the-issuer-as-audience': {
    verdict: 'fail',
    fault: 'subject',
    reason: 'An assertion whose audience is an array was accepted.',
    expected: 'status 401 or 400 with error invalid_client',
    actual: 'status 201 with a request_uri',
    hint: 'Accept a client assertion only when aud is the issuer identifier as a string.',
    drafts: [valid, push(['audience as an array'], `${challenge}S256`, [201, issued], { at: 26, took: 22 })],
  },
  'authorization-server/authorization/redirects-with-303-after-the-login': {
    verdict: 'warn',
    fault: 'subject',
    reason: 'The redirect after the login form used another status; that is permitted, and not recommended.',
    expected: 'status 303',
    actual: 'status 302',
    hint: 'Redirect with 303 so that a browser never repeats the form.',
    drafts: [
      valid,
      visit('/auth?client_id=assay-1', 302, 'https://assay.example/callback?code=[redacted code h7Tq]', {
        at: 40,
        took: 31,
      }),
    ],
  },
  'authorization-server/discovery/publishes-each-key-id-once': {
    verdict: 'warn',
    fault: 'subject',
    reason: 'Two keys share a key id.',
    expected: '3 distinct key ids in 3 keys',
    actual: '2 distinct key ids: sig-2026 (twice), enc-2026',
    hint: 'Give every key of the key set a kid of its own; a thumbprint (RFC 7638) is one.',
  },
  'authorization-server/client-authentication/rejects-a-replayed-assertion': {
    verdict: 'inconclusive',
    fault: 'environment',
    reason: 'The connection was reset before the replayed request was answered.',
    expected: 'status 401 or 400 with error invalid_client',
    actual: 'no response: reset',
    hint: 'Look for a proxy or firewall between Assay and as.northbank.example, then replay the check.',
    drafts: [
      valid,
      reset(push(['replay the assertion'], `${challenge}S256`, [400, {}], { at: 26, took: 5004 })),
    ],
  },
  'resource-server/token-use/rejects-a-revoked-token': {
    measured: [{ name: 'revoked token refused after', value: 38, unit: 'ms' }],
  },
  'authorization-server/token/rejects-the-code-of-another-client': {
    verdict: 'inconclusive',
    fault: 'configuration',
    reason:
      'The second test client could not get a code: its registration does not permit the scope accounts.',
    expected: 'status 201 for the valid request of client assay-2',
    actual: 'status 400 with error invalid_scope',
    hint: 'Register the scope accounts for assay-2, or correct clients[1].scope in the integration file.',
    drafts: [push([], `${challenge}S256`, [400, { error: 'invalid_scope' }], { at: 3, took: 18 })],
  },
  'authorization-server/authorization/shows-an-error-page-for-an-altered-request-uri': {
    verdict: 'inconclusive',
    fault: 'harness',
    reason: 'The check stopped with an error of its own: the page has no title to report.',
    stack:
      "TypeError: Cannot read properties of undefined (reading 'title')\n    at authorization-server/authorization.spec.ts:88:29",
  },
  'authorization-server/discovery/publishes-aliases-for-clients-with-a-certificate': notApplicable(
    'The variant dpop with private_key_jwt uses no client certificates.',
  ),
  'authorization-server/dpop/accepts-a-proof-with-the-nonce-it-asked-for': notApplicable(
    'The server asks for no DPoP nonce.',
  ),
  'resource-server/sender-constraint/rejects-a-client-certificate-of-another-client': notApplicable(
    'The sender constraint of this integration is dpop.',
  ),
};

/** A realistic run of 90 checks: 3 failures (one of them waived), 2 warnings, 3 inconclusive, 3 not applicable. */
export function sampleResults(): Results {
  const rows = Object.entries(sampleChecks).flatMap(([file, titles]) =>
    Object.entries(titles).map(([title, requirements], index) => ({
      file,
      title,
      requirements,
      line: 12 + index * 9,
    })),
  );
  return summarised(rows.map((row, index) => checkOf(row, index)));
}

type CheckRow = Pick<CheckResult, 'file' | 'title' | 'line'> & { readonly requirements: readonly string[] };

function checkOf({ file, title, requirements, line }: CheckRow, index: number): CheckResult {
  const id = `${file.replace('.spec.ts', '')}/${title.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-')}`;
  const { drafts = usual(file), ...finding } = findings[id] ?? {};
  const start = started + 400 + Math.floor(index / 2) * 97 + (index % 2) * 31;
  const end = Math.max(0, ...drafts.map(({ at, took }) => at + took));
  return {
    id,
    title,
    file,
    line,
    requirements: requirements.map((requirement) => `fapi2-sp/${requirement}`),
    executed: true,
    verdict: 'pass',
    ...finding,
    ...(finding.executed === false ? {} : { started: new Date(start).toISOString() }),
    duration_ms: drafts.length === 0 ? 0 : end + 6 + (index % 7) * 3,
    exchanges: placed(drafts, start),
  };
}

function usual(file: string): readonly Draft[] {
  const refused: [number, object] = [
    400,
    { error: 'invalid_request', error_description: 'the request is malformed' },
  ];
  if (file.includes('discovery') || file.includes('tls')) return [metadata({ at: 1, took: 9 })];
  const edited = push(['one edit'], `${challenge}S256`, refused, { at: 26, took: 14 });
  if (file.includes('par') || file.includes('client-authentication')) return [valid, edited];
  const issue = token([], [200, tokens], { at: 30, took: 26 });
  if (file.startsWith('authorization-server')) return [valid, issue];
  return [
    valid,
    issue,
    call([], [200, accounts], { at: 60, took: 11 }),
    call(['one edit'], [401, { error: 'invalid_token' }], { at: 74, took: 8 }),
  ];
}

/** A result document around checks, with requirements, counts and verdict that fit them. */
export function summarised(checks: readonly CheckResult[]): Results {
  const requirements = Object.entries(sampleRequirements).map(([position, row]) =>
    judged(`fapi2-sp/${position}`, row, checks),
  );
  const unwaived = requirements.filter(
    ({ verdict, waiver }) => verdict === 'fail' && waiver === undefined,
  ).length;
  return {
    format: 'assay-results/1',
    run: {
      id: '20261120T020000Z-k3v9',
      status: 'complete',
      started: new Date(started).toISOString(),
      finished: new Date(started + 11_840).toISOString(),
      harness: '0.1.0',
      tier: 'full',
    },
    integration: {
      partner: 'northbank',
      integration: 'accounts-as',
      environment: 'sandbox',
      roles: ['authorization-server', 'resource-server'],
      file: '/srv/partners/northbank/accounts-as.yaml',
    },
    profile: {
      edition: 'fapi2-sp-final',
      title: 'FAPI 2.0 Security Profile (Final, February 2025)',
      about: 'Every item of clauses 5.2 to 5.4.',
      client_authentication: 'private_key_jwt',
      sender_constraint: 'dpop',
      protocol: 'openid',
    },
    verdict: unwaived > 0 ? 'fail' : 'pass',
    ...(unwaived > 0 ? { fault: 'subject' } : {}),
    reason:
      unwaived > 0
        ? `${unwaived} requirements of level shall fail: the server accepts the plain PKCE method, and leaves tokens alive after their code was replayed.`
        : 'Every requirement of level shall passes, is not applicable, or is waived.',
    counts: { checks: counted(checks), requirements: counted(requirements) },
    requirements,
    checks: [...checks],
  };
}

function judged(
  id: string,
  row: Pick<RequirementResult, 'level' | 'text'>,
  checks: readonly CheckResult[],
): RequirementResult {
  const own = checks.filter(({ requirements }) => requirements.includes(id));
  const worst = own.toSorted((a, b) => attention.indexOf(a.verdict) - attention.indexOf(b.verdict))[0];
  const position = id.slice(id.indexOf('/') + 1).replace('-', '-2.');
  return {
    id,
    ...row,
    link: `https://openid.net/specs/fapi-security-profile-2_0-final.html#section-${position}`,
    verdict: worst?.verdict ?? 'inconclusive',
    ...(worst?.fault === undefined ? {} : { fault: worst.fault }),
    ...(worst === undefined
      ? { reason: 'No check: the operator of the names is out of reach of a test.' }
      : {}),
    ...(worst?.reason === undefined ? {} : { reason: worst.reason }),
    checks: own.map((check) => check.id),
    ...(id === 'fapi2-sp/5.3.2.1-8' && worst?.verdict === 'fail'
      ? {
          waiver: {
            reason: 'Two gateways still send arrays; the change is planned for January.',
            owner: 'm.ito@northbank.example',
            approver: 'security@ecosystem.example',
            expires: '2027-01-31',
          },
        }
      : {}),
  };
}

function counted(items: readonly { verdict: Verdict }[]): Record<Verdict, number> {
  const counts = { pass: 0, fail: 0, warn: 0, inconclusive: 0, 'not-applicable': 0 };
  for (const { verdict } of items) counts[verdict] += 1;
  return counts;
}
