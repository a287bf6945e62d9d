import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Losses, Relayed, Returned } from './relay-protocol.ts';
import { digestOf } from './relay-tokens.ts';

/** Bounds of a relay: times in milliseconds, sizes in bytes. */
export interface RelayLimits {
  /** Of the body of one request. */
  readonly body: number;
  /** Of all bodies that wait for an answer. */
  readonly held: number;
  /** Requests of one run without an answer. */
  readonly queue: number;
  readonly runs: number;
  readonly runsOfHolder: number;
  /** How long a run lives that asks for nothing. */
  readonly idle: number;
  /** How long an answer is waited for. */
  readonly patience: number;
  /** How long a run is waited for to say that it received a request, before that is given again. */
  readonly confirm: number;
  /** How long a question for requests is kept open. */
  readonly hold: number;
}

export const usualLimits: RelayLimits = {
  body: 1_048_576,
  held: 134_217_728,
  queue: 100,
  runs: 1000,
  runsOfHolder: 100,
  idle: 30_000,
  patience: 30_000,
  confirm: 2_000,
  hold: 25_000,
};

/** What came of a request: an answer of the run, or none in time, or the run is over. */
export type End = Returned | 'late' | 'over';

interface Pending {
  readonly relayed: Relayed;
  received: 'yes' | 'unknown';
  end(end: End): void;
}

interface Poll {
  /** Gives it requests, or none when its time is over. */
  give(requests: readonly Relayed[]): void;
  readonly timer: NodeJS.Timeout;
}

/** Bytes of bodies that one poll gets at most, unless the first alone is larger. */
const batch = 1_048_576;

/** A run that is registered: its requests wait here until it asks for them. */
export class Run {
  readonly prefix = randomBytes(16).toString('base64url');
  readonly holder: string;
  readonly losses: { -readonly [Name in keyof Losses]: Losses[Name] } = { count: 0, last: '' };
  readonly #key: Buffer;
  readonly #limits: RelayLimits;
  readonly #over: () => void;
  readonly #waiting: Pending[] = [];
  readonly #delivered = new Map<string, Pending>();
  readonly #polls = new Set<Poll>();
  #idle: NodeJS.Timeout;
  #count = 0;

  constructor(holder: string, key: string, limits: RelayLimits, over: () => void) {
    this.holder = holder;
    this.#key = digestOf(key);
    this.#limits = limits;
    this.#over = over;
    this.#idle = setTimeout(over, limits.idle);
  }

  knows(key: string): boolean {
    return timingSafeEqual(this.#key, digestOf(key));
  }

  /** Something did not reach the other side as it was. */
  lose(what: string): void {
    this.losses.count += 1;
    this.losses.last = what;
  }

  /**
   * Lets a request wait for its answer.
   * @param gone Ends when its client no longer waits.
   * @returns Undefined when too many wait already.
   */
  take(request: Omit<Relayed, 'id'>, gone: AbortSignal): Promise<End> | undefined {
    if (this.#waiting.length + this.#delivered.size >= this.#limits.queue) return undefined;
    this.#count += 1;
    const id = String(this.#count);
    const { promise, resolve } = Promise.withResolvers<End>();
    const timer = setTimeout(() => pending.end('late'), this.#limits.patience);
    const pending: Pending = {
      relayed: { id, ...request },
      received: 'unknown',
      end: (end) => {
        clearTimeout(timer);
        this.#delivered.delete(id);
        const at = this.#waiting.indexOf(pending);
        if (at !== -1) this.#waiting.splice(at, 1);
        resolve(end);
      },
    };
    gone.addEventListener('abort', () => pending.end('over'), { once: true });
    this.#waiting.push(pending);
    this.#deliver();
    return promise;
  }

  /** Answers a request; that of one who no longer waits goes nowhere. */
  answer(id: string, returned: Returned): void {
    this.#delivered.get(id)?.end(returned);
  }

  /**
   * Gives the next requests once there are some, or none after a while.
   * @param received Those of earlier ones that have come.
   * @param gone Ends when the run no longer listens.
   */
  poll(received: readonly string[], gone: AbortSignal): Promise<readonly Relayed[]> {
    for (const id of received) {
      const pending = this.#delivered.get(id);
      if (pending !== undefined) pending.received = 'yes';
    }
    clearTimeout(this.#idle);
    const { promise, resolve } = Promise.withResolvers<readonly Relayed[]>();
    const poll: Poll = {
      timer: setTimeout(() => poll.give([]), this.#limits.hold),
      give: (requests) => {
        clearTimeout(poll.timer);
        if (!this.#polls.delete(poll)) return;
        if (this.#polls.size === 0) this.#rest();
        resolve(requests);
      },
    };
    this.#polls.add(poll);
    gone.addEventListener('abort', () => poll.give([]), { once: true });
    this.#deliver();
    return promise;
  }

  /** Takes back requests that a run has not received, as far as is known. */
  retake(requests: readonly Relayed[]): void {
    const back = requests.flatMap(({ id }) => {
      const pending = this.#delivered.get(id);
      return pending?.received === 'unknown' ? [pending] : [];
    });
    for (const { relayed } of back) this.#delivered.delete(relayed.id);
    this.#waiting.unshift(...back);
    this.#deliver();
  }

  end(): void {
    for (const poll of this.#polls) poll.give([]);
    clearTimeout(this.#idle);
    for (const pending of [...this.#waiting, ...this.#delivered.values()]) pending.end('over');
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(this.#over, this.#limits.idle);
  }

  #deliver(): void {
    const [poll] = this.#polls;
    if (poll === undefined || this.#waiting.length === 0) return;
    let size = 0;
    const fitting = this.#waiting.findIndex(({ relayed }, at) => {
      size += relayed.body.length;
      return at > 0 && size > batch;
    });
    const taken = this.#waiting.splice(0, fitting === -1 ? this.#waiting.length : fitting);
    for (const pending of taken) this.#delivered.set(pending.relayed.id, pending);
    const given = taken.map(({ relayed }) => relayed);
    poll.give(given);
    // What is written into a connection that is breaking looks as if it had arrived.
    setTimeout(() => this.retake(given), this.#limits.confirm).unref();
    this.#deliver();
  }
}

/** The runs of a relay. */
export class Runs {
  readonly #limits: RelayLimits;
  readonly #runs = new Map<string, Run>();
  readonly #ended: (run: Run) => void;

  constructor(limits: RelayLimits, ended: (run: Run) => void) {
    this.#limits = limits;
    this.#ended = ended;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Begins a run; undefined when there are too many. */
  begin(holder: string): { readonly run: Run; readonly key: string } | undefined {
    const own = [...this.#runs.values()].filter((run) => run.holder === holder).length;
    if (this.size >= this.#limits.runs || own >= this.#limits.runsOfHolder) return undefined;
    const key = randomBytes(32).toString('base64url');
    const run: Run = new Run(holder, key, this.#limits, () => this.end(run));
    this.#runs.set(run.prefix, run);
    return { run, key };
  }

  get(prefix: string): Run | undefined {
    return this.#runs.get(prefix);
  }

  end(run: Run): void {
    if (!this.#runs.delete(run.prefix)) return;
    run.end();
    this.#ended(run);
  }

  endAll(): void {
    for (const run of this.#runs.values()) this.end(run);
  }
}
