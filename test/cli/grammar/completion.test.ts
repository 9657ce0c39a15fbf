import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startFakeServer } from '../support/fake-server';
import { cli } from '../support/run-cli';

let folder: string;
let script: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-completion-'));
  script = path.join(folder, 'script');
  writeFileSync(script, (await cli(['completion', 'bash'])).out);
  // The names the server would give.
  const stub = '#!/bin/sh\n[ "$1" = complete-names ] && [ "$2" = profile ] && printf "web\\nwebs\\ndb\\n"\n';
  writeFileSync(path.join(folder, 'kickwatch'), stub, { mode: 0o755 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What bash offers after these words, as it splits them: at `=` too. */
function offered(...words: string[]): string[] {
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kickwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const out = execFileSync('bash', ['--norc', '-c', program, 'bash', script, 'kickwatch', ...words], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return out.split('\n').filter((line) => line !== '');
}

test.each([
  [['sys'], ['system']],
  [['comp'], ['completion']],
  [['system', 'rep'], ['report']],
  [['system', 'edit', '--netb'], ['--netboot-enabled=']],
  [['system', 'edit', '--in-pl'], ['--in-place']],
  [
    ['system', 'edit', '--profile', '=', 'we'],
    ['web', 'webs'],
  ],
  [
    ['system', 'edit', '--profile', '='],
    ['web', 'webs', 'db'],
  ],
  [['system', 'edit', '--profile', 'd'], ['db']],
  [
    ['system', 'edit', '--profile=we'],
    ['--profile=web', '--profile=webs'],
  ],
  [
    ['profile', 'report', 'we'],
    ['web', 'webs'],
  ],
  [
    ['profile', 'edit', '--virt-type', '=', 'vm'],
    ['vmware', 'vmwarew'],
  ],
  [
    ['system', 'edit', '--netboot-enabled', '=', ''],
    ['1', '0'],
  ],
  [['runs', '--prof'], ['--profile']],
  [
    ['sync', '--d'],
    ['--dhcp', '--dns'],
  ],
  [
    ['setting', ''],
    ['list', 'report', 'edit'],
  ],
])('bash completes %j', (words, expected) => {
  expect(offered(...words).map((word) => word.replace(/^(--profile)=$/, '$1'))).toEqual(expected);
});

test.each(['bash', 'zsh', 'fish'])('the script for %s is one that it can read', async (shell) => {
  const file = path.join(folder, shell);
  writeFileSync(file, (await cli(['completion', shell])).out);
  const { error, status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
  // Where the shell is not installed, bash's own reading of its script is what is left to check.
  if (error === undefined) expect([status, stderr]).toEqual([0, '']);
  else expect(shell).not.toBe('bash');
});

test('names come from the server', async () => {
  const server = await startFakeServer({
    get_item_names: (type: string) => (type === 'system' ? ['web1', 'db1'] : []),
  });
  try {
    const env = { KICKWATCH_URL: server.url };
    expect(await cli(['complete-names', 'system'], env)).toEqual({ code: 0, out: 'db1\nweb1\n', err: '' });
    expect(await cli(['complete-names', 'system', 'w'], env)).toEqual({ code: 0, out: 'web1\n', err: '' });
  } finally {
    await server.close();
  }
});

test('a server that is away, or does not answer within a second, costs no word', async () => {
  const nothing = { code: 0, out: '', err: '' };
  expect(await cli(['complete-names', 'system'], { KICKWATCH_URL: 'http://127.0.0.1:1' })).toEqual(nothing);
  const silent = await startFakeServer({ get_item_names: () => new Promise(() => undefined) });
  try {
    expect(await cli(['complete-names', 'system'], { KICKWATCH_URL: silent.url })).toEqual(nothing);
  } finally {
    await silent.close();
  }
});
