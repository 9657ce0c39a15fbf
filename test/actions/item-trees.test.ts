import { editItem } from '../../src/actions/edit-item';
import { findItemPages, listItemPages, readBlended, readItem } from '../../src/actions/read-items';
import { readClasses, readRepos } from '../../src/actions/read-resources';
import { removeItem } from '../../src/actions/remove-item';
import { renameItem } from '../../src/actions/rename-item';
import type { ItemData } from '../../src/domain/item-value';
import { ITEM_TYPES, itemType } from '../../src/domain/inventory';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';
import { REQUIRED_FIELDS } from '../support/required-fields';

let database: TestDatabase;
let inventory: TestInventory;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  inventory = startInventory(database.knex);
  await inventory.add('distro', { name: 'gd' });
  await inventory.add('profile', { name: 'gp', distro: 'gd' });
});

const read = (type: string, name: string) => readItem(inventory.deps, itemType(type), name);
const edit = (type: string, name: string, values: ItemData) =>
  editItem(inventory.deps, { type: itemType(type), name, by: 'jane' }, async (draft) => {
    for (const [field, value] of Object.entries(values)) await draft.write(field, value);
  });
const rename = (type: string, name: string, newName: string) =>
  renameItem(inventory.deps, { type: itemType(type), name, newName, by: 'jane' });
const remove = (type: string, name: string, recursive = true) =>
  removeItem(inventory.deps, { type: itemType(type), name, recursive, by: 'jane' });

