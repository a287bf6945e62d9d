import type { Start } from './trigger.ts';

/** A flow that a person is asked for. */
export interface AskedFlow {
  /** Unguessable: whoever can name it was shown the page. */
  readonly id: string;
  readonly start: Start;
  readonly authorityFile: string;
  readonly arrivals: readonly string[];
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const tasks = {
  connect: 'Connect the app, and let it make its calls.',
  refresh:
    'Connect the app, let it make its calls, then twice let it refresh its tokens and make them again.',
  disconnect: 'Connect the app, let it make its calls, then disconnect it.',
} as const satisfies Record<Start['scenario'], string>;

// What is typed or pointed at stays: the page is replaced only where something arrived.
const script = `
const main = () => document.querySelector('main');
setInterval(async () => {
  const answer = await fetch(location.href).catch(() => undefined);
  const text = answer?.ok ? await answer.text() : '<main><p>The run is over.</p></main>';
  const next = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
  if (next && next.outerHTML !== main().outerHTML) main().replaceWith(next);
}, 1000);
`;

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1rem;margin-right:1rem}' +
  'section{border-top:1px solid;padding-top:1rem}';

/** The policy of the page: its own script and style, its own forms, and nothing else. */
export const policyOf = (nonce: string): string =>
  `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; ` +
  `form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

/** The page that asks a person to drive the app. What arrived is text that the app chose: it is escaped. */
export function pageOf(flows: readonly AskedFlow[], nonce: string): string {
  const body =
    flows.length === 0
      ? '<p>Nothing to do now; this page shows what comes next.</p>'
      : flows.map(section).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Assay: drive the app</title>
<style nonce="${nonce}">${style}</style><h1>Drive the app</h1><main aria-live="polite">${body}</main>
<script nonce="${nonce}">${script}</script></html>`;
}

function section({ id, start, authorityFile, arrivals }: AskedFlow): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Issuer', start.issuer],
    ['Address of the API', start.api],
    ['Client id', start.clientId],
    ['Redirect URI', start.redirectUri],
    ['Certificate authority to trust', authorityFile],
    ['Scenario', start.scenario],
  ];
  const list = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`<dt>${name}</dt><dd><code>${escaped(value)}</code></dd>`],
  );
  const seen = arrivals.map((each) => `<li>${escaped(each)}</li>`).join('');
  return `<section><p>${tasks[start.scenario]}</p><dl>${list.join('')}</dl>
<h2>What arrived</h2>${seen === '' ? '<p>Nothing yet.</p>' : `<ol>${seen}</ol>`}
<form method="post"><input type="hidden" name="flow" value="${id}">
<button name="end" value="completed">The app completed the flow</button><button name="end" value="failed">The app refused</button></form></section>`;
}
