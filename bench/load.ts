/**
 * Load generator of bench/run.ts, in a process of its own so that it shares no thread with what it measures: clients
 * that each send one prepared update_status after another over a connection kept open, and wait for every answer. Works
 * on the bytes: a number is written into the request, and the answer is searched for a fault.
 *
 * Takes a Plan as its one argument, prints a Tally as one line of JSON.
 */
import { connect, type Socket } from 'node:net';

/** What to send. */
export interface Plan {
  port: number;
  clients: number;
  /** Calls in one system.multicall; 1 = plain calls. */
  perRequest: number;
  /** Ends after this many messages … */
  messages: number | null;
  /** … or after this time. */
  seconds: number | null;
  /** Machines by name `PREFIX00000` …; every client has its own share of them. */
  prefix: string;
  machines: number;
  /** First number of the event ids: an id is accepted once. */
  firstId: number;
  /** Prints a line at every so many messages; null never. */
  reportEvery: number | null;
}

/** How it went. Latencies in milliseconds, per request. */
export interface Tally {
  messages: number;
  seconds: number;
  p50: number;
  p99: number;
  max: number;
  faults: number;
  /** The first fault, to say what went wrong. */
  firstFault: string | null;
}

const NUMBER_WIDTH = 10;
const MACHINE_WIDTH = 5;

/** One request as bytes, with the places where numbers go. */
interface Template {
  bytes: Buffer;
  ids: number[];
  machines: number[];
  percents: number[];
}

function member(name: string, value: string): string {
  return `<member><name>${name}</name><value>${value}</value></member>`;
}

function makeTemplate(plan: Plan): Template {
  const id = '#'.repeat(NUMBER_WIDTH);
  const machine = '@'.repeat(MACHINE_WIDTH);
  const status =
    '<value><struct>' +
    member('state', '<string>progress</string>') +
    member('phase', '<string>packages</string>') +
    member('percent', '<int>%%</int>') +
    member('message', `<string>Installing package ${id} of many</string>`) +
    member('event_id', `<string>bench-${id}</string>`) +
    '</struct></value>';
  const name = `<value><string>${plan.prefix}${machine}</string></value>`;
  const token = '<value><string></string></value>';
  let body: string;
  if (plan.perRequest === 1) {
    const params = [name, status, token].map((value) => `<param>${value}</param>`).join('');
    body = `<methodCall><methodName>update_status</methodName><params>${params}</params></methodCall>`;
  } else {
    const params = `<array><data>${name}${status}${token}</data></array>`;
    const entry = `<value><struct>${member('methodName', '<string>update_status</string>')}${member('params', params)}</struct></value>`;
    const list = `<array><data>${entry.repeat(plan.perRequest)}</data></array>`;
    body = `<methodCall><methodName>system.multicall</methodName><params><param><value>${list}</value></param></params></methodCall>`;
  }
  const document = `<?xml version="1.0"?>\n${body}\n`;
  const head =
    `POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1:${plan.port}\r\nUser-Agent: bench\r\nContent-Type: text/xml\r\n` +
    `Content-Length: ${Buffer.byteLength(document)}\r\n\r\n`;
  const bytes = Buffer.from(head + document);
  const find = (mark: string): number[] => {
    const places: number[] = [];
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) places.push(at);
    return places;
  };
  return { bytes, ids: find(id), machines: find(machine), percents: find('%%') };
}

function writeNumber(bytes: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let place = at + width - 1; place >= at; place -= 1) {
    bytes[place] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const FAULT = Buffer.from('faultString');

/** Sends one request at a time over one connection, which is opened anew when the server says that it closes it. */
class Client {
  private socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  /** The server closes the connection after the answer in hand: it takes 10,000 requests on one. */
  private closes = false;
  private answered: ((answer: Buffer) => void) | null = null;
  private failed: ((error: Error) => void) | null = null;

  constructor(private readonly port: number) {
    this.socket = this.open();
  }

  private open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    const fail = (error: Error): void => {
      if (socket === this.socket) this.failed?.(error);
    };
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
    return socket;
  }

  async send(bytes: Buffer): Promise<Buffer> {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      this.answered = resolve;
      this.failed = reject;
      this.socket.write(bytes);
    });
    if (this.closes) {
      this.closes = false;
      const old = this.socket;
      this.socket = this.open();
      old.destroy();
    }
    return answer;
  }

  close(): void {
    this.failed = null;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const start = headEnd + HEAD_END.length;
    this.closes = /^connection: close$/im.test(head);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const end = length === undefined ? endOfChunks(this.received, start) : start + Number(length);
    if (end === null || this.received.length < end) return;
    const answer = this.received.subarray(start, end);
    this.received = this.received.subarray(end);
    this.answered?.(answer);
  }
}

/** Where a chunked body ends; null while it does not. The answers hold no line of a single 0 themselves. */
function endOfChunks(bytes: Buffer, start: number): number | null {
  const last = bytes.indexOf('\r\n0\r\n\r\n', Math.max(start, bytes.length - 16));
  return last < 0 ? null : last + 7;
}

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2]!) as Plan;
  const latencies: number[] = [];
  const tally = { sent: 0, done: 0, faults: 0, firstFault: null as string | null };
  const began = process.hrtime.bigint();
  const secondsSince = (from: bigint): number => Number(process.hrtime.bigint() - from) / 1e9;
  const isOver = (): boolean =>
    (plan.messages !== null && tally.sent >= plan.messages) ||
    (plan.seconds !== null && secondsSince(began) >= plan.seconds);

  const run = async (number: number): Promise<void> => {
    const client = new Client(plan.port);
    const { bytes, ids, machines, percents } = makeTemplate(plan);
    const idsPerEntry = ids.length / plan.perRequest;
    for (let turn = 0; !isOver(); turn += plan.perRequest) {
      for (let entry = 0; entry < plan.perRequest; entry += 1) {
        const id = plan.firstId + tally.sent + entry;
        for (let at = 0; at < idsPerEntry; at += 1)
          writeNumber(bytes, ids[entry * idsPerEntry + at]!, NUMBER_WIDTH, id);
        const machine = (number + (turn + entry) * plan.clients) % plan.machines;
        writeNumber(bytes, machines[entry]!, MACHINE_WIDTH, machine);
        const visit = Math.floor((number + (turn + entry) * plan.clients) / plan.machines);
        writeNumber(bytes, percents[entry]!, 2, 20 + (visit % 55));
      }
      tally.sent += plan.perRequest;
      const sentAt = process.hrtime.bigint();
      const answer = await client.send(bytes);
      latencies.push(secondsSince(sentAt) * 1000);
      if (answer.includes(FAULT)) {
        tally.faults += 1;
        tally.firstFault ??= answer.toString('utf8').slice(0, 2_000);
      }
      const before = tally.done;
      tally.done += plan.perRequest;
      const every = plan.reportEvery;
      if (every !== null && Math.floor(before / every) < Math.floor(tally.done / every)) {
        process.stdout.write(`${JSON.stringify({ done: tally.done, seconds: secondsSince(began) })}\n`);
      }
    }
    client.close();
  };
  await Promise.all(Array.from({ length: plan.clients }, (_, number) => run(number)));

  const seconds = secondsSince(began);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))]!;
  const result: Tally = {
    messages: tally.done,
    seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    faults: tally.faults,
    firstFault: tally.firstFault,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
