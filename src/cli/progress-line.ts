import type { Progress } from '../report/progress.ts';
import type { Io } from './io.ts';

/** Shows how a run goes on: a line that is written over on a terminal, some plain lines elsewhere. */
export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  readonly end: () => void;
}

const endings = { completed: 'passed', contradicted: 'failed', prevented: 'not judged' } as const;

/** @param clock Milliseconds. */
export function openProgress(io: Pick<Io, 'note' | 'terminal'>, clock: () => number): ProgressLine {
  const started = clock();
  const counts = { completed: 0, contradicted: 0, prevented: 0 };
  let total = 0;
  let current = '';
  let told = 0;

  const done = (): number => counts.completed + counts.contradicted + counts.prevented;
  const left = (): string => {
    const elapsed = (clock() - started) / 1000;
    return done() === 0 ? '' : `, about ${Math.ceil((elapsed / done()) * (total - done()))} s left`;
  };
  const state = (): string => {
    const parts = Object.entries(endings).flatMap(([name, word]) => {
      const count = counts[name as keyof typeof counts];
      return count > 0 ? [`${count} ${word}`] : [];
    });
    return `${done()} of ${total} checks${parts.length > 0 ? `: ${parts.join(', ')}` : ''}${left()}`;
  };
  const draw = (): void => {
    if (io.terminal) {
      const line = current === '' ? state() : `${state()}  ${current}`;
      io.note(`\r\u001b[K${line.slice(0, Math.max(20, io.terminal.columns - 1))}`);
    } else if (done() === total || done() - told >= Math.max(20, total / 4)) {
      told = done();
      io.note(`${state()}\n`);
    }
  };

  return {
    show(progress) {
      switch (progress.event) {
        case 'begin':
          total = progress.checks;
          return;
        case 'check':
          current = progress.id;
          if (io.terminal) draw();
          return;
        case 'end':
          if (progress.end in counts) counts[progress.end as keyof typeof counts] += 1;
          draw();
          return;
        case 'error':
          io.note(`${io.terminal ? '\r\u001b[K' : ''}${progress.message}\n`);
      }
    },
    end() {
      if (io.terminal) io.note('\r\u001b[K');
    },
  };
}
