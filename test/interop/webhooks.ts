/**
 * cloud-init's own webhook reporter against the server: `webhooks.ts DIST_PACKAGES`, the folder with an unpacked cloud-init,
 * called by run.sh. curtin is in no registry of ours; its bodies are those of the samples, see test/e2e/intake-api.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRpc, login, saveDistro, saveItem } from '../support/rpc';
import { startServer } from '../support/server';
import { claim, createChecks, run } from './harness';

const ALL_MS = 120_000;

async function main(): Promise<number> {
  const [packages] = process.argv.slice(2);
  if (packages === undefined) throw new Error('usage: webhooks.ts DIST_PACKAGES');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-webhooks-'));
  const server = await startServer();
  const checks = createChecks();
  try {
    const rpc = createRpc(server.url);
    const token = await login(rpc, server);
    await saveDistro(rpc, token, folder);
    await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
    await saveItem(rpc, token, 'system', { name: 'web1', profile: 'web' });
    const report = async (round: string): Promise<Record<string, unknown>> => {
      const script = path.join(__dirname, 'cloud-init-events.py');
      const ran = await run('python3', [script, packages, `${server.url}/v1/webhook/cloud-init/web1`, round]);
      claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
      claim(!/fail|error/i.test(ran.output), 'the reporter complained', ran.output);
      return rpc<Record<string, unknown>>('get_status', 'web1', token);
    };

    await checks.check("cloud-init's webhook reporter: the live system of an installer is no install", async () => {
      const now = await report('live');
      claim(now['status'] !== 'finished' && now['booted'] === '~', 'taken for more than a sign of life', now);
    });
    await checks.check('the same reporter with the names of curtin: an install from beginning to end', async () => {
      const now = await report('install');
      claim(now['status'] === 'finished' && now['percent'] === 100, 'not finished', now);
      claim(now['booted'] === '~', 'booted before it was', now);
    });
    await checks.check('the same reporter in the new system: its first boot is seen', async () => {
      const now = await report('boot');
      claim(now['status'] === 'finished' && now['booted'] !== '~', 'not seen alive', now);
    });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return checks.close();
}

setTimeout(() => {
  process.stdout.write(`The checks did not end within ${ALL_MS} ms.\n`);
  process.exit(1);
}, ALL_MS).unref();
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stdout.write(`${String(error)}\n`);
    process.exit(1);
  },
);
