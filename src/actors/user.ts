/** One step of the user's way: a request of the browser and the answer it got. */
export interface Hop {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Names in lower case; the last value of a repeated one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request carried a form with credentials (a password). */
  readonly credentials: boolean;
}

/** A page that was shown to the user. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly title: string;
  /** Visible text, white space folded. */
  readonly text: string;
  /** The referrer policy that the document itself states, in a meta element. */
  readonly referrer?: string;
  /** Where the visit keeps pictures, and the user is at a browser that could make one. */
  readonly picture?: Picture;
}

/** What a page looked like. What its fields held is covered. */
export interface Picture {
  readonly type: 'png' | 'jpeg';
  readonly base64: string;
}

/** Where a visit ended: at the client's redirect URI, or at a page that the user cannot leave. */
export type Landing =
  | { readonly at: 'callback'; readonly url: string; readonly parameters: Readonly<Record<string, string>> }
  | { readonly at: 'page'; readonly page: Page };

/** All that happened from the first request to the landing. */
export interface Visit {
  readonly hops: readonly Hop[];
  readonly pages: readonly Page[];
  readonly landing: Landing;
}

/** What the user does when asked: `leave` looks at the first page and does nothing. */
export type Decision = 'accept' | 'reject' | 'leave';

/** How a visit goes. */
export interface Errand {
  /** The redirect URI; the visit ends when the browser is sent there. It is never fetched. */
  readonly callback: string;
  readonly decision: Decision;
  /** Each page is pictured, which costs time: for checks that judge what is shown. */
  readonly pictures?: 'kept' | undefined;
}

/**
 * The person at the browser: opens a URL, logs in, consents or not, and ends at the client's redirect URI.
 * The session is kept between visits, so a run logs in once where the server permits it.
 * @throws UserError when the pages cannot be operated as the integration file says (fault: configuration).
 */
export interface User {
  /** Opens a URL and decides. */
  visit(url: string, errand: Errand): Promise<Visit>;
  /** The same user at a browser without any session. */
  fresh(): User;
  close(): Promise<void>;
}
