import { explain } from './samples';
import type { LogVerdict } from '../../src/intake/log-verdict';

/** The verdict on lines of a y2log; time, level and host are put in front. A line that begins with `|` has none. */
function read(...lines: string[]): LogVerdict {
  const placed = lines.map((line, index) =>
    line.startsWith('|')
      ? line.slice(1)
      : `2024-05-02 10:00:${10 + index} <${/^<(\d)>/.exec(line)?.[1] ?? 1}> install(3740) ${line.replace(/^<\d> /, '')}`,
  );
  return explain([{ name: 'y2log', lines: placed }]);
}

const START = '[Ruby] bin/y2start(<main>):22 y2base called with ["installation", "--arg", "initial", "qt"]';
const client = (name: string, place = 'modules/ProductControl.rb:1302'): string =>
  `[Interpreter] ${place} Calling YaST client ${name}`;
const PLANNED = '[Ruby] clients/inst_finish.rb(stages):578 These inst_finish stages will be called:';

test.each([
  ['inst_autosetup', 'config'],
  ['inst_prepdisk', 'storage'],
  ['inst_rpmcopy', 'packages'],
  ['inst_finish', 'configure'],
])('%s is the phase %s', (name, phase) => {
  expect(read(START, client(name))).toMatchObject({ phase, outcome: 'running' });
});

test('clients that inst_finish only asks what they would do are no steps', () => {
  const asked = ['bootloader_finish', 'autoinst_scripts2_finish', 'copy_logs_finish', 'umount_finish'].map((name) =>
    client(name, 'clients/inst_finish.rb:534'),
  );
  expect(read(START, client('inst_finish'), ...asked).phase).toBe('configure');
  const done = (name: string): string => client(name, 'clients/inst_finish.rb:117');
  expect(read(START, client('inst_finish'), ...asked, PLANNED, done('autoinst_scripts2_finish')).phase).toBe('post');
  expect(read(START, client('inst_finish'), ...asked, PLANNED, done('copy_logs_finish')).phase).toBe('finalize');
});

test('the second stage of AutoYaST is no new install', () => {
  const second = '[Ruby] bin/y2start(<main>):22 y2base called with ["installation", "--arg", "continue", "qt"]';
  const kinds = read(START, client('inst_rpmcopy'), second).facts.map(({ kind }) => kind);
  expect(kinds).not.toContain('install-started');
});

describe('a failure', () => {
  test('of a client ends the install, with its words and its place', () => {
    const { phase, outcome, errors } = read(
      START,
      client('inst_prepdisk'),
      "<3> [Ruby] yast/wfm.rb(rescue in run_client):340 Client /usr/share/YaST2/clients/inst_prepdisk.rb failed with 'undefined method `grep' for nil:NilClass' (NoMethodError).",
      '<3> [Ruby] yast/wfm.rb(rescue in run_client):344 Internal error. Please report a bug report with logs.',
      "|Details: undefined method `grep' for nil:NilClass",
      "|Caller:  /usr/share/YaST2/modules/Packages.rb:973:in `kernelCmdLinePackages'",
    );
    expect([phase, outcome]).toEqual(['storage', 'failed']);
    expect(errors[0]!.text).toContain('undefined method');
  });

  test('of a step ends the install', () => {
    const line =
      '[Ruby] modules/ProductControl.rb(RunFrom):1310 Calling `inst_autosetup ($["enable_back":true]) returned `abort';
    expect(read(START, client('inst_autosetup'), line)).toMatchObject({ phase: 'config', outcome: 'failed' });
  });

  test('to read the profile stops the installer, until it goes on', () => {
    const line = '<3> [Ruby] autoinstall/x.rb(read):7 Cannot read the profile http://192.0.2.1/autoinst.xml';
    expect(read(START, client('inst_autoinit'), line)).toMatchObject({ phase: 'config', outcome: 'blocked' });
    expect(read(START, client('inst_autoinit'), line, client('inst_prepdisk')).outcome).toBe('running');
  });

  test('of packages is told with their number and does not end the install', () => {
    const line =
      '[zypp] TargetImpl.cc(commit):1542 TargetImpl::commit(<pool>, CommitPolicy( DownloadAsNeeded )) returns: CommitResult  (total 1922, done 1920, error 2, skipped 0, updateMessages 0)';
    const { outcome, errors } = read(START, client('inst_rpmcopy'), line);
    expect([outcome, errors[0]!.text]).toEqual(['running', 'packages that could not be installed: 2']);
  });

  test('of the boot loader is explained by GRUB', () => {
    const line =
      '<3> [Ruby] lib/cheetah.rb(log_stream_line):208 Error output: /usr/sbin/grub2-install: error: cannot find EFI directory.';
    const { errors } = read(START, client('inst_finish'), PLANNED, line);
    expect(errors[0]!.text).toBe('grub2-install: error: cannot find EFI directory.');
  });
});

test('what libraries and commands print moves nothing', () => {
  const { phase, outcome, errors } = read(
    START,
    client('inst_rpmcopy'),
    '<5> [zypp-core] Exception.cc(log):186 MediaSetAccess.cc(provide):360 THROW:    ABORT request: Aborting requested by user',
    '<3> [Interpreter] modules/Desktop.rb:363 SCR::Dir() failed',
    '[Ruby] lib/cheetah.rb(log_stream_line):208 Standard output: Calling YaST client umount_finish',
    '[Ruby] lib/cheetah.rb(log_stream_line):208 Standard output: Installation failed',
    '|Calling YaST client umount_finish is what a script printed',
  );
  expect([phase, outcome, errors]).toEqual(['packages', 'running', []]);
});
