import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BAD_MANNERS, openBadServer } from './support/bad-servers';
import { createPath, runShell, section, SHELLS, snippet, TOOLS, type ShellOutcome } from './support/run-shell';

/** What a strict script around a snippet may have set; the last line shows that it lived to the end. */
const strict = (script: string): string => `set -euC; IFS=x\n${script}\nprintf "%s survived" "$-"\n`;

/** Sections of kickstart files. Each meets every server in every shell and with every program that makes calls. */
const SCRIPTS = [
  ['kickstart/pre.ks', 'pre'],
  ['kickstart/onerror.ks', 'onerror'],
  ['kickstart/post-logs.ks', 'post'],
] as const;
/** They wait much and do little. */
const AT_ONCE = 60;

interface Case {
  manner: string;
  where: string;
  run(): Promise<ShellOutcome>;
}

let logs: string;
const outcomes: { manner: string; where: string; outcome: ShellOutcome }[] = [];

beforeAll(async () => {
  logs = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-logs-'));
  writeFileSync(path.join(logs, 'anaconda.log'), '10:00:00,000 ERR anaconda: it broke\n'.repeat(9_000));
  writeFileSync(path.join(logs, 'program.log'), 'error: \0 & < > % "\n');
  const servers = await Promise.all(BAD_MANNERS.map(async (manner) => ({ manner, ...(await openBadServer(manner)) })));
  const cases: Case[] = [];
  for (const [atServer, { manner, address }] of servers.entries()) {
    for (const [atScript, [name, part]] of SCRIPTS.entries()) {
      const text = strict(section(await snippet(name, { url: `http://${address}` }), part));
      for (const [atShell, shell] of SHELLS.entries()) {
        for (const [atTool, tool] of TOOLS.entries()) {
          // A third of all combinations: pairs of server, shell and tool all occur, with one of the scripts.
          if ((atServer + atScript + atShell + atTool) % SHELLS.length !== 0) continue;
          cases.push({
            manner,
            where: `%${part} in ${shell.join(' ')} with ${tool}`,
            async run() {
              const tools = createPath(tool);
              const outcome = await runShell(shell, text, { path: tools.folder, env: { KW_LOGS: logs } });
              tools.remove();
              return outcome;
            },
          });
        }
      }
    }
  }
  const queue = cases.values();
  const worker = async (): Promise<void> => {
    for (const { manner, where, run } of queue) outcomes.push({ manner, where, outcome: await run() });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await Promise.all(servers.map((server) => server.close()));
}, 240_000);

afterAll(() => rmSync(logs, { recursive: true, force: true }));

test.each(BAD_MANNERS)(
  'a strict script goes on within 30 s, silent and with its options, where the server %s',
  (manner) => {
    const mine = outcomes.filter((one) => one.manner === manner);
    expect(mine).toHaveLength(SCRIPTS.length * TOOLS.length);
    for (const { where, outcome } of mine) {
      const { stdout, ...rest } = outcome;
      expect({ where, ...rest }).toEqual({ where, code: 0, stderr: '', isCutOff: false });
      expect({ where, stdout }).toEqual({
        where,
        stdout: expect.stringMatching(/^(?=\w*e)(?=\w*u)(?=\w*C)\w+ survived$/),
      });
    }
  },
);

const CLEAN = { code: 0, stdout: '', stderr: '', isCutOff: false };

test.each(SHELLS.map((shell) => shell.join(' ')))(
  'in %s an installer that can make no call at all is left alone',
  async (shell) => {
    const tools = createPath(null);
    const text = section(await snippet('kickstart/post.ks'), 'post');
    expect(await runShell(shell.split(' '), text, { path: tools.folder })).toEqual(CLEAN);
    tools.remove();
  },
);

test.each([
  ['no server', { KW_SERVER: '' }],
  ['no system', { KW_SYSTEM: '' }],
  ['a system that is no name', { KW_SYSTEM: 'a b;reboot' }],
  ['a server that is no address', { KW_SERVER: 'a b@c' }],
])('with %s nothing is called and nothing fails', async (_, env) => {
  const text = await snippet('kickwatch.sh');
  const outcome = await runShell(SHELLS[0]!, `${text}\nkw_start; kw_error; kw_finish`, {
    env: { KW_CMDLINE: '/nonexistent', ...env },
  });
  expect(outcome).toEqual(CLEAN);
});
