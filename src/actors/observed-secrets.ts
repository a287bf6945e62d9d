/** What a server issues and nobody may guess. */
export type Secret = 'code' | 'request_uri' | 'access_token' | 'refresh_token';

/** A server may give the same token again for the same grant; codes and request_uris stand for one request each. */
const givenAgain: ReadonlySet<Secret> = new Set(['access_token', 'refresh_token']);

/** The secrets that a server issued to all clients of a session, in the order of their arrival. */
export class Samples {
  readonly #seen: Readonly<Record<Secret, string[]>> = {
    code: [],
    request_uri: [],
    access_token: [],
    refresh_token: [],
  };

  note(secret: Secret, value: unknown): void {
    const seen = this.#seen[secret];
    if (typeof value !== 'string' || (givenAgain.has(secret) && seen.includes(value))) return;
    seen.push(value);
  }

  /**
   * All that were seen, and as many more as are missing to `count`: each lane makes the server issue one after the other.
   * They are fewer where the server repeats itself.
   */
  async atLeast(
    count: number,
    secret: Secret,
    lanes: readonly (() => Promise<unknown>)[],
  ): Promise<readonly string[]> {
    const seen = this.#seen[secret];
    let asked = seen.length;
    await Promise.all(
      lanes.map(async (issue) => {
        while (seen.length < count && asked < 2 * count) {
          asked += 1;
          await issue();
        }
      }),
    );
    return [...seen];
  }
}
