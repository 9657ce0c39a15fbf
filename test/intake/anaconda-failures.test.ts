import { readInPieces, verdictOf, type LogVerdict, type OffsetLine } from './read-log';

/*
 * What anaconda prints when something goes wrong, beyond the logs in fixtures/intake: the words are those of its sources
 * and of public reports, see `prints` of the markers.
 */

function verdict(file: string, text: string): LogVerdict {
  let offset = 0;
  const lines = text.split('\n').map((line): OffsetLine => {
    const at = offset;
    offset += Buffer.byteLength(line) + 1;
    return { line, offset: at };
  });
  return verdictOf(readInPieces(file, lines));
}

const says = (file: string, text: string): [LogVerdict['phase'], LogVerdict['outcome'], ...string[]] => {
  const { phase, outcome, errors } = verdict(file, text);
  return [phase, outcome, ...errors.map((error) => `${error.fatal ? 'fatal: ' : ''}${error.text}`)];
};

describe('on a text console', () => {
  test('a kickstart with a mistake ends the install, and the mistake is told', () => {
    expect(
      says(
        'console.log',
        `Starting installer, one moment...
anaconda 33.16.3.26-2.el8_3 for Rocky Linux 8 started.

An error occurred during reading the kickstart file:
The following problem occurred on line 12 of the kickstart file:

Unknown command: foo

The installer will now terminate.`,
      ),
    ).toEqual([
      'bootstrap',
      'failed',
      'fatal: An error occurred during reading the kickstart file:',
      'fatal: The following problem occurred on line 12 of the kickstart file:',
      'fatal: Unknown command: foo',
      'fatal: The installer will now terminate.',
    ]);
  });

  test('a kickstart that names a disk that is not there', () => {
    expect(
      says(
        'console.log',
        `An error occurred during reading the kickstart file:
Disk "sda" given in ignoredisk command does not exist.

The installer will now terminate.`,
      ),
    ).toEqual([
      'config',
      'failed',
      'fatal: An error occurred during reading the kickstart file:',
      'fatal: Disk "sda" given in ignoredisk command does not exist.',
      'fatal: The installer will now terminate.',
    ]);
  });

  test('a %pre script that fails with --erroronfail, with what it printed', () => {
    expect(
      says(
        'console.log',
        `There was an error running the kickstart script at line 20.  This is a fatal
error and installation will be aborted.  The details of this error are:

curl: (6) Could not resolve host: config.example.net

Press ENTER to exit: `,
      ).slice(0, 4),
    ).toEqual([
      'config',
      'failed',
      'fatal: There was an error running the kickstart script at line 20.  This is a fatal',
      'fatal: curl: (6) Could not resolve host: config.example.net',
    ]);
  });

  test('an error that nobody can be asked about, without prompts', () => {
    expect(
      says(
        'console.log',
        `Starting automated install...
Checking storage configuration...

The installation was stopped due to an error which occurred while running in non-interactive cmdline mode. Since there cannot be any questions in cmdline mode, edit your kickstart file and retry installation.
The exact error message is:

Non interactive installation failed: No usable disks.

The installer will now terminate.`,
      ),
    ).toEqual([
      'config',
      'failed',
      'fatal: The installation was stopped due to an error which occurred while running in non-interactive cmdline mode. Since there cannot be any questions in cmdline mode, edit your kickstart file and retry installation.',
      'fatal: The exact error message is:',
      'fatal: Non interactive installation failed: No usable disks.',
      'fatal: The installer will now terminate.',
    ]);
  });

  test('packages that cannot be installed', () => {
    expect(
      says(
        'console.log',
        `Starting package installation process
Installing bash.x86_64 (17/403)
The following error occurred while installing.  This is a fatal error and
installation will be aborted.

DNF error: Error in POSTIN scriptlet in rpm package kernel-core`,
      ),
    ).toEqual([
      'packages',
      'failed',
      'fatal: The following error occurred while installing.  This is a fatal error and',
      'fatal: DNF error: Error in POSTIN scriptlet in rpm package kernel-core',
    ]);
  });

  test.each([
    ['Please make a selection from the above [‘b’ to begin installation, ‘q’ to quit', 'asks'],
    ["Please make your choice from above ['q' to quit | 'c' to continue | 'r' to refresh]: ", 'asks'],
    ["# to toggle selection, or 'c'-continue: ", 'asks'],
    ["Please respond 'yes' or 'no': ", 'asks'],
  ])('%s waits for a human', (line) => {
    expect(verdict('console.log', line).outcome).toBe('blocked');
  });

  test('a dead pane ends an install, but not one whose scripts have begun to run', () => {
    expect(says('console.log', 'Configuring storage\nPane is dead (status 1, Tue Oct  6 10:00:00 2026)')).toEqual([
      'storage',
      'failed',
      'fatal: the installer has ended before its time (tmux: Pane is dead)',
    ]);
    expect(says('console.log', 'Running post-installation scripts\nPane is dead')).toEqual(['post', 'running']);
  });

  test('an initrd without network, in the words of two generations of dracut', () => {
    expect(
      says(
        'console.log',
        `[   31.1] dracut-initqueue[737]: curl: (7) Failed to connect to 192.0.2.1 port 80: No route to host
[   31.2] dracut-initqueue[737]: Warning: Downloading 'http://192.0.2.1/9/images/install.img' failed!
[   31.3] dracut-initqueue[737]: Warning: anaconda: failed to fetch stage2 from http://192.0.2.1/9
[  151.2] dracut-initqueue[737]: Warning: dracut-initqueue: timeout, still waiting for following initqueue hooks:
Generating "/run/initramfs/rdsosreport.txt"`,
      ),
    ).toEqual([
      'bootstrap',
      'failed',
      'curl: (7) Failed to connect to 192.0.2.1 port 80: No route to host',
      "Warning: Downloading 'http://192.0.2.1/9/images/install.img' failed!",
      'fatal: Warning: anaconda: failed to fetch stage2 from http://192.0.2.1/9',
      'Warning: dracut-initqueue: timeout, still waiting for following initqueue hooks:',
      'fatal: Generating "/run/initramfs/rdsosreport.txt"',
    ]);
  });

  test('optional images that are not there are nothing', () => {
    expect(
      says(
        'console.log',
        `[   31.2] dracut-initqueue[737]: curl: (22) The requested URL returned error: 404 Not Found
[   31.2] dracut-initqueue[737]: Warning: Downloading 'http://192.0.2.1/7/images/updates.img' failed!
[   31.2] dracut-initqueue[737]: Warning: Downloading 'http://192.0.2.1/7/images/product.img' failed!`,
      ),
    ).toEqual([null, 'running']);
  });

  test('a kernel that finds no root', () => {
    expect(
      says(
        'console.log',
        `[    1.9] VFS: Cannot open root device "(null)" or unknown-block(0,0): error -6
[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)`,
      ),
    ).toEqual([
      'booting',
      'failed',
      'VFS: Cannot open root device "(null)" or unknown-block(0,0): error -6',
      'fatal: Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
    ]);
  });

  test('the loader of EL6 asks where the installer is', () => {
    expect(says('console.log', '| Unable to retrieve http://192.0.2.1/6/images/install.img. |').slice(0, 2)).toEqual([
      'bootstrap',
      'blocked',
    ]);
    expect(says('console.log', 'install exited abnormally [1/1] ')).toEqual([
      null,
      'failed',
      'fatal: install exited abnormally [1/1]',
    ]);
  });

  test('a machine that goes down after the last scripts is about to end, before them it is not', () => {
    const down = '[  OK  ] Reached target reboot.target - System Reboot.\n[ 1811.2] reboot: Restarting system';
    expect(says('console.log', `Running post-installation scripts\n${down}`)).toEqual(['finalize', 'running']);
    expect(says('console.log', `Configuring storage\n${down}`)).toEqual(['storage', 'running']);
    const journal = '12:00:00,000 INFO anaconda:anaconda: kickstart: Running kickstart %%post script(s)';
    expect(says('sys.log', `${journal}\n12:01:00,000 INFO systemd:Reached target Shutdown.`)).toEqual([
      'finalize',
      'running',
    ]);
  });

  test('packages are counted in any language', () => {
    expect(verdict('console.log', 'Instalando bash.x86_64 (17/403)').packagesDone).toBe(17);
    expect(verdict('console.log', 'bash.x86_64 (17/403) wird installiert').packagesDone).toBe(17);
    expect(verdict('console.log', '正在安装 bash.x86_64 (17/403)').packagesTotal).toBe(403);
  });

  test('an image payload moves by its share', () => {
    const drafts = readInPieces('console.log', [
      { line: 'Installing software 10%', offset: 0 },
      { line: 'Installing software 50%', offset: 30 },
    ]);
    expect(drafts.at(-1)?.detail).toMatchObject({ phase: 'packages', estimate: 47 });
    expect(drafts.at(-1)?.detail.packagesDone).toBeUndefined();
  });
});

