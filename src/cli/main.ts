#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { program } from './program.ts';

const stop = new AbortController();
let stopped: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // One Ctrl-C may arrive twice, from the terminal and passed on by npm; a later one means it.
    stopped ??= Date.now();
    if (Date.now() - stopped > 1000) process.exit(130);
    stop.abort();
  });

// Whoever read the output has gone, as `head` does: nothing is wrong.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? 'on' : 'off';
const interactive = process.stdin.isTTY && process.stderr.isTTY;

process.exitCode = await program(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  ...(process.stderr.isTTY ? { terminal: { columns: process.stderr.columns } } : {}),
  colour,
  width: process.stdout.columns ?? 100,
  cwd: process.cwd(),
  env: process.env,
  now: () => new Date(),
  ...(interactive ? { ask } : {}),
  stop: stop.signal,
});

async function ask(question: string, fallback: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(fallback === '' ? `${question}: ` : `${question} [${fallback}]: `);
    return answer.trim() === '' ? fallback : answer.trim();
  } finally {
    lines.close();
  }
}
