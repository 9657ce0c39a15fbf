/**
 * Speed of the XML-RPC codec beside that of the `xmlrpc` package, as ratios, in one run on one machine.
 *
 *     npm run build && npx tsx bench/codec.ts
 *
 * Measures the compiled codec where there is one: what tsx makes of imports costs the scanner a third of its speed.
 */
import { existsSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { Readable } from 'node:stream';
import type * as Codec from '../src/xmlrpc/codec';
import type { Struct, XmlRpcValue } from '../src/xmlrpc/value';
import type * as Values from '../src/xmlrpc/value';

const COMPILED = joinPath(__dirname, '../dist/src/xmlrpc');
const FOLDER = existsSync(joinPath(COMPILED, 'codec.js')) ? COMPILED : joinPath(__dirname, '../src/xmlrpc');
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { parseCall, parseResponse, serializeCall, serializeResponse } = require(`${FOLDER}/codec`) as typeof Codec;
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { Double } = require(`${FOLDER}/value`) as typeof Values;

interface TheirSerializer {
  serializeMethodResponse(value: unknown): string;
  serializeMethodCall(method: string, params: unknown[]): string;
}
interface TheirDeserializer {
  deserializeMethodResponse(stream: Readable, callback: (error: unknown, value: unknown) => void): void;
  deserializeMethodCall(stream: Readable, callback: (error: unknown, method: string, params: unknown[]) => void): void;
}
// The package types its client and server only.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const theirs = require('xmlrpc/lib/serializer') as TheirSerializer;
// eslint-disable-next-line @typescript-eslint/no-require-imports
const Deserializer = require('xmlrpc/lib/deserializer') as new () => TheirDeserializer;

const ROUNDS = 5;

async function main(): Promise<void> {
  console.log(`the codec of ${FOLDER === COMPILED ? 'dist, compiled' : 'src, by tsx'}`);
  const systems = Array.from({ length: 1000 }, (_, at) => makeSystem(at));
  const big = join(serializeResponse(systems));
  const bigBytes = Buffer.from(big);
  const smallParams: XmlRpcValue[] = [
    'web17.example.org',
    { state: 'progress', phase: 'packages', percent: 42, message: 'Installing glibc (117/455)', event_id: 'a1b2c3d4' },
    'WknrQRdtl2N/Iy97wM4BverwZFzng1iAsA==',
  ];
  const small = Buffer.from(serializeCall('update_status', smallParams));
  const plain = JSON.parse(
    JSON.stringify(systems, (_, value: unknown) => (value instanceof Double ? value.value : value)),
  ) as unknown;
  const upload = Buffer.from(
    serializeCall('upload_log_data', ['web17', 'anaconda.log', 1, 0, Buffer.alloc(40 * 1024 * 1024, 'log line\n')]),
  );

  console.log(
    `big answer: 1000 systems, ${megabytes(bigBytes.length)}; small call: update_status, ${small.length} bytes`,
  );
  await compare(
    'parse big answer',
    3,
    bigBytes.length,
    () => void parseResponse(bigBytes),
    () => theirResponse(bigBytes),
  );
  await compare(
    'serialize big answer',
    3,
    bigBytes.length,
    () => void join(serializeResponse(systems)),
    () => void theirs.serializeMethodResponse(plain),
  );
  await compare(
    'parse small call',
    2000,
    small.length,
    () => void parseCall(small),
    () => theirCall(small),
  );
  await compare(
    'serialize small call',
    2000,
    small.length,
    () => void serializeCall('m', smallParams),
    () => void theirs.serializeMethodCall('m', smallParams),
  );
  const ms = await medianMs(1, () => void parseCall(upload));
  console.log(
    `parse an upload of ${megabytes(upload.length)} (base64): ${ms.toFixed(0)} ms, ${(upload.length / 1e3 / ms).toFixed(0)} MB/s`,
  );
}

/** Runs both in turn, so that a busy machine slows both. */
async function compare(
  what: string,
  times: number,
  bytes: number,
  ours: () => void | Promise<void>,
  other: () => void | Promise<void>,
): Promise<void> {
  await medianMs(times, ours); // warm up
  await medianMs(times, other);
  const mine = await medianMs(times, ours);
  const their = await medianMs(times, other);
  const rate = (ms: number) =>
    `${ms < 1 ? `${(ms * 1000).toFixed(1)} us` : `${ms.toFixed(0)} ms`}, ${(bytes / 1e3 / ms).toFixed(0)} MB/s`;
  console.log(
    `${what.padEnd(22)} ours ${rate(mine).padEnd(20)} xmlrpc ${rate(their).padEnd(20)} ${(their / mine).toFixed(1)} times as fast`,
  );
}

async function medianMs(times: number, work: () => void | Promise<void>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let time = 0; time < times; time++) await work();
    rounds.push((performance.now() - started) / times);
  }
  return rounds.sort((left, right) => left - right)[ROUNDS >> 1] ?? 0;
}

function theirResponse(xml: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    new Deserializer().deserializeMethodResponse(Readable.from([xml]), (error) =>
      error ? reject(asError(error)) : resolve(),
    );
  });
}

function theirCall(xml: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    new Deserializer().deserializeMethodCall(Readable.from([xml]), (error) =>
      error ? reject(asError(error)) : resolve(),
    );
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('refused');
}

/** A system as `get_systems` answers it: about 56 fields and two interfaces. */
function makeSystem(at: number): Struct {
  const fields = Object.fromEntries(
    Array.from({ length: 44 }, (_, field): [string, XmlRpcValue] => [`some_field_name_${field}`, '<<inherit>>']),
  );
  const card = (number: number): Struct => ({
    mac_address: `52:54:00:00:${number}0:${at % 100}`,
    ip_address: `10.0.${at >> 8}.${at & 255}`,
    ipv6_address: '',
    netmask: '255.255.255.0',
    static: true,
    management: false,
    virt_bridge: '<<inherit>>',
    dns_name: `web${at}.example.org`,
    static_routes: [],
    cnames: ['a', 'b'],
    bonding_opts: '',
    interface_type: 'na',
    mtu: '',
    dhcp_tag: '',
    if_gateway: '10.0.0.1',
    connected_mode: false,
  });
  return {
    ...fields,
    name: `web${at}.example.org`,
    uid: 'f'.repeat(32),
    ctime: new Double(1795353356.25),
    mtime: new Double(1795353357.5),
    depth: 2,
    comment: 'rack 12 & "left"',
    owners: ['admin', 'ops'],
    kernel_options: { console: 'ttyS0', quiet: '~' },
    autoinstall_meta: {},
    netboot_enabled: true,
    profile: 'el9',
    status: 'production',
    interfaces: { eth0: card(0), eth1: card(1) },
  };
}

function join(document: string | Iterable<string>): string {
  return typeof document === 'string' ? document : [...document].join('');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

void main();
