import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { certificatesIn, readRegistration } from '../actors/client-registration.ts';
import type { ClientSession } from '../actors/client-session.ts';
import { FlowError } from '../actors/flow-error.ts';
import type { Session } from '../actors/session.ts';
import { canonical, digestOf, wellFormed } from '../evidence/canonical.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import type { EditionId } from '../profiles/editions.ts';
import { MetadataError, readMetadata } from '../protocol/metadata.ts';
import { TransportError } from '../transport/error.ts';
import { registeredClient } from './client-fingerprint.ts';
import type { Part } from './drift-change.ts';
import { certificateFacts, keyFacts, type CertificateFacts, type KeyFacts } from './drift-credentials.ts';
import type { Documents, Observation } from './drift.ts';
import { keysAt, metadataDigest, originsOf, presentedAt, registered, thumbprintsOf } from './fingerprint.ts';
import { longestText, type Revalidation } from './watch-request.ts';

/** A part, or a member of it, that could not be seen. */
export interface Unseen {
  readonly part: Part;
  /** As in a change. */
  readonly member: string;
  readonly fault: TransportError['fault'];
  readonly reason: string;
}

/** What one look saw. */
export interface Sight {
  /** Unseen parts are as they were before; absent where there is no before. */
  readonly observation?: Observation;
  readonly unseen: readonly Unseen[];
  readonly handshakes: number;
}

/** What a look starts from. */
interface Glance<Of extends Session | ClientSession> {
  readonly session: Of;
  readonly edition: EditionId;
  readonly asking: Revalidation;
  readonly previous: Observation | undefined;
}

/** A server names its origins itself: how many are looked at. */
const mostOrigins = 32;
const mostKeys = 100;
const longestReason = 300;

/** Looks at a server: the same parts in the same way as its fingerprint, each for itself. */
export async function seeServer({ session, edition, asking, previous }: Glance<Session>): Promise<Sight> {
  const { value, resolve } = await session.integration();
  const { unseen, attempt } = attempting();
  const open = async () => asking.transport;
  let handshakes = 0;

  const located = async () => {
    const reply = await session.fetchMetadata(open);
    if (reply.status !== 200) throw FlowError.refused('metadata request', reply);
    const members = readMetadata(reply.body, reply.url, value.profile.grant);
    return { members, digest: metadataDigest(members), size: reply.text.length };
  };
  const metadata = located();

  async function credentialAt(origin: string): Promise<Credential> {
    handshakes += 1;
    const { chain } = await presentedAt(origin, session);
    const digests = chain.map(digestOf);
    const known = credentialIn(previous, origin);
    if (known?.facts !== undefined && digests.join(' ') === known.digests.join(' ')) return known;
    handshakes += 1;
    const judged = await presentedAt(origin, session, await session.trust());
    // A node beside the first one may have presented another certificate.
    if (judged.chain.map(digestOf).join(' ') !== digests.join(' ')) return { digests };
    return { digests, facts: certificateFacts(chain, judged.refusal) };
  }
  async function credentials(): Promise<Readonly<Record<string, Credential>> | undefined> {
    const origins = await attempt('certificates', '', async () =>
      originsOf((await metadata).members, value.resources),
    );
    if (origins === undefined) return undefined;
    if (origins.length > mostOrigins)
      unseen.push({
        part: 'certificates',
        member: '',
        fault: 'subject',
        reason: `expected endpoints at ${mostOrigins} origins at most, got ${origins.length}`,
      });
    const entries = origins.slice(0, mostOrigins).map(async (origin) => {
      const found = await attempt('certificates', origin, () => credentialAt(origin));
      return [origin, found ?? credentialIn(previous, origin)] as const;
    });
    return defined(await Promise.all(entries));
  }

  const [seen, keys, certificates, descriptions] = await Promise.all([
    attempt('metadata', '', () => metadata),
    attempt('keys', '', async () => {
      const { jwks_uri: url } = (await metadata).members;
      return keysOf(await keysAt(url, open), url ?? '');
    }),
    credentials(),
    describe(value.resources, resolve, asking, attempt, previous),
  ]);
  const registration = registered(value);
  return {
    ...observed(previous, unseen, {
      ...(seen && {
        metadata: seen.digest,
        // RFC 8414, section 2.1: it says the same once more, in what is mostly base64.
        document: seen.size <= longestText ? { ...seen.members, signed_metadata: undefined } : undefined,
      }),
      ...(keys && { keys }),
      ...(certificates && { certificates }),
      descriptions,
      registration: { digest: digestOf(canonical(registration)), clients: value.clients.map(({ id }) => id) },
      registered: { ...registration },
      profile: { edition, digest: editionDigest(edition) },
    }),
    unseen,
    handshakes,
  };
}

