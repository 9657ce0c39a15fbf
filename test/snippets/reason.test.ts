import path from 'node:path';
import { runShell, SHELLS, snippet } from './support/run-shell';

const fixtures = path.join(__dirname, '../../fixtures/intake');

/** Logs of real failures, and what a person wants to read of them. */
const FAILURES = [
  ['anaconda/el8like-payload-error', /PayloadError: Nothing useful found for Hard drive ISO source/],
  ['anaconda/f43-payload-download-failure-tb', /PayloadInstallationError: Failed to download the following packages/],
  ['anaconda/f44-ostree-grub-failure', /The command 'ostree container image deploy .* exited with the code 1/],
  ['anaconda/f38-no-usable-disks', /NoDisksError/],
  ['anaconda/f41-depsolve-error', /nothing provides libperl\.so\.5\.38/],
  ['anaconda/el7-bootloader-traceback', /CRIT anaconda: Traceback/],
  [
    'subiquity/ubuntu22.04.3-subiquity-partitioning-failure',
    /wipefs: error: \/dev\/pve\/data: probing initialization failed/,
  ],
] as const;

/** What a snippet would send, at most: 1000 printable characters on one line. */
async function reason(shell: readonly string[], folder: string): Promise<string> {
  const script = `${await snippet('kickwatch.sh')}\nkw_print "$(kw_find_reason)"\n`;
  const env = { KW_LOGS: path.join(fixtures, folder), LC_ALL: 'C' };
  const { code, stdout, stderr } = await runShell(shell, script, { env });
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd();
}

describe.each(SHELLS.map((shell) => shell.join(' ')))('in %s', (shell) => {
  test.each(FAILURES)('the reason found in the logs of %s is the one', async (folder, words) => {
    const found = await reason(shell.split(' '), folder);
    expect(found).toMatch(words);
    expect(found).toMatch(/^[ -~]{1,1000}$/);
  });
});

test('no log, no reason, and no complaint', async () => {
  expect(await reason(SHELLS[0]!, 'nowhere')).toBe('');
});
