/** What the thread is started with. */
export interface PgliteWorkerData {
  /** Absolute path of PGlite's CommonJS entry. */
  modulePath: string;
  dataDir: string;
}

/** Request to the thread: wire bytes to execute, or the order to close. */
export type PgliteRequest = { id: number; bytes: Uint8Array } | { id: number; close: true };

/** Answers of the thread. `id` 0 is the start: `bytes` empty once the database is ready. `fatal`: the thread ends now. */
export type PgliteReply = { id: number; bytes: Uint8Array } | { id: number; error: string; fatal: boolean };

/**
 * The program of the database thread, CommonJS, run with `new Worker(source, { eval: true })`.
 *
 * It is text and not a module of its own because it must start under three loaders: compiled (`dist/…js`), tsx (`.ts`
 * through a hook that worker threads do not always inherit) and Jest (whose transform does not reach into threads).
 * Text needs none of them; PGlite's path is resolved by the parent, where each loader knows how.
 *
 * Requests run one after the other: PGlite is one session. A wire error is an ordinary answer (bytes); an exception
 * out of PGlite means that its memory can no longer be trusted, so the thread reports it and ends.
 */
export const PGLITE_WORKER_SOURCE = String.raw`
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { PGlite } = require(workerData.modulePath);

let database = null;
let queue = open();

async function open() {
  try {
    database = await PGlite.create({ dataDir: workerData.dataDir });
    parentPort.postMessage({ id: 0, bytes: new Uint8Array(0) });
  } catch (error) {
    fail(0, error);
  }
}

function fail(id, error) {
  parentPort.postMessage({ id, error: String((error && error.message) || error), fatal: true });
  database = null;
  parentPort.close();
}

async function execute(request) {
  if (database === null) return;
  try {
    if (request.close) {
      await database.close();
      database = null;
      parentPort.postMessage({ id: request.id, bytes: new Uint8Array(0) });
      parentPort.close();
      return;
    }
    const answer = await database.execProtocolRaw(request.bytes);
    // The answer may be a view on PGlite's own memory: only a copy may change hands.
    const copy = new Uint8Array(answer);
    parentPort.postMessage({ id: request.id, bytes: copy }, [copy.buffer]);
  } catch (error) {
    fail(request.id, error);
  }
}

parentPort.on('message', (request) => {
  queue = queue.then(() => execute(request));
});
`;
