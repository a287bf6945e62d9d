import type { Reference } from '../directory/common.ts';
import { isPasswordLike } from '../transport/secrets.ts';
import type { Reply, Transport } from '../transport/transport.ts';
import { createNavigator, landed, reaches, type Navigation } from './navigation.ts';
import { readPage, type Button, type Document, type Form } from './page.ts';
import type { UserConfig } from './open-user.ts';
import { UserError } from './user-error.ts';
import type { Decision, Errand, Hop, Landing, Page, User, Visit } from './user.ts';

export type HttpConfig = Extract<UserConfig, { driver: 'http' }>;
type Choice = HttpConfig['accept'];
type Values = ReadonlyMap<string, string>;

/** What a driver works with. */
export interface DriverOptions {
  readonly transport: Transport;
  /** Reads what a reference stands for. */
  readonly resolve: (reference: Reference) => Promise<string>;
}

interface Filled {
  readonly login: Values;
  readonly choice: Values;
  readonly secrets: readonly string[];
}

/** The user of server-rendered pages: follows redirects, fills forms by the names of their fields. */
export function createHttpUser(config: HttpConfig, options: DriverOptions): User {
  const navigator = createNavigator(options.transport);

  async function values(decision: Decision): Promise<Filled> {
    const secrets: string[] = [];
    const read = async (fields: HttpConfig['fields'] = {}) => {
      const entries = Object.entries(fields).map(async ([name, value]) => {
        const text = typeof value === 'string' ? value : await options.resolve(value);
        if (typeof value !== 'string' || isPasswordLike(name)) secrets.push(text);
        return [name, text] as const;
      });
      return new Map(await Promise.all(entries));
    };
    const login = await read(config.fields);
    return { login, choice: await read(choiceOf(config, decision).fields), secrets };
  }

  async function visit(url: string, { callback, decision }: Errand): Promise<Visit> {
    const hops: Hop[] = [];
    const pages: Page[] = [];
    const { login, choice, secrets } = await values(decision);
    const chosen = choiceOf(config, decision);
    const filled = new Set<string>();
    const end = (landing: Landing): Visit => ({ hops, pages, landing });

    let navigation: Navigation = { method: 'GET', url };
    for (;;) {
      const arrival = await navigator.go(navigation, { callback, hops, secrets });
      if (arrival.at === 'callback') return end(arrival);
      const { reply } = arrival;
      const document = readPage(reply.text, reply.url);
      const page = pageOf(document, reply);
      pages.push(page);
      if (decision === 'leave') return end({ at: 'page', page });

      const response = document.forms.find(
        (form) => form.method === 'POST' && reaches(form.action, callback),
      );
      if (response) return end(landed(response.action, entries(response, new Map())));

      const form = document.forms.find((each) => fills(each, login));
      if (form) {
        const names = form.fields.map(({ name }) => name).filter((name) => login.has(name));
        const key = names.toSorted().join('\n');
        if (filled.has(key))
          throw new UserError(
            'login-failed',
            `the form with ${names.join(', ')} came back after it was filled; expected the login to succeed. ` +
              'Check the values under `user.fields` and the test user at the server',
            { hops },
          );
        filled.add(key);
        const button = pressed(form, chosen) ?? form.buttons[0];
        navigation = submission(form, new Map([...login, ...choice]), button, reply.url);
        continue;
      }
      const next = decided(document, { choice: chosen, decision, values: choice, from: reply.url });
      if (!next) return end({ at: 'page', page });
      navigation = next;
    }
  }

  return { visit, fresh: () => createHttpUser(config, options), close: async () => {} };
}

const choiceOf = (config: HttpConfig, decision: Decision): Choice =>
  decision === 'leave' ? {} : config[decision];

/** What of a document is told of the page that was shown. */
export const pageOf = (
  { title, text, referrer }: Document,
  { url, status }: Pick<Reply, 'url' | 'status'>,
): Page => ({
  url,
  status,
  title,
  text,
  ...(referrer === undefined ? {} : { referrer }),
});

/** Whether a form asks for what the integration file gives. */
const fills = (form: Form, values: Values): boolean =>
  form.fields.some(({ name, type }) => type !== 'hidden' && values.has(name));

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** The button that a choice names: by value, visible text, `name=value`, and only then by name, which buttons may share. */
function pressed(form: Form, { button: wanted }: Choice): Button | undefined {
  if (wanted === undefined) return undefined;
  return (
    form.buttons.find(
      ({ name, value, text }) => value === wanted || same(text, wanted) || `${name}=${value}` === wanted,
    ) ?? form.buttons.find(({ name }) => name === wanted)
  );
}

/** The way on from a page that asks for a decision, or that leads on by itself; undefined where the user is stuck. */
function decided(
  document: Document,
  options: { choice: Choice; decision: Decision; values: Values; from: string },
): Navigation | undefined {
  const { choice, decision, values, from } = options;
  for (const form of document.forms) {
    const button = pressed(form, choice);
    if (button) return submission(form, values, button, from);
  }
  const link = document.links.find(({ text }) => choice.link !== undefined && same(text, choice.link));
  if (link) return { method: 'GET', url: link.url, from: new URL(from).origin };
  if (choice.button === undefined && choice.link === undefined) {
    // Pressing the only button there is accepts; it never rejects.
    const form = document.forms.find((each) =>
      choice.fields ? fills(each, values) : decision === 'accept' && each.buttons.length === 1,
    );
    if (form) return submission(form, values, form.buttons[0], from);
  }
  return document.refresh === undefined
    ? undefined
    : { method: 'GET', url: document.refresh, from: new URL(from).origin };
}

const unticked = new Set(['', 'off', 'false']);

/** What a form sends when it is filled. */
function entries(form: Form, values: Values): [string, string][] {
  return form.fields.flatMap(({ name, type, value, sent }): [string, string][] => {
    const given = type === 'hidden' ? undefined : values.get(name);
    if (given === undefined) return sent ? [[name, value]] : [];
    if (type === 'checkbox') return unticked.has(given) ? [] : [[name, value]];
    if (type === 'radio') return value === given ? [[name, value]] : [];
    return [[name, given]];
  });
}

function submission(form: Form, values: Values, button: Button | undefined, from: string): Navigation {
  const sent = entries(form, values);
  if (button && button.name !== '') sent.push([button.name, button.value]);
  const data = new URLSearchParams(sent).toString();
  const action = new URL(button?.action ?? form.action);
  if (form.method === 'GET') {
    action.search = data;
    return { method: 'GET', url: action.href, from: new URL(from).origin };
  }
  const credentials = form.fields.some(
    ({ name, type }) => (type === 'password' || isPasswordLike(name)) && (values.get(name) ?? '') !== '',
  );
  return { method: 'POST', url: action.href, body: data, credentials, from: new URL(from).origin };
}
