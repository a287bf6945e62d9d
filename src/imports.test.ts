import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from '@playwright/test';

/** Rooms that a room may import; those after `types` only for their types. A module's path narrows an arrow to it. */
interface Arrows {
  readonly values: readonly string[];
  readonly types?: readonly string[];
  /** What tests of the room may import besides; all may import the fixtures. */
  readonly tests?: readonly string[];
  /** Packages of npm and modules of Node; absent for any. */
  readonly packages?: readonly string[];
}

/** Which room may import which. Imports go one way: what judges knows nothing of what drives. */
const table: Readonly<Record<string, Arrows>> = {
  'src/files': { values: [] },
  'src/requirements': { values: [], packages: [] },
  'src/profiles': { values: ['src/requirements'], packages: [] },
  'src/verdict': { values: [], types: ['src/requirements'], packages: [] },
  'src/protocol': { values: [], packages: ['node:crypto'] },
  'src/directory': { values: ['src/requirements', 'src/profiles'], tests: ['src/report/results.ts'] },
  'src/transport': { values: ['src/protocol'], types: ['src/verdict'] },
  'src/actors': {
    values: ['src/directory', 'src/protocol', 'src/transport', 'src/verdict'],
    types: ['src/profiles'],
  },
  'src/report': {
    values: [
      'src/files',
      'src/requirements',
      'src/profiles',
      'src/verdict',
      'src/directory',
      'src/transport/exchange.ts',
    ],
    tests: ['src/actors/chromium.ts'],
  },
  'src/evidence': {
    values: [
      'src/files',
      'src/requirements',
      'src/profiles',
      'src/verdict',
      'src/directory',
      'src/transport/exchange.ts',
    ],
    types: ['src/report/results.ts'],
    tests: ['src/report/sample.ts'],
  },
  'src/certification': {
    values: ['src/evidence', 'src/verdict', 'src/directory'],
  },
  'src/gate': { values: ['src/certification', 'src/evidence', 'src/profiles', 'src/directory'] },
  'src/store': { values: ['src/files', 'src/certification'] },
  'src/enforcement': {
    values: [
      'src/store',
      'src/certification',
      'src/evidence',
      'src/directory',
      'src/transport/egress.ts',
      'src/transport/error.ts',
    ],
  },
  'src/recertification': {
    values: [
      'src/certification',
      'src/evidence',
      'src/directory',
      'src/actors',
      'src/protocol',
      'src/transport',
    ],
    types: ['src/profiles'],
  },
  'src/service': {
    values: [
      'src/files',
      'src/certification',
      'src/enforcement',
      'src/evidence',
      'src/gate',
      'src/profiles',
      'src/store',
    ],
  },
  // A command may touch every room.
  'src/cli': {
    values: [
      'src/requirements',
      'src/profiles',
      'src/directory',
      'src/protocol',
      'src/transport',
      'src/actors',
      'src/report',
      'src/files',
      'src/evidence',
      'src/certification',
      'src/gate',
      'src/recertification',
      'src/service',
    ],
    types: ['src/verdict', 'src/store'],
  },
  suites: {
    values: [
      'src/actors',
      'src/profiles/plan.ts',
      'src/protocol',
      'src/transport/tls.ts',
      'src/transport/handshake.ts',
      'src/transport/error.ts',
      'src/report/ledger.ts',
      'src/report/planned-check.ts',
      'src/report/run-file.ts',
    ],
    types: ['src/requirements', 'src/directory', 'src/transport'],
    tests: ['src/cli/peers.ts', 'src/cli/suite-process.ts', 'src/requirements', 'src/report/assemble.ts'],
  },
  fixtures: {
    // Benchmarks measure rooms, processes that are there to be killed work in them, and the self-test runs the suites.
    values: [
      'src/requirements',
      'src/profiles',
      'src/protocol',
      'src/directory',
      'src/actors',
      'src/verdict',
      'src/report/assemble.ts',
      'src/report/record-of.ts',
      'src/report/version.ts',
      'src/cli',
      'src/report/publish.ts',
      'src/transport/redact.ts',
      'src/evidence',
      'src/certification',
      'src/store',
      'src/enforcement',
      'src/recertification',
      'src/service',
      'src/files/batch.ts',
      'src/report/sample.ts',
    ],
    types: ['src/report', 'src/gate'],
  },
  // Tests that look at all rooms.
  src: { values: [] },
};

