import { inOrder, outcomesOf, type Describe, type Outcome, type Verified } from './outcome.ts';
import { uuidFrom } from './uuid.ts';

const version = '1.2.1';
const ns = 'https://assay.dev/ns/oscal';

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type Document = Readonly<Record<string, Json>>;

/**
 * Assessment results of OSCAL 1.2.1: a result for each statement, in it a finding for each requirement that applies. Only a pass
 * is satisfied; a waived failure is not, and its risk is an approved deviation.
 * @param statements At least one. Their order does not matter.
 */
export function assessmentResults(statements: readonly Verified[], describe: Describe): Document {
  const ordered = inOrder(statements);
  const digests = ordered.map(({ digest }) => digest);
  const plan = uuidFrom(digests, 'plan');
  return {
    'assessment-results': {
      uuid: uuidFrom(digests, 'assessment-results'),
      metadata: metadataOf(ordered, 'Assessment results'),
      'import-ap': { href: `#${plan}` },
      results: ordered.map((verified) => resultOf(verified, describe)),
      'back-matter': {
        resources: [
          {
            uuid: plan,
            title: 'The profile editions that the runs executed',
            description: [...new Set(ordered.map(editionOf))].map(markup).join(', '),
          },
          ...ordered.map(envelopeOf),
        ],
      },
    },
  };
}

/**
 * A plan of action and milestones of OSCAL 1.2.1: an item for each requirement that is not shown to hold, which is to be
 * mended, or judged. Waived failures are in it, with the end of the waiver as their deadline.
 * @param statements At least one: the last of each integration, or what an older one left open is open for ever.
 * @returns undefined where nothing is left to do: OSCAL has no empty plan.
 */
export function planOfAction(statements: readonly Verified[], describe: Describe): Document | undefined {
  const ordered = inOrder(statements);
  const digests = ordered.map(({ digest }) => digest);
  const parts = ordered.map((verified) => {
    const open = outcomesOf(verified, describe).filter(({ result }) => result in actions);
    return { verified, open, risky: open.filter(isRisk) };
  });
  const poamItems = parts.flatMap(({ verified, open }) => open.map((outcome) => itemOf(verified, outcome)));
  if (poamItems.length === 0) return undefined;
  const systems = new Set(
    ordered.map(({ statement: { predicate } }) => `${predicate.partner}/${predicate.integration}`),
  );
  return {
    'plan-of-action-and-milestones': {
      uuid: uuidFrom(digests, 'plan-of-action-and-milestones'),
      metadata: metadataOf(ordered, 'Plan of action and milestones'),
      'system-id': { 'identifier-type': ns, id: line([...systems].join(', ')) },
      'local-definitions': {
        components: parts.flatMap(({ verified }) => [subjectOf(verified), toolOf(verified)]),
      },
      observations: parts.flatMap(({ verified, open }) => open.map((each) => observationOf(verified, each))),
      ...some(
        'risks',
        parts.flatMap(({ verified, risky }) => risky.map((each) => riskOf(verified, each))),
      ),
      findings: parts.flatMap(({ verified, open }) => open.map((each) => findingOf(verified, each))),
      'poam-items': poamItems,
      'back-matter': { resources: ordered.map(envelopeOf) },
    },
  };
}

/** What is to be done about an outcome, and what OSCAL's status says of it. */
const actions: Readonly<Partial<Record<Outcome['result'], string>>> = {
  fail: 'Mend it',
  waived: 'Mend it before the waiver ends',
  warn: 'Follow the recommendation',
  inconclusive: 'Have it judged',
};

const isRisk = ({ result }: Outcome): boolean => result === 'fail' || result === 'waived';

function metadataOf(statements: readonly [Verified, ...Verified[]], title: string): Json {
  const last = statements.at(-1) ?? statements[0];
  return {
    title,
    'last-modified': last.statement.predicate.run.finished,
    version: last.digest,
    'oscal-version': version,
  };
}

