import { expect, test } from '@playwright/test';
import { parseSchedule } from './schedule-file.ts';
import { ScheduleError } from './schedule-error.ts';
import { defaultSchedule } from './schedule.ts';

test('what schedule.yaml leaves out is as in the default', () => {
  expect(parseSchedule('# nothing yet\n\n', 'schedule.yaml')).toEqual(defaultSchedule);
  const text = `
time_zone: Europe/Lisbon
cadences:
  - { partners: [acme], nights: 7, from: '22:00', to: '02:00', time_zone: America/Sao_Paulo }
  - { environments: [sandbox], hours: 12 }
maintenance:
  - { partners: ['glob*'], weekdays: [sat, sun], from: '20:00', to: '04:00' }
  - { begins: '2026-12-24T00:00:00.000Z', ends: '2026-12-27T00:00:00.000Z' }
`;
  expect(parseSchedule(text, 'schedule.yaml')).toMatchObject({
    ...defaultSchedule,
    time_zone: 'Europe/Lisbon',
    cadences: [{ nights: 7 }, { hours: 12 }],
    maintenance: [{ weekdays: ['sat', 'sun'] }, { ends: '2026-12-27T00:00:00.000Z' }],
  });
});

for (const [what, text, message] of [
  [
    'an unknown member',
    'time_zone: UTC\nrun_minuts: 3\n',
    /^schedule\.yaml:2:1 {2}\/run_minuts .*did you mean run_minutes/u,
  ],
  [
    'a time that no clock shows',
    "routine: { nights: 1, from: '24:00', to: '05:00' }\n",
    /^schedule\.yaml:1:\d+ {2}\/routine\/from/u,
  ],
  ['a cadence of nights and hours', 'routine: { nights: 1, hours: 3 }\n', /exclude each other/u],
  ['a night without an end', "routine: { nights: 1, from: '01:00' }\n", /missing member to/u],
  [
    'an unknown time zone',
    'time_zone: Europe/Atlantis\n',
    /^schedule\.yaml:1:12 {2}\/time_zone {2}expected an IANA time zone .*Atlantis/u,
  ],
  [
    'an unknown time zone of a row',
    "maintenance:\n  - { from: '01:00', to: '02:00', time_zone: Mars/Base }\n",
    /^schedule\.yaml:2:\d+ {2}\/maintenance\/0\/time_zone/u,
  ],
  [
    'maintenance that never ends',
    "maintenance:\n  - { from: '00:00', to: '00:00' }\n",
    /\/maintenance\/0\/to {2}expected 30 minutes of each day to be left, as a run may take so long, found 0/u,
  ],
  [
    'maintenance that leaves too little of a day',
    "run_minutes: 60\nmaintenance:\n  - { from: '03:00', to: '02:01' }\n",
    /expected 60 minutes .* found 59/u,
  ],
  [
    'maintenance that ends before it begins',
    "maintenance:\n  - { begins: '2026-12-24T00:00:00.000Z', ends: '2026-12-23T00:00:00.000Z' }\n",
    /\/maintenance\/0\/ends {2}expected an end after 2026-12-24/u,
  ],
  ['broken YAML', 'cadences: [a\n', /^schedule\.yaml:1:11 /u],
] as const)
  test(`${what} is told with its place`, () => {
    const read = (): unknown => parseSchedule(text, 'schedule.yaml');
    expect(read).toThrow(ScheduleError);
    expect(read).toThrow(message);
  });
