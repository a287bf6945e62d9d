import { anchor } from './html-check.ts';
import { html, trusted, type Markup } from './markup.ts';
import type { CheckResult, Results } from './results.ts';
import { duration, plural } from './text.ts';
import { tally, verdictNames } from './view.ts';

/** Units of the horizontal axis, whatever the run took. */
const breadth = 1000;
const height = 9;

interface Bar {
  readonly check: CheckResult;
  readonly from: number;
  readonly to: number;
}

/** When each check ran, one lane a spec file; checks that overlap lie below each other. */
export function renderTimeline({ checks, run }: Results): Markup {
  const origin = Date.parse(run.started);
  const bars = checks.flatMap((check): Bar[] => {
    if (check.started === undefined) return [];
    const from = Date.parse(check.started) - origin;
    return Number.isNaN(from)
      ? []
      : [{ check, from: Math.max(0, from), to: Math.max(0, from) + check.duration_ms }];
  });
  if (bars.length === 0) return html`<p>No check was executed.</p>`;
  const end = bars.reduce((latest, { to }) => Math.max(latest, to), 1);
  const lanes = Map.groupBy(bars, ({ check }) => check.file);
  return html`<ol class="lanes">
      ${Array.from(lanes, ([file, members]) => lane(file, members, end))}
    </ol>
    <p class="axis"><span>0</span><span>${duration(end / 2)}</span><span>${duration(end)}</span></p>`;
}

function lane(file: string, bars: readonly Bar[], end: number): Markup {
  const rows = stacked(bars);
  const worked = bars.reduce((sum, { from, to }) => sum + to - from, 0);
  const words = tally(bars.map(({ check }) => check))
    .map(({ verdict, count }) => `${count} ${verdictNames[verdict].toLowerCase()}`)
    .join(', ');
  const rectangles = rows.flatMap((row, index) =>
    row.map(({ check, from, to }) => {
      const x = (from / end) * breadth;
      const width = Math.max(2, ((to - from) / end) * breadth);
      // What did not pass stands higher than its row: the colour is not all that tells.
      const rise = check.verdict === 'pass' ? 0 : 2;
      return html`<a href="#${anchor(check)}" tabindex="-1"
        ><rect
          class="${check.verdict}"
          x="${x.toFixed(1)}"
          y="${index * height + 2 - rise}"
          width="${width.toFixed(1)}"
          height="${height - 4 + 2 * rise}"
          ><title>${check.title}: ${verdictNames[check.verdict]}, ${duration(to - from)}</title></rect
        ></a
      >`;
    }),
  );
  return html`<li>
    <p class="name">
      <code>${file}</code><br /><span class="soft"
        >${plural(bars.length, 'check')}: ${words}; ${duration(worked)}</span
      >
    </p>
    <div class="track">
      <svg
        class="lane"
        aria-hidden="true"
        viewBox="0 0 ${breadth} ${rows.length * height}"
        height="${rows.length * height * 2}"
        preserveAspectRatio="none"
      >
        ${rectangles}
      </svg>
    </div>
  </li>`;
}

/** Bars in as few rows as they need not to lie on each other. */
function stacked(bars: readonly Bar[]): readonly (readonly Bar[])[] {
  const rows: Bar[][] = [];
  for (const bar of bars.toSorted((a, b) => a.from - b.from)) {
    const row = rows.find((members) => (members.at(-1)?.to ?? 0) <= bar.from);
    if (row === undefined) rows.push([bar]);
    else row.push(bar);
  }
  return rows;
}

/** Shares of verdicts as one bar; the numbers stand beside it as text. */
export function renderStrip(shares: ReturnType<typeof tally>): Markup {
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  let x = 0;
  const rectangles = shares.map(({ verdict, count }) => {
    const width = (count / total) * breadth;
    const rectangle = html`<rect
      class="${verdict}"
      x="${x.toFixed(1)}"
      y="0"
      width="${Math.max(1, width - 3).toFixed(1)}"
      height="10"
    />`;
    x += width;
    return rectangle;
  });
  return html`<svg
    class="strip"
    aria-hidden="true"
    viewBox="0 0 ${trusted(String(breadth))} 10"
    preserveAspectRatio="none"
  >
    ${rectangles}
  </svg>`;
}
