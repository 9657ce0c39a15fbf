import { readInPieces, verdictOf, type LogVerdict, type OffsetLine } from './read-log';

/** What these lines, the file's first, amount to. */
function read(file: string, ...lines: string[]): LogVerdict {
  let offset = 0;
  const placed = lines.map((line): OffsetLine => {
    const at = offset;
    offset += Buffer.byteLength(line) + 1;
    return { line, offset: at };
  });
  return verdictOf(readInPieces(file, placed));
}

const SERVER_LOG = 'subiquity-server-debug.log';
const server = (text: string, level = 'DEBUG'): string => `2025-04-20 10:00:00,123 ${level} root:36 ${text}`;
const json = (name: string, type: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ name, description: '', event_type: type, origin: 'curtin', timestamp: 1.5, level: 'INFO', ...more });

describe('a failure', () => {
  const failure = (name: string, text: string): string => server(`finish: ${name}: FAIL: ${text}`, 'ERROR');

  test.each([
    ['subiquity/Updates/load_autoinstall_data', "Malformed autoinstall in 'updates' section", 'config'],
    ['subiquity/Identity/apply_autoinstall_config', "'hostname' is a required property", 'config'],
    ['subiquity/core_validation', "'version' is a required property", 'config'],
    ['subiquity/Filesystem/apply_autoinstall_config', 'Failed to find matching device', 'storage'],
    ['subiquity/Filesystem/convert_autoinstall_config', 'Failed to find matching device', 'storage'],
    ['subiquity/Install/install/configure_apt', 'curtin command apt-config', 'config'],
    [
      'subiquity/Install/install/curtin_install/run_curtin_step/cmd-install/stage-partitioning/builtin/cmd-block-meta',
      'configuring partition: partition-0',
      'storage',
    ],
    [
      'subiquity/Install/install/curtin_install/cmd-install/stage-curthooks/builtin/cmd-curthooks/installing-kernel',
      'installing kernel',
      'packages',
    ],
    [
      'subiquity/Install/install/curtin_install/run/cmd-install/stage-curthooks/builtin/cmd-curthooks/install-grub',
      'installing grub to target devices',
      'bootloader',
    ],
    ['subiquity/Install/install/postinstall/restore_apt_config/cmd-in-target', 'curtin command in-target', 'configure'],
    ['subiquity/Late/run/command_3', 'curtin in-target -- false returned non-zero exit status 1.', 'post'],
    ['subiquity/Early/run/command_0', 'false returned non-zero exit status 1.', 'bootstrap'],
  ])('of %s ends the run, in its phase', (name, text, phase) => {
    const verdict = read(SERVER_LOG, failure(name, text));
    expect(verdict).toMatchObject({ phase, outcome: 'failed' });
    expect(verdict.errors[0]!.text).toContain(text);
  });

  test('is said once: what its parents say of it repeats it', () => {
    const { errors } = read(
      SERVER_LOG,
      failure('subiquity/Install/install/curtin_install/cmd-install/stage-extract/builtin/cmd-extract', 'extracting'),
      failure('subiquity/Install/install/curtin_install/cmd-install/stage-extract', 'writing install sources to disk'),
      failure('subiquity/Install/install', 'Command returned non-zero exit status 3.'),
    );
    expect(errors.map(({ text }) => text)).toEqual(['cmd-extract failed: extracting']);
  });

  test('that the installer brings about itself is none', () => {
    const { outcome, errors } = read(SERVER_LOG, failure('subiquity/Install/install', 'cancelled'));
    expect([outcome, errors]).toEqual(['running', []]);
  });

  test('of a section the installer may get over is kept, and does not end the run', () => {
    const { outcome, errors } = read(SERVER_LOG, failure('subiquity/Network/apply_config', 'netplan apply'));
    expect([outcome, errors[0]!.text]).toEqual(['running', 'Network apply_config: netplan apply']);
  });

  test('of probing disks, which is tried again, does not end the run', () => {
    const line =
      "2025-04-20 10:00:00,123 INFO subiquity.common.errorreport:415 saving crash report 'block probing crashed";
    expect(read(SERVER_LOG, `${line} with OSError' to /var/crash/1.block_probe_fail.crash`).outcome).toBe('running');
  });

  test('is explained by what the command that failed printed', () => {
    const { errors } = read(
      'curtin-install.log',
      'start: cmd-install/stage-curthooks/builtin/cmd-curthooks/installing-kernel: installing kernel',
      'E: Unable to locate package linux-generic-hwe-99',
      'finish: cmd-install/stage-curthooks/builtin/cmd-curthooks/installing-kernel: FAIL: installing kernel',
      'curtin.util.ProcessExecutionError: Unexpected error while running command.',
      "Command: ['unshare', '--', 'chroot', '/target', 'apt-get', 'install']",
      'Exit code: 100',
      'Reason: -',
      "Stdout: ''",
      'Stderr: dpkg-query: error: parsing file',
    );
    expect(errors.map(({ text }) => text)).toEqual([
      'installing-kernel failed: installing kernel (E: Unable to locate package linux-generic-hwe-99)',
      "the command ['unshare', '--', 'chroot', '/target', 'apt-get', 'install'] failed",
      'dpkg-query: error: parsing file',
    ]);
  });

  test('shows on the console as well', () => {
    expect(
      read(
        'console.log',
        'start: subiquity/Late/run/command_35: curtin in-target -- apt-get install x',
        'finish: subiquity/Late/run/command_35: curtin in-target -- apt-get install x returned non-zero exit status 100',
        'An error occurred. Press enter to start a shell',
      ),
    ).toMatchObject({ phase: 'post', outcome: 'failed' });
  });

  test('of the answers shows on the console in their words', () => {
    const verdict = read(
      'console.log',
      "finish: subiquity/Updates/load_autoinstall_data: 'justno' is not one of ['security', 'all']",
      'An error occurred. Press enter to start a shell',
    );
    expect(verdict).toMatchObject({ phase: 'config', outcome: 'failed' });
    expect(verdict.errors[0]!.text).toContain("'justno' is not one of");
  });

  test('of what a command of the user’s runs is none until the command itself fails', () => {
    const late = 'cmd-install/stage-late/50_mine';
    const child = failure(`${late}/cmd-in-target`, 'curtin command in-target');
    expect(read(SERVER_LOG, child)).toMatchObject({ phase: 'post', outcome: 'running' });
    const parent = failure(late, "running 'sh -c curtin in-target -- false'");
    expect(read(SERVER_LOG, child, parent)).toMatchObject({ phase: 'post', outcome: 'failed' });
  });

  test('of a curtin that looks for something on the side is none', () => {
    const line = 'Apr 20 10:00:00 u curtin_event.27.5[1]: finish: cmd-in-target: FAIL: curtin command in-target';
    expect(read('installer-journal.txt', line).outcome).toBe('running');
  });

  test('is explained by the exception behind it', () => {
    const { errors } = read(
      SERVER_LOG,
      '2025-04-20 10:00:00,123 ERROR subiquity.server.server:415 top level error',
      'Traceback (most recent call last):',
      '  File "/snap/subiquity/1/x.py", line 1, in f',
      'Exception: autoinstall config did not create needed bootloader partition',
    );
    expect(errors.map(({ text }) => text)).toContain(
      'Exception: autoinstall config did not create needed bootloader partition',
    );
  });

  test('is not undone when somebody reboots the machine from the installer', () => {
    const lines = [
      failure('subiquity/Install/install', 'Command returned non-zero exit status 3.'),
      server('start: subiquity/Shutdown/shutdown: '),
    ];
    expect(read(SERVER_LOG, ...lines).outcome).toBe('failed');
  });
});

