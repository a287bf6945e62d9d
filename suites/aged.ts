import { setTimeout as sleep } from 'node:timers/promises';
import { memberOf } from '../src/actors/answers.ts';
import type { Client, Grant, Pushed, Tokens } from '../src/actors/client.ts';
import { FlowError } from '../src/actors/flow-error.ts';
import type { Session } from '../src/actors/session.ts';
import type { Exchange } from '../src/transport/exchange.ts';
import type { Reply } from '../src/transport/transport.ts';

/** What is made at the start of a run, and asked about when its life is over. */
export interface Subjects {
  /** An authorization code; it dies after 60 s at the latest (FAPI 2.0, 5.3.2.1, item 11). */
  readonly code: Grant;
  /** A pushed request that nobody opened; it dies when its expires_in is over. */
  readonly request: Pushed;
  /** An access token that was used once; it dies when its expires_in is over. */
  readonly token: Tokens;
}

type Name = keyof Subjects;

/** The longest that is waited for, in seconds: FAPI 2.0 lets no request_uri live longer (5.3.2.2, item 12). */
const patience = 600;

/** Clocks of two machines tell whole seconds: one more, and the last of them is over at both. */
const margin = 1;

const makers: { readonly [N in Name]: (client: Client, session: Session) => Promise<Subjects[N]> } = {
  code: async (client) => client.grant(),
  request: async (client) => client.begin(),
  token: async (client, session) => {
    const tokens = await client.tokens();
    const reply = await client.call(await session.resource(), tokens.access);
    if (reply.status >= 300) throw FlowError.refused('call of the resource API', reply);
    return tokens;
  },
};

/** Seconds that each may live. */
const lifetimes: { readonly [N in Name]: (subject: Subjects[N]) => number } = {
  code: () => 60,
  request: ({ reply }) => expiresIn(reply),
  token: ({ reply }) => expiresIn(reply),
};

function expiresIn(reply: Reply): number {
  const seconds = memberOf(reply, 'expires_in');
  if (typeof seconds === 'number' && seconds <= patience) return seconds;
  throw new FlowError(
    'not-given',
    'configuration',
    `expected expires_in to be at most ${patience} s, so that its end can be waited for; got ${String(seconds)}; register the test clients with a shorter lifetime`,
  );
}

interface Sown {
  readonly subject: Promise<Subjects[Name]>;
  readonly exchanges: readonly Exchange[];
  /** Milliseconds since 1970, UTC; when the subject was there. */
  readonly at: number;
}

/** All subjects of one session: made together, so that whoever must wait waits for the same minute. */
export class Aged {
  readonly #sown: ReadonlyMap<Name, Sown>;
  readonly #clock: () => number;

  private constructor(sown: ReadonlyMap<Name, Sown>, clock: () => number) {
    this.#sown = sown;
    this.#clock = clock;
  }

  /** Makes all subjects. What cannot be made troubles only the checks that ask for it. */
  static async sow(session: Session): Promise<Aged> {
    const sown = new Map<Name, Sown>();
    for (const name of Object.keys(makers) as readonly Name[]) {
      const exchanges: Exchange[] = [];
      session.record = (exchange) => exchanges.push(exchange);
      const subject = session.client().then<Subjects[Name]>(async (client) => makers[name](client, session));
      await subject.catch(() => undefined);
      sown.set(name, { subject, exchanges, at: session.options.clock() });
    }
    return new Aged(sown, session.options.clock);
  }

  /** What was exchanged to make a subject. */
  exchangesOf(name: Name): readonly Exchange[] {
    return this.#sown.get(name)?.exchanges ?? [];
  }

  /** Milliseconds until the life of a subject is over. */
  async left<N extends Name>(name: N): Promise<number> {
    const lifetime = lifetimes[name](await this.#subject(name));
    const { at } = this.#sown.get(name) ?? { at: 0 };
    return Math.max(0, at + (lifetime + margin) * 1000 - this.#clock());
  }

  /** A subject, when its life is over. */
  async dead<N extends Name>(name: N): Promise<Subjects[N]> {
    await sleep(await this.left(name));
    return this.#subject(name);
  }

  async #subject<N extends Name>(name: N): Promise<Subjects[N]> {
    const { subject } = this.#sown.get(name) ?? {};
    if (subject === undefined) throw new TypeError(`expected ${name} to be sown`);
    // Each name was sown by the maker of its own type.
    return (await subject) as Subjects[N];
  }
}
