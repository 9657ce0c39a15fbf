import { Worker } from 'node:worker_threads';
import { UDP_THREAD_SOURCE, type UdpReply, type UdpThreadData } from './udp-thread-source';

/** Batches on their way: some thousand datagrams, 10 ms of work. */
const MAX_OUTSTANDING = 8;
/** Longest wait for the thread's end. */
const CLOSE_LIMIT_MS = 5_000;

/** A UDP socket that is read by a thread of its own. */
export interface UdpReceiver {
  /** What the kernel gave, bytes; null when it does not say. */
  readonly receiveBufferBytes: number | null;
  /** Hands on what was read and closes the socket. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a UDP socket in a thread of its own. In the thread of the program libuv reads 32 datagrams in a turn of the event
 * loop, and with hundreds of TCP connections a turn takes 10 ms: of 6,000 datagrams a second most were dropped by the kernel.
 * When the program falls behind, the thread stops reading, and what comes waits in the kernel, which counts what it drops.
 *
 * @param options.bufferBytes - receive buffer to ask for.
 * @param options.onDatagram - must not throw.
 * @param options.onError - the socket failed after it was open.
 * @throws Error with a code, such as EADDRINUSE, when the address cannot be used.
 */
export async function openUdp(options: {
  type: UdpThreadData['type'];
  address: string;
  port: number;
  bufferBytes: number;
  onDatagram(peer: string, datagram: Buffer): void;
  onError(error: Error): void;
}): Promise<UdpReceiver> {
  const { type, address, port, bufferBytes } = options;
  const outstanding = new Int32Array(new SharedArrayBuffer(4));
  const workerData: UdpThreadData = { type, address, port, bufferBytes, outstanding, max: MAX_OUTSTANDING };
  const worker = new Worker(UDP_THREAD_SOURCE, { eval: true, workerData, execArgv: [] });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let closed: Promise<void> | null = null;

  function take({ peers, ends, bytes }: Extract<UdpReply, { peers: string[] }>): void {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let from = 0;
    for (const [n, peer] of peers.entries()) {
      options.onDatagram(peer, data.subarray(from, ends[n]));
      from = ends[n]!;
    }
    Atomics.sub(outstanding, 0, 1);
    Atomics.notify(outstanding, 0);
  }

  const receiveBufferBytes = await new Promise<number | null>((resolve, reject) => {
    let isOpen = false;
    const fail = (error: Error): void => {
      if (isOpen) return options.onError(error);
      closed ??= worker.terminate().then(() => undefined);
      reject(error);
    };
    worker.on('message', (reply: UdpReply) => {
      if ('peers' in reply) return take(reply);
      if ('message' in reply) return fail(Object.assign(new Error(reply.message), { code: reply.code }));
      isOpen = true;
      resolve(reply.receiveBufferBytes);
    });
    worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
    worker.once('exit', () => {
      if (closed === null) fail(new Error('The thread that reads datagrams has ended.'));
    });
  });

  async function end(): Promise<void> {
    const limit = setTimeout(() => void worker.terminate(), CLOSE_LIMIT_MS);
    worker.postMessage('close');
    await ended;
    clearTimeout(limit);
  }

  return { receiveBufferBytes, close: () => (closed ??= end()) };
}