describe('an event means the same', () => {
  const name = 'subiquity/Install/install/curtin_install/run_curtin_step/cmd-install/stage-extract';

  test.each([
    [SERVER_LOG, server(`start: ${name}: writing install sources to disk`)],
    [
      'installer-journal.txt',
      'Apr 20 10:00:00 ubuntu-server curtin_event.2767.6[4408]: start: cmd-install/stage-extract: writing install',
    ],
    ['curtin-install.log', 'start: cmd-install/stage-extract/builtin/cmd-extract: curtin command extract'],
    ['events.jsonl', json(name, 'start', { description: 'writing install sources to disk' })],
    ['console.log', `start: ${name}: writing install sources to disk`],
  ])('in %s', (file, line) => {
    expect(read(file, line)).toMatchObject({ phase: 'packages', outcome: 'running' });
  });
});

describe('the end', () => {
  test('of an install is the start of its shutdown', () => {
    expect(read('events.jsonl', json('subiquity/Shutdown/shutdown', 'start')).outcome).toBe('complete');
    const journal = 'Apr 20 10:00:00 ubuntu-server subiquity_event.2767[2767]: subiquity/Shutdown/shutdown';
    expect(read('installer-journal.txt', journal).outcome).toBe('complete');
  });

  test('of the installer comes before the late commands', () => {
    const done = server(
      'finish: subiquity/Meta/status_GET: SUCCESS: 200 {"state": "DONE", "confirming_tty": "/dev/tty1"',
    );
    expect(read(SERVER_LOG, done)).toMatchObject({ phase: 'post', outcome: 'running' });
  });

  test('of a curtin on its own is the end of the install, below subiquity it is that of a step', () => {
    const finish = { result: 'SUCCESS', description: 'curtin command install' };
    expect(read('events.jsonl', json('cmd-install', 'finish', finish)).outcome).toBe('complete');
    const below = 'subiquity/Install/install/curtin_install/run/cmd-install';
    expect(read('events.jsonl', json(below, 'finish', finish)).outcome).toBe('running');
    const text = 'finish: cmd-install: SUCCESS: curtin command install';
    expect(read('installer-journal.txt', `Apr 20 10:00:00 u curtin_event.27.5[1]: ${text}`).outcome).toBe('running');
    expect(read('curtin-install.log', text, 'curtin: Installation finished.').outcome).toBe('running');
    expect(read('install.log', 'curtin: Installation started. (22.1)', 'curtin: Installation finished.').outcome).toBe(
      'complete',
    );
  });

  test('of cloud-init in the live system of the installer is none', () => {
    const line = json('modules-final', 'finish', { origin: 'cloudinit', result: 'SUCCESS' });
    expect(read('events.jsonl', line, line)).toMatchObject({ phase: null, outcome: 'running' });
  });

  test('of cloud-init after an install is the first boot of the new system', () => {
    const lines = [
      json('subiquity/Late/run', 'start'),
      json('modules-final', 'finish', { origin: 'cloudinit', result: 'SUCCESS' }),
    ];
    const drafts = readInPieces(
      'events.jsonl',
      lines.map((line, offset) => ({ line, offset })),
    );
    expect(drafts.map(({ kind }) => kind)).toEqual(['progress-reported', 'install-finished', 'system-booted']);
  });
});

