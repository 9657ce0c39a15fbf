import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { addItem } from '../../src/actions/edit-item';
import { createItemTriggers } from '../../src/actions/item-triggers';
import { createPrograms } from '../../src/actions/run-program';
import { createTriggers, type Triggers } from '../../src/actions/run-triggers';
import { removeItem } from '../../src/actions/remove-item';
import { itemType } from '../../src/domain/inventory';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory } from '../support/inventory';

let database: TestDatabase;
let folder: string;
let said: string[];
let triggers: Triggers;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-triggers-'));
  said = [];
  const note = (sentence: string, fields?: Record<string, unknown>) =>
    void said.push(`${sentence} ${String(fields?.line ?? '')}`);
  triggers = createTriggers({
    folder,
    programs: createPrograms({ PATH: process.env.PATH, SECRET: 'from the environment' }),
    userId: process.getuid!(),
    log: { info: note, warn: note },
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts a script into the folder; it notes what it was called with. */
async function script(name: string, body: string, mode = 0o755): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, mode);
  return file;
}
const calls = () => readFile(path.join(folder, 'calls'), 'utf8').catch(() => '');
const noting = () => `echo "$(basename "$0")|$#|$1|$2|$3|$SECRET" >> "${folder}/calls"`;
const LIMIT = { timeoutMs: 10_000 };

test('scripts run in the order of their names, with arguments as they are and without the secrets of the server', async () => {
  await script('install/pre/20-second', noting());
  await script('install/pre/10-first', noting());
  const name = 'web1; touch /tmp/x $(id)';
  expect(await triggers.run({ directory: 'install/pre', args: ['system', name, ''], ...LIMIT })).toBeNull();
  expect(await calls()).toBe(`10-first|2|system|${name}||\n20-second|2|system|${name}||\n`);
});

test('a script that fails stops those after it and is named with its status', async () => {
  const file = await script('sync/pre/1', 'exit 3');
  await script('sync/pre/2', noting());
  expect(await triggers.run({ directory: 'sync/pre', args: [], ...LIMIT })).toEqual({ file, code: 3 });
  expect(await calls()).toBe('');
});

test('a script that does not end is ended, with what it started', async () => {
  const file = await script('sync/pre/1', 'sleep 600 & sleep 600');
  const failure = await triggers.run({ directory: 'sync/pre', args: [], timeoutMs: 200 });
  expect(failure).toEqual({ file, code: -15 });
  expect(said).toContainEqual(expect.stringContaining('it took longer than 0.2 seconds'));
});

test('what is no script, hidden, left by a package manager or not executable is passed over', async () => {
  await script('change/a', noting(), 0o644);
  await script('change/.hidden', noting());
  await script('change/old.rpmsave', noting());
  await mkdir(path.join(folder, 'change/sub'));
  await script('change/b', noting());
  expect(await triggers.run({ directory: 'change', args: ['web1'], ...LIMIT })).toBeNull();
  expect(await calls()).toBe('b|1|web1|||\n');
});

test('nothing that everybody may write to is run, nor what a link points at', async () => {
  const file = await script('sync/post/open', noting(), 0o757);
  await symlink(file, path.join(folder, 'sync/post/link'));
  expect(await triggers.run({ directory: 'sync/post', args: [], ...LIMIT })).toBeNull();
  await script('change/fine', noting());
  await chmod(path.join(folder, 'change'), 0o777);
  expect(await triggers.run({ directory: 'change', args: [], ...LIMIT })).toBeNull();
  expect(await calls()).toBe('');
  expect(said).toContainEqual(expect.stringContaining('everybody may write to it'));
});

test('a folder of another user is not used', async () => {
  await script('change/fine', noting());
  const other = createTriggers({
    folder,
    programs: createPrograms({}),
    userId: process.getuid!() + 1,
    log: { info: () => undefined, warn: () => undefined },
  });
  // root's own are always used.
  if (process.getuid!() !== 0) {
    expect(await other.run({ directory: 'change', args: [], ...LIMIT })).toBeNull();
    expect(await calls()).toBe('');
  }
  expect(await other.run({ directory: '../../etc', args: [], ...LIMIT })).toBeNull();
});

test('a script before a change refuses it in Cobbler’s words, and nothing has changed', async () => {
  const file = await script('add/menu/pre/no', 'test "$1" != web');
  const inventory = startInventory(database.knex);
  inventory.deps.triggers = createItemTriggers(triggers);
  const add = (name: string) =>
    addItem(inventory.deps, { type: itemType('menu'), name, by: null }, async (draft) => {
      await draft.write('name', name);
    });
  await expect(add('web')).rejects.toThrow(`Cobbler trigger failed: ${file} returns 1`);
  expect(await inventory.deps.store.inventory.has(itemType('menu'), 'web')).toBe(false);
  await add('other');
  expect(await inventory.deps.store.inventory.has(itemType('menu'), 'other')).toBe(true);
});

test('scripts after a change run in order and cannot fail it', async () => {
  await script('add/menu/post/1', `${noting()}; exit 1`);
  await script('change/2', noting());
  await script('delete/menu/post/3', noting());
  const inventory = startInventory(database.knex);
  inventory.deps.triggers = createItemTriggers(triggers);
  await inventory.add('menu', { name: 'web' });
  await removeItem(inventory.deps, { type: itemType('menu'), name: 'web', recursive: false, by: null });
  await triggers.drain();
  expect((await calls()).split('\n').map((line) => line.slice(0, 1))).toEqual(['1', '2', '3', '2', '']);
  expect(said).toContainEqual(expect.stringContaining('returns 1'));
});
