/** What the thread is started with. */
export interface UdpThreadData {
  type: 'udp4' | 'udp6';
  address: string;
  port: number;
  /** Receive buffer to ask for. */
  bufferBytes: number;
  /** Batches that were posted and not worked off yet, shared with the program. */
  outstanding: Int32Array;
  max: number;
}

/** What the thread posts: that it is open, a failure, or datagrams. `ends` are where each ends in `bytes`. */
export type UdpReply =
  | { receiveBufferBytes: number | null }
  | { code: string | undefined; message: string }
  | { peers: string[]; ends: Uint32Array; bytes: Uint8Array };

/**
 * The program of the thread that reads datagrams, CommonJS, run with `new Worker(source, { eval: true })`. Text and no module,
 * for the reasons of `store/pglite-worker.ts`. A batch is posted when it holds 128 datagrams, or 4 ms after its first.
 */
export const UDP_THREAD_SOURCE = String.raw`
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { createSocket } = require('node:dgram');
const { type, address, port, bufferBytes, outstanding, max } = workerData;

let datagrams = [];
let peers = [];
let size = 0;
let timer = null;

function post() {
  clearTimeout(timer);
  timer = null;
  if (datagrams.length === 0) return;
  const bytes = new Uint8Array(size);
  const ends = new Uint32Array(datagrams.length);
  let at = 0;
  datagrams.forEach((datagram, n) => {
    bytes.set(datagram, at);
    at += datagram.length;
    ends[n] = at;
  });
  Atomics.add(outstanding, 0, 1);
  parentPort.postMessage({ peers, ends, bytes }, [bytes.buffer, ends.buffer]);
  datagrams = [];
  peers = [];
  size = 0;
  for (let behind = Atomics.load(outstanding, 0); behind >= max; behind = Atomics.load(outstanding, 0)) {
    Atomics.wait(outstanding, 0, behind, 100);
  }
}

const socket = createSocket(type);
socket.on('error', (error) => parentPort.postMessage({ code: error.code, message: error.message }));
socket.on('message', (datagram, { address: peer }) => {
  datagrams.push(datagram);
  peers.push(peer);
  size += datagram.length;
  if (datagrams.length >= 128) post();
  else if (timer === null) timer = setTimeout(post, 4);
});
socket.bind({ address, port, exclusive: true }, () => {
  let receiveBufferBytes = null;
  try {
    socket.setRecvBufferSize(bufferBytes);
  } catch {
    // What it has is what there is.
  }
  try {
    receiveBufferBytes = socket.getRecvBufferSize();
  } catch {
    // Nobody knows then.
  }
  parentPort.postMessage({ receiveBufferBytes });
});
parentPort.on('message', () => {
  try {
    socket.close();
  } catch {
    // It never opened.
  }
  post();
  parentPort.close();
});
`;
