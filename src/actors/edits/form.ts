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

/** Sends a parameter with its value changed. */
export const change = (parameter: string, how: string, by: (value: string) => string): Edit =>
  form(`${parameter} ${how}`, (pairs) =>
    pairs.map(([name, value]) => [name, name === parameter ? by(value) : value]),
  );

/** Sends a parameter once more, with another value. */
export const repeat = (parameter: string, value: Value<string>): Edit =>
  form(`${parameter} twice`, (pairs, world) => [...pairs, [parameter, valueOf(value, world)]]);

/** Sends a parameter once more, as it is. */
export const twice = (parameter: string): Edit =>
  form(`${parameter} twice`, (pairs) => [...pairs, ...pairs.filter(([name]) => name === parameter)]);

/** Asks by another method. With GET the form goes into the URL, as that of a page does. */
export const method = (name: 'GET' | 'PUT'): Edit =>
  edit(`the method ${name}`, (draft) => ({ ...draft, method: name }));