describe('on a console with everything else', () => {
  test('the journal forwarded there is read by the names of its programs', () => {
    expect(
      says(
        'console.log',
        `[   20.1] anaconda[1803]: anaconda: main: /usr/sbin/anaconda 34.25.2.10-1.el9_2
[   30.1] org.fedoraproject.Anaconda.Modules.Payloads[1858]: INFO:anaconda.modules.payloads.payload.dnf.transaction_progress:Installed: bash-5.1.8-6.el9.x86_64 1656000000 ${'a'.repeat(64)}
[   31.1] program[1803]: Running... /bin/sh /tmp/ks-script-x1
[   31.2] program[1803]: Kernel panic - not syncing
[   31.3] program[1803]: Return code: 0
[   33.517655] anaconda[2628]: Installing.
[   34.520412] anaconda[2628]: The installation was stopped due to an error which occurred while running in non-interactive cmdline mode.
[   34.520498] anaconda[2628]: The exact error message is:
[   34.520680] anaconda[2628]: Non interactive installation failed: The command 'ostree container image deploy' exited with the code 1..
[   34.520788] anaconda[2628]: The installer will now terminate.`,
      ),
    ).toEqual([
      'packages',
      'failed',
      'fatal: The installation was stopped due to an error which occurred while running in non-interactive cmdline mode.',
      'fatal: The exact error message is:',
      "fatal: Non interactive installation failed: The command 'ostree container image deploy' exited with the code 1..",
      'fatal: The installer will now terminate.',
    ]);
  });

  test('orders to the terminal, the status line of tmux and overwritten counters are seen through', () => {
    const esc = '\u001b';
    const { phase, packagesDone, packagesTotal } = verdict(
      'console.log',
      `${esc}[H${esc}[J[anaconda]1:main* 2:shell  3:log  4:storage-log >Switch tab: Alt+Tab | Help: F1 Starting installer, one moment...
${esc}[1;24r${esc}(BConfiguring storage${esc}[K
Installing bash.x86_64 (1/403)\rInstalling zlib.x86_64 (2/403)${esc}[K`,
    );
    expect({ phase, packagesDone, packagesTotal }).toEqual({ phase: 'packages', packagesDone: 2, packagesTotal: 403 });
  });
});

