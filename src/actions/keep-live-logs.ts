import { constants, promises as fs } from 'node:fs';
import path from 'node:path';
import { AppError } from '../domain/errors';
import { KEEP_FREE_BYTES } from './upload-files';

/** What the live log of one run may take on the disk: forty times the longest that was measured. */
export const MAX_LIVE_BYTES = 64 * 2 ** 20;
/** Text of all runs that waits to be written; beyond it lines are not kept. */
const MAX_WAITING_BYTES = 32 * 2 ** 20;
/** Files written side by side. */
const WRITERS = 8;
/** Runs whose size is remembered. */
const MAX_KNOWN = 20_000;
/** The file of a run; `@` so that no uploaded file can have that name. */
export const LIVE_LOG_FILE = '@syslog';

/** Keeps what machines logged as they installed, a file per run. */
export interface LiveLogs {
  /** Takes lines; they are written by the next `write`. */
  keep(runId: string, lines: readonly string[]): void;
  /** Writes what waits. What cannot be written is given up, with a complaint: evidence is worth less than the install. */
  write(): Promise<void>;
}

/** Builds the keeper over `DATA_DIR/runs`. */
export function createLiveLogs(deps: {
  dataDir: string;
  warn(key: string, sentence: string, fields?: Record<string, unknown>): void;
  statfs?: (folder: string) => Promise<{ bavail: number; bsize: number }>;
}): LiveLogs {
  const root = path.join(deps.dataDir, 'runs');
  const statfs = deps.statfs ?? ((folder: string) => fs.statfs(folder));
  const sizes = new Map<string, number>();
  let waiting = new Map<string, string[]>();
  let waitingBytes = 0;

  async function append(runId: string, lines: readonly string[]): Promise<void> {
    const folder = path.join(root, runId);
    const text = `${lines.join('\n')}\n`;
    const size = sizes.get(runId) ?? (await sizeOf(path.join(folder, LIVE_LOG_FILE)));
    if (size + Buffer.byteLength(text) > MAX_LIVE_BYTES) {
      deps.warn(`full ${runId}`, 'The live log of a run is not kept any more: it has reached its limit.', { runId });
      return;
    }
    await fs.mkdir(folder, { recursive: true, mode: 0o755 });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    const handle = await fs.open(path.join(folder, LIVE_LOG_FILE), flags, 0o640);
    try {
      await handle.appendFile(text);
    } finally {
      await handle.close();
    }
    sizes.delete(runId);
    sizes.set(runId, size + Buffer.byteLength(text));
    if (sizes.size > MAX_KNOWN) sizes.delete(sizes.keys().next().value!);
  }

  return {
    keep(runId, lines) {
      if (!/^\d{1,18}$/.test(runId)) throw new AppError('BUG', 'A run number is no name of a folder.');
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
      if (waitingBytes + bytes > MAX_WAITING_BYTES) {
        deps.warn('live logs', 'Live logs are not kept whole: the disk is too slow for what comes in.', { bytes });
        return;
      }
      waitingBytes += bytes;
      const known = waiting.get(runId);
      if (known) known.push(...lines);
      else waiting.set(runId, [...lines]);
    },

    async write() {
      const batch = [...waiting];
      waiting = new Map();
      waitingBytes = 0;
      if (batch.length === 0) return;
      await fs.mkdir(root, { recursive: true, mode: 0o755 });
      const { bavail, bsize } = await statfs(root);
      if (bavail * bsize < KEEP_FREE_BYTES) {
        deps.warn('live logs', 'Live logs are not kept: the disk is nearly full.');
        return;
      }
      const next = batch.values();
      const work = async (): Promise<void> => {
        for (const [runId, lines] of next) {
          await append(runId, lines).catch((error: unknown) => {
            const reason = error instanceof Error ? error.message : String(error);
            deps.warn(`live ${runId}`, 'The live log of a run could not be kept.', { runId, error: reason });
          });
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, work));
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  return fs.stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
