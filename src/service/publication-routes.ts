import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { parse } from 'yaml';
import { environments } from '../certification/certification.ts';
import { publicationHandlers, type Publication } from '../certification/publication/handlers.ts';
import { typeUnder, type TrustMarkIssuer, type TrustMarkType } from '../certification/publication/issuer.ts';
import { shaped } from '../evidence/shape.ts';
import type { Signer } from '../evidence/signing.ts';
import { editionIds } from '../profiles/editions.ts';
import { ServiceError, systemCode } from './error.ts';
import { requestOf, send } from './http.ts';

const uri = (description: string) => Type.String({ format: 'uri', pattern: '^https://', description });

/** A type of trust mark that belongs to another entity, who entrusts this issuer with it. */
const DelegatedType = Type.Object(
  {
    type: uri('Identifier of the trust mark type.'),
    edition: Type.Enum([...editionIds]),
    environment: Type.Enum([...environments]),
    owner: uri('Entity identifier of the owner.'),
    keys: Type.Array(Type.Record(Type.String(), Type.String()), {
      minItems: 1,
      description: 'Public keys (JWK) of the owner.',
    }),
    jwt: Type.String({
      minLength: 1,
      description: 'The delegation: a trust-mark-delegation+jwt of the owner.',
    }),
  },
  { additionalProperties: false },
);

/** publication.yaml: as whom trust marks and the status list are published. */
const PublicationFile = Type.Object(
  {
    issuer: uri('Entity identifier of OpenID Federation, under which the public address is reached.'),
    name: Type.String({ minLength: 1, description: 'Name for people.' }),
    superiors: Type.Optional(Type.Array(Type.String({ format: 'uri' }))),
    lifetime: Type.Optional(
      Type.Integer({ minimum: 60, description: 'Seconds that a trust mark lives at most.' }),
    ),
    delegated: Type.Optional(
      Type.Array(DelegatedType, {
        description: 'Instead of the own type of the same edition and environment.',
      }),
    ),
  },
  { additionalProperties: false },
);
type PublicationFile = Static<typeof PublicationFile>;

/**
 * Reads publication.yaml; undefined where there is none, and nothing is published but the log.
 * @throws ServiceError `bad-publication`
 */
export async function loadIssuer(path: string, signer: Signer): Promise<TrustMarkIssuer | undefined> {
  let file: PublicationFile;
  try {
    file = shaped(PublicationFile, parse(await readFile(path, 'utf8')), 'who publishes');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw new ServiceError(
      'bad-publication',
      `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const { issuer, delegated = [], ...rest } = file;
  const types = editionIds.flatMap((edition) =>
    environments.map((environment): TrustMarkType => {
      const other = delegated.find((each) => each.edition === edition && each.environment === environment);
      if (other === undefined) return typeUnder(issuer, edition, environment);
      const { type, owner, keys, jwt } = other;
      return { type, edition, environment, delegation: { owner, keys, jwt } };
    }),
  );
  return { id: issuer, signer, types, ...rest };
}

/** The trust marks, their status and the status list, on the public address. */
export async function addPublication(server: FastifyInstance, publication: Publication): Promise<void> {
  for (const [path, handle] of await publicationHandlers(publication))
    server.all(path, async (request, reply) => {
      const { method, query, headers, body } = requestOf(request);
      const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
      return send(
        reply,
        await handle({ method, query, form: isForm ? new URLSearchParams(body) : undefined }),
      );
    });
}
