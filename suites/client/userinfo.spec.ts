import { bodyWith } from '../../src/actors/sandbox/edits.ts';
import { test, verifies, when } from './test.ts';

// OpenID Connect Core, section 5.3.2. That the flow completed tells that the client was content with what it was told of the user.
test.describe('a userinfo response', when('userinfo'), () => {
  test('about another user is refused', verifies('oidc-core/5.3.2-3'), async ({ stops }) => {
    await stops(bodyWith('userinfo', 'sub of another user', { sub: 'user-2' }));
  });

  test('about nobody is refused', verifies('oidc-core/5.3.2-3'), async ({ stops }) => {
    await stops(bodyWith('userinfo', 'no sub', { sub: undefined }));
  });
});