describe.each(ITEM_TYPES.filter((type) => type.parents.includes('parent')).map((type) => type.name))(
  'a tree of type %s',
  (type) => {
    beforeEach(async () => {
      await inventory.add(type, { ...REQUIRED_FIELDS[type], name: 'top', owners: 'top-team' });
      // A sub-profile has its distro from above.
      const { distro: _distro, ...required } = REQUIRED_FIELDS[type] ?? {};
      await inventory.add(type, { ...required, name: 'mid', parent: 'top' });
      await inventory.add(type, { ...required, name: 'low', parent: 'mid' });
    });

    test('hands down what is inherited', async () => {
      const low = await readItem(inventory.deps, itemType(type), 'low', { resolved: true });
      expect(low).toMatchObject({ owners: ['top-team'] });
      expect(await read(type, 'low')).toMatchObject({ owners: '<<inherit>>' });
      const depths = [await read(type, 'mid'), await read(type, 'low')].map((item) => Number(item!.depth));
      expect(depths[1]! - depths[0]!).toBe(1);
    });

    test('bites its own tail nowhere, not even when two move at the same time', async () => {
      await expect(edit(type, 'top', { parent: 'low' })).rejects.toThrow('cannot be below itself');
      await expect(edit(type, 'top', { parent: 'top' })).rejects.toThrow('cannot be its own parent');
      const required = REQUIRED_FIELDS[type] ?? {};
      await inventory.add(type, { ...required, name: 'one' });
      await inventory.add(type, { ...required, name: 'two' });
      const moves = [edit(type, 'one', { parent: 'two' }), edit(type, 'two', { parent: 'one' })];
      const done = await Promise.allSettled(moves);
      expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('follows a rename, and goes as a whole or not at all', async () => {
      await rename(type, 'mid', 'middle');
      expect(await read(type, 'low')).toMatchObject({ parent: 'middle' });
      await expect(remove(type, 'middle', false)).rejects.toThrow(`removal would orphan ${type}: low`);
      expect(await remove(type, 'top')).toBe(true);
      expect([await read(type, 'top'), await read(type, 'middle'), await read(type, 'low')]).toEqual([
        null,
        null,
        null,
      ]);
    });
  },
);

describe('references', () => {
  beforeEach(async () => {
    for (const name of ['updates', 'base']) await inventory.add('repo', { name, mirror: `http://m/${name}` });
    await inventory.add('menu', { name: 'linux' });
    await inventory.add('mgmtclass', { name: 'ssh', packages: 'openssh', files: 'motd' });
    await inventory.add('image', { name: 'rescue', menu: 'linux', owners: 'rescuers' });
    await edit('profile', 'gp', { repos: 'base updates', menu: 'linux', mgmt_classes: 'ssh other' });
    await inventory.add('system', { name: 'web1', profile: 'gp', mgmt_classes: 'ssh' });
    await inventory.add('system', { name: 'old1', image: 'rescue' });
    inventory.clock.now += 60_000;
  });

  test('to what does not exist are refused', async () => {
    await expect(edit('profile', 'gp', { repos: 'base none' })).rejects.toThrow('Repo with the name "none"');
    await expect(edit('profile', 'gp', { menu: 'none' })).rejects.toThrow('Menu with the name "none"');
    await expect(edit('system', 'old1', { image: 'none' })).rejects.toThrow('Image with the name "none"');
    await expect(edit('menu', 'linux', { parent: 'none' })).rejects.toThrow('Menu with the name "none"');
  });

  test('follow a rename, and what follows counts as changed', async () => {
    for (const [type, name] of [
      ['repo', 'base'],
      ['menu', 'linux'],
      ['mgmtclass', 'ssh'],
      ['image', 'rescue'],
    ] as const) {
      await rename(type, name, `${name}-2`);
    }
    const now = inventory.clock.now / 1000;
    expect(await read('profile', 'gp')).toMatchObject({
      repos: ['base-2', 'updates'],
      menu: 'linux-2',
      mgmt_classes: ['ssh-2', 'other'],
      mtime: now,
    });
    expect(await read('image', 'rescue-2')).toMatchObject({ menu: 'linux-2', mtime: now });
    expect(await read('system', 'old1')).toMatchObject({ image: 'rescue-2', mtime: now });
    expect(await read('system', 'web1')).toMatchObject({ mgmt_classes: ['ssh-2'], mtime: now });
  });

  test('that can be done without are taken out when what they name goes; systems go with their image', async () => {
    expect(await remove('repo', 'base', false)).toBe(true);
    expect(await remove('menu', 'linux', false)).toBe(true);
    expect(await read('profile', 'gp')).toMatchObject({
      repos: ['updates'],
      menu: '',
      mtime: inventory.clock.now / 1000,
    });
    expect(await read('image', 'rescue')).toMatchObject({ menu: '' });
    await expect(remove('image', 'rescue', false)).rejects.toThrow('removal would orphan system: old1');
    expect(await remove('image', 'rescue')).toBe(true);
    expect(await read('system', 'old1')).toBeNull();
    // Classes need not exist: machines may know them from elsewhere.
    await remove('mgmtclass', 'ssh');
    expect(await read('profile', 'gp')).toMatchObject({ mgmt_classes: ['ssh', 'other'] });
  });

  test('profile and image of a system exclude each other', async () => {
    await edit('system', 'web1', { image: 'rescue' });
    expect(await read('system', 'web1')).toMatchObject({ image: 'rescue', profile: '' });
    await edit('system', 'web1', { profile: 'gp' });
    expect(await read('system', 'web1')).toMatchObject({ image: '', profile: 'gp' });
    await expect(edit('system', 'web1', { profile: '~' })).rejects.toThrow('profile or image is required');
  });

  test('a system inherits from its image, in reads and for those who are told', async () => {
    const system = await readItem(inventory.deps, itemType('system'), 'old1', { resolved: true });
    expect(system).toMatchObject({ owners: ['rescuers'], virt_ram: 512 });
    const blended = await readBlended(inventory.deps, itemType('system'), 'old1');
    expect(blended).toMatchObject({ system_name: 'old1', image_name: 'rescue', distro_name: 'N/A' });
    const [target] = await inventory.deps.store.inventory.findTargets([{ type: 'system', name: 'old1' }]);
    expect(target).toMatchObject({ owners: ['rescuers'], profile: null, distro: null });
  });

  test('blended data finds repos by priority and classes by name, and passes over what is gone', async () => {
    await edit('repo', 'updates', { priority: 50 });
    const blended = await readBlended(inventory.deps, itemType('system'), 'web1');
    const repos = await readRepos(inventory.deps, blended!);
    expect(repos.map(({ name, proxy }) => [name, proxy])).toEqual([
      ['updates', ''],
      ['base', ''],
    ]);
    const classes = await readClasses(inventory.deps, blended!);
    expect(classes).toMatchObject([{ name: 'ssh', packages: ['openssh'], files: ['motd'] }]);
  });
});

describe('silences', () => {
  test('are written by whoever saves them first, and follow the names they cover', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    const ends = inventory.clock.now / 1000 + 3600;
    await inventory.add('silence', {
      name: 'move',
      system: 'web1',
      profile: 'gp',
      ends_at: ends,
      reason: 'rack moves',
    });
    expect(await read('silence', 'move')).toMatchObject({ author: 'jane', starts_at: 0, ends_at: ends });
    await rename('system', 'web1', 'web2');
    await rename('profile', 'gp', 'gp2');
    expect(await read('silence', 'move')).toMatchObject({ system: ['web2'], profile: ['gp2'] });
    await remove('system', 'web2');
    expect(await read('silence', 'move')).toMatchObject({ system: [], profile: ['gp2'] });
  });

  test('change who is to be told', async () => {
    const before = await inventory.audience();
    await inventory.add('silence', { name: 's', pattern: 'web*', ends_at: 4e9 });
    expect(await inventory.audience()).toBe(before + 1);
  });
});

test('parameters of management are read as YAML', async () => {
  await edit('profile', 'gp', { mgmt_parameters: 'a: 1\nb: [x, y]\n' });
  expect(await read('profile', 'gp')).toMatchObject({ mgmt_parameters: { a: 1, b: ['x', 'y'] } });
  await edit('profile', 'gp', { mgmt_parameters: '' });
  expect(await read('profile', 'gp')).toMatchObject({ mgmt_parameters: {} });
  await expect(edit('profile', 'gp', { mgmt_parameters: '- a\n- b' })).rejects.toThrow('must be a mapping');
  await expect(edit('profile', 'gp', { mgmt_parameters: 'a: [' })).rejects.toThrow('is not YAML');
  const aliases = 'a: &a [x]\nb: *a\n';
  await expect(edit('profile', 'gp', { mgmt_parameters: aliases })).rejects.toThrow('is not YAML');
});

test('reads, searches and pages go on beyond what is read at a time, each item once', async () => {
  const names = Array.from({ length: 450 }, (_, at) => `menu${String(at).padStart(3, '0')}`);
  const values = (name: string) => ({ name, comment: name.endsWith('7') ? 'seven' : '' });
  for (const name of [...names].reverse()) await inventory.add('menu', values(name));
  const type = itemType('menu');
  const collect = async (pages: AsyncIterable<ItemData[]>) => {
    const found: unknown[] = [];
    for await (const page of pages) {
      expect(page.length).toBeLessThanOrEqual(200);
      found.push(...page.map((item) => item.name));
    }
    return found;
  };
  expect(await collect(listItemPages(inventory.deps, type))).toEqual([...names].reverse());
  expect(await collect(listItemPages(inventory.deps, type, 0))).toHaveLength(450);
  expect(await collect(findItemPages(inventory.deps, type, {}))).toEqual(names);
  const sevens = names.filter((name) => name.endsWith('7'));
  expect(await collect(findItemPages(inventory.deps, type, { comment: 'SEVEN' }))).toEqual(sevens);
  expect(await collect(findItemPages(inventory.deps, type, { name: 'menu[0-9]*7' }, '!name'))).toEqual(
    sevens.reverse(),
  );
});

test('eighty callers who add systems at the same time all get theirs, none twice', async () => {
  const add = (at: number) =>
    inventory.add('system', { name: `s${at}`, profile: 'gp', interfaces: { eth0: { mac_address: 'random' } } });
  await Promise.all(Array.from({ length: 80 }, (_, at) => add(at)));
  const { rows } = await database.knex.raw<{ rows: { systems: number; macs: number }[] }>(
    'select count(*)::int as systems, count(distinct mac)::int as macs from interfaces',
  );
  expect(rows).toEqual([{ systems: 80, macs: 80 }]);
});
