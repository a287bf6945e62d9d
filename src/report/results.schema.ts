import { fileURLToPath } from 'node:url';
import { renderSchema } from '../directory/schema.ts';
import { writeAtomically } from '../files/atomic.ts';
import { Results } from './results.ts';

/** Path of the published JSON Schema of the result document. */
export const schemaFile = fileURLToPath(new URL('results.schema.json', import.meta.url));

/** The published JSON Schema of the result document, as text. */
export const schemaText = renderSchema(Results);

// Run as a command, this module writes the schema anew: node src/report/results.schema.ts
if (import.meta.main) await writeAtomically(schemaFile, schemaText);