describe('in the log files', () => {
  test('a call stack in one line of a system log is told by its end', () => {
    expect(
      says(
        'virtio.log',
        '00:21:43,018 ERR anaconda:anaconda: modules.common.task.task: Thread AnaTaskThread-RunInstallationTask-1 has failed: Traceback (most recent call last):#012  File "/usr/lib64/python3.12/site-packages/pyanaconda/core/threads.py", line 280, in run#012    threading.Thread.run(self)#012dasbus.error.DBusError: The name is not activatable#012',
      ),
    ).toEqual([null, 'failed', 'fatal: DBusError: The name is not activatable']);
  });

  test('no room for the packages', () => {
    expect(
      says(
        'packaging.log',
        '10:00:00,000 ERR packaging: Not enough space in file systems for the current software selection. An additional 1.2 GiB is needed.',
      ).slice(0, 2),
    ).toEqual(['storage', 'failed']);
  });

  test('metadata that cannot be fetched is kept, and got over when the install goes on', () => {
    const lost =
      "10:00:00,000 WRN dnf: Failed to download metadata for repo 'epel': Cannot download repomd.xml: All mirrors were tried";
    expect(says('packaging.log', lost).slice(0, 2)).toEqual(['config', 'running']);
    expect(says('packaging.log', `${lost}\n10:01:00,000 INF packaging: running transaction`).slice(0, 2)).toEqual([
      'packages',
      'running',
    ]);
  });

  test('the source of packages cannot be set up, as the menu of EL7 and EL8 says', () => {
    expect(
      says(
        'anaconda.log',
        '10:00:00,000 DBG ui.gui.hubs: setting SourceSpoke status to: Error setting up base repository',
      ).slice(0, 2),
    ).toEqual(['config', 'blocked']);
  });

  test('what the installers of EL7 say of a repository, and of a firmware that takes no entry', () => {
    const metadata = '10:00:00,000 ERR packaging: failed to grab repo metadata for anaconda: [Errno 14] curl#37';
    expect(says('packaging.log', metadata)).toEqual([
      'config',
      'running',
      'failed to grab repo metadata for anaconda: [Errno 14] curl#37',
    ]);
    const target =
      '13:39:54,649 ERR bootloader.installation: bootloader.write failed: Failed to set new efi boot target. This is most likely a kernel or firmware bug.';
    expect(says('anaconda.log', target).slice(0, 2)).toEqual(['bootloader', 'blocked']);
  });

  test('a repository on a disc that is not used is nothing', () => {
    expect(
      says(
        'packaging.log',
        '18:10:59,811 ERR packaging: base repo (CDROM/file:///run/install/sources/mount-0000-cdrom) not valid -- removing it',
      ),
    ).toEqual([null, 'running']);
  });

  test('DNF 5 fails in the middle of its transaction', () => {
    expect(
      says(
        'packaging.log',
        `INFO:anaconda.modules.payloads.payload.dnf.transaction_progress:Installing - bash-5.2.37-3.fc43.x86_64
ERROR:anaconda.modules.payloads.payload.dnf.transaction_progress:kernel-core-6.17.1-300.fc43.x86_64
pyanaconda.modules.common.errors.installation.PayloadInstallationError: An error occurred during the transaction: kernel-core-6.17.1-300.fc43.x86_64`,
      ),
    ).toEqual([
      'packages',
      'failed',
      'fatal: PayloadInstallationError: An error occurred during the transaction: kernel-core-6.17.1-300.fc43.x86_64',
    ]);
  });

  test('an image that cannot be pulled', () => {
    expect(
      says(
        'packaging.log',
        `INFO:anaconda.core.threads:Running Thread: AnaTaskThread-PullRemoteAndDeleteTask-1 (140109170038464)
pyanaconda.modules.common.errors.installation.PayloadInstallationError: Failed to pull from repository: While fetching http://192.0.2.1/repo/config: Server returned HTTP 404 (1)`,
      ),
    ).toEqual([
      'packages',
      'failed',
      'fatal: PayloadInstallationError: Failed to pull from repository: While fetching http://192.0.2.1/repo/config: Server returned HTTP 404 (1)',
    ]);
  });

  test('scripts for the case of failure are run', () => {
    expect(
      says(
        'anaconda.log',
        `10:00:00,000 ERR kickstart: Error code 1 running the kickstart script at line 20
10:00:01,000 INF core.util: Running kickstart %%onerror script(s)`,
      ),
    ).toEqual([
      'config',
      'failed',
      'Error code 1 running the kickstart script at line 20',
      'fatal: the installer gave up (its %onerror scripts were run)',
    ]);
  });

  test('a package whose script fails, as the modules of EL10 log it', () => {
    expect(
      says(
        'virtio.log',
        `23:42:20,950 WARNING org.fedoraproject.Anaconda.Modules.Payloads:INFO:anaconda.modules.payloads.payload.dnf.transaction_progress:Configuring (running scriptlet for): ca-certificates-2024.2.69-101.3.el10.noarch 1
23:42:33,000 WARNING org.fedoraproject.Anaconda.Modules.Payloads:ERROR:dnf.rpm:Error in POSTIN scriptlet in rpm package ca-certificates`,
      ),
    ).toEqual(['packages', 'failed', 'fatal: Error in POSTIN scriptlet in rpm package ca-certificates']);
  });

  test('an exception report sent by syslog is read like the file', () => {
    expect(
      says(
        'sys.log',
        `12:00:00,000 NOTICE anaconda-tb:anaconda 34.25.2.10-1.el9_2 exception report
12:00:00,000 NOTICE anaconda-tb:Traceback (most recent call first):
12:00:00,000 NOTICE anaconda-tb:  File "/usr/lib64/python3.9/site-packages/blivet/devices/lvm.py", line 1, in create
12:00:00,000 NOTICE anaconda-tb:blivet.errors.LVMError: lvcreate failed for rl/root`,
      ),
    ).toEqual([
      'storage',
      'failed',
      'fatal: anaconda 34.25.2.10-1.el9_2 exception report',
      'fatal: LVMError: lvcreate failed for rl/root',
    ]);
  });

  test('the installer itself crashes', () => {
    expect(
      says('sys.log', '10:00:00,000 CRIT systemd-coredump:Process 1491 (anaconda) of user 0 dumped core.'),
    ).toEqual([null, 'failed', 'fatal: Process 1491 (anaconda) of user 0 dumped core.']);
  });

  test('words of success or failure in names of packages and in the output of scripts are nothing', () => {
    expect(
      says(
        'program.log',
        `10:00:00,000 INFO program: Running... /bin/sh /tmp/ks-script-abc123
10:00:00,000 INFO program: The installation has finished.
10:00:00,000 INFO program: Kernel panic - not syncing
10:00:00,000 INFO program: The following error occurred while installing.  This is a fatal error
10:00:01,000 INFO program: Return code: 0`,
      ),
    ).toEqual([null, 'running']);
    expect(
      says(
        'packaging.log',
        `INFO:anaconda.modules.payloads.payload.dnf.transaction_progress:Installed: anaconda-install-exited-abnormally-1-1.el10.noarch 1726000000 ${'a'.repeat(64)}
INFO:anaconda.modules.payloads.payload.dnf.transaction_progress:Configuring (running scriptlet for): pane-is-dead-1-1.el10.noarch 1726000000 ${'a'.repeat(64)}`,
      ),
    ).toEqual(['packages', 'running']);
  });
});
