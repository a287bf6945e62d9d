import { headerOf, type Arrival } from './arrival.ts';
import {
  isJson,
  members,
  mistakeIn,
  operationOf,
  resolve,
  type Described,
  type Members,
} from './description.ts';

/** OpenAPI, Parameter Object: header parameters of these names are ignored. */
const ignored: readonly string[] = ['accept', 'content-type', 'authorization'];

/**
 * What a request says that its description does not admit: parameters, media type and body. What the description does not
 * mention is passed over; a call that it does not have has no mistakes.
 */
export function requestMistakes(
  described: Described,
  arrival: Arrival,
): { readonly parameters: readonly string[]; readonly body: readonly string[] } {
  const found = operationOf(described);
  if (found === undefined) return { parameters: [], body: [] };
  const { document } = described;
  const parameters = [found.item, found.operation]
    .flatMap(({ parameters: list }) => (Array.isArray(list) ? list : []))
    .map((each: unknown) => members(resolve(document, each)));
  return {
    parameters: parameters.flatMap((parameter) => parameterMistakes(parameter, document, arrival)),
    body: bodyMistakes(members(resolve(document, found.operation['requestBody'])), document, arrival),
  };
}

/** Of query and header only: a segment of the path that is not admitted leads to no declared call. */
function parameterMistakes(
  { name, in: place, required, schema }: Members,
  document: unknown,
  arrival: Arrival,
): readonly string[] {
  if (typeof name !== 'string') return [];
  const header = place === 'header' && !ignored.includes(name.toLowerCase());
  if (place !== 'query' && !header) return [];
  const value =
    place === 'query' ? arrival.url.searchParams.get(name) : headerOf(arrival, name.toLowerCase());
  const what = `${place} parameter ${name}`;
  if (value === null || value === undefined) return required === true ? [`${what} is missing`] : [];
  const { type } = members(resolve(document, schema));
  // How lists and objects are written is a matter of style, of which there are seven.
  if (type === 'array' || type === 'object') return [];
  const mistake = mistakeIn(typed(value, type), schema, document);
  return mistake === undefined ? [] : [`${what}: ${mistake}`];
}

function typed(text: string, type: unknown): unknown {
  const number = (type === 'integer' || type === 'number') && text.trim() !== '' ? Number(text) : NaN;
  if (!Number.isNaN(number)) return number;
  return type === 'boolean' && (text === 'true' || text === 'false') ? text === 'true' : text;
}

function bodyMistakes(
  { required, content }: Members,
  document: unknown,
  arrival: Arrival,
): readonly string[] {
  if (arrival.body === '') return required === true ? ['the body is missing'] : [];
  const types = Object.keys(members(content));
  if (types.length === 0) return [];
  const sent = bare(headerOf(arrival, 'content-type') ?? '');
  const type = types.find((each) => matches(bare(each), sent));
  if (type === undefined) return [`the body is of the type ${sent || 'none'}, not ${types.join(' or ')}`];
  if (!isJson(sent)) return [];
  let body: unknown;
  try {
    body = JSON.parse(arrival.body);
  } catch {
    return ['the body is not JSON'];
  }
  const mistake = mistakeIn(body, members(members(content)[type])['schema'], document);
  return mistake === undefined ? [] : [mistake.replaceAll(/\bdata(?=[/ ])/gu, 'body')];
}

const bare = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

/** Whether a media type is within a media range (RFC 9110, section 12.5.1). */
const matches = (range: string, type: string): boolean =>
  range === type || range === '*/*' || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
