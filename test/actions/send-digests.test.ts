import { createDigestStep } from '../../src/actions/send-digests';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory } from '../support/inventory';
import { addSystems, startWritePath, type TestServer } from '../support/write-path';

const MINUTE = 60_000;

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [] });
  server = startWritePath(database.knex);
  const inventory = startInventory(database.knex);
  await inventory.add('contact', { name: 'ops', email: ['ops@example.org'] });
  const fields = { name: 'half-hourly', contact: 'ops', channel: 'email', scope_type: 'all', digest_minutes: 30 };
  await inventory.add('subscription', fields);
});

/** What was asked for so far: the runs each message lists. */
async function asked(): Promise<string[][]> {
  const rows = (await database.knex('notifications').where({ reason: 'digest' }).orderBy('id')) as {
    detail: { runIds: string[] };
  }[];
  return rows.map(({ detail }) => detail.runIds);
}

test('while something runs, two servers ask for one digest every half hour, of what runs and what ended since', async () => {
  const steps = [createDigestStep(server.watch), createDigestStep(server.watch)];
  const first = await server.say('install-started');
  for (const step of steps) await step();
  for (let minutes = 0; minutes < 60; minutes += 10) {
    server.now += 10 * MINUTE;
    if (minutes === 30) await server.say('install-finished');
    if (minutes === 40)
      await server.say('install-started', {}, { target: { type: null, name: 'web2', address: null } });
    await Promise.all(steps.map((step) => step()));
  }
  const [latest] = await server.store.runs.find({ limit: 1 });
  expect(await asked()).toEqual([[first.runId], [latest!.id, first.runId]]);
});

test('while nothing runs, nobody is written to every half hour', async () => {
  const step = createDigestStep(server.watch);
  await step();
  server.now += 120 * MINUTE;
  await step();
  expect(await asked()).toEqual([]);
});
