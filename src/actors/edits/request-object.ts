import type { Edit } from '../draft.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

const onRequestObject = onPart('requestObject');

/** Changes claims of the request object that are no authorization parameters; one that becomes undefined is left out. */
export const requestObject = (name: string, changes: Claims): Edit =>
  onRequestObject(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Sends the authorization parameters as they are, in no request object. */
export const withoutRequestObject: Edit = edit(
  'without request object',
  ({ requestObject: _, ...draft }) => draft,
);
