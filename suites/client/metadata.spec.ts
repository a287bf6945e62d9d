import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../src/actors/sandbox/answer.ts';
import type { Point } from '../../src/actors/sandbox/arrival.ts';
import { follows, type Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, bodyWith, headersWith } from '../../src/actors/sandbox/edits.ts';
import { metadataOf } from '../../src/actors/sandbox/front.ts';
import type { World } from '../../src/actors/sandbox/world.ts';
import { boxed } from '../boxed.ts';
import { expect, test as base, verifies, when } from './visits.ts';

interface Fixtures {
  /**
   * What the client sends over http, or leads its browser to, where the metadata names such an address of an endpoint. Whether
   * it refuses the document, or does without the endpoint, is not asked.
   */
  readonly overHttp: (member: string, path: string) => Promise<readonly string[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  overHttp: async ({ valid, flow, exercise, given }, use) =>
    use(async (member, path) => {
      await valid();
      const deviation = endpointAs(`${member} over http`, member, ({ clearBase }) => `${clearBase}/${path}`);
      const { issuer, outcome } = await exercise(flow({ deviation }));
      given(issuer.since, 'expected the client to ask for the metadata');
      // The browser need not follow, and then the flow has no end.
      const led = outcome.shown
        .split('\n')
        .filter((line) => line.startsWith(`location: ${issuer.world.clearBase}`));
      const sent = [...issuer.clear, ...led.map((line) => line.replace(/\?.*/u, ''))];
      given(
        sent.length > 0 || outcome.end !== 'unknown',
        `expected the client to tell how the flow ended, got: ${outcome.told}`,
      );
      return sent;
    }),
};

const test = base.extend<Fixtures>(boxed(fixtures));

const issuerAs = (name: string, issuer: (issuer: string) => string | undefined): Deviation =>
  bodyWith('metadata', name, { issuer: (world: World) => issuer(world.issuer) });

const toggled = (text: string): string =>
  text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();

/** The address of an endpoint, and of its alias; undefined for none. */
const endpointAs = (name: string, member: string, value: (world: World) => string | undefined): Deviation =>
  bodyWith('metadata', name, {
    [member]: value,
    mtls_endpoint_aliases(world: World) {
      const aliases = metadataOf(world)['mtls_endpoint_aliases'] as Readonly<Record<string, unknown>>;
      return Object.hasOwn(aliases, member) ? { ...aliases, [member]: value(world) } : aliases;
    },
  });

/** A client need not notice before it asks for the endpoint. */
const without = (member: string, following: readonly Point[]): Deviation => ({
  ...endpointAs(`metadata without ${member}`, member, () => undefined),
  follows: following,
});

const metadataAs = (name: string, edit: (answer: Answer) => Partial<Answer>): Deviation =>
  answering('metadata', name, (answer) => ({ ...answer, ...edit(answer) }));

/** In bytes. */
const huge = 50_000_000;
const padding = Buffer.alloc(65_536, ' ');

const dripping = answering('metadata', 'metadata that comes byte by byte', ({ body: _, ...answer }) => ({
  ...answer,
  async *stream() {
    for (;;) {
      yield Buffer.from(' ');
      await delay(500);
    }
  },
}));

test.describe('the client that looks for an issuer', () => {
  // RFC 8414, section 3.3: identical to the one that it was asked for, character by character (RFC 8414, section 4).
  for (const [what, deviation] of Object.entries({
    'an issuer with a suffix': issuerAs('an issuer with a suffix', (issuer) => `${issuer}-2`),
    'an issuer with a final slash': issuerAs('an issuer with a final slash', (issuer) => `${issuer}/`),
    'an issuer in another case': issuerAs('an issuer in another case', (issuer) => {
      const { origin, pathname } = new URL(issuer);
      return `${origin}${toggled(pathname)}`;
    }),
    'an issuer without its path': issuerAs('an issuer without its path', (issuer) => new URL(issuer).origin),
    'an issuer of another host': issuerAs('an issuer of another host', () => 'https://issuer.example'),
    'metadata without an issuer': issuerAs('no issuer', () => undefined),
  }))
    test(`refuses ${what}`, verifies('fapi2-sp/5.3.3.1-11'), async ({ stops }) => {
      await stops(deviation);
    });
});

test.describe('the client that looks for endpoints', () => {
  // How long a document may be kept is not said anywhere. What is judged is the flow after the one in which the client could see
  // that they moved, and nothing where it never looked.
  test(
    'uses the endpoints of the newest document',
    verifies('fapi2-sp/5.3.3.1-9'),
    async ({ valid, clientSession, ledger, visit, exercise, given }) => {
      await valid();
      const opened = await ledger.noting(clientSession.open());
      const { issuer, exchanges } = opened;
      try {
        const { end, told } = await visit(issuer);
        given(end === 'completed', `expected the client to complete the first flow, got: ${told}`);
        opened.move();
        const { arrivals } = issuer;
        const before = arrivals.length;
        await exercise(visit(issuer));
        const between = arrivals.length;
        await exercise(visit(issuer));
        given(arrivals.length > between, 'expected the client to come again');
        const fetched = arrivals.findLastIndex(({ at }) => at === 'metadata');
        const old =
          fetched < before
            ? []
            : arrivals.slice(Math.max(fetched, between)).filter(({ at }) => at === 'elsewhere');
        expect(old.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([]);
      } finally {
        ledger.exchanges.push(...exchanges);
        await opened.close();
      }
    },
  );

  test('asks for no tokens over http', verifies('fapi2-sp/5.2.1-1'), async ({ overHttp }) => {
    expect(await overHttp('token_endpoint', 'token')).toEqual([]);
  });

  test.describe('for a user', when('authorization_code'), () => {
    test('pushes no requests over http', verifies('fapi2-sp/5.2.1-1'), async ({ overHttp }) => {
      expect(await overHttp('pushed_authorization_request_endpoint', 'push')).toEqual([]);
    });

    test('leads no browser to http', verifies('fapi2-sp/5.2.1-1'), async ({ overHttp }) => {
      expect(await overHttp('authorization_endpoint', 'authorize')).toEqual([]);
    });
  });

  test.describe('for keys', when('signed-id-token', 'signed-response', 'signed-introspection'), () => {
    test('fetches no keys over http', verifies('fapi2-sp/5.4.2-1'), async ({ overHttp }) => {
      expect(await overHttp('jwks_uri', 'keys')).toEqual([]);
    });
  });
});

test.describe('the client that fetches metadata', () => {
  for (const [what, deviation] of Object.entries({
    'metadata with status 404': metadataAs('metadata with status 404', () => ({ status: 404 })),
    'metadata with status 500': metadataAs('metadata with status 500', () => ({ status: 500 })),
    'metadata in a list': metadataAs('metadata in a list', ({ body }) => ({ body: [body] })),
    'metadata that ends early': metadataAs('metadata that ends early', ({ body }) => ({
      body: JSON.stringify(body).slice(0, -1),
    })),
    'metadata without a token endpoint': without('token_endpoint', ['token', 'elsewhere', ...follows.token]),
  }))
    test(`refuses ${what}`, verifies('rfc8414/3.2-1'), async ({ stops }) => {
      await stops(deviation);
    });

  test('refuses metadata of another media type', verifies('rfc8414/3.2-2'), async ({ stops }) => {
    await stops(headersWith('metadata', 'metadata as text/html', { 'content-type': 'text/html' }));
  });

  // At the origin of another server. RFC 9110, section 15.4 lets clients follow, so that this warns only.
  test('follows no redirect of the metadata', verifies('rfc8414/3.3-1'), async ({ stops }) => {
    await stops({
      ...answering('metadata', 'a redirect to another origin', (_, { mutualBase }, { server, url }) =>
        server === 'mutual'
          ? undefined
          : { status: 302, headers: { location: `${new URL(mutualBase).origin}${url.pathname}` } },
      ),
    });
  });

  test('refuses metadata that repeats a member', verifies('rfc8259/4-2'), async ({ stops }) => {
    await stops(
      answering('metadata', 'token_endpoint twice', (answer, { base }) => ({
        ...answer,
        body: JSON.stringify(answer.body).replace('{', `{"token_endpoint":"${base}/other",`),
      })),
    );
  });

  test.describe('for a user', when('authorization_code'), () => {
    test('refuses metadata without an endpoint to push to', verifies('rfc8414/3.2-1'), async ({ stops }) => {
      await stops(without('pushed_authorization_request_endpoint', [...follows.metadata, 'elsewhere']));
    });
  });

  // Beyond any document there is: they have a few kilobytes.
  test('limits how much metadata it reads', verifies('rfc9110/17.5-1'), async ({ stops, measure }) => {
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
    measure('sent of a long document until the client stopped', Math.round(written / documents), 'bytes');
  });

  // It begins, and goes on: a limit for the pause between two bytes does not end it.
  test(
    'limits how long it waits for metadata',
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
