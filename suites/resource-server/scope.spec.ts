import { memberOf } from '../../src/actors/answers.ts';
import type { Client } from '../../src/actors/client.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { challengeErrorOf } from '../../src/actors/flow-error.ts';
import type { Resource } from '../../src/directory/integration.ts';
import { expect, test, verifies } from '../test.ts';

const words = (scope: string): readonly string[] => scope.split(' ').filter((word) => word !== '');

/** The calls that a token of the client's other scopes must not make, each with such a token. */
async function withoutTheirScope(
  client: Client,
  resources: readonly Resource[],
): Promise<readonly (readonly [Resource, string])[]> {
  const found: (readonly [Resource, string])[] = [];
  for (const resource of resources) {
    const needed = words(resource.scope);
    const others = words(client.parts.registration.scope).filter((word) => !needed.includes(word));
    if (others.length === 0) continue;
    const { access, reply } = await client.tokens(replace('scope', others.join(' ')));
    // RFC 6749, section 5.1: without the member, what was asked for is granted.
    const granted = words(String(memberOf(reply, 'scope') ?? others.join(' ')));
    if (!needed.every((word) => granted.includes(word))) found.push([resource, access]);
  }
  return found;
}

const expectedOthers = 'expected a call under resources that does not need every scope of the first client';

const expectedSuccess = ({ name }: Resource): string => `expected the call ${name} to succeed with its scope`;

test.describe('the resource API', () => {
  // RFC 6750, section 3.1: 403 is recommended; 401 says as well that the token is not enough.
  test(
    'rejects each declared call without its scope',
    verifies('fapi2-sp/5.3.4-4'),
    async ({ client, integration, exercise, given }) => {
      const calls = await withoutTheirScope(client, integration.resources);
      given(calls.length > 0, expectedOthers);
      const { access } = await client.tokens();
      const statuses: (readonly [string, number])[] = [];
      for (const [resource, lacking] of calls) {
        given((await client.call(resource, access)).status < 300, expectedSuccess(resource));
        const { status } = await exercise(client.call(resource, lacking));
        statuses.push([resource.name, status]);
      }
      expect(statuses.filter(([, status]) => status !== 401 && status !== 403)).toEqual([]);
    },
  );

  test(
    'names a call without its scope insufficient_scope by 403',
    verifies('rfc6750/3.1-1'),
    async ({ client, integration, exercise, given }) => {
      const [[resource, lacking]] = given(
        nonEmpty(await withoutTheirScope(client, integration.resources.slice(0, 1))),
        expectedOthers,
      );
      const { access } = await client.tokens();
      given((await client.call(resource, access)).status < 300, expectedSuccess(resource));
      const reply = await exercise(client.call(resource, lacking));
      given(reply.status >= 400, 'expected the call to be refused');
      expect([reply.status, challengeErrorOf(reply)]).toEqual([403, 'insufficient_scope']);
    },
  );
});

const nonEmpty = <T>([first, ...rest]: readonly T[]): readonly [T, ...T[]] | undefined =>
  first === undefined ? undefined : [first, ...rest];
