import { json, type Answer } from '../../src/actors/sandbox/answer.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, bodyWith, refusing, type Members } from '../../src/actors/sandbox/edits.ts';
import { test, verifies, when } from './test.ts';

const granting = (name: string, members: Members): Deviation => bodyWith('token', name, members);

/** Other bytes where the token response stood. */
const written = (name: string, edit: (body: string, answer: Answer) => Partial<Answer>): Deviation =>
  answering('token', name, (answer) => ({ ...answer, ...edit(JSON.stringify(answer.body), answer) }));

/** A failure that brings along what a success would. */
const failing = (status: number, members: Readonly<Record<string, unknown>> = {}): Deviation =>
  answering('token', `${status} with tokens`, (answer) =>
    json(status, { ...(answer.body as object), ...members }),
  );

/** Bytes of white space, which JSON permits. */
const excess = 33_554_432;

// Which scope is granted is the server's decision, and what to do with another one than was asked for the client's
// (RFC 6749, sections 3.3 and 5.1): neither a wider nor a narrower one is judged. Whether JSON of another media type is read
// is not judged either: section 5.1 binds the server.
test.describe('a token response', () => {
  test('with unknown members is accepted', verifies('rfc6749/5.1-4'), async ({ completes }) => {
    await completes(granting('unknown members', { assay_text: 'unknown', assay_list: [{ deep: null }] }));
  });

  test('with its type in another case is accepted', verifies('rfc6749/5.1-5'), async ({ completes }) => {
    await completes(
      granting('token_type in another case', {
        token_type: ({ variant }) => (variant.sender_constraint === 'dpop' ? 'dPOp' : 'bEARER'),
      }),
    );
  });

  test('without expires_in is accepted', verifies('rfc6749/5.1-6'), async ({ completes }) => {
    await completes(granting('no expires_in', { expires_in: undefined }));
  });

  for (const [what, deviation] of Object.entries({
    'an HTML page': written('an HTML page', () => ({
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><title>Signed in</title><p>You may close this window.',
    })),
    'JSON that is cut off': written('JSON that is cut off', (body) => ({ body: body.slice(0, -1) })),
    'a JSON array': written('a JSON array', (body) => ({ body: `[${body}]` })),
    'an empty body': written('an empty body', () => ({ body: '' })),
    'a response without access_token': granting('no access_token', { access_token: undefined }),
    'an empty access_token': granting('an empty access_token', { access_token: '' }),
    'an access_token that is an object': granting('an access_token that is an object', {
      access_token: { value: 'token' },
    }),
    'a response without token_type': granting('no token_type', { token_type: undefined }),
    'a token_type that is a number': granting('a token_type that is a number', { token_type: 1 }),
  }))
    test(`is not ${what}`, verifies('rfc6749/5.1-7'), async ({ stops }) => {
      await stops(deviation);
    });

  test('is not read without a limit', verifies('rfc9110/17.5-1'), async ({ stops }) => {
    await stops(
      written(`${excess} bytes too many`, (body) => ({
        body: Buffer.concat([Buffer.from(body), Buffer.alloc(excess, ' ')]),
      })),
    );
  });

  // A member `error` in an answer with the status 200 is one that nobody defined, and is not judged.
  for (const [what, deviation] of Object.entries({
    'with 400 is refused': refusing('token', 400, 'invalid_grant'),
    'with 401 is refused': refusing('token', 401, 'invalid_client'),
    'with 500 is refused': answering('token', '500', () => json(500, { error: 'server_error' })),
    'with 503 is refused': answering('token', '503', () => json(503, { error: 'temporarily_unavailable' })),
    'with 400 is refused, whatever else it has': failing(400, { error: 'invalid_grant' }),
    'with 500 is refused, whatever else it has': failing(500),
  }))
    test(what, verifies('rfc6749/5.2-3'), async ({ stops }) => {
      await stops(deviation);
    });

  test('of the type mac is refused', verifies('rfc6749/7.1-1'), async ({ stops }) => {
    await stops(granting('the type mac', { token_type: 'mac' }));
  });

  test.describe('with DPoP', when('dpop'), () => {
    // RFC 9449, section 5: a token of the type Bearer is not bound to the key of the proof.
    test('of the type Bearer is refused', verifies('fapi2-sp/5.3.3.1-1'), async ({ stops }) => {
      await stops(granting('the type Bearer', { token_type: 'Bearer' }));
    });
  });
});
