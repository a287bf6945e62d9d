import { endpointsIn, type Metadata } from '../../src/protocol/metadata.ts';
import { expect, test, verifies, when } from '../test.ts';
import { allowedOnly, demands, recommendedOnly, shouldNot, trials } from '../tls.ts';

/**
 * Endpoints that browsers are sent to (FAPI 2.0 SP, 5.2.3). A port that serves other endpoints besides is judged by what
 * holds for those (5.2.2) as well: TLS does not know which one a connection is for.
 */
const forBrowsers = ['authorization_endpoint', 'end_session_endpoint'];

const urlsFor = (metadata: Metadata): readonly URL[] =>
  forBrowsers.flatMap((name) => URL.parse(String(metadata[name])) ?? []);

const urlsForServers = (metadata: Metadata): readonly URL[] =>
  endpointsIn(Object.fromEntries(Object.entries(metadata).filter(([name]) => !forBrowsers.includes(name))));

test.describe('the endpoints of the authorization server', () => {
  test('do not answer plain HTTP', verifies('fapi2-sp/5.2.1-1'), async ({ exercise, metadata, probe }) => {
    expect(await exercise(probe.answeringInTheClear(endpointsIn(metadata)))).toEqual([]);
  });

  for (const trial of [...trials, ...shouldNot])
    test(trial.does.join(' '), verifies(trial.requirement), async ({ exercise, metadata, probe }) => {
      expect(await exercise(probe.taking(endpointsIn(metadata), trial))).toEqual([]);
    });

  test(
    recommendedOnly.does.join(' '),
    verifies(recommendedOnly.requirement),
    async ({ exercise, metadata, probe }) => {
      expect(await exercise(probe.taking(urlsForServers(metadata), recommendedOnly))).toEqual([]);
    },
  );

  for (const demand of demands)
    test(`present ${demand.what}`, verifies('fapi2-sp/5.2.1-3'), async ({ exercise, metadata, probe }) => {
      expect(await exercise(probe.presenting(endpointsIn(metadata), demand))).toEqual([]);
    });
});

test.describe('the endpoints for browsers', when('authorization_code'), () => {
  test(
    allowedOnly.does.join(' '),
    verifies(allowedOnly.requirement),
    async ({ exercise, metadata, probe }) => {
      expect(await exercise(probe.taking(urlsFor(metadata), allowedOnly))).toEqual([]);
    },
  );
});
