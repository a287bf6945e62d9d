import { spawn, type ChildProcess } from 'node:child_process';

/** Ends process groups that this process leaves behind, however it ends: also when it is killed. */
export interface Watchdog {
  watch(group: number): void;
  release(group: number): void;
  /** Ends what is still watched. */
  close(): void;
}

// Its standard input ends with the process that holds the other side, whatever ended it.
const script = `
while read -r what group; do
  if [ "$what" = watch ]; then groups="$groups $group"
  else kept=; for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done; groups=$kept
  fi
done
for each in $groups; do kill -KILL "-$each" 2>/dev/null; done
`;

function start(): ChildProcess {
  // In a group of its own, which a Ctrl-C at the terminal does not end.
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  for (const each of [child, child.stdin]) each.on('error', () => undefined);
  child.unref();
  return child;
}

/** Made without anything started: that comes with the first group. */
export function createWatchdog(): Watchdog {
  let started: ChildProcess | undefined;
  const tell = (what: string, group: number): void => {
    started ??= start();
    started.stdin?.write(`${what} ${group}\n`);
  };
  return {
    watch: (group) => tell('watch', group),
    release: (group) => tell('release', group),
    close() {
      started?.stdin?.end();
      started = undefined;
    },
  };
}
