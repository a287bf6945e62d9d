/**
 * The one script of the report: unfolds what a link points at, and offers a filter. It runs in the reader's browser;
 * without it everything is there, and only the filter is missing.
 */
export const script = /* js */ `
'use strict';
const all = (selector) => Array.from(document.querySelectorAll(selector));
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let node = target; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
  if (target) target.scrollIntoView();
};
addEventListener('hashchange', reveal);
if (location.hash) reveal();

const tools = document.querySelector('.tools');
if (tools) {
  const field = tools.querySelector('input');
  const count = tools.querySelector('output');
  const items = all('#checks .check').map((node) => ({ node, text: node.dataset.text.toLowerCase() }));
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const { node, text } of items) {
      node.hidden = !words.every((word) => text.includes(word));
      if (!node.hidden) shown += 1;
    }
    for (const group of all('#checks .group')) group.hidden = !group.querySelector('.check:not([hidden])');
    count.textContent = words.length === 0 ? '' : shown + ' of ' + items.length + ' checks';
  });
  const fold = (open) => () => { for (const { node } of items) if (!node.hidden) node.open = open; };
  tools.querySelector('[data-fold="open"]').addEventListener('click', fold(true));
  tools.querySelector('[data-fold="closed"]').addEventListener('click', fold(false));
  tools.hidden = false;
}
`;
