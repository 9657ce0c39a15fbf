import type { EventDraft } from '../../src/domain/event';
import { parseMessage } from '../../src/intake';
import { isSecretFile } from '../../src/intake/anamon';
import { emptyFileState } from '../../src/intake/file-reader';
import { briefly } from './read-log';

function read(file: string, text: string, hints: Record<string, unknown> = {}): EventDraft[] {
  return parseMessage({
    transport: 'upload',
    receivedAt: 1_000,
    peer: '192.0.2.1',
    target: { type: 'system', name: 'web1', address: null },
    hints: { file, fileId: 'f1', ...hints },
    text,
  })!.drafts;
}

const kinds = (drafts: EventDraft[]): string[] => drafts.map((draft) => draft.kind);

test('the output of a %post script never moves the run, whatever it prints', () => {
  const drafts = read(
    'program.log',
    [
      '20:50:58,470 INFO program: Running... /bin/sh /tmp/ks-script-aMknEh',
      '20:50:59,000 INFO program: Running... grub2-install --no-floppy /dev/vda',
      '20:50:59,000 INFO program: grub2-install: error: disk not found.',
      '20:50:59,000 INFO program: anaconda 1.0 exception report',
      '20:51:00,000 DEBUG program: Return code: 0',
      '',
    ].join('\n'),
  );
  expect(kinds(drafts)).toEqual(['heard']);
});

test('a command of the installer itself after a script counts again', () => {
  const drafts = read(
    'program.log',
    [
      '20:47:00,000 INFO program: Running... /bin/sh /tmp/ks-script-aMknEh',
      '20:47:01,000 DEBUG program: Return code: 1',
      '20:49:59,000 INFO program: Running... grub2-install --no-floppy /dev/vda',
      '20:50:00,000 INFO program: grub2-install: error: disk not found.',
    ].join('\n'),
  );
  expect(drafts.map((draft) => [draft.kind, draft.detail.phase, draft.detail.error?.text])).toEqual([
    ['progress-reported', 'bootloader', undefined],
    ['error-reported', undefined, 'grub2-install: error: disk not found.'],
  ]);
});

test('the log of a user script is a sign of life, even when it quotes an installer', () => {
  const quote = '05:09:35,329 INF kickstart.script: Running kickstart %%post script(s)\nanaconda 1 exception report\n';
  expect(kinds(read('ks-script-2dpklpjw.log', quote))).toEqual(['heard']);
  expect(kinds(read('ks-post.log', quote))).toEqual(['heard']);
  expect(kinds(read('whatever.txt', quote))).toEqual(['heard']);
});

test('what services log is no marker', () => {
  const drafts = read(
    'sys.log',
    '05:00:00,000 INFO root:Reporting the IPMI event: 8\nThe installation has finished.\n',
  );
  expect(kinds(drafts)).toEqual(['heard']);
});

test('titles printed for people while %pre scripts run do not announce the storage phase', () => {
  const drafts = read(
    'anaconda.log',
    '05:00:22,446 INF kickstart.script: Running kickstart %%pre script(s)\n05:00:22,447 INF stdout: Running pre-installation scripts\n',
  );
  expect(drafts.map((draft) => draft.detail.phase)).toEqual(['config']);
});

test('an installer that speaks German is understood by its threads and kickstart lines', () => {
  const drafts = read(
    'sys.log',
    [
      '05:00:00,000 WARNING org.fedoraproject.Anaconda.Modules.Storage:INFO:anaconda.core.threads:Running Thread: AnaTaskThread-CreateStorageLayoutTask-1 (1)',
      '05:00:00,000 WARNING org.fedoraproject.Anaconda.Modules.Payloads:INFO:anaconda.core.threads:Running Thread: AnaTaskThread-InstallPackagesTask-1 (1)',
      '05:00:00,000 WARNING org.fedoraproject.Anaconda.Modules.Storage:INFO:anaconda.core.threads:Running Thread: AnaTaskThread-InstallBootloaderTask-1 (1)',
    ].join('\n'),
  );
  expect(drafts.map((draft) => draft.detail.phase)).toEqual(['storage', 'packages', 'bootloader']);
});

test('the level a module line arrives with is not believed', () => {
  expect(
    kinds(read('sys.log', '05:00:00,000 CRIT org.fedoraproject.Anaconda.Boss:DEBUG:anaconda.x:no Traceback here\n')),
  ).toEqual(['heard']);
});

test('finished wins over the abort that is logged on every exit', () => {
  const drafts = read(
    'anaconda.log',
    '15:10:13,511 INF core.util: Reporting the IPMI event: 8\n15:10:13,515 INF core.util: Reporting the IPMI event: 9\n',
  );
  expect(kinds(drafts)).toEqual(['install-finished']);
});

test('an abort that was not preceded by success is a failure read from the log', () => {
  expect(read('anaconda.log', '15:10:13,515 INF core.util: Reporting the IPMI event: 10\n')[0]).toMatchObject({
    kind: 'install-failed',
    detail: { inferred: true, error: { text: 'the installer reported that it was aborted (IPMI event 10)', line: 1 } },
  });
});

