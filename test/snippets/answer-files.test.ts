import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { openBadServer } from './support/bad-servers';
import { runShell, SHELLS, snippet } from './support/run-shell';

/** The commands of an answer file, in the order an installer runs them; `failure` when it fails instead of ending. */
interface Commands {
  start: string[];
  end: string[];
  failure: string[];
}

const preseedCommand = (text: string, name: string): string =>
  new RegExp(`^d-i ${name} string (.*)$`, 'm').exec(text.replace(/\\\n\s*/g, ''))![1]!;

/** How each installer finds its scripts. */
const READERS: Record<string, (text: string) => Commands> = {
  'debian/preseed.cfg': (text) => ({
    start: [preseedCommand(text, 'preseed/early_command'), preseedCommand(text, 'partman/early_command')],
    end: [preseedCommand(text, 'preseed/late_command')],
    failure: [],
  }),
  'ubuntu/user-data': (text) => {
    const { autoinstall } = parse(text) as { autoinstall: Record<string, string[]> };
    return {
      start: autoinstall['early-commands']!,
      end: autoinstall['late-commands']!,
      failure: autoinstall['error-commands']!,
    };
  },
  'suse/autoyast.xml': (text) => {
    const [pre, ...rest] = [...text.matchAll(/<!\[CDATA\[([^]*?)\]\]>/g)].map((match) => match[1]!);
    return { start: [pre!], end: rest, failure: [] };
  },
  'suse/agama.json': (text) => {
    const { scripts } = JSON.parse(text) as { scripts: Record<string, { content: string }[]> };
    const contents = (name: string): string[] => scripts[name]!.map(({ content }) => content);
    return {
      start: [...contents('pre'), ...contents('postPartitioning')],
      end: [...contents('post'), ...contents('init')],
      failure: [],
    };
  },
};
const NAMES = Object.keys(READERS);
const systemOf = (name: string): string => `by-${name.split('/')[1]!.replace(/\W.*/, '')}`;

let folder: string;
let server: TestServer;
let rpc: Rpc;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-answers-'));
  server = await startServer();
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  await saveDistro(rpc, token, folder);
  await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
  for (const name of NAMES) {
    await saveItem(rpc, token, 'system', { name: systemOf(name), profile: 'web', netboot_enabled: true });
  }
}, 90_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

/** The commands, with a folder of their own in place of /tmp and /run. */
async function commandsOf(name: string, url: string): Promise<Commands> {
  const own = await mkdtemp(path.join(folder, 'tmp-'));
  const text = (await snippet(name, { url, system: systemOf(name) })).replace(
    /\/(?:tmp|run)\/kickwatch/g,
    `${own}/kickwatch`,
  );
  return READERS[name]!(text);
}

async function runAll(commands: readonly string[], shell: readonly string[]): Promise<void> {
  for (const command of commands) {
    expect(await runShell(shell, command)).toEqual({ code: 0, stdout: '', stderr: '', isCutOff: false });
  }
}

const status = (name: string): Promise<Record<string, unknown>> => rpc('get_status', systemOf(name), token);

describe.each(NAMES)('%s', (name) => {
  const shell = SHELLS.find(([program]) => (name.startsWith('debian') ? program === 'busybox' : true)) ?? SHELLS[0]!;

  test('its commands make a run that begins and ends, and switch netboot off', async () => {
    const commands = await commandsOf(name, server.url);
    await runAll(commands.start, shell);
    expect(await status(name)).toMatchObject({ status: 'installing' });
    await runAll(commands.end, shell);
    expect(await status(name)).toMatchObject({ status: 'finished' });
    expect(await rpc('get_system', systemOf(name), false, false, token)).toMatchObject({ netboot_enabled: false });
  });

  test('its commands for a failure end the run with a reason', async () => {
    const commands = await commandsOf(name, server.url);
    if (commands.failure.length === 0) {
      expect(await snippet(name)).toMatch(/has no hook for|"scripts"/); // and the file says so, where it can
      return;
    }
    await runAll(commands.start, shell);
    await runAll(commands.failure, shell);
    expect(await status(name)).toMatchObject({ status: 'failed' });
  });

  test('none of its commands fails or goes on for ever where the server hangs', async () => {
    const bad = await openBadServer('hangs');
    try {
      const commands = await commandsOf(name, `http://${bad.address}`);
      await runAll([...commands.start, ...commands.end, ...commands.failure], shell);
    } finally {
      await bad.close();
    }
  }, 120_000);
});
