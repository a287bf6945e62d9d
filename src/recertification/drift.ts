import type { Fingerprint } from '../evidence/fingerprint.ts';
import { material, shown, type Change, type Part } from './drift-change.ts';
import {
  certificateJudgement,
  keyChanges,
  type CertificateFacts,
  type KeyFacts,
} from './drift-credentials.ts';
import { metadataChanges, own, same, type Members } from './drift-metadata.ts';

/** What is known behind the digests of a fingerprint. What is absent was too large to keep, or not to be had. */
export interface Documents {
  readonly metadata?: Members;
  readonly keys?: readonly KeyFacts[];
  /** By origin; of a client, by its id. */
  readonly certificates: Readonly<Record<string, CertificateFacts>>;
  readonly registration?: Members;
}

/** An integration as it was seen once. */
export interface Observation {
  readonly fingerprint: Fingerprint;
  readonly documents: Documents;
}

/** Changes that are told one by one; a stranger decides how many there are. */
const most = 100;

const unknown = material('what it was is not known in detail, so nothing shows that it matters little');

/**
 * How an integration differs from what it was. Where the fingerprints are the same, nothing changed, whatever the documents
 * say; where they differ and the documents do not tell why, the change is material.
 */
export function drift(before: Observation, after: Observation): readonly Change[] {
  const changes = (Object.keys(judges) as Part[]).flatMap((part) => {
    const [was, is] = [before.fingerprint[part], after.fingerprint[part]];
    if (same(was, is)) return [];
    const found = judges[part](before, after);
    return found.length > 0 ? found : [whole(part, was, is)];
  });
  const told = changes.toSorted((one, other) => weightOf(one) - weightOf(other)).slice(0, most);
  const rest = changes.length - told.length;
  const [first] = told;
  return rest === 0 || first === undefined
    ? changes
    : [...told, { ...first, member: '', how: 'changed', what: `${rest} more members changed` }];
}

const weightOf = ({ weight }: Change): number => (weight === 'material' ? 0 : 1);

const whole = (part: Part, was: unknown, is: unknown): Change => ({
  part,
  member: '',
  how: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
  what: `the ${part} changed`,
  ...unknown,
});

const judges: Readonly<Record<Part, (before: Observation, after: Observation) => readonly Change[]>> = {
  metadata: ({ documents: { metadata: was } }, { documents: { metadata: is } }) =>
    was === undefined || is === undefined ? [] : metadataChanges(was, is),
  keys: (before, after) => {
    const [was, is] = [before, after].map(knownKeys);
    return was === undefined || is === undefined ? [] : keyChanges(was, is);
  },
  certificates: (before, after) =>
    entries(before.fingerprint.certificates, after.fingerprint.certificates).map(({ name, how }) => ({
      part: 'certificates',
      member: name,
      how,
      what: `the certificate of ${shown(name)} was ${how}`,
      ...certificateAt(name, how, before, after),
    })),
  descriptions: (before, after) =>
    entries(before.fingerprint.descriptions, after.fingerprint.descriptions).map(({ name, how }) => ({
      part: 'descriptions',
      member: name,
      how,
      what: `the API description ${shown(name)} was ${how}`,
      ...material('the API may be another than the one that was tested'),
    })),
  registration: ({ documents: { registration: was } }, { documents: { registration: is } }) =>
    was === undefined || is === undefined ? [] : registrationChanges(was, is),
  profile: ({ fingerprint: { profile: was } }, { fingerprint: { profile: is } }) => [
    {
      part: 'profile',
      member: '',
      how: 'changed',
      what:
        was.edition === is.edition
          ? `the profile edition ${is.edition} is another text`
          : `the profile edition was ${was.edition}, and is ${is.edition}`,
      ...material('other requirements are demanded than those that were tested'),
    },
  ],
};

/** The facts, where they are those of the keys of the fingerprint. */
function knownKeys({ fingerprint, documents: { keys } }: Observation): readonly KeyFacts[] | undefined {
  const thumbprints = (keys ?? []).map(({ thumbprint }) => thumbprint).toSorted();
  return same(thumbprints, fingerprint.keys) ? keys : undefined;
}

function certificateAt(name: string, how: Change['how'], before: Observation, after: Observation) {
  // Why nobody is called there any more is another change, of the metadata or of the registration.
  if (how === 'removed')
    return { weight: 'benign', reason: 'no endpoint and no call is there any more' } as const;
  if (how === 'added') return material('nobody tested who answers there');
  const [was, is] = [before, after].map(({ fingerprint, documents }) => {
    const facts = documents.certificates[name];
    return facts?.digest === fingerprint.certificates[name]?.[0] ? facts : undefined;
  });
  return was === undefined || is === undefined ? unknown : certificateJudgement(was, is);
}

/** Member by member; those of the client and of the profile one by one. */
function registrationChanges(was: Members, is: Members, above = ''): readonly Change[] {
  return entries(was, is).flatMap(({ name, how }) => {
    const [before, after] = [own(was, name), own(is, name)];
    if (above === '' && isRecord(before) && isRecord(after))
      return registrationChanges(before, after, `/${name}`);
    return {
      part: 'registration',
      member: `${above}/${name}`,
      how,
      what: `${name} of the registration was ${how}`,
      ...material('the evidence is about what was registered before'),
    };
  });
}

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The names whose values differ, sorted. */
const entries = (
  was: Members,
  is: Members,
): readonly { readonly name: string; readonly how: Change['how'] }[] =>
  [...new Set([...Object.keys(was), ...Object.keys(is)])].toSorted().flatMap((name) => {
    const [before, after] = [own(was, name), own(is, name)];
    if (same(before, after)) return [];
    return {
      name,
      how: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    } as const;
  });
