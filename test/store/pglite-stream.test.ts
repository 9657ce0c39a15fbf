import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import knex from 'knex';
import pg from 'pg';
import { createEmbeddedPostgres, type EmbeddedPostgres, PgliteStream } from '../../src/store/pglite-stream';

let dataDir: string;
let server: EmbeddedPostgres;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  server = createEmbeddedPostgres(dataDir);
  await server.ready();
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

function openClient(stream: () => PgliteStream = () => new PgliteStream(server)): pg.Client {
  const client = new pg.Client({ stream: stream, user: 'postgres', database: 'postgres', ssl: false });
  client.on('error', () => undefined);
  return client;
}

test('messages cut anywhere and messages joined together are executed alike', async () => {
  // Everything pg writes passes through here: byte by byte, then in one piece.
  class CutStream extends PgliteStream {
    override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
      for (const byte of chunk) super._write(Buffer.from([byte]), encoding, () => undefined);
      done();
    }
  }
  class JoiningStream extends PgliteStream {
    override write(chunk: unknown, second?: unknown, third?: unknown): boolean {
      this.cork();
      setImmediate(() => this.uncork());
      return super.write(chunk, second as BufferEncoding, third as () => void);
    }
  }
  for (const Stream of [CutStream, JoiningStream]) {
    const client = openClient(() => new Stream(server));
    await client.connect();
    expect((await client.query('select 1 as a')).rows).toEqual([{ a: 1 }]);
    const long = 'ü'.repeat(3000);
    expect((await client.query('select $1::text as b', [long])).rows).toEqual([{ b: long }]);
    const several = (await client.query('select 1 as c; select 2 as d')) as unknown as pg.QueryResult[];
    expect(several.map((result) => result.rows)).toEqual([[{ c: 1 }], [{ d: 2 }]]);
    await client.end();
  }
});

test('a connection that ends inside a transaction leaves nothing to the next one', async () => {
  const first = openClient();
  await first.connect();
  await first.query('create table if not exists left_over (id int)');
  await first.query("set application_name = 'first'");
  await first.query('begin');
  await first.query('insert into left_over values (1)');
  await first.end();
  const second = openClient();
  await second.connect();
  expect((await second.query('select count(*)::int as n from left_over')).rows).toEqual([{ n: 0 }]);
  expect((await second.query('show application_name')).rows).not.toEqual([{ application_name: 'first' }]);
  await second.end();
});

test('an error in the middle of a transaction spoils that transaction only', async () => {
  const client = openClient();
  await client.connect();
  await client.query('begin');
  await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
  await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
  await client.query('rollback');
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test('a prepared statement is used again', async () => {
  const client = openClient();
  await client.connect();
  for (let n = 0; n < 3; n++) {
    const { rows } = await client.query({ name: 'double', text: 'select $1::int * 2 as twice', values: [n] });
    expect(rows).toEqual([{ twice: n * 2 }]);
  }
  await client.end();
});

test('when the thread dies every waiting query is rejected with the reason, and the next connection starts another', async () => {
  const db = knex({
    client: 'pg',
    connection: { stream: () => new PgliteStream(server), user: 'postgres', ssl: false } as never,
    pool: { min: 0, max: 1 },
    log: { warn: () => undefined },
  });
  await db.raw('create table if not exists survives (id int)');
  await db.raw('insert into survives values (1)');
  const slow = db.raw('select count(*) from generate_series(1, 30000000)');
  const queued = db.raw('insert into survives values (2)');
  const outcomes = Promise.allSettled([slow, queued]);
  await new Promise((resolve) => setTimeout(resolve, 200)); // let the first one begin
  await server.abort();
  const [first] = await outcomes;
  expect(first).toMatchObject({ status: 'rejected' });
  expect(String((first as PromiseRejectedResult).reason)).toContain('The embedded database stopped');
  const { rows } = await db.raw('select min(id) as id from survives');
  expect(rows).toEqual([{ id: 1 }]);
  await db.destroy();
});

test('what is asked of a closed database is refused with a clear sentence', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  const closed = createEmbeddedPostgres(folder);
  await closed.close();
  await closed.close();
  await expect(closed.execute(new Uint8Array(0))).rejects.toThrow('The embedded database is not running.');
  const client = openClient(() => new PgliteStream(closed));
  await expect(client.connect()).rejects.toThrow('The embedded database is closed.');
  await rm(folder, { recursive: true, force: true });
});

test('a folder that cannot be used is reported at the start', async () => {
  const unusable = createEmbeddedPostgres('/proc/1/nowhere');
  await expect(unusable.ready()).rejects.toThrow('The embedded database stopped');
  await unusable.close();
});
