import { endpointsIn } from '../../src/protocol/metadata.ts';
import { expect, test, verifies } from '../test.ts';

test.describe('the endpoints of the authorization server', () => {
  test('do not answer plain HTTP', verifies('fapi2-sp/5.2.1-1'), async ({ exercise, metadata, probe }) => {
    expect(await exercise(probe.answeringInTheClear(endpointsIn(metadata)))).toEqual([]);
  });

  // A server that refuses every handshake shows nothing: TLS 1.2 or 1.3 is the valid twin.
  for (const [name, version] of [
    ['TLS 1.0', 'TLSv1'],
    ['TLS 1.1', 'TLSv1.1'],
  ] as const)
    test(`refuse ${name}`, verifies('fapi2-sp/5.2.1-2'), async ({ exercise, metadata, probe, given }) => {
      const urls = endpointsIn(metadata);
      const modern = await probe.accepting(urls, 'TLSv1.2', 'TLSv1.3');
      given(modern.length > 0, 'expected the endpoints to accept TLS 1.2 or 1.3');
      expect(await exercise(probe.accepting(urls, version))).toEqual([]);
    });
});
