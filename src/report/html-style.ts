/** Style sheet of the report. Colours of verdicts have a contrast of at least 4.5:1 on their ground, dark and light. */
export const style = /* css */ `
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --panel: #f5f5f1; --ink: #1b1d21; --soft: #55595f; --line: #d9d9d2; --link: #1d4f91; --focus: #1d4f91;
  --pass: #17643a; --pass-ground: #e6f2ea; --fail: #a1161c; --fail-ground: #fbe9e8; --warn: #7a4a00; --warn-ground: #fbf0da;
  --inconclusive: #4a3d91; --inconclusive-ground: #ecebf8; --none: #55595f; --none-ground: #ececea;
  --serif: Charter, 'Bitstream Charter', 'Iowan Old Style', 'Source Serif 4', Cambria, Georgia, serif;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --panel: #1d2024; --ink: #e8e8e4; --soft: #a6abb1; --line: #34383e; --link: #8fbcf5; --focus: #8fbcf5;
    --pass: #86d6a5; --pass-ground: #14301f; --fail: #ff9c96; --fail-ground: #401a1a; --warn: #f0c06a; --warn-ground: #3a2a0c;
    --inconclusive: #bdb3fa; --inconclusive-ground: #29254a; --none: #a6abb1; --none-ground: #2a2d31;
  }
}
.pass { --tone: var(--pass); --ground: var(--pass-ground); }
.fail { --tone: var(--fail); --ground: var(--fail-ground); }
.warn { --tone: var(--warn); --ground: var(--warn-ground); }
.inconclusive { --tone: var(--inconclusive); --ground: var(--inconclusive-ground); }
.not-applicable { --tone: var(--none); --ground: var(--none-ground); }

*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
h1, h2, h3, h4, p, dl, dd, ul, ol, pre, table, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2, h3, h4 { line-height: 1.3; text-wrap: balance; }
code, pre, .id { font-family: var(--mono); font-size: .86em; }
[hidden] { display: none !important; }
.skip { position: absolute; left: 1rem; top: -5rem; padding: .5rem 1rem; background: var(--paper); z-index: 2; }
.skip:focus { top: .5rem; }

.page { max-width: 76rem; margin: 0 auto; padding: 0 1rem 4rem; }
.banner { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; justify-content: space-between; align-items: baseline;
  padding: 1.25rem 0 .75rem; border-bottom: 1px solid var(--ink); font-size: .875rem; color: var(--soft); }
.banner strong { font: 700 1.05rem/1 var(--serif); color: var(--ink); letter-spacing: .01em; }
.contents ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; padding: .75rem 0; font-size: .9rem; }
.contents a { display: inline-block; padding: .2rem 0; }
main > section { padding: 2.5rem 0 0; }
h2 { font: 600 1.6rem/1.25 var(--serif); padding-bottom: .5rem; border-bottom: 1px solid var(--line); margin-bottom: 1rem; }
.lead { color: var(--soft); max-width: 42rem; margin-bottom: 1.25rem; }
.label { display: block; font-size: .75rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
.soft { color: var(--soft); }
.small { font-size: .875rem; }

.verdict { padding-top: 1.5rem; }
.notice { border: 2px solid var(--tone); background: var(--ground); padding: .75rem 1rem; margin-bottom: 1.75rem; max-width: 50rem; }
.notice h2 { font: 700 1rem/1.4 var(--sans); border: 0; margin: 0; padding: 0; color: var(--tone); }
.sentence { border-left: .5rem solid var(--tone); padding: .25rem 0 .5rem 1.25rem; }
h1 { font: 600 1rem/1.4 var(--sans); }
h1 .word { display: block; font: 600 clamp(2.25rem, 10vw, 4.5rem)/1 var(--serif); letter-spacing: -.025em; color: var(--tone); margin: .35rem 0 1rem; }
.reason { font: 400 1.2rem/1.5 var(--serif); max-width: 40rem; text-wrap: pretty; }
.fault { margin-top: .6rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem 2rem; margin-top: 2.25rem; }
.facts dt { font-size: .75rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
.tally { margin-top: 2.25rem; max-width: 34rem; }
.opening { display: grid; grid-template-columns: minmax(0, 1fr); align-items: start; }
.strip { display: block; width: 100%; height: .875rem; margin-bottom: .75rem; }
.strip rect, .lane rect { fill: var(--tone); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { text-align: left; font-weight: 400; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
thead th { font-size: .75rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
th.number, td.number { text-align: right; padding-right: 0; white-space: nowrap; }
.number + .number { padding-left: 1rem; }
.badge { justify-self: start; }

.badge { display: inline-block; min-width: 3.4rem; padding: .05rem .5rem; border-radius: 2px; background: var(--ground); color: var(--tone);
  font: 600 .8125rem/1.5 var(--sans); text-align: center; white-space: nowrap; }
mark { background: var(--warn-ground); color: var(--warn); padding: .05rem .35rem; border-radius: 2px; font-weight: 600; }

.tools { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1.25rem; align-items: end; }
.tools label { flex: 1 1 14rem; font-size: .875rem; color: var(--soft); }
.tools input { display: block; width: 100%; margin-top: .2rem; }
.tools input, .tools button { font: inherit; font-size: 1rem; padding: .4rem .75rem; min-height: 2.75rem; color: inherit; background: var(--paper);
  border: 1px solid var(--soft); border-radius: 2px; }
.tools button { cursor: pointer; }
.tools button:hover { background: var(--panel); }
.tools output { flex-basis: 100%; font-size: .875rem; color: var(--soft); }

details > summary { cursor: pointer; list-style: none; position: relative; padding: .5rem 0 .5rem 1.4rem; }
details > summary::-webkit-details-marker { display: none; }
details > summary::before { content: ''; position: absolute; left: .15rem; top: .95rem; width: .45rem; height: .45rem;
  border: solid var(--soft); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg); }
details > summary:hover { background: var(--panel); }

.check { border-bottom: 1px solid var(--line); }
.check > summary { display: grid; grid-template-columns: 8rem minmax(0, 1fr) auto; gap: .1rem .9rem; align-items: baseline; }
.check > summary h3, .check > summary h4 { font: 500 1rem/1.45 var(--sans); }
.check > summary .time { font-size: .8125rem; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.check .where { font-size: .8125rem; color: var(--soft); grid-column: 2 / -1; }
.check > .body { padding: .25rem 0 1.5rem 1.4rem; }
.finding { border: 1px solid var(--line); border-left: .3rem solid var(--tone); margin-bottom: 1rem; }
.finding > summary { padding: .8rem 1rem .8rem 1.9rem; }
.finding > summary::before { left: .75rem; top: 1.25rem; }
.finding > summary h3 { font: 600 1.125rem/1.35 var(--serif); }
.finding > .body { padding: 0 1rem 1rem; }
.finding > .body > * + * { margin-top: 1rem; }
.compare { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); }
.compare > div { background: var(--paper); padding: .6rem .8rem; }
.compare dt, .note dt { font-size: .75rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
.compare dd { font-family: var(--mono); font-size: .875rem; white-space: pre-wrap; }
.compare .got { box-shadow: inset 0 .18rem 0 var(--tone); }
.note > div { display: grid; grid-template-columns: 6.5rem minmax(0, 44rem); gap: 0 1rem; align-items: baseline; padding: .3rem 0; }
.needs li { margin-top: .2rem; }

.picture { margin-top: .5rem; }
.picture img { display: block; max-width: min(100%, 50rem); max-height: 40rem; border: 1px solid var(--line); }
.picture figcaption { margin-top: .3rem; }
.picture figcaption > span:last-child { display: block; font-size: .8125rem; }

.exchanges > li { border-top: 1px solid var(--line); }
.exchanges summary { font-size: .9rem; }
.exchanges .line { display: block; font-family: var(--mono); font-size: .8125rem; margin-top: .1rem; }
.exchanges .message { padding: 0 0 1rem 1.4rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; }
pre { overflow-x: auto; max-width: 100%; max-height: 32rem; padding: .7rem .85rem; background: var(--panel); border: 1px solid var(--line); line-height: 1.5;
  overflow-wrap: normal; tab-size: 2; margin-top: .25rem; }
.message pre { font-size: .8125rem; }

.clause { padding: 1.5rem 0 0; }
.clause > header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .25rem 1rem; margin-bottom: .25rem; }
.clause h3 { font: 600 1.125rem/1.35 var(--serif); }
.requirement { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .2rem .9rem; padding: .7rem 0; border-top: 1px solid var(--line); }
.requirement h4 { font: 400 1rem/1.5 var(--sans); }
.requirement .about { grid-column: 2; font-size: .875rem; }
.requirement .meta { display: flex; flex-wrap: wrap; gap: .1rem 1rem; color: var(--soft); }
.requirement details > summary { padding-top: .15rem; padding-bottom: .15rem; }
.requirement details > summary::before { top: .55rem; }
.requirement li { display: flex; gap: .6rem; align-items: baseline; padding: .12rem 0; }
.requirement li .badge { font-size: .75rem; min-width: 0; flex: none; }

.lanes { display: grid; grid-template-columns: minmax(0, 15rem) minmax(0, 1fr); gap: 0 1.25rem; border-top: 1px solid var(--line); }
.lanes > li { display: contents; }
.lanes .name, .lanes .track { padding: .5rem 0; border-bottom: 1px solid var(--line); min-width: 0; }
.lanes .name { font-size: .875rem; }
.lane { display: block; width: 100%; background: var(--panel); overflow: visible; }
.lane a:focus-visible rect { stroke: var(--focus); stroke-width: 3px; vector-effect: non-scaling-stroke; }
.axis { display: flex; justify-content: space-between; font-size: .8125rem; color: var(--soft); padding-left: 16.25rem; padding-top: .3rem; font-variant-numeric: tabular-nums; }
.group { padding-top: 1.5rem; }
.group > h3 { font: 600 1rem/1.4 var(--mono); padding-bottom: .4rem; border-bottom: 1px solid var(--ink); }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--ink); font-size: .875rem; color: var(--soft); }

@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 3rem; padding: 0 2rem 4rem; }
  .banner, .page > footer { grid-column: 1 / -1; }
  .contents ul { display: block; position: sticky; top: 1.5rem; padding-top: 2.6rem; }
  .contents li + li { margin-top: .2rem; }
}
@media (min-width: 76rem) {
  .opening { grid-template-columns: minmax(0, 1fr) 20.5rem; gap: 0 2.5rem; }
  .tally { margin-top: .5rem; }
}
@media (max-width: 40rem) {
  .check > summary, .requirement { grid-template-columns: minmax(0, 1fr); }
  .check > summary { grid-template-columns: auto minmax(0, 1fr); }
  .check > summary :is(h3, h4), .check .where { grid-column: 1 / -1; }
  .check > summary .time { justify-self: end; grid-row: 1; grid-column: 2; }
  .requirement .about { grid-column: 1; }
  .exchanges .message, .check > .body { padding-left: 0; }
  .finding > .body { padding: 0 .75rem .75rem; }
  .lanes { grid-template-columns: minmax(0, 1fr); }
  .lanes .name { border: 0; padding-bottom: 0; }
  .axis { padding-left: 0; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .9rem 1rem; font-size: .9375rem; }
  thead th { letter-spacing: .03em; }
  .note > div { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000;
    --pass: #17643a; --pass-ground: #fff; --fail: #a1161c; --fail-ground: #fff; --warn: #7a4a00; --warn-ground: #fff;
    --inconclusive: #4a3d91; --inconclusive-ground: #fff; --none: #444; --none-ground: #fff; }
  body { font-size: 10pt; }
  .page { display: block; max-width: none; padding: 0; }
  .contents, .tools, .skip { display: none; }
  .badge { border: 1px solid var(--tone); }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: none; }
  h2, h3, h4, summary { break-after: avoid; }
  .requirement, .compare, tr, .exchanges > li > details > summary { break-inside: avoid; }
}
`;
