import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../src/actors/sandbox/answer.ts';
import type { Point } from '../../src/actors/sandbox/arrival.ts';
import { follows, type Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, bodyWith, headersWith, type Members } from '../../src/actors/sandbox/edits.ts';
import { metadataOf } from '../../src/actors/sandbox/front.ts';
import type { World } from '../../src/actors/sandbox/world.ts';
import { expect, test, verifies, when } from './visits.ts';

const issuerAs = (name: string, issuer: (issuer: string) => string | undefined): Deviation =>
  bodyWith('metadata', name, { issuer: (world: World) => issuer(world.issuer) });

const toggled = (text: string): string =>
  text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();

/** The address of an endpoint, of its alias too; undefined for none. Only at that endpoint must a client notice. */
function endpointAs(
  name: string,
  member: string,
  value: (world: World) => string | undefined,
  following: readonly Point[],
): Deviation {
  const members: Members = {
    [member]: value,
    mtls_endpoint_aliases(world: World) {
      const aliases = metadataOf(world)['mtls_endpoint_aliases'] as Readonly<Record<string, unknown>>;
      return Object.hasOwn(aliases, member) ? { ...aliases, [member]: value(world) } : aliases;
    },
  };
  return { ...bodyWith('metadata', name, members), follows: following };
}

const overHttp = (member: string, path: string, following: readonly Point[]): Deviation =>
  endpointAs(`${member} over http`, member, ({ clearBase }) => `${clearBase}/${path}`, following);

const metadataAs = (name: string, edit: (answer: Answer) => Partial<Answer>): Deviation =>
  answering('metadata', name, (answer) => ({ ...answer, ...edit(answer) }));

test.describe('the issuer of the metadata', () => {
  // RFC 8414, section 3.3: identical to the one that it was asked for, character by character (RFC 8414, section 4).
  for (const [what, deviation] of Object.entries({
    'with a suffix': issuerAs('an issuer with a suffix', (issuer) => `${issuer}-2`),
    'with a final slash': issuerAs('an issuer with a final slash', (issuer) => `${issuer}/`),
    'in another case': issuerAs('an issuer in another case', (issuer) => {
      const { origin, pathname } = new URL(issuer);
      return `${origin}${toggled(pathname)}`;
    }),
    'without its path': issuerAs('an issuer without its path', (issuer) => new URL(issuer).origin),
    'of another host': issuerAs('an issuer of another host', () => 'https://issuer.example'),
    'that is missing': issuerAs('no issuer', () => undefined),
  }))
    test(`is not taken ${what}`, verifies('fapi2-sp/5.3.3.1-11'), async ({ stops }) => {
      await stops(deviation);
    });
});

