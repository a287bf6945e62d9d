import type { Draft, Edit, World } from '../draft.ts';

/** A value, or how to find it in the world of the request. */
export type Value<T> = T | ((world: World) => T);

/** A value as it is in a world. */
export const valueOf = <T extends string | number | readonly unknown[] | undefined>(
  value: Value<T>,
  world: World,
): T => (typeof value === 'function' ? value(world) : value);

/** An edit by hand, for what no other edit describes. */
export const edit = (name: string, apply: Edit['apply']): Edit => ({ name, apply });

/** Claims to change in a JWT; one that becomes undefined is left out. */
export type Claims = Readonly<Record<string, Value<string | number | readonly unknown[] | undefined>>>;

/** Claims as they are in a world. */
export const claimsIn = (changes: Claims, world: World): Record<string, unknown> =>
  Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, valueOf(value, world)]));

/** An edit of one part of a draft; without effect where the draft has no such part. */
export const onPart =
  <Name extends 'assertion' | 'proof' | 'requestObject' | 'token'>(part: Name) =>
  (
    name: string,
    change: (value: NonNullable<Draft[Name]>, world: World, draft: Draft) => NonNullable<Draft[Name]>,
  ): Edit =>
    edit(name, (draft, world) => {
      const value = draft[part];
      return value === undefined ? draft : { ...draft, [part]: change(value, world, draft) };
    });