function resultOf(verified: Verified, describe: Describe): Json {
  const { predicate } = verified.statement;
  const outcomes = outcomesOf(verified, describe);
  const applicable = outcomes.filter(({ result }) => result !== 'not-applicable');
  const controls = (chosen: readonly Outcome[]) => chosen.map(({ id }) => ({ 'control-id': token(id) }));
  const tool = toolOf(verified);
  return {
    uuid: uuid(verified, 'result'),
    title: markup(`${predicate.integration} in ${predicate.environment}: ${predicate.verdict}`),
    description: markup(predicate.reason),
    start: predicate.run.started,
    end: predicate.run.finished,
    props: props({
      verdict: predicate.verdict,
      fault: predicate.fault,
      run: predicate.run.id,
      edition: predicate.profile.edition,
      'client-authentication': predicate.profile.client_authentication,
      'sender-constraint': predicate.profile.sender_constraint,
    }),
    'local-definitions': {
      components: [subjectOf(verified)],
      'assessment-assets': {
        components: [tool],
        'assessment-platforms': [
          { uuid: uuid(verified, 'platform'), 'uses-components': [{ 'component-uuid': tool.uuid }] },
        ],
      },
    },
    'reviewed-controls': {
      'control-selections': [
        {
          ...(applicable.length > 0 ? { 'include-controls': controls(applicable) } : { 'include-all': {} }),
          ...some('exclude-controls', controls(outcomes.filter(({ result }) => result === 'not-applicable'))),
        },
      ],
    },
    ...some(
      'observations',
      applicable.map((outcome) => observationOf(verified, outcome)),
    ),
    ...some(
      'risks',
      applicable.filter(isRisk).map((outcome) => riskOf(verified, outcome)),
    ),
    ...some(
      'findings',
      applicable.map((outcome) => findingOf(verified, outcome)),
    ),
  };
}

const subjectOf = (verified: Verified) => {
  const { integration, partner, environment, roles } = verified.statement.predicate;
  return {
    uuid: uuid(verified, 'subject'),
    type: 'service',
    title: markup(integration),
    description: markup(`${integration} of ${partner} in ${environment}, as ${roles.join(', ')}.`),
    ...some(
      'props',
      props(
        Object.fromEntries(
          verified.statement.subject.flatMap(({ name, digest }) =>
            Object.entries(digest).map(([algorithm, value]) => [token(`${name}.${algorithm}`), value]),
          ),
        ),
      ),
    ),
    status: { state: 'operational' },
  };
};

const toolOf = (verified: Verified) => ({
  uuid: uuid(verified, 'tool'),
  type: 'software',
  title: 'Assay',
  description: 'The conformance test harness that executed the run.',
  props: props({ version: verified.statement.predicate.run.harness }),
  status: { state: 'operational' },
});