/** Looks at a client: what is registered of it, wherever its keys lie. */
export async function seeClient({
  session,
  edition,
  asking,
  previous,
}: Glance<ClientSession>): Promise<Sight> {
  const loaded = await session.integration();
  const { client, resources } = loaded.value;
  const { unseen, attempt } = attempting();
  const [own, descriptions] = await Promise.all([
    attempt('keys', '', async () => {
      const { keys, certificate } = await readRegistration(loaded, async () => asking.transport);
      const chain =
        certificate === undefined ? [] : certificatesIn(certificate, client.id).map(({ raw }) => raw);
      return { keys: await keysOf(keys, client.jwks_uri ?? client.jwks?.file ?? ''), chain };
    }),
    describe(resources, loaded.resolve, asking, attempt, previous),
  ]);
  const registration = wellFormed(registeredClient(loaded.value));
  const certificates =
    own &&
    (own.chain.length === 0
      ? {}
      : {
          [client.id]: { digests: own.chain.map(digestOf), facts: certificateFacts(own.chain, 'not-asked') },
        });
  return {
    ...observed(previous, unseen, {
      ...(own && { keys: own.keys }),
      ...(certificates && { certificates }),
      descriptions,
      registration: { digest: digestOf(canonical(registration)), clients: [client.id] },
      registered: { ...registration },
      profile: { edition, digest: editionDigest(edition) },
    }),
    unseen,
    handshakes: 0,
  };
}

interface Keys {
  readonly thumbprints: string[];
  readonly facts: readonly KeyFacts[] | undefined;
}

async function keysOf(keys: readonly JWK[], where: string): Promise<Keys> {
  const thumbprints = await thumbprintsOf(keys, where);
  return { thumbprints, facts: keys.length > mostKeys ? undefined : await Promise.all(keys.map(keyFacts)) };
}

/** The certificates that are presented at one place. */
interface Credential {
  readonly digests: string[];
  readonly facts?: CertificateFacts | undefined;
}

function credentialIn(previous: Observation | undefined, name: string): Credential | undefined {
  const digests = previous?.fingerprint.certificates[name];
  return digests && { digests, facts: previous?.documents.certificates[name] };
}

type Attempt = ReturnType<typeof attempting>['attempt'];

/** Notes what cannot be seen, instead of failing. */
function attempting() {
  const unseen: Unseen[] = [];
  async function attempt<T>(part: Part, member: string, see: () => Promise<T>): Promise<T | undefined> {
    try {
      return await see();
    } catch (error) {
      if (!(error instanceof TransportError || error instanceof FlowError || error instanceof MetadataError))
        throw error;
      unseen.push({ part, member, fault: error.fault, reason: error.message.slice(0, longestReason) });
      return undefined;
    }
  }
  return { unseen, attempt };
}

/** Digests of the descriptions of calls, by path or URL. */
async function describe(
  calls: readonly { readonly openapi?: string }[],
  resolve: (path: string) => string,
  asking: Revalidation,
  attempt: Attempt,
  previous: Observation | undefined,
): Promise<Record<string, string>> {
  const described = [...new Set(calls.flatMap(({ openapi }) => openapi ?? []))].map(async (where) => {
    const digest = await attempt('descriptions', where, async () =>
      URL.canParse(where)
        ? asking.digestAt(where, 'API description request')
        : digestOf(await readFile(resolve(where))),
    );
    return [where, digest ?? previous?.fingerprint.descriptions[where]] as const;
  });
  return defined(await Promise.all(described));
}

/** What was seen of the parts; those that are absent were not. */
interface Parts extends Pick<Fingerprint, 'metadata' | 'descriptions' | 'registration' | 'profile'> {
  readonly document?: Documents['metadata'];
  readonly keys?: Keys;
  readonly certificates?: Readonly<Record<string, Credential>>;
  readonly registered: Documents['registration'];
}

/** Takes unseen parts for what they were; evidence of half a subject would cover less than it says. */
function observed(
  previous: Observation | undefined,
  unseen: readonly Unseen[],
  { document, keys, certificates, registered: members, metadata, ...parts }: Parts,
): Pick<Sight, 'observation'> {
  if (previous === undefined && unseen.length > 0) return {};
  const before = previous?.fingerprint;
  const known = previous?.documents;
  const digest = metadata ?? before?.metadata;
  const facts = keys === undefined ? known?.keys : keys.facts;
  const described = metadata === undefined ? known?.metadata : document;
  return {
    observation: {
      fingerprint: {
        ...(digest === undefined ? {} : { metadata: digest }),
        keys: keys?.thumbprints ?? before?.keys ?? [],
        certificates: certificates
          ? Object.fromEntries(Object.entries(certificates).map(([name, { digests }]) => [name, digests]))
          : (before?.certificates ?? {}),
        ...parts,
      },
      documents: {
        ...(described === undefined ? {} : { metadata: described }),
        ...(facts === undefined ? {} : { keys: facts }),
        certificates: certificates
          ? defined(Object.entries(certificates).map(([name, each]) => [name, each.facts] as const))
          : (known?.certificates ?? {}),
        ...(members === undefined ? {} : { registration: members }),
      },
    },
  };
}

const defined = <T>(entries: readonly (readonly [string, T | undefined])[]): Record<string, T> =>
  Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
