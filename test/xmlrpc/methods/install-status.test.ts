import { formatInstallStatus, installState, type InstallStatusRow } from '../../../src/xmlrpc/methods/install-status';
import { Double } from '../../../src/xmlrpc/value';

const NOW = 1_795_353_361.8;

function row(changes: Partial<InstallStatusRow> = {}): InstallStatusRow {
  return {
    ip: '10.9.0.1',
    target: 'system:gi',
    mostRecentStart: -1,
    mostRecentStop: -1,
    seenStart: 0,
    seenStop: 0,
    ...changes,
  };
}

// Every state below was recorded from Cobbler 3.3.7.
test.each([
  ['just started', { mostRecentStart: 1_795_353_360.45 }, 'installing (0m 1s)'],
  [
    'stopped in the second it started',
    { mostRecentStart: 1_795_353_361.1, mostRecentStop: 1_795_353_361.7 },
    'installing (0m 0s)',
  ],
  ['stopped without a start', { mostRecentStop: 1_795_353_361.67 }, 'finished'],
  [
    'started again after its stop',
    { mostRecentStart: 1_795_353_361.7, mostRecentStop: 1_795_353_300 },
    'installing (0m 0s)',
  ],
  ['100 minutes ago', { mostRecentStart: 1_795_347_361.7 }, 'installing (100m 0s)'],
  ['in the last second of the 101st minute', { mostRecentStart: 1_795_353_361 - 6_059 }, 'installing (100m 59s)'],
  ['101 minutes ago', { mostRecentStart: 1_795_353_361 - 6_060 }, 'unknown/stalled'],
  [
    'stopped in the same second, long ago',
    { mostRecentStart: 1_795_347_296.7, mostRecentStop: 1_795_347_296.7 },
    'unknown/stalled',
  ],
  [
    'stopped a minute after its start, long ago',
    { mostRecentStart: 1_795_347_296.7, mostRecentStop: 1_795_347_356.7 },
    'finished',
  ],
  ['with a start in the future', { mostRecentStart: NOW + 500 }, 'installing (0m 0s)'],
])('an address %s is in the state Cobbler names', (_, changes, state) => {
  expect(installState(row(changes), NOW)).toBe(state);
});

test('nothing is an empty struct and a bare heading', () => {
  expect(formatInstallStatus('normal', [], NOW)).toEqual({});
  expect(formatInstallStatus('text', [], NOW)).toBe(
    'ip             |target              |start            |state            ',
  );
});

test('the struct holds times as doubles and what never happened as -1', () => {
  const rows = [
    row({ mostRecentStart: 1_795_353_361.697, mostRecentStop: 1_795_353_361.662, seenStart: 3, seenStop: 1 }),
    row({ ip: '?', mostRecentStart: 1_795_353_361, seenStart: 1 }),
  ];
  expect(formatInstallStatus('normal', rows, NOW)).toEqual({
    '10.9.0.1': [new Double(1_795_353_361.697), new Double(1_795_353_361.662), 'system:gi', 3, 1, 'installing (0m 0s)'],
    '?': [new Double(1_795_353_361), -1, 'system:gi', 1, 0, 'installing (0m 0s)'],
  });
});

test('the table has the widths scripts cut it by, sorted by address, in the time zone of the server', () => {
  const at = new Date(2026, 10, 2, 3, 4, 5).getTime() / 1000;
  const rows = [
    row({ ip: '?', mostRecentStart: at, seenStart: 1 }),
    row({ ip: '10.9.0.50', mostRecentStart: at, mostRecentStop: at + 60 }),
    row({ ip: '10.9.0.2', target: 'profile:a-very-long-profile-name', mostRecentStop: at }),
  ];
  expect((formatInstallStatus('text', rows, at + 6_000) as string).split('\n')).toEqual([
    'ip             |target              |start            |state            ',
    '10.9.0.2       |profile:a-very-long-profile-name|Unknown          |finished         ',
    '10.9.0.50      |system:gi           |Mon Nov  2 03:04:05 2026|finished         ',
    '?              |system:gi           |Mon Nov  2 03:04:05 2026|installing (100m 0s)',
  ]);
});
