import { styleText } from 'node:util';
import type { Finding } from '../actors/finding.ts';

const tones = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** Findings as lines: what, how it stands, whose it is to mend, and how. */
export function renderFindings(findings: readonly Finding[], colour: 'on' | 'off'): string {
  const width = Math.max(...findings.map(({ what }) => what.length), 0);
  return findings
    .map(({ what, state, fault, detail, advice }) => {
      const word = state.padEnd(7);
      const shown = colour === 'on' ? styleText(tones[state], word, { validateStream: false }) : word;
      const whose = fault === undefined ? '' : ` [${fault}]`;
      return `${shown}  ${what.padEnd(width)}  ${detail}${whose}\n${advice === undefined ? '' : `${' '.repeat(11 + width)}${advice}\n`}`;
    })
    .join('');
}
