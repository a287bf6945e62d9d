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

/** Reads publication.yaml; undefined where there is none, and nothing is published but the log. */
export async function loadIssuer(path: string, signer: Signer): Promise<TrustMarkIssuer | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const { issuer, ...rest }: PublicationFile = shaped(
    PublicationFile,
    parse(text),
    `who publishes in ${path}`,
  );
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
