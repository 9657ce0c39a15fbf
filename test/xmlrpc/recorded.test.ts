import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseResponse } from '../../src/xmlrpc/codec';
import { DateTime, Double, isStruct, type XmlRpcValue } from '../../src/xmlrpc/value';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory } from '../support/inventory';
import { JANE, startItemServer } from '../support/item-server';

/** One recorded exchange. `before`: calls that make what it is about. */
interface Recorded {
  theme: string;
  label: string;
  before: [string, ...XmlRpcValue[]][];
  request: string;
  response: string;
}

const FOLDER = path.join(__dirname, '../../fixtures/xmlrpc');
const cases = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) =>
    readdirSync(path.join(FOLDER, entry.name)).map((file) => [entry.name, file.replace(/\.json$/, '')] as const),
  );

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
let used = true;
beforeEach(async () => {
  if (used) await database.truncate();
});

test.each(cases)('%s answers as Cobbler did: %s', async (method, name) => {
  const recorded = JSON.parse(readFileSync(path.join(FOLDER, method, `${name}.json`), 'utf8')) as Recorded;
  const server = startItemServer(startInventory(database.knex, { register_new_installs: true }));
  used = recorded.before.length > 0;
  for (const [setup, ...params] of recorded.before) await server.call(setup, ...params.map(withToken));
  const answer = await server.send(recorded.request.replaceAll('TOKEN', JANE));
  expect(comparable(parseResponse(answer))).toEqual(comparable(parseResponse(recorded.response)));
  expect(server.errors).toEqual([]);
});

function withToken(value: XmlRpcValue): XmlRpcValue {
  return value === 'TOKEN' ? JANE : value;
}

/** The answer with what no two servers share (times, uids, random addresses) made equal. */
function comparable(answer: ReturnType<typeof parseResponse>): unknown {
  return 'fault' in answer ? { fault: plain(answer.fault) } : { value: plain(answer.value) };
}

function plain(value: XmlRpcValue): unknown {
  if (value instanceof Double) return value.value > 1e9 ? '(time)' : { double: value.value };
  if (value instanceof DateTime) return { dateTime: value.text };
  if (typeof value === 'string') return value.replace(/^[0-9a-f]{32}$/, '(uid)').replace(/^(00:16:3e)(:..){3}$/, '$1');
  if (Array.isArray(value)) return value.map(plain);
  if (isStruct(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  return value;
}
