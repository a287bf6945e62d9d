import type { Edit, Pairs, World } from '../draft.ts';
import { edit, valueOf, type Value } from './edit.ts';

const form = (name: string, change: (pairs: Pairs, world: World) => Pairs): Edit =>
  edit(name, (draft, world) => ({ ...draft, form: change(draft.form ?? [], world) }));

/** Leaves parameters out. */
export const without = (...parameters: readonly string[]): Edit =>
  form(`without ${parameters.join(' and ')}`, (pairs) =>
    pairs.filter(([name]) => !parameters.includes(name)),
  );

/** Sends a parameter with another value. */
export const replace = (parameter: string, value: Value<string>): Edit =>
  form(`another ${parameter}`, (pairs, world) => [
    ...pairs.filter(([name]) => name !== parameter),
    [parameter, valueOf(value, world)],
  ]);

/** Sends a parameter once more, with another value. */
export const repeat = (parameter: string, value: Value<string>): Edit =>
  form(`${parameter} twice`, (pairs, world) => [...pairs, [parameter, valueOf(value, world)]]);
