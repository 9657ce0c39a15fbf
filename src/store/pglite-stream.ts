import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { PGLITE_WORKER_SOURCE, type PgliteReply, type PgliteRequest, type PgliteWorkerData } from './pglite-worker';

/** PostgreSQL embedded in a thread of this process: one session, spoken to in PostgreSQL's wire protocol. */
export interface EmbeddedPostgres {
  /** Starts the thread when none runs (first use, or after a crash) and waits until the database is ready. */
  ready(): Promise<void>;
  /** Executes whole frontend messages; answers the backend's bytes. Rejects when the thread has ended. */
  execute(bytes: Uint8Array): Promise<Uint8Array>;
  /** Called with the reason each time the thread ends without `close`; answers the function that ends the call. */
  onCrash(listener: (error: Error) => void): () => void;
  /** Ends the thread at once, as a crash would; the next `ready()` starts another, which recovers from the log. */
  abort(): Promise<void>;
  /** Closes the database and ends the thread. May be called twice. */
  close(): Promise<void>;
}

/** Longest wait for an orderly close before the thread is ended by force. The write-ahead log covers the rest. */
const CLOSE_LIMIT_MS = 10_000;

interface Waiting {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
  started: Promise<unknown>;
  ended: Promise<void>;
}

/**
 * The embedded database of one folder. Nothing starts before the first `ready()`.
 *
 * @param dataDir - PGlite's folder, made when it does not exist. The caller holds the lock on it.
 */
export function createEmbeddedPostgres(dataDir: string): EmbeddedPostgres {
  const crashListeners = new Set<(error: Error) => void>();
  let thread: Thread | null = null;
  let closing: Promise<void> | null = null;
  let nextId = 1;

  function request(target: Thread, make: (id: number) => PgliteRequest): Promise<Uint8Array> {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      target.waiting.set(id, { resolve, reject });
      target.worker.postMessage(make(id));
    });
  }

  function start(): Thread {
    const workerData: PgliteWorkerData = { modulePath: require.resolve('@electric-sql/pglite'), dataDir };
    // No execArgv: loaders of the parent (tsx) are of no use to the thread and slow it down.
    const worker = new Worker(PGLITE_WORKER_SOURCE, { eval: true, workerData, execArgv: [] });
    const waiting = new Map<number, Waiting>();
    const started = new Promise<Uint8Array>((resolve, reject) => waiting.set(0, { resolve, reject }));
    started.catch(() => undefined); // reported by whoever awaits ready()
    let reason = 'the thread ended unexpectedly';

    worker.on('message', (reply: PgliteReply) => {
      if ('error' in reply) {
        reason = reply.error;
        return; // the thread ends by itself; `exit` rejects everything that waits
      }
      const waiter = waiting.get(reply.id);
      waiting.delete(reply.id);
      waiter?.resolve(reply.bytes);
    });
    worker.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        if (thread === self) thread = null;
        const error = new Error(`The embedded database stopped: ${reason}.`);
        for (const waiter of waiting.values()) waiter.reject(error);
        waiting.clear();
        if (closing === null) for (const listener of [...crashListeners]) listener(error);
        resolve();
      });
    });
    const self: Thread = { worker, waiting, started, ended };
    return self;
  }

  async function stop(): Promise<void> {
    if (thread === null) return;
    const { worker, ended } = thread;
    const limit = setTimeout(() => void worker.terminate(), CLOSE_LIMIT_MS);
    request(thread, (id) => ({ id, close: true })).catch(() => undefined);
    await ended;
    clearTimeout(limit);
  }

  return {
    async ready() {
      if (closing !== null) throw new Error('The embedded database is closed.');
      thread ??= start();
      await thread.started;
    },
    async execute(bytes) {
      if (thread === null) throw new Error('The embedded database is not running.');
      return request(thread, (id) => ({ id, bytes }));
    },
    onCrash(listener) {
      crashListeners.add(listener);
      return () => crashListeners.delete(listener);
    },
    async abort() {
      await thread?.worker.terminate();
    },
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

// PostgreSQL frontend/backend protocol 3.0, "Message Formats": codes sent where the protocol version stands.
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

/** Messages after which the client waits for an answer: Query, Sync, Flush, FunctionCall, CopyDone, CopyFail. */
const TURN_ENDS = new Set([...'QSHFcf'].map((letter) => letter.charCodeAt(0)));
const TERMINATE = 'X'.charCodeAt(0);

/** Largest message taken from the client: PostgreSQL's own limit is just as far out of reach. */
const MAX_MESSAGE_BYTES = 0x3fff_ffff;

/**
 * What `pg` takes for its socket: `new Client({ stream: () => new PgliteStream(server) })`.
 *
 * Splits what `pg` writes into messages, however they were cut into chunks, and hands them over turn by turn. There is
 * one session behind all streams, so it is cleaned (rolled back, everything discarded) when a stream begins, and at
 * most one stream may be open at a time: the pool must be 1.
 */
export class PgliteStream extends Duplex {
  private buffered: Buffer = Buffer.alloc(0);
  private turn: Buffer[] = [];
  private begun = false;
  private readonly forget: () => void;

  constructor(private readonly server: EmbeddedPostgres) {
    super();
    this.forget = server.onCrash((error) => this.destroy(error));
  }

  /** Socket's `connect`: host and port mean nothing here. */
  connect(): this {
    this.server.ready().then(
      () => this.emit('connect'),
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // Answers are pushed when they come.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    try {
      while (this.takeMessage()) {
        // each call takes one whole message
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.forget();
    done(error);
  }

  /** Takes one message off the buffer; false when none is whole. */
  private takeMessage(): boolean {
    const lengthAt = this.begun ? 1 : 0; // the first message carries no type byte
    if (this.buffered.length < lengthAt + 4) return false;
    const length = this.buffered.readUInt32BE(lengthAt);
    if (length < 4 || length > MAX_MESSAGE_BYTES) throw new Error('A malformed message was sent to the database.');
    const end = lengthAt + length;
    if (this.buffered.length < end) return false;
    const message = this.buffered.subarray(0, end);
    this.buffered = this.buffered.subarray(end);
    if (this.begun) this.takeRegular(message);
    else this.takeFirst(message);
    return true;
  }

  private takeFirst(message: Buffer): void {
    const code = message.length >= 8 ? message.readUInt32BE(4) : 0;
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.push(Buffer.from('N'));
    } else if (code === CANCEL_REQUEST) {
      this.push(null); // one session: what would be cancelled is what would have to do it
    } else {
      this.begun = true;
      // A former stream may have left a transaction or settings behind.
      const clean = Buffer.concat([query('rollback'), query('discard all')]);
      void this.run(clean, () => Buffer.concat([reply('R', 4), reply('K', 8), reply('Z', 'I')]));
    }
  }

  private takeRegular(message: Buffer): void {
    const type = message[0]!;
    if (type === TERMINATE) {
      this.push(null);
      return;
    }
    this.turn.push(message);
    if (!TURN_ENDS.has(type)) return;
    const turn = Buffer.concat(this.turn);
    this.turn = [];
    void this.run(turn, (answer) => answer);
  }

  private async run(bytes: Buffer, answer: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    try {
      const result = await this.server.execute(new Uint8Array(bytes));
      if (!this.destroyed && !this.readableEnded) this.push(Buffer.from(answer(result)));
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}

/** A simple Query message. */
function query(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head.write('Q', 0);
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

/** A backend message: `body` as text, or that many zero bytes (AuthenticationOk, BackendKeyData). */
function reply(type: string, body: string | number): Buffer {
  const content = typeof body === 'number' ? Buffer.alloc(body) : Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}
