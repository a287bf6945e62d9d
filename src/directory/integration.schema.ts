import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Integration } from './integration.ts';
import { renderSchema } from './schema.ts';

/** Path of the published JSON Schema of the integration file. */
export const schemaFile = fileURLToPath(new URL('integration.schema.json', import.meta.url));

/** The published JSON Schema of the integration file, as text. */
export const schemaText = renderSchema(Integration);

// Run as a command, this module writes the schema anew: node src/directory/integration.schema.ts
if (import.meta.main) await writeFile(schemaFile, schemaText);
