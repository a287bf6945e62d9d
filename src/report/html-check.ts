import { renderExchanges } from './html-exchange.ts';
import { html, type Markup } from './markup.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { PictureFiles } from './pictures.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import { cut, duration, plural } from './text.ts';
import { faultNames, measured, verdictNames, waiverOf } from './view.ts';

type Waiver = NonNullable<RequirementResult['waiver']>;

/** A verdict as text on its colour. */
export function badge({ verdict, waiver }: { verdict: Verdict; waiver?: Waiver | undefined }): Markup {
  return html`<span class="badge ${verdict}"
    >${verdictNames[verdict]}${waiver === undefined ? '' : ', waived'}</span
  >`;
}

/** The fragment that a check is found at. */
export const anchor = (check: CheckResult): string => `check-${check.id.replaceAll(/[^\w-]+/gu, '-')}`;

/** A link, unless the address is of a kind that a report must not carry. */
export function link(address: string, text: string): Markup {
  return /^https?:\/\//u.test(address)
    ? html`<a href="${address}" rel="noreferrer">${text}</a>`
    : html`${text}`;
}

/** A check that needs attention: open, with all that is known of it. */
export function renderFinding(results: Results, check: CheckResult, pictures: PictureFiles): Markup {
  const place = html`<code>${check.file}:${check.line}</code>`;
  const blame = check.fault === undefined ? undefined : html` · fault: ${check.fault}`;
  return html`<details class="check finding ${check.verdict}" id="${anchor(check)}" open>
    <summary>${head(results, check, html`<h3>${check.title}</h3>`, html`${place}${blame}`)}</summary>
    <div class="body">
      ${explanation(results, check)}${needs(results, check)}${renderPictures(check, pictures)}${renderExchanges(check.exchanges, 'finding')}${stack(check)}
    </div>
  </details>`;
}

/** A check among all checks: folded, with what it exercised and its exchanges. */
export function renderCheck(results: Results, check: CheckResult, pictures: PictureFiles): Markup {
  const { id, title, verdict, requirements } = check;
  const text = [id, title, verdictNames[verdict], ...requirements].join(' ');
  const place = html`<code>line ${check.line} · ${requirements.join(', ')}</code>`;
  return html`<details class="check ${verdict}" id="${anchor(check)}" data-text="${text}">
    <summary>${head(results, check, html`<h4>${title}</h4>`, place)}</summary>
    <div class="body">
      ${explanation(results, check)}${needs(results, check)}${renderPictures(check, pictures)}${renderExchanges(check.exchanges, 'folded')}
    </div>
  </details>`;
}

function head(results: Results, check: CheckResult, title: Markup, place: Markup): Markup {
  const { verdict } = check;
  const state = check.executed ? duration(check.duration_ms) : 'not executed';
  return html`${badge({ verdict, waiver: waiverOf(results, check) })}${title}
    <span class="time">${state}</span> <span class="where">${place}</span>`;
}

function explanation(results: Results, check: CheckResult): Markup {
  const { reason, fault, hint, expected, actual } = check;
  const waiver = waiverOf(results, check);
  const notes: [string, Markup | string | undefined][] = [
    ['Reason', reason],
    ['Fault', fault === undefined ? undefined : html`${fault}: ${faultNames[fault]}`],
    ['What to do', hint],
    ['Measured', check.measured && measured(check.measured).join('; ')],
    ['Waived', waiver && waived(waiver)],
  ];
  const said = notes.filter(([, text]) => text !== undefined);
  return html`${
    expected === undefined && actual === undefined
      ? undefined
      : html`<dl class="compare">
          <div>
            <dt>Expected</dt>
            <dd>${long(expected ?? 'not recorded')}</dd>
          </div>
          <div class="got">
            <dt>Actual</dt>
            <dd>${long(actual ?? 'not recorded')}</dd>
          </div>
        </dl>`
  }${
    said.length === 0
      ? undefined
      : html`<dl class="note">
          ${said.map(
            ([name, text]) =>
              html`<div>
                <dt>${name}</dt>
                <dd>${text}</dd>
              </div>`,
          )}
        </dl>`
  }`;
}

/** Who accepted a failure, why, and until when. */
export function waived({
  reason,
  owner,
  approver,
  expires,
}: NonNullable<RequirementResult['waiver']>): Markup {
  return html`Until ${expires}: ${reason} Owner ${owner}, approved by ${approver}.`;
}

function needs(results: Results, check: CheckResult): Markup {
  const texts = new Map(results.requirements.map((requirement) => [requirement.id, requirement]));
  const items = check.requirements.map((id) => {
    const requirement = texts.get(id);
    return html`<li>
      <a class="id" href="#${requirementAnchor(id)}">${id}</a> ${requirement?.level} · ${requirement?.text}
    </li>`;
  });
  return html`<div class="small">
    <p class="label">Exercises</p>
    <ul class="needs">
      ${items}
    </ul>
  </div>`;
}

/** The fragment that a requirement is found at. */
export const requirementAnchor = (id: string): string => `requirement-${id.replaceAll(/[^\w.-]+/gu, '-')}`;

/** The pages that a check judged. The files are those that the result document names; the page shows what they hold. */
function renderPictures({ pictures }: CheckResult, files: PictureFiles): Markup | undefined {
  if (pictures === undefined) return undefined;
  const figures = pictures.map(({ file, sha256, title, url }) => {
    const content = files.get(file);
    const image =
      content &&
      html`<img
        src="data:image/${file.endsWith('.png') ? 'png' : 'jpeg'};base64,${Buffer.from(content).toString('base64')}"
        alt="The page “${title}”"
      />`;
    return html`<figure class="picture">
      ${image}
      <figcaption class="small">
        ${title} <span class="soft">at</span> <code>${url}</code>
        <span class="soft"><code>${file}</code>, SHA-256 <code>${sha256}</code></span>
      </figcaption>
    </figure>`;
  });
  return html`<div>
    <p class="label">${plural(pictures.length, 'picture')} of what the user saw, fields covered</p>
    ${figures}
  </div>`;
}

function stack({ stack }: CheckResult): Markup | undefined {
  if (stack === undefined) return undefined;
  return html`<div>
    <p class="label">Where the error arose</p>
    <pre tabindex="0" role="region" aria-label="Stack of the error">${long(stack)}</pre>
  </div>`;
}

function long(text: string): string {
  const { shown, left } = cut(text, 4_000);
  return left === 0 ? shown : `${shown}… (cut; the whole text stands in results.json)`;
}