const root = resolve(import.meta.dirname, '..');

interface Import {
  /** Relative to the root. */
  readonly from: string;
  /** A path relative to the root, or the name of a package. */
  readonly to: string;
  readonly kind: 'value' | 'type';
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8');
  const found = [
    ...text.matchAll(/^(?<words>(?:import|export)\b[^;'"`]*?)\bfrom '(?<to>[^']+)'/gmu),
    ...text.matchAll(/^(?<words>import) '(?<to>[^']+)'/gmu),
    ...text.matchAll(/(?<words>\bimport)\('(?<to>[^']+)'\)/gmu),
  ];
  return found.map(({ groups }) => {
    const { words = '', to = '' } = groups ?? {};
    return {
      from: relative(root, file),
      to: to.startsWith('.') ? relative(root, join(dirname(file), to)) : to,
      kind: /^(?:import|export) type\b/u.test(words) ? 'type' : 'value',
    };
  });
}

const imports = ['src', 'suites', 'fixtures']
  .flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => join(root, top, name)),
  )
  .filter((file) => file.endsWith('.ts'))
  .flatMap(importsOf);

function roomOf(path: string): string {
  const [top = '', room = ''] = path.split(sep);
  return top === 'src' && !room.endsWith('.ts') ? `src/${room}` : top;
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');
const isOwn = (path: string): boolean => /^(?:src|suites|fixtures)\//u.test(path);

function permits({ from, to, kind }: Import): boolean {
  const { values, types = [], tests = [] } = table[roomOf(from)] ?? { values: [] };
  const open = [
    ...values,
    ...(kind === 'type' ? types : []),
    // A test compares with values what the room itself knows as types.
    ...(isTest(from) ? [...types, ...tests, 'fixtures'] : []),
  ];
  return roomOf(from) === roomOf(to) || open.includes(to) || open.includes(roomOf(to));
}

test('rooms import only the rooms that the table permits', () => {
  const wrong = imports.filter((each) => isOwn(each.to) && !permits(each));
  expect(wrong.map(({ from, to, kind }) => `${from} -> ${to} (${kind})`)).toEqual([]);
});

test('the table permits no more than what is imported', () => {
  const unused = Object.entries(table).flatMap(([room, { values, types = [], tests = [] }]) => {
    const own = imports.filter(({ from }) => roomOf(from) === room);
    const used = (target: string, uses: readonly Import[]): boolean =>
      uses.some(({ to }) => to === target || roomOf(to) === target);
    return [
      ...values.filter(
        (target) =>
          !used(
            target,
            own.filter(({ kind }) => kind === 'value'),
          ),
      ),
      ...types.filter((target) => !used(target, own)),
      ...tests.filter(
        (target) =>
          !used(
            target,
            own.filter(({ from }) => isTest(from)),
          ),
      ),
    ].map((target) => `${room} -> ${target}`);
  });
  expect(unused).toEqual([]);
});

test('every room is in the table, and imports were found in each', () => {
  const rooms = new Set(imports.map(({ from }) => roomOf(from)));
  expect([...rooms].filter((room) => table[room] === undefined)).toEqual([]);
  expect(Object.keys(table).filter((room) => !rooms.has(room))).toEqual([]);
  expect(imports.length).toBeGreaterThan(300);
});

test('the sources never import suites or fixtures', () => {
  const wrong = imports.filter(
    ({ from, to }) => from.startsWith('src/') && !isTest(from) && /^(?:suites|fixtures)\//u.test(to),
  );
  expect(wrong).toEqual([]);
});

test('nothing imports a test', () => {
  expect(imports.filter(({ to }) => isTest(to))).toEqual([]);
});

test('pure rooms use no packages, and nothing of the system', () => {
  const wrong = imports.filter(({ from, to }) => {
    const { packages } = table[roomOf(from)] ?? {};
    return packages !== undefined && !isTest(from) && !isOwn(to) && !packages.includes(to);
  });
  expect(wrong).toEqual([]);
});
