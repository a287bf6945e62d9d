import type { Exchange } from '../transport/exchange.ts';
import { html, type Markup } from './markup.ts';
import { amount, cut, duration, instant, plural } from './text.ts';
import { outcome } from './view.ts';

/** Characters of a body that the page shows; the rest is in exchanges.har. */
const bodyLimit = 8_000;
/** Characters of a header value or a URL that the page shows. */
const lineLimit = 2_000;

/** Exchanges of a check as a list, each folded unless it deviates or has no answer, and its check did not pass. */
export function renderExchanges(
  exchanges: readonly Exchange[],
  mode: 'finding' | 'folded',
): Markup | undefined {
  if (exchanges.length === 0) return undefined;
  const items = exchanges.map((exchange) => {
    const telling = exchange.edits.length > 0 || exchange.response === undefined || exchanges.length === 1;
    return html`<li>
      <details ${mode === 'finding' && telling ? 'open' : undefined}>
        <summary>${summary(exchange)}</summary>
        <div class="message">${facts(exchange)}${request(exchange)}${response(exchange)}</div>
      </details>
    </li>`;
  });
  return html`<div>
    <p class="label">${plural(exchanges.length, 'exchange')}, secrets redacted</p>
    <ol class="exchanges">
      ${items}
    </ol>
  </div>`;
}

function summary(exchange: Exchange): Markup {
  const { id, purpose, edits, duration_ms, request } = exchange;
  const marks = edits.map((edit) => html` <mark>edit: ${edit}</mark>`);
  const line = `${request.method} ${short(request.url, 120)} → `;
  return html`${id}. ${purpose}${marks}<span class="line"
      >${line}<strong>${outcome(exchange)}</strong>
      <span class="soft">in ${duration(duration_ms)}</span></span
    >`;
}

function facts({ at, tls, request }: Exchange): Markup {
  const certificate = request.certificate;
  return html`<p class="small soft">
    ${instant(at)}${
      tls === undefined
        ? html`, no TLS facts recorded`
        : html` over ${tls.protocol} with ${tls.cipher}; server certificate SHA-256
            <code>${tls.certificate}</code>`
    }${certificate === undefined ? html`; no client certificate` : html`; client certificate SHA-256 <code>${certificate}</code>`}
  </p>`;
}

function request({ id, request: { method, url, headers, body } }: Exchange): Markup {
  return message(`Request of exchange ${id}`, 'Request', `${method} ${short(url, lineLimit)}`, headers, body);
}

function response({ id, response, error }: Exchange): Markup {
  if (response === undefined)
    return html`<p>
      <span class="label">No response</span>${error?.message ?? 'Nothing was recorded.'}
      <code>${error?.code}</code>
    </p>`;
  const { status, headers, body } = response;
  return message(`Response of exchange ${id}`, 'Response', `Status ${status}`, headers, body);
}

function message(
  name: string,
  label: string,
  line: string,
  headers: readonly { name: string; value: string }[],
  body: string | undefined,
): Markup {
  const { shown, left } = cut(readable(body ?? '', headers), bodyLimit);
  const head = headers.map((header) => `${header.name}: ${short(header.value, lineLimit)}`).join('\n');
  const rest = [head, shown].filter((part) => part !== '').join('\n\n');
  return html`<div>
    <p class="label">${label}</p>
    <pre tabindex="0" role="region" aria-label="${name}"><strong>${line}</strong>
${rest}</pre>
    ${
      left === 0
        ? undefined
        : html`<p class="small soft">Cut here: ${amount(left)} more characters stand in exchanges.har.</p>`
    }
  </div>`;
}

function short(text: string, limit: number): string {
  const { shown, left } = cut(text, limit);
  return left === 0 ? shown : `${shown}… (${amount(left)} more characters)`;
}

/** A body laid out for reading: JSON indented, a form one parameter a line. Any other text stays as it is. */
function readable(body: string, headers: readonly { name: string; value: string }[]): string {
  const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
  if (type.includes('x-www-form-urlencoded')) return body.replaceAll('&', '\n&');
  if (!/\bjson\b/u.test(type) || body.length > 4 * bodyLimit) return body;
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
