import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PHASE_IDS, type Phase } from '../../src/domain/phase';
import type { Rpc } from '../support/rpc';
import type { TestServer } from '../support/server';
import { until } from '../support/until';
import { claim, start, type Checks } from './harness';

const SAMPLE = path.resolve(__dirname, '../../fixtures/intake/anaconda/el8.3-rhel-kickstart-success');
const FILES = ['anaconda.log', 'storage.log', 'program.log', 'packaging.log', 'sys.log'];
/** anamon looks every five seconds and then sends file by file. */
const UPLOADED_MS = 60_000;

interface LogEvent {
  kind: string;
  source: string;
  detail: { phase?: Phase };
}

/** The stock anamon, run over the logs of a real install that grow as they did then. */
export async function checkAnamon(
  checks: Checks,
  python: string,
  script: string,
  server: TestServer,
  rpc: Rpc,
  token: string,
): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-anamon-'));
  const watched = FILES.map((file) => path.join(folder, file));
  const stored = (file: string): Promise<Buffer | null> =>
    readFile(path.join(server.dataDir, 'anamon', 'el83', file)).catch(() => null);
  const areIdentical = async (): Promise<boolean> => {
    for (const file of FILES) {
      const [sent, kept] = [await readFile(path.join(folder, file)), await stored(file)];
      if (kept === null || !kept.equals(sent)) return false;
    }
    return true;
  };
  const status = () => rpc<Record<string, unknown>>('get_status', 'el83', token);
  const { check } = checks;
  await rpc('run_install_triggers', 'pre', 'system', 'el83', '10.30.0.3');

  await mkdir(folder, { recursive: true });
  // Half of every file, cut in the middle of a line as a growing file is.
  for (const file of FILES) {
    const whole = await readFile(path.join(SAMPLE, file));
    await writeFile(path.join(folder, file), whole.subarray(0, Math.floor(whole.length / 2) - 7));
  }
  const args = ['--name', 'el83', '--server', '127.0.0.1', '--port', String(server.port), '--fg'];
  const anamon = start(python, [script, ...args, '--watchfile', watched.join(' ')]);
  let halfway: Record<string, unknown> = {};
  try {
    await check('anamon sends growing logs, and the first half is stored byte for byte', async () => {
      await until('the stored files equal the sent ones', areIdentical, UPLOADED_MS);
      halfway = await status();
      claim(halfway['status'] === 'installing', 'the run is not installing', halfway);
      claim(halfway['phase'] !== 'config', 'the run did not move', halfway);
    });
    await check('anamon sends the files again as they grow, and all of them is stored byte for byte', async () => {
      for (const file of FILES) await cp(path.join(SAMPLE, file), path.join(folder, file));
      await until('the stored files equal the sent ones', areIdentical, UPLOADED_MS);
    });
    await check('the phases of the run follow the logs, in order, each once', async () => {
      const now = await until(
        'the run has come to %post',
        async () => {
          const found = await status();
          return found['phase'] === 'post' && found;
        },
        UPLOADED_MS,
      );
      claim(now['run_id'] === halfway['run_id'], 'another run', { halfway, now });
      claim(now['packages_done'] === 403 && now['packages_total'] === 403, 'not 403 of 403 packages', now);
      const log = await rpc<LogEvent[]>('get_run_log', now['run_id'], 0, token);
      const phases: Phase[] = [];
      for (const { source, detail } of log) {
        const phase = source === 'anamon' ? detail.phase : undefined;
        if (phase && PHASE_IDS.indexOf(phase) > PHASE_IDS.indexOf(phases.at(-1) ?? 'pending')) phases.push(phase);
      }
      const proven: Phase[] = ['bootstrap', 'storage', 'packages', 'bootloader', 'configure', 'post'];
      claim(
        proven.every((phase) => phases.includes(phase)),
        `phases were ${phases.join(', ')}`,
        log,
      );
      const errors = now['errors'] as unknown[];
      claim(errors.length === 0, 'errors where the install had none', errors);
    });
    await check(
      'the end comes from the trigger; the next install clears the latest logs and keeps those of the run',
      async () => {
        await rpc('run_install_triggers', 'post', 'system', 'el83', '10.30.0.3');
        const now = await status();
        claim(now['status'] === 'finished', 'the run is not finished', now);
        claim(await areIdentical(), 'the stored files are gone');
        await rpc('run_install_triggers', 'pre', 'system', 'el83', '10.30.0.3');
        claim((await status())['run_id'] !== now['run_id'], 'no new run');
        for (const file of FILES) {
          claim((await stored(file)) === null, `${file} was not cleared`);
          const kept = await readFile(path.join(server.dataDir, 'runs', String(now['run_id']), file));
          claim(kept.equals(await readFile(path.join(SAMPLE, file))), `${file} of the run is not as it was sent`);
        }
      },
    );
  } finally {
    await anamon.stop();
    await rm(folder, { recursive: true, force: true });
    if (/Traceback|Fault/.test(anamon.output())) process.stdout.write(`anamon said:\n${anamon.output()}\n`);
  }
}