test('what a dead installer does on its way down is no progress', () => {
  const drafts = read(
    'anaconda.log',
    [
      '10:52:49,180 INFO anaconda: Installing boot loader',
      '10:52:51,507 CRIT anaconda: Traceback (most recent call last):',
      'OSError: [Errno 2] No such file or directory',
      '10:52:52,000 INFO anaconda: All kickstart %%post script(s) have been run',
    ].join('\n'),
  );
  expect(drafts.map(briefly)).toEqual([
    'progress-reported bootloader upload:f1:0:progress',
    'install-failed inferred line 3: "OSError: [Errno 2] No such file or directory" upload:f1:114:call-stack',
    'install-failed inferred line 2: "Traceback (most recent call last):" upload:f1:51:critical-traceback',
  ]);
});

test('a call stack nobody called fatal is nothing', () => {
  const drafts = read('anaconda.log', '10:52:51,507 DEBUG anaconda: Traceback\nOSError: [Errno 2] No such file\n');
  expect(kinds(drafts)).toEqual(['heard']);
});

test('an error carries the lines before it', () => {
  const lines = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((word) => `05:00:00,000 INF main: ${word}`);
  const bad = '05:00:01,000 ERR main: Storage configuration failed: no space';
  const [draft] = read('anaconda.log', [...lines, bad].join('\n'));
  expect(draft!.detail.error).toEqual({
    text: 'Storage configuration failed: no space',
    file: 'anaconda.log',
    line: 8,
    context: [...lines.slice(2), bad],
  });
});

test('the same error a hundred times is one error', () => {
  const line = '05:00:01,000 ERR main: Storage configuration failed: no space\n';
  expect(kinds(read('anaconda.log', line.repeat(100)))).toEqual(['error-reported']);
});

test('a hundred different errors are cut at twenty', () => {
  const lines = Array.from({ length: 100 }, (_, n) => `05:00:01,000 ERR main: Storage configuration failed: ${n}\n`);
  expect(read('anaconda.log', lines.join(''))).toHaveLength(20);
});

test('a log that took the place of another says that the installer started again', () => {
  const first = '05:00:06,824 INF main: /sbin/anaconda 33.16.3.26-2.el8_3\n';
  expect(kinds(read('anaconda.log', first))).toEqual(['progress-reported']);
  expect(read('anaconda.log', first, { state: emptyFileState(true) })[0]).toMatchObject({
    kind: 'install-started',
    detail: { phase: 'bootstrap' },
  });
});

test('a system log of its own can only come from the installed system', () => {
  expect(kinds(read('messages', 'Nov 22 12:00:00 web1 systemd[1]: Started.\n'))).toEqual(['system-booted']);
});

test('DNF5 downloads are counted in bytes', () => {
  const logger = 'DEBUG:anaconda.modules.payloads.payload.dnf.download_progress:';
  const drafts = read(
    'packaging.log',
    `${logger}Started downloading 'a-0:1-1.fc43.x86_64' - 96761.0 bytes\n${logger}Started downloading 'b-0:1-1.fc43.x86_64' - 5.0 bytes\n${logger}Downloaded 'a-0:1-1.fc43.x86_64'\n`,
  );
  expect(drafts.at(-1)!.detail).toMatchObject({ phase: 'packages', packageStep: 'download', bytesDone: 96_761 });
});

test('control characters of a log never reach the database or a terminal', () => {
  const [draft] = read('anaconda.log', '05:00:01,000 ERR main: Storage configuration failed: \u0000\u001b[2J x\n');
  expect(JSON.stringify(draft)).not.toMatch(/\\u00(00|1b)/);
});

test.each(['ks.cfg', 'anacdump.txt', 'anaconda-tb-yj11b8m4', 'anaconda-ks.cfg'])('%s is kept for few eyes', (file) => {
  expect(isSecretFile(file)).toBe(true);
});

test.each(['anaconda.log', 'sys.log', 'modprobe.conf'])('%s may be read by those who may read logs', (file) => {
  expect(isSecretFile(file)).toBe(false);
});

test('chatter has no identity, so that time can thin it out', () => {
  expect(read('X.log', 'something\n')[0]!.dedupeKey).toBeNull();
});

test('packages that are told of twice are no more than there are', () => {
  const installed = (n: number): string =>
    `05:00:02,000 INF packaging: Installed: p${n}-1.el9.noarch 1600000000 ${'0123456789abcdef'.repeat(4)}`;
  const drafts = read(
    'packaging.log',
    [
      '05:00:00,000 INF packaging: 2 packages selected totalling 1 MiB',
      '05:00:01,000 INF packaging: running transaction',
      ...[1, 2, 1, 2].map(installed),
    ].join('\n'),
  );
  expect(drafts.at(-1)?.detail).toMatchObject({ packagesDone: 2, packagesTotal: 2 });
});
