import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ClientIntegration } from './client-integration.ts';
import { Integration } from './integration.ts';

/** The published name of the file's JSON Schema. */
export const schemaId = 'https://assay.dev/schemas/integration.json';

/** Path of the published JSON Schema of the integration file. */
export const schemaFile = fileURLToPath(new URL('integration.schema.json', import.meta.url));

const aboutClient = { properties: { roles: { contains: { const: 'client' } } }, required: ['roles'] };

/** The published JSON Schema of the integration file, as text: that of a client's file or of a server's, as its roles say. */
export const schemaText = `${JSON.stringify(
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: schemaId,
    title: 'Assay integration',
    description: 'One piece of software of a partner in one environment, and how to test it.',
    type: 'object',
    allOf: [
      { if: aboutClient, else: Integration },
      { if: { not: aboutClient }, else: ClientIntegration },
    ],
  },
  undefined,
  2,
)}\n`;

// Run as a command, this module writes the schema anew: node src/directory/integration.schema.ts
if (import.meta.main) await writeFile(schemaFile, schemaText);
