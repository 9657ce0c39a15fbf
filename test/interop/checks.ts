/**
 * Cobbler's own clients against the built server: `checks.ts VENV_BIN ANAMON_SCRIPT`, called by run.sh. Prints a line
 * per check and `N passed, N failed`; exit code 1 when one failed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer } from '../support/server';
import { checkAnamon } from './anamon';
import { checkCurl } from './curl';
import { createChecks } from './harness';
import { checkKoan } from './koan';
import { checkSnippets } from './snippets';

/** The whole run; nothing in it should need a tenth of this. */
const ALL_MS = 8 * 60_000;

const SETTINGS = `server: 127.0.0.1
register_new_installs: true
pxe_just_once: true
`;

async function main(): Promise<number> {
  const [bin, anamon] = process.argv.slice(2);
  if (bin === undefined || anamon === undefined) throw new Error('usage: checks.ts VENV_BIN ANAMON_SCRIPT');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-interop-'));
  const settings = path.join(folder, 'settings.yaml');
  await writeFile(settings, SETTINGS);
  const server = await startServer({ built: true, env: { SETTINGS_FILE: settings } });
  const checks = createChecks();
  try {
    const rpc = createRpc(server.url);
    const token = await login(rpc, server);
    await furnish(rpc, token, folder);
    await checkKoan(checks, bin, server, rpc, token);
    await checkCurl(checks, server, rpc, token);
    await checkAnamon(checks, path.join(bin, 'python'), anamon, server, rpc, token);
    await checkSnippets(checks, bin);
    await checks.check('the server is still there', () => rpc('ping'));
  } finally {
    if (!server.isRunning()) process.stdout.write(`THE SERVER ENDED:\n${server.logs().slice(-4000)}\n`);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return checks.close();
}

/** A distro, two profiles and three systems. */
async function furnish(rpc: Rpc, token: string, folder: string): Promise<void> {
  await saveDistro(rpc, token, folder);
  await saveItem(rpc, token, 'profile', {
    name: 'web',
    distro: 'el9',
    autoinstall: 'sample.ks',
    kernel_options: 'console=ttyS0,115200 quiet',
  });
  await saveItem(rpc, token, 'profile', { name: 'bare', distro: 'el9', autoinstall: '' });
  for (const [number, name] of ['web1', 'db1', 'el83'].entries()) {
    await saveItem(rpc, token, 'system', {
      name,
      profile: 'web',
      modify_interface: {
        'macaddress-eth0': `52:54:00:00:30:0${number + 1}`,
        'ipaddress-eth0': `10.30.0.${number + 1}`,
      },
      netboot_enabled: true,
    });
  }
}

const watchdog = setTimeout(() => {
  process.stderr.write(`The checks did not end within ${ALL_MS / 1000} s.\n`);
  process.exit(1);
}, ALL_MS);
main()
  .then((code) => (process.exitCode = code))
  .catch((error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  })
  .finally(() => clearTimeout(watchdog));
