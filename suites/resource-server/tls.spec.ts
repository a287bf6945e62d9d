import type { Integration } from '../../src/directory/integration.ts';
import { expect, test, verifies } from '../test.ts';
import { demands, recommendedOnly, shouldNot, trials } from '../tls.ts';

const urlsOf = ({ resources }: Integration): readonly URL[] => resources.map(({ url }) => new URL(url));

test.describe('the resource API', () => {
  test(
    'does not answer plain HTTP',
    verifies('fapi2-sp/5.2.1-1'),
    async ({ exercise, integration, probe }) => {
      expect(await exercise(probe.answeringInTheClear(urlsOf(integration)))).toEqual([]);
    },
  );

  for (const trial of [...trials, ...shouldNot, recommendedOnly])
    test(
      `${trial.does[0]}s ${trial.does[1]}`,
      verifies(trial.requirement),
      async ({ exercise, integration, probe }) => {
        expect(await exercise(probe.taking(urlsOf(integration), trial))).toEqual([]);
      },
    );

  for (const demand of demands)
    test(
      `presents ${demand.what}`,
      verifies('fapi2-sp/5.2.1-3'),
      async ({ exercise, integration, probe }) => {
        expect(await exercise(probe.presenting(urlsOf(integration), demand))).toEqual([]);
      },
    );
});
