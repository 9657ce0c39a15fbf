import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import { createFindReported } from '../../src/actions/find-reported';
import { createUploadLog, type UploadDeps, type UploadLog } from '../../src/actions/upload-log';
import type { EventDraft } from '../../src/domain/event';
import type { RunState } from '../../src/domain/run';
import { addSystems, INTERNAL, startWritePath, type TestServer } from './write-path';

/** The address on record of system web1. */
export const PEER = '10.0.0.1';

/** A call of `upload_log_data` with what matters to a test; the rest is filled in. Text is Latin-1. */
export interface Piece {
  name?: string;
  file?: string;
  size?: number;
  offset?: number;
  data?: Uint8Array | string;
  peer?: string | null;
}

/** Uploads over a write path, in a folder of their own. */
export interface UploadSite {
  server: TestServer;
  dataDir: string;
  /** What `send` sends to; replaced by tests that start again. */
  uploads: UploadLog;
  warnings: { sentence: string; fields: Record<string, unknown> | undefined }[];
  /** Every draft handed on, in order. */
  handedOn: EventDraft[];
  /** The dependencies of `uploads`. */
  deps: UploadDeps;
  /** Starts uploads over the same folder and database, as a server does after a crash. */
  start(changes?: Partial<UploadDeps>): UploadLog;
  send(piece: Piece): Promise<boolean>;
  /** Sends a file as anamon does: all of it, in pieces of 256 KiB, then the closing call. */
  sendWhole(file: string, content: Uint8Array | string, rest?: Piece): Promise<void>;
  latest(name: string, file: string): string;
  content(name: string, file: string): Promise<string>;
  latestRun(): Promise<RunState>;
  close(): Promise<void>;
}

/** A file of a real install. */
export function sample(name: string): Buffer {
  return readFileSync(path.join(__dirname, '../../fixtures/intake/anaconda', name));
}

/** Opens uploads over an empty database; systems web1, web2 and those of the recorded uploader exist. */
export async function openUploadSite(knex: Knex): Promise<UploadSite> {
  await addSystems(knex, { web1: [PEER], web2: [], 'hc-sys': [], 'hc-debsys': [] });
  const server = startWritePath(knex, { policy: 'open' });
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-uploads-'));
  const deps: UploadDeps = {
    dataDir,
    isEnabled: () => true,
    findReported: createFindReported({
      findTargets: (names) => server.store.inventory.findTargets(names),
      policy: 'known',
      isTrusted: () => false,
      findRun: () => Promise.resolve(null),
    }),
    async submit(drafts) {
      site.handedOn.push(...drafts);
      const results = await server.intake.submit({ caller: INTERNAL, drafts });
      return results.map(({ run }) => ({ runId: run?.runId ?? null }));
    },
    async findRun(target) {
      const [run] = await server.store.runs.findLatest({ type: target.type!, name: target.name }, 1);
      return run?.id ?? null;
    },
    uploads: server.store.uploads,
    log: { warn: (sentence, fields) => site.warnings.push({ sentence, fields }) },
    now: () => server.now,
  };
  const latest = (name: string, file: string): string => path.join(dataDir, 'anamon', name, file);
  const site: UploadSite = {
    server,
    dataDir,
    uploads: createUploadLog(deps),
    warnings: [],
    handedOn: [],
    deps,
    start: (changes = {}) => createUploadLog({ ...deps, ...changes }),
    send(piece) {
      const data = typeof piece.data === 'string' ? Buffer.from(piece.data, 'latin1') : (piece.data ?? Buffer.alloc(0));
      return site.uploads.uploadLogData({
        name: piece.name ?? 'web1',
        file: piece.file ?? 'anaconda.log',
        size: piece.size ?? data.byteLength,
        offset: piece.offset ?? 0,
        data,
        caller: { peer: piece.peer === undefined ? PEER : piece.peer, authority: 'anonymous' },
        receivedAt: server.now,
      });
    },
    async sendWhole(file, content, rest = {}) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let offset = 0; offset < bytes.byteLength; offset += 262_144) {
        const data = bytes.subarray(offset, offset + 262_144);
        expect(await site.send({ ...rest, file, offset, data })).toBe(true);
      }
      expect(await site.send({ ...rest, file, offset: -1, size: bytes.byteLength })).toBe(true);
    },
    latest,
    content: (name, file) => readFile(latest(name, file), 'latin1'),
    async latestRun() {
      const [run] = await server.store.runs.find({ limit: 1 });
      return run!.state;
    },
    close: () => rm(dataDir, { recursive: true, force: true }),
  };
  return site;
}