describe('a question', () => {
  const state = (word: string): string =>
    server(`finish: subiquity/Meta/status_GET: SUCCESS: 200 {"state": "${word}", "confirming_tty": "", "error": null`);

  test.each(['WAITING', 'NEEDS_CONFIRMATION'])('is asked in state %s and answered when the install runs', (word) => {
    expect(read(SERVER_LOG, state(word)).outcome).toBe('blocked');
    expect(read(SERVER_LOG, state(word), state('RUNNING')).outcome).toBe('running');
  });

  test('is not taken for one where no human is to be asked: a webhook exists in automatic installs only', () => {
    const waiting = { description: '200 {"state": "WAITING", "confirming_tty": ""', result: 'SUCCESS' };
    expect(read('events.jsonl', json('subiquity/Meta/status_GET', 'finish', waiting)).outcome).toBe('running');
  });

  test('on the console whether to go on stops an automatic install', () => {
    expect(read('console.log', 'Continue with autoinstall? (yes|no)').outcome).toBe('blocked');
  });
});

test('a call stack beside a harmless warning is no error', () => {
  const lines = [
    '2023-07-24 06:23:23,178 ERROR subiquitycore.controllers.network:255 unset_link_flags failed for ens33',
    'Traceback (most recent call last):',
    'RuntimeError: rtnl_link_change failed -25',
  ];
  expect(read(SERVER_LOG, ...lines).errors).toEqual([]);
});

test('a log of packages that is called like one of curtin stays what it is', () => {
  expect(read('install.log', 'Installing setup-2.5.58-7.el5.noarch').packagesDone).toBe(1);
});
