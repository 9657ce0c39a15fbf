import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { createStreamReader } from '../../src/intake/stream-reader';
import { explain } from './samples';
import type { LogVerdict } from '../../src/intake/log-verdict';

const FIXTURES = join(__dirname, '../../fixtures/intake/debian-installer');

/** The verdict on lines of the installer's system log; the time is put in front. */
function read(...lines: string[]): LogVerdict {
  return explain([{ name: 'syslog', lines: lines.map((line, index) => `Jan  9 14:46:${10 + index} ${line}`) }]);
}

const item = (name: string): string => `main-menu[365]: INFO: Menu item '${name}' selected`;
const failed = (name: string, code = 1): string[] => [
  `main-menu[365]: WARNING **: Configuring '${name}' failed with error code ${code}`,
  `main-menu[365]: WARNING **: Menu item '${name}' failed.`,
  "main-menu[365]: INFO: Modifying debconf priority limit from 'high' to 'medium'",
  'debconf: Setting debconf/priority to medium',
];

describe('a step that fails ends the install, in its phase, with the cause', () => {
  test.each([
    ['netcfg', 'bootstrap', 'main-menu[365]: (process:3839): udhcpc: no lease, failing', 'DHCP gave no address'],
    [
      'download-installer',
      'bootstrap',
      'anna[3655]: WARNING **: package retrieval failed',
      'a part of the installer could not be fetched: package retrieval failed',
    ],
    [
      'download-installer',
      'bootstrap',
      'net-retriever: error: Bad signature on /tmp/net-retriever-69-Release.',
      'Bad signature on /tmp/net-retriever-69-Release.',
    ],
    [
      'choose-mirror',
      'bootstrap',
      'choose-mirror[4]: WARNING **: mirror does not support the specified release (natty)',
      'mirror does not support the specified release (natty)',
    ],
    [
      'partman-base',
      'storage',
      'partman-auto: Expert recipe too large (12288 > 5368); skipping',
      'Expert recipe too large (12288 > 5368); skipping',
    ],
    [
      'bootstrap-base',
      'packages',
      "debootstrap: EF: Cannot install into target '/target' mounted with noexec or nodev",
      "Cannot install into target '/target' mounted with noexec or nodev",
    ],
    ['pkgsel', 'packages', 'in-target: E: Unable to locate package nonsense', 'Unable to locate package nonsense'],
    [
      'pkgsel',
      'packages',
      'in-target: : Unable to correct problems, you have held broken packages.',
      'held broken packages',
    ],
    ['pkgsel', 'packages', 'in-target: tasksel: apt-get failed (100)', 'tasksel: apt-get failed (100)'],
    [
      'grub-installer',
      'bootloader',
      'grub-installer: error: Running \'grub-install  --force "/dev/sda"\' failed.',
      'Running',
    ],
    ['systemd-boot-installer', 'bootloader', 'systemd-boot-installer: error: bootctl failed', 'bootctl failed'],
    [
      'flash-kernel-installer',
      'bootloader',
      'flash-kernel-installer: error: flash-kernel failed',
      'flash-kernel failed',
    ],
  ])('%s in %s: %s', (name, phase, cause, words) => {
    const verdict = read(item(name), cause, ...failed(name));
    expect([verdict.phase, verdict.outcome]).toEqual([phase, 'failed']);
    expect(verdict.errors.map(({ text }) => text).join('\n')).toContain(words);
    expect(verdict.errors[0]!.severity).toBe('fatal');
  });

  test('also when nothing was seen before it', () => {
    const { phase, outcome, errors } = read(...failed('bootstrap-base'));
    expect([phase, outcome, errors[0]!.text]).toEqual(['packages', 'failed', "the step 'bootstrap-base' failed"]);
  });

  test('also when the installer is asked to save its logs afterwards', () => {
    expect(read(item('pkgsel'), ...failed('pkgsel', 100), item('save-logs')).outcome).toBe('failed');
  });

  test('also on the fourth console, where lines have no time', () => {
    const { phase, outcome, source } = explain([
      {
        name: 'photo.txt',
        lines: [
          '    in-target: E: Sub-process /usr/bin/dpkg returned an error code (1)',
          '    base-installer: error: exiting on error base-installer/kernel/failed-install',
          "    main-menu[3869]: WARNING **: Menu item 'bootstrap-base' failed.",
        ],
      },
    ]);
    expect([phase, outcome, source]).toEqual(['packages', 'failed', 'debian-installer']);
  });
});

test('words of the menu are known when they are quoted without its name', () => {
  const lines = [
    "INFO: Menu item 'live-installer' selected",
    'base-installer: error: Could not find any live images',
    "WARNING **: Menu item 'live-installer' failed.",
  ];
  const { phase, outcome, errors } = explain([{ name: 'report.txt', lines }]);
  expect([phase, outcome]).toEqual(['packages', 'failed']);
  expect(errors[0]!.text).toContain('Could not find any live images');
});