test.describe('the endpoints of the metadata', () => {
  // How long a document may be kept is not said anywhere: it is the one that was fetched last which counts.
  test(
    'are those of the newest document',
    verifies('fapi2-sp/5.3.3.1-9'),
    async ({ valid, clientSession, ledger, visit, exercise, given }) => {
      await valid();
      const opened = await ledger.noting(clientSession.open());
      const { issuer, exchanges } = opened;
      try {
        const { end, told } = await visit(issuer);
        given(end === 'completed', `expected the client to complete the first flow, got: ${told}`);
        opened.move();
        const before = issuer.arrivals.length;
        await exercise(visit(issuer));
        const again = issuer.arrivals.slice(before);
        given(again.length > 0, 'expected the client to come a second time');
        const since = again.findLastIndex(({ at }) => at === 'metadata');
        const old = since === -1 ? [] : again.slice(since).filter(({ at }) => at === 'elsewhere');
        expect(old.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([]);
      } finally {
        ledger.exchanges.push(...exchanges);
        await opened.close();
      }
    },
  );

  test('are not asked for tokens over http', verifies('fapi2-sp/5.2.1-1'), async ({ stops }) => {
    await stops(overHttp('token_endpoint', 'token', ['token', ...follows.token]));
  });

  test.describe('with a user', when('authorization_code'), () => {
    test('are not pushed requests over http', verifies('fapi2-sp/5.2.1-1'), async ({ stops }) => {
      await stops(overHttp('pushed_authorization_request_endpoint', 'push', ['push', ...follows.push]));
    });

    test(
      'are not where browsers are led over http',
      verifies('fapi2-sp/5.2.1-1'),
      async ({ valid, flow, exercise, given }) => {
        await valid();
        const deviation = overHttp('authorization_endpoint', 'authorize', []);
        const { issuer, outcome } = await exercise(flow({ deviation }));
        given(issuer.since, 'expected the client to ask for the metadata');
        // The browser may not follow, and the flow has no end then.
        const led = outcome.shown.split('\n').filter((line) => line.startsWith('location: http://'));
        expect([...issuer.clear, ...led.map((line) => line.replace(/\?.*/u, ''))]).toEqual([]);
        given(outcome.end !== 'unknown', `expected the client to tell how the flow ended: ${outcome.told}`);
        expect(outcome.end).toBe('failed');
      },
    );
  });

  test.describe(
    'where signatures are verified',
    when('signed-id-token', 'signed-response', 'signed-introspection'),
    () => {
      test('are not asked for keys over http', verifies('fapi2-sp/5.4.2-1'), async ({ stops }) => {
        await stops(overHttp('jwks_uri', 'keys', ['keys', ...follows.keys]));
      });
    },
  );
});

test.describe('the metadata', () => {
  for (const [what, deviation] of Object.entries({
    'in an answer of status 404': metadataAs('metadata with status 404', () => ({ status: 404 })),
    'in an answer of status 500': metadataAs('metadata with status 500', () => ({ status: 500 })),
    'in a list': metadataAs('metadata in a list', ({ body }) => ({ body: [body] })),
    'that ends early': metadataAs('metadata that end early', ({ body }) => ({
      body: JSON.stringify(body).slice(0, -1),
    })),
    'without a token endpoint': endpointAs(
      'metadata without token_endpoint',
      'token_endpoint',
      () => undefined,
      ['token', 'elsewhere', ...follows.token],
    ),
  }))
    test(`is not taken ${what}`, verifies('rfc8414/3.2-1'), async ({ stops }) => {
      await stops(deviation);
    });

  test('is not taken under another media type', verifies('rfc8414/3.2-2'), async ({ stops }) => {
    await stops(headersWith('metadata', 'metadata as text/html', { 'content-type': 'text/html' }));
  });

  // At the origin of another server. RFC 9110, section 15.4 lets clients follow, so that this warns only.
  test('is not taken from where a redirect leads', verifies('rfc8414/3.3-1'), async ({ stops }) => {
    await stops({
      ...answering('metadata', 'a redirect to another origin', (_, { mutualBase }, { server, url }) =>
        server === 'mutual'
          ? undefined
          : { status: 302, headers: { location: `${new URL(mutualBase).origin}${url.pathname}` } },
      ),
    });
  });

  test('is not taken with a repeated member', verifies('rfc8259/4-2'), async ({ stops }) => {
    await stops(
      answering('metadata', 'token_endpoint twice', (answer, { base }) => ({
        ...answer,
        body: JSON.stringify(answer.body).replace('{', `{"token_endpoint":"${base}/other",`),
      })),
    );
  });

  test.describe('of a user', when('authorization_code'), () => {
    test('is not taken without an endpoint to push to', verifies('rfc8414/3.2-1'), async ({ stops }) => {
      const member = 'pushed_authorization_request_endpoint';
      await stops(endpointAs(`metadata without ${member}`, member, () => undefined, follows.metadata));
    });
  });

  // Beyond any document there is: metadata have a few kilobytes.
  test('is not read without end', verifies('rfc9110/17.5-1'), async ({ stops, measure }) => {
    let written = 0;
    const { issuer } = await stops(
      answering('metadata', `metadata of ${huge} bytes`, ({ body, ...answer }) => ({
        ...answer,
        async *stream() {
          yield Buffer.from(JSON.stringify(body));
          for (let size = 0; size < huge; size += padding.length) {
            yield padding;
            written += padding.length;
          }
        },
      })),
    );
    const documents = issuer.arrivals.filter(({ at }) => at === 'metadata').length;
    measure('taken of a document without end', Math.round(written / documents), 'bytes');
  });

  // It begins, and goes on: a limit for the pause between two bytes does not end it.
  test(
    'is not waited for without end',
    verifies('rfc9110/17.5-1'),
    async ({ valid, flow, exercise, given, partner }) => {
      await valid();
      const { issuer, outcome } = await exercise(flow({ deviation: dripping }));
      given(issuer.since, 'expected the client to ask for the metadata');
      given(
        partner.trigger.driver !== 'manual' || outcome.end !== 'unknown',
        `expected the client to tell how the flow ended: ${outcome.told}`,
      );
      // A client that waits for as long as its trigger waits for it, after a twin that told at once, waits without end.
      expect(outcome.end, `expected the client to give up by itself; ${outcome.told}`).toBe('failed');
    },
  );
});

const dripping = answering('metadata', 'metadata that come byte by byte', ({ body: _, ...answer }) => ({
  ...answer,
  async *stream() {
    for (;;) {
      yield Buffer.from(' ');
      await delay(500);
    }
  },
}));

const huge = 50_000_000;
const padding = Buffer.alloc(65_536, ' ');
