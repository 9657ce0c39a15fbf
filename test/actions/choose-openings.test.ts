import { openTestDatabase, type TestDatabase } from '../support/database';
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
  await addSystems(database.knex, { web1: [] });
  server = startWritePath(database.knex);
});

const words = { installer: 'anaconda' };

/** Installs web1 five times, ten minutes each. */
async function installFive(detail: { kind?: 'image' } = {}): Promise<void> {
  for (let each = 0; each < 5; each += 1) {
    await server.say('install-started', { ...detail, ...words });
    await server.say('progress-reported', { phase: 'packages', ...words });
    server.now += 10 * MINUTE;
    await server.say('install-finished', {});
    server.now += 60 * MINUTE;
  }
}

describe('a run is judged', () => {
  test('by the runs of its profile', async () => {
    await installFive();
    const run = await server.say('install-started', {});
    expect(run.limits.learned).toMatchObject({ by: 'profile', name: 'web', runs: 5, images: false });
  });

  test('of a new profile by the runs of its distro', async () => {
    await installFive();
    await database.knex('runs').update({ profile: 'another' });
    const run = await server.say('install-started', {});
    expect(run.limits.learned).toMatchObject({ by: 'distro', name: 'el9', runs: 5 });
  });

  test('of new software by the runs of its installer, known or heard of later', async () => {
    await installFive();
    await database.knex('runs').update({ profile: 'another', distro: 'another' });
    expect((await server.say('install-started', words)).limits.learned).toMatchObject({ by: 'installer', runs: 5 });
    await server.say('install-finished', {});
    await database.knex('runs').update({ profile: 'another', distro: 'another' });
    server.now += 60 * MINUTE;
    expect((await server.say('install-started', {})).limits.learned).toBeUndefined();
    const run = await server.say('progress-reported', { phase: 'packages', ...words });
    expect(run.limits.learned).toMatchObject({ by: 'installer', name: 'anaconda', runs: 6 });
  });

  test('as an image write by image writes only', async () => {
    await installFive();
    const first = await server.say('install-started', { kind: 'image' });
    expect(first.limits.learned).toBeUndefined();
    expect(first.limits.noProgressMs.packages).toBe(40 * MINUTE);
    await server.say('install-finished', {});
    server.now += 60 * MINUTE;
    await installFive({ kind: 'image' });
    const run = await server.say('install-started', { kind: 'image' });
    expect(run.limits.learned).toMatchObject({ by: 'profile', name: 'web', runs: 6, images: true });
  });
});
