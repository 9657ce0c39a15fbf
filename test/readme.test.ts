import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SETTINGS } from '../src/config';
import { PHASE_IDS } from '../src/domain/phase';
import { RUN_STATUSES } from '../src/domain/run';
import { STATUS_FIELDS, STATUS_STATES } from '../src/intake/update-status';

const readme = readFileSync(path.join(__dirname, '../README.md'), 'utf8');

/** The rows of the table under a heading, each as its cells. */
function tableUnder(heading: string): string[][] {
  const section = readme.split(new RegExp(`^## ${heading}$`, 'm'))[1]!.split(/^## /m)[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

test('the settings table says what the program reads, with its defaults and words', () => {
  expect(tableUnder('Settings')).toEqual(
    SETTINGS.map(({ name, default: initial, about, secret }) => [
      code(name),
      code(initial),
      secret ? `${about} Secret.` : about,
    ]),
  );
});

test('the table of update_status names every field, state and phase', () => {
  const rows = tableUnder('Reporting from a kickstart');
  const words = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
  expect(rows.flatMap(([fields]) => words(fields!)).sort()).toEqual([...STATUS_FIELDS].sort());
  expect(words(rows.find(([field]) => field === '`state`')![1]!)).toEqual([...STATUS_STATES]);
  expect(words(rows.find(([field]) => field === '`phase`')![1]!)).toEqual([...PHASE_IDS]);
});

test('the table of statuses has every status', () => {
  expect(tableUnder('How a run is judged').map(([status]) => status)).toEqual(RUN_STATUSES.map(code));
});
