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

/** Something that was made, and the seconds that it may live. */
interface Made<Subject> {
  readonly subject: Subject;
  readonly life: number;
}

const makers: {
  readonly [N in Name]: (client: Client, session: Session) => Promise<Made<Subjects[N]>>;
} = {
  code: async (client) => ({ subject: await client.grant(), life: 60 }),
  request: async (client) => {
    const subject = await client.begin();
    return { subject, life: expiresIn(subject.reply) };
  },
  token: async (client, session) => {
    const subject = await client.tokens();
    const reply = await client.call(await session.resource(), subject.access);
    if (reply.status >= 300) throw FlowError.refused('call of the resource API', reply);
    return { subject, life: expiresIn(subject.reply) };
  },
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
  readonly made: Promise<Made<Subjects[Name]>>;
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
      const made = session
        .client()
        .then<Made<Subjects[Name]>>(async (client) => makers[name](client, session));
      await made.catch(() => undefined);
      sown.set(name, { made, exchanges, at: session.options.clock() });
    }
    return new Aged(sown, session.options.clock);
  }

  /** What was exchanged to make a subject. */
  exchangesOf(name: Name): readonly Exchange[] {
    return this.#sown.get(name)?.exchanges ?? [];
  }

  /** Milliseconds until the life of a subject is over. */
  async left(name: Name): Promise<number> {
    const { made, at } = this.#sownAs(name);
    return Math.max(0, at + ((await made).life + margin) * 1000 - this.#clock());
  }

  /** A subject, when its life is over. */
  async dead<N extends Name>(name: N): Promise<Subjects[N]> {
    await sleep(await this.left(name));
    // Each name was sown by the maker of its own type.
    return (await this.#sownAs(name).made).subject as Subjects[N];
  }

  #sownAs(name: Name): Sown {
    const sown = this.#sown.get(name);
    if (sown === undefined) throw new TypeError(`expected ${name} to be sown`);
    return sown;
  }
}

/**
 * Seconds by which the clock of who verifies a token may be behind, which is as far as FAPI 2.0 lets clocks differ
 * (5.3.2.1, item 13); RFC 7519, section 4.1.4 permits a leeway, and names no figure.
 */
const leeway = 60;

/** Seconds from one question to the next. */
const pause = 5;

/** Asks about what has expired until the answer is that it has, or until no clock excuses another one; gives the last. */
export async function untilOver(
  ask: () => Promise<Reply>,
  isOver: (reply: Reply) => boolean,
): Promise<Reply> {
  for (let waited = 0; ; waited += pause) {
    const reply = await ask();
    if (isOver(reply) || waited >= leeway) return reply;
    await sleep(pause * 1000);
  }
}
