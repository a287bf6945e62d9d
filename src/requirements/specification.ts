/** Who a requirement speaks to. `all` is every role; `servers` is the authorization server and the resource server. */
export type Party = 'authorization-server' | 'resource-server' | 'client' | 'servers' | 'all';

/** What an integration can be tested as. */
export type Role = Exclude<Party, 'servers' | 'all'>;

/** RFC 2119's levels, in the words of the OpenID specifications. */
export type Level = 'shall' | 'should' | 'may';

/** One normative item of a specification, paraphrased. */
export interface Requirement {
  readonly party: Party;
  readonly level: Level;
  /** What is demanded, as a sentence about the party. */
  readonly text: string;
  /** The attack or failure that the item prevents. */
  readonly why: string;
  /** The published text's anchor, as a URL. */
  readonly link: string;
  /** The reason why no check exercises the item; absent where one does. */
  readonly untested?: string;
}

type Row = Omit<Requirement, 'party' | 'level' | 'link'>;

const at =
  (level: Level) =>
  (party: Party, text: string, why: string, untested?: string): Row & Pick<Requirement, 'party' | 'level'> => ({
    party,
    level,
    text,
    why,
    ...(untested === undefined ? {} : { untested }),
  });

export const shall = at('shall');
export const should = at('should');
export const may = at('may');

/** Whether the party that a requirement speaks to includes a role. */
export function speaksTo(party: Party, role: Role): boolean {
  return party === 'all' || party === role || (party === 'servers' && role !== 'client');
}
