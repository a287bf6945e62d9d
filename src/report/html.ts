import { createHash } from 'node:crypto';
import { anchor, badge, link, renderCheck, renderFinding, requirementAnchor, waived } from './html-check.ts';
import { script } from './html-script.ts';
import { style } from './html-style.ts';
import { renderStrip, renderTimeline } from './html-timeline.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { html, trusted, type Markup } from './markup.ts';
import type { PictureFiles } from './pictures.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import { duration, instant, plural } from './text.ts';
import {
  attention,
  clauses,
  faultNames,
  findings,
  headline,
  tally,
  verdictNames,
  type Clause,
} from './view.ts';

/**
 * The report of a run as one HTML file. It loads nothing: a content security policy forbids it, and permits the one style
 * sheet and the one script inside by their digests, and pictures that stand in it.
 */
export function renderHtml(results: Results, pictures: PictureFiles = new Map()): string {
  const { integration, run } = results;
  const { word } = headline(results);
  const subject = `${integration.partner} / ${integration.integration}`;
  const policy = `default-src 'none'; img-src data:; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`;
  const open = findings(results);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${word}: ${subject}, ${integration.environment}, ${run.id}</title>
        ${trusted(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the verdict</a>
        <div class="page">
          <header class="banner">
            <strong>Assay</strong><span>Conformance report · run <code>${run.id}</code></span>
          </header>
          ${contents(open.length)}
          <main id="main" tabindex="-1">
            ${verdictSection(results)} ${findingsSection(results, open, pictures)} ${coverage(results)}
            <section id="timeline" aria-labelledby="timeline-title">
              <h2 id="timeline-title">Timeline</h2>
              <p class="lead">When each check ran. What did not pass stands higher than its row.</p>
              ${renderTimeline(results)}
            </section>
            ${otherChecks(results, new Set(open), pictures)}
          </main>
          <footer>
            Derived from results.json of this run by Assay ${run.harness}. Secrets were redacted when the
            exchanges were recorded; equal values keep equal marks. All times are UTC.
          </footer>
        </div>
        ${trusted(`<script>${script}</script>`)}
      </body>
    </html> `.text;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function contents(open: number): Markup {
  return html`<nav class="contents" aria-label="Contents">
    <ul>
      <li><a href="#main">Verdict</a></li>
      <li><a href="#findings">Findings (${open})</a></li>
      <li><a href="#coverage">Coverage by clause</a></li>
      <li><a href="#timeline">Timeline</a></li>
      <li><a href="#checks">Other checks</a></li>
    </ul>
  </nav>`;
}

function verdictSection(results: Results): Markup {
  const { integration, fault, reason } = results;
  const { word, tone, limits } = headline(results);
  return html`<section class="verdict ${tone}" aria-labelledby="verdict-title">
    ${limits.length === 0 ? undefined : notice(limits)}
    <div class="opening">
      <div class="sentence">
        <h1 id="verdict-title">
          ${integration.partner} / ${integration.integration}, ${integration.environment}<span class="word"
            >${word}</span
          >
        </h1>
        <p class="reason">${reason}</p>
        ${fault === undefined ? undefined : html`<p class="fault"><strong>Fault: ${fault}</strong>, ${faultNames[fault]}.</p>`}
      </div>
      ${tallyTable(results)}
    </div>
    ${facts(results)}
  </section>`;
}

function notice(limits: readonly string[]): Markup {
  return html`<div class="notice inconclusive" role="note" aria-label="Limits of this run">
    ${limits.map((limit) => html`<p>${limit}</p>`)}
  </div>`;
}

function facts({ integration, profile, run }: Results): Markup {
  const took = run.finished === undefined ? undefined : Date.parse(run.finished) - Date.parse(run.started);
  const rows: [string, Markup | string][] = [
    ['Integration', html`${integration.partner} / ${integration.integration}`],
    ['Environment', integration.environment],
    ['Under test', integration.roles.join(', ')],
    ['Profile', html`${profile.title} <span class="soft id">${profile.edition}</span>`],
    ['Edition', profile.about],
    ['Client authentication', profile.client_authentication],
    ['Sender constraint', profile.sender_constraint],
    ['Protocol', profile.protocol === 'openid' ? 'OpenID Connect' : 'OAuth 2.0'],
    ['Started', instant(run.started)],
    ['Took', took === undefined ? 'did not finish' : duration(took)],
    ['Tier', run.tier],
    ['Harness', `Assay ${run.harness}`],
    ['Integration file', html`<code>${integration.file}</code>`],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, text]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${text}</dd>
        </div>`,
    )}
  </dl>`;
}

function tallyTable({ counts, requirements }: Results): Markup {
  const rows = attention.map(
    (verdict) =>
      html`<tr>
        <th scope="row">${badge({ verdict })}</th>
        <td class="number">${counts.requirements[verdict]}</td>
        <td class="number">${counts.checks[verdict]}</td>
      </tr>`,
  );
  return html`<div class="tally">
    ${requirements.length === 0 ? undefined : renderStrip(tally(requirements))}
    <table>
      <caption class="small soft">
        Verdicts of requirements and of checks. The bar shows the requirements.
      </caption>
      <thead>
        <tr>
          <th scope="col">Verdict</th>
          <th scope="col" class="number">Requirements</th>
          <th scope="col" class="number">Checks</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function findingsSection(results: Results, open: readonly CheckResult[], pictures: PictureFiles): Markup {
  const untested = results.requirements.filter(
    ({ checks, verdict }) => checks.length === 0 && verdict === 'inconclusive',
  );
  const lead =
    open.length === 0
      ? 'No executed check failed, warned or stayed inconclusive.'
      : `${plural(open.length, 'check')} did not pass: failures first, then what could not be judged, then warnings, then what is waived.`;
  return html`<section id="findings" aria-labelledby="findings-title">
    <h2 id="findings-title">Findings</h2>
    <p class="lead">
      ${lead}${untested.length === 0 ? '' : ` ${plural(untested.length, 'requirement')} without any check: see the coverage.`}
    </p>
    ${open.map((check) => renderFinding(results, check, pictures))}
  </section>`;
}

function coverage(results: Results): Markup {
  const checks = new Map(results.checks.map((check) => [check.id, check]));
  return html`<section id="coverage" aria-labelledby="coverage-title">
    <h2 id="coverage-title">Coverage by clause</h2>
    <p class="lead">
      Every requirement of the profile, in the order of the specification. A requirement is its worst check.
    </p>
    ${clauses(results.requirements).map((clause) => clauseSection(clause, checks))}
  </section>`;
}

function clauseSection(
  { specification, number, requirements }: Clause,
  checks: ReadonlyMap<string, CheckResult>,
): Markup {
  const words = tally(requirements).map(
    ({ verdict, count }) => `${count} ${verdictNames[verdict].toLowerCase()}`,
  );
  return html`<section class="clause">
    <header>
      <h3><span class="soft">${specification}</span> ${number}</h3>
      <p class="small soft">${words.join(', ')}</p>
    </header>
    ${requirements.map((requirement) => requirementRow(requirement, checks))}
  </section>`;
}

function requirementRow(requirement: RequirementResult, checks: ReadonlyMap<string, CheckResult>): Markup {
  const { id, level, text, verdict, reason, fault, waiver } = requirement;
  const own = requirement.checks.flatMap((check) => checks.get(check) ?? []);
  const source = html`<span class="id">${link(requirement.link, id)}</span>`;
  const blame = fault === undefined ? undefined : html`<span>fault: ${fault}</span>`;
  return html`<article class="requirement" id="${requirementAnchor(id)}">
    ${badge(requirement)}
    <h4>${text}</h4>
    <div class="about">
      <p class="meta">${source} <span>${level}</span> ${blame}</p>
      ${verdict === 'pass' || reason === undefined ? undefined : html`<p>${reason}</p>`}
      ${waiver === undefined ? undefined : html`<p><strong>Waived.</strong> ${waived(waiver)}</p>`}
      ${own.length === 0 ? html`<p class="soft">${reason === undefined ? 'No check exercises it.' : undefined}</p>` : checkList(own, verdict)}
    </div>
  </article>`;
}

function checkList(checks: readonly CheckResult[], verdict: Verdict): Markup {
  const items = checks.map(
    (check) =>
      html`<li>${badge({ verdict: check.verdict })} <a href="#${anchor(check)}">${check.title}</a></li>`,
  );
  return html`<details ${verdict === 'pass' ? undefined : 'open'}>
    <summary>${plural(checks.length, 'check')}</summary>
    <ul>
      ${items}
    </ul>
  </details>`;
}

function otherChecks(results: Results, shown: ReadonlySet<CheckResult>, pictures: PictureFiles): Markup {
  const rest = results.checks.filter((check) => !shown.has(check));
  const groups = Map.groupBy(rest, ({ file }) => file);
  const left = rest.filter(({ executed }) => !executed).length;
  return html`<section id="checks" aria-labelledby="checks-title">
    <h2 id="checks-title">Other checks</h2>
    <p class="lead">
      ${plural(rest.length - left, 'check')} passed or did not apply; ${left} not executed. Each unfolds to
      its exchanges.
    </p>
    <div class="tools" role="search" hidden>
      <label
        >Filter by title, verdict or requirement<input type="search" autocomplete="off" spellcheck="false"
      /></label>
      <button type="button" data-fold="open">Unfold all</button
      ><button type="button" data-fold="closed">Fold all</button><output></output>
    </div>
    ${Array.from(
      groups,
      ([file, members]) =>
        html`<section class="group">
          <h3>${file}</h3>
          ${members.map((check) => renderCheck(results, check, pictures))}
        </section>`,
    )}
  </section>`;
}