const observationOf = (verified: Verified, outcome: Outcome): Json => {
  const { run, expires } = verified.statement.predicate;
  return {
    uuid: uuid(verified, 'observation', outcome.id),
    title: markup(outcome.id),
    description: markup(`The run ${run.id} judged ${outcome.id}: ${outcome.result}.`),
    props: propsOf(outcome),
    methods: ['TEST'],
    types: ['control-objective'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': uuid(verified, 'tool') }] }],
    subjects: [{ 'subject-uuid': uuid(verified, 'subject'), type: 'component' }],
    'relevant-evidence': [
      { href: `#${uuid(verified, 'envelope')}`, description: 'The signed statement of the run.' },
    ],
    collected: run.finished,
    expires,
  };
};

const findingOf = (verified: Verified, outcome: Outcome): Json => ({
  uuid: uuid(verified, 'finding', outcome.id),
  title: markup(`${outcome.id}: ${outcome.result}`),
  description: markup(outcome.text),
  props: propsOf(outcome),
  ...(outcome.link === undefined ? {} : { links: [{ href: outcome.link, rel: 'reference' }] }),
  target: {
    type: 'objective-id',
    'target-id': token(outcome.id),
    status: {
      state: outcome.result === 'pass' ? 'satisfied' : 'not-satisfied',
      reason: outcome.result === 'pass' ? 'pass' : isRisk(outcome) ? 'fail' : 'other',
      ...(outcome.waiver === undefined ? {} : { remarks: markup(waiverOf(outcome.waiver)) }),
    },
  },
  'related-observations': [{ 'observation-uuid': uuid(verified, 'observation', outcome.id) }],
  ...(isRisk(outcome) ? { 'related-risks': [{ 'risk-uuid': uuid(verified, 'risk', outcome.id) }] } : {}),
});

const riskOf = (verified: Verified, outcome: Outcome): Json => ({
  uuid: uuid(verified, 'risk', outcome.id),
  title: markup(`${outcome.id} does not hold`),
  description: markup(outcome.text),
  statement: markup(outcome.why),
  props: propsOf(outcome),
  status: outcome.waiver === undefined ? 'open' : 'deviation-approved',
  ...(outcome.waiver === undefined ? {} : { deadline: `${outcome.waiver.expires}T23:59:59.999Z` }),
});

const itemOf = (verified: Verified, outcome: Outcome): Json => ({
  uuid: uuid(verified, 'item', outcome.id),
  title: markup(`${actions[outcome.result] ?? ''}: ${outcome.id}`),
  description: markup(
    outcome.waiver === undefined ? outcome.text : `${outcome.text} ${waiverOf(outcome.waiver)}`,
  ),
  props: propsOf(outcome),
  'related-findings': [{ 'finding-uuid': uuid(verified, 'finding', outcome.id) }],
  'related-observations': [{ 'observation-uuid': uuid(verified, 'observation', outcome.id) }],
  ...(isRisk(outcome) ? { 'related-risks': [{ 'risk-uuid': uuid(verified, 'risk', outcome.id) }] } : {}),
});

const envelopeOf = (verified: Verified): Json => ({
  uuid: uuid(verified, 'envelope'),
  title: 'The signed statement of a run',
  rlinks: [
    {
      href: `objects/${verified.digest}.json`,
      'media-type': 'application/json',
      hashes: [{ algorithm: 'SHA-256', value: verified.digest }],
    },
  ],
});

const editionOf = ({ statement }: Verified): string =>
  `${statement.predicate.profile.edition} (SHA-256 ${statement.predicate.profile.digest})`;

const waiverOf = ({ reason, owner, approver, expires }: NonNullable<Outcome['waiver']>): string =>
  `Waived until ${expires} by ${approver}, to be mended by ${owner}: ${reason}`;

const propsOf = ({ id, level, result, fault, waiver }: Outcome) =>
  props({
    requirement: id,
    level,
    result,
    fault,
    'waiver-owner': waiver?.owner,
    'waiver-approver': waiver?.approver,
    'waiver-expires': waiver?.expires,
  });

const props = (values: Readonly<Record<string, string | undefined>>) =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, ns, value: line(value) }],
  );

const uuid = ({ digest }: Verified, ...part: readonly string[]): string => uuidFrom([digest], ...part);

/** A member with a list, left out where it is empty: OSCAL has no empty lists. */
const some = (name: string, list: readonly Json[]): Document => (list.length === 0 ? {} : { [name]: list });

/** An identifier as OSCAL's tokens are: no slash, and a letter first. A name that was one already stays what it is. */
const token = (name: string): string =>
  name.replace(/[^\p{L}\p{N}.\-_]/gu, '_').replace(/^(?=[^\p{L}_])/u, '_');

/** One line that is not empty. */
const line = (text: string): string => text.replace(/\s+/gu, ' ').trim() || '-';

/** One line of OSCAL's Markdown that shows a text as it is: what a server under test said must not become markup. */
const markup = (text: string): string => line(text).replace(/[\\`*_[\]<>&]/gu, String.raw`\$&`);