test('an installer that is to be gone on with by SSH waits', () => {
  expect(read(item('netcfg'), item('network-console')).outcome).toBe('blocked');
  expect(read(item('network-console'), item('partman-base')).outcome).toBe('running');
});

test('the menu without a failure waits, until a step is chosen', () => {
  const menu = "main-menu[365]: INFO: Modifying debconf priority limit from 'high' to 'medium'";
  expect(read(item('partman-base'), menu).outcome).toBe('blocked');
  expect(read(item('partman-base'), menu, item('save-logs')).outcome).toBe('blocked');
  expect(read(item('partman-base'), menu, item('partman-base')).outcome).toBe('running');
});

test('somebody going back is no failure', () => {
  const back = "main-menu[365]: INFO: Menu item 'grub-installer' succeeded but requested to be left unconfigured.";
  expect(read(item('grub-installer'), back, item('grub-installer')).outcome).toBe('running');
});

test('answers that cannot be fetched or read stop the installer, until it goes on', () => {
  const error = 'preseed: error fetching "http://192.0.2.1/web1.cfg"';
  expect(read(item('network-preseed'), error)).toMatchObject({ phase: 'config', outcome: 'blocked' });
  expect(read(item('network-preseed'), 'preseed: error: error handling file').errors[0]!.text).toBe(
    'preseed: error handling file',
  );
  expect(read(item('network-preseed'), error, item('disk-detect')).outcome).toBe('running');
});

test('a late command is the phase post, a failed one stops the installer', () => {
  const script = 'finish-install: info: Running /usr/lib/finish-install.d/07preseed';
  const command = 'preseed: running preseed command preseed/late_command: in-target echo Installation failed';
  const error = 'finish-install: warning: /usr/lib/finish-install.d/07preseed returned error code 2';
  expect(read(item('finish-install'), script, command)).toMatchObject({
    phase: 'post',
    outcome: 'running',
    errors: [],
  });
  const { phase, outcome, question } = read(item('finish-install'), script, command, error);
  expect([phase, outcome, question]).toEqual(['post', 'blocked', 'the late command failed with code 2']);
});

test('what a late command prints moves nothing', () => {
  const before = [item('finish-install'), 'finish-install: info: Running /usr/lib/finish-install.d/07preseed'];
  const verdict = read(
    ...before,
    "log-output: main-menu[1]: WARNING **: Menu item 'x' failed.",
    'log-output: finish-install: info: Running /usr/lib/finish-install.d/99reboot',
    'in-target: 0 upgraded, 500 newly installed, 0 to remove and 0 not upgraded.',
    'in-target: Unpacking base-installer-failed-error (1.0) ...',
    'in-target: Installation complete. Menu item failed.',
  );
  expect(verdict).toMatchObject({ phase: 'post', outcome: 'running', errors: [], percent: read(...before).percent });
});

test('the first lines of another boot in a live stream are another install', () => {
  const reader = createStreamReader('web1');
  const say = (tag: string, text: string): void => reader.read({ tag, text });
  say('main-menu', "INFO: Menu item 'partman-base' selected");
  say('main-menu', "INFO: Menu item 'localechooser' selected");
  expect(reader.finish().map(({ kind }) => kind)).toEqual(['progress-reported', 'install-started']);
});

test.each([
  ['anna', "wget: unable to resolve host address 'mirror.example'", 'anna', 'WARNING **: package retrieval failed'],
  [
    'in-target',
    'E: unable to resolve host address',
    'base-installer',
    'error: exiting on error base-installer/kernel/failed-install',
  ],
])('a failure in a live stream is told with its cause: %s: %s', (tag, cause, failing, words) => {
  const reader = createStreamReader('web1');
  reader.read({ tag, text: cause });
  reader.read({ tag: failing, text: words });
  const told = reader.finish().map(({ detail }) => detail.error?.text ?? '');
  expect(told.at(-1)).toContain('(unable to resolve host address');
});

test('a busybox that starts on a machine at work is none of an installer', () => {
  const lines = [
    'Jan  9 14:46:33 syslogd started: BusyBox v1.36.1',
    'Jan  9 14:46:34 crond[7]: crond (busybox 1.36.1) started',
  ];
  expect(explain([{ name: 'messages.txt', lines }])).toMatchObject({ phase: null, source: null });
});

describe('percent of a real install', () => {
  const lines = readFileSync(join(FIXTURES, 'debian10-netinst-success/syslog'), 'utf8').split('\n');
  const at = (count: number): number => explain([{ name: 'syslog', lines: lines.slice(0, count) }]).percent;

  test('grows with the packages, and stands for a fair share of the time at every step', () => {
    // Lines of: base system begun, base system unpacked, sources set up, the large batch begun, half of it, loader begun.
    const steps = [330, 700, 892, 1_108, 1_620, 2_137].map(at);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
    const bounds = [20, 20, 40, 46, 50, 74];
    const tops = [20, 40, 55, 60, 68, 74];
    steps.forEach((percent, index) => {
      expect(percent).toBeGreaterThanOrEqual(bounds[index]!);
      expect(percent).toBeLessThanOrEqual(tops[index]!);
    });
  });
});
