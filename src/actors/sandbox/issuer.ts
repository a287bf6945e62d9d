import { signJws, type Unsigned } from '../../protocol/jws.ts';
import { refusal, type Answer } from './answer.ts';
import type { Arrival, Point } from './arrival.ts';
import { answerCall } from './api.ts';
import type { Connection } from './connection.ts';
import type { Deviation, JwtKind, Parameters } from './deviation.ts';
import { answerAuthorization, askForConsent, answerKeys, answerMetadata, answerPush } from './front.ts';
import { answerIntrospection, answerRevocation, answerToken, answerUserinfo } from './grants.ts';
import { handle, type World } from './world.ts';

/** What the sandbox remembers of a request that was granted. */
export interface Grant {
  /** Parameters of the authorization request; of a client's own token, none. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly scope: string;
}

type Endpoint = (issuer: Issuer, arrival: Arrival) => Answer | Promise<Answer>;

const endpoints: Readonly<Record<Point, Endpoint>> = {
  metadata: answerMetadata,
  keys: answerKeys,
  push: answerPush,
  authorization: answerAuthorization,
  consent: answerAuthorization,
  token: answerToken,
  refresh: answerToken,
  userinfo: answerUserinfo,
  introspection: answerIntrospection,
  revocation: answerRevocation,
  call: answerCall,
  elsewhere: () => ({ status: 404, headers: {} }),
};

/**
 * One authorization server with its API, for one flow or a few: correct in everything but its deviation. It goes on wherever
 * it can: what is wrong with a request is for checks to judge, and must not hide what comes after it.
 */
export class Issuer {
  readonly world: World;
  readonly deviation: Deviation | undefined;
  /** All requests, in the order of their arrival. */
  readonly arrivals: Arrival[] = [];
  /** Pushed requests by their request_uri. */
  readonly pushed = new Map<string, ReadonlyMap<string, string>>();
  readonly codes = new Map<string, Grant>();
  readonly accessTokens = new Map<string, Grant>();
  readonly refreshTokens = new Map<string, Grant>();
  readonly revoked = new Set<string>();
  /** Requests that came without TLS: method and address, without its query. */
  readonly clear: string[] = [];
  /** Authorization requests that the user was asked about. */
  readonly #asked = new Map<string, Arrival>();
  #shown: number | undefined;
  /** Connections that meet the TLS defect of the deviation, each with the count of arrivals before it. */
  readonly #met: { readonly connection: Connection; readonly before: number }[] = [];
  #touched = new WeakSet<Arrival>();

  constructor(world: World, deviation?: Deviation) {
    this.world = world;
    this.deviation = deviation;
  }

  /** What arrived after the deviation was shown; undefined as long as it was not. */
  get since(): readonly Arrival[] | undefined {
    // Who began a handshake is shown what is wrong with it before it can end, or tell of, anything.
    const shown = this.#shown ?? this.#met.find(({ connection }) => connection.hello !== undefined)?.before;
    return shown === undefined ? undefined : this.arrivals.slice(shown);
  }

  /** A client begins to shake hands where the TLS of the deviation is. */
  meet(connection: Connection): void {
    this.#met.push({ connection, before: this.arrivals.length });
  }

  /**
   * Whether the client sent a request over such a connection. A handshake alone shows nothing: in TLS 1.3 it is complete for
   * the server before the client has seen the certificate.
   */
  get trusted(): boolean {
    return this.#met.some(({ connection }) => connection.requests > 0);
  }

  /** The deviation is before the eyes of the client from now on. */
  show(): void {
    this.#shown ??= this.arrivals.length;
  }

  /** Answers a request, deviating where that is its turn. */
  async answer(arrival: Arrival): Promise<Answer> {
    this.arrivals.push(arrival);
    if (arrival.at === 'authorization' && this.world.consent === 'page') {
      const name = handle();
      this.#asked.set(name, arrival);
      return askForConsent(this.world, name);
    }
    const asked = arrival.at === 'consent' ? this.#asked.get(arrival.form.get('request') ?? '') : arrival;
    if (asked === undefined) return refusal(400, 'invalid_request', 'nobody asked for this consent');
    const answer = await this.#answer(asked);
    if (this.#touched.has(asked)) this.#touched.add(arrival);
    return answer;
  }

  async #answer(arrival: Arrival): Promise<Answer> {
    const answer = await endpoints[arrival.at](this, arrival);
    const edit = this.#here(arrival)?.answer;
    const edited = await edit?.(answer, this.world, arrival, this);
    if (edited === undefined) return answer;
    this.#touched.add(arrival);
    return edited;
  }

  /** The answer has been written. */
  written(arrival: Arrival): void {
    if (this.#touched.has(arrival)) this.show();
  }

  /** Signs a JWT that is part of the answer to a request. */
  sign(of: JwtKind, claims: Unsigned['claims'], typ: string | undefined, arrival: Arrival): string {
    const { key, alg, kid } = this.world.keys.signing;
    const jwt: Unsigned = { header: { alg, kid, ...(typ === undefined ? {} : { typ }) }, claims, key };
    const edit = this.#here(arrival)?.jwt;
    if (edit?.of !== of) return signJws(jwt);
    this.#touched.add(arrival);
    const edited = edit.edit(jwt, this.world);
    return typeof edited === 'string' ? edited : signJws(edited);
  }

  /** The address to which an authorization response takes the browser. */
  respond(redirectUri: string, parameters: Parameters, arrival: Arrival): string {
    const { response, address } = this.#here(arrival) ?? {};
    if (response !== undefined || address !== undefined) this.#touched.add(arrival);
    const url = new URL(redirectUri);
    for (const [name, value] of response?.(parameters, this.world) ?? parameters)
      url.searchParams.append(name, value);
    return address?.(url.href, this.world) ?? url.href;
  }

  /** Remembers what was granted, under a new handle. */
  keep(where: 'codes' | 'accessTokens' | 'refreshTokens', grant: Grant): string {
    const name = handle();
    this[where].set(name, grant);
    return name;
  }

  #here(arrival: Arrival): Deviation | undefined {
    return this.deviation?.at === arrival.at ? this.deviation : undefined;
  }
}
