import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { parse } from 'yaml';
import { environments } from '../certification/certification.ts';
import { publicationHandlers, type Publication } from '../certification/publication/handlers.ts';
import { typeUnder, type TrustMarkIssuer } from '../certification/publication/issuer.ts';
import { shaped } from '../evidence/shape.ts';
import type { Signer } from '../evidence/signing.ts';
import { editionIds } from '../profiles/editions.ts';
import { ServiceError, systemCode } from './error.ts';
import { requestOf, send } from './http.ts';

/** publication.yaml: as whom trust marks and the status list are published. */
const PublicationFile = Type.Object(
  {
    issuer: Type.String({
      format: 'uri',
      pattern: '^https://',
      description: 'Entity identifier of OpenID Federation, under which the public address is reached.',
    }),
    name: Type.String({ minLength: 1, description: 'Name for people.' }),
    superiors: Type.Optional(Type.Array(Type.String({ format: 'uri' }))),
    lifetime: Type.Optional(
      Type.Integer({ minimum: 60, description: 'Seconds that a trust mark lives at most.' }),
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
  const { issuer, ...rest } = file;
  const types = editionIds.flatMap((edition) =>
    environments.map((environment) => typeUnder(issuer, edition, environment)),
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
