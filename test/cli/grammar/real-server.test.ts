import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ITEM_TYPES } from '../../../src/domain/inventory';
import { makeTestDatabase } from '../../support/database';
import { startServer, type TestServer } from '../../support/server';
import { cli, type CliOutcome } from '../support/run-cli';

// Every type of item through the whole grammar, against a started server.

let database: Awaited<ReturnType<typeof makeTestDatabase>>;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-grammar-'));
  for (const name of ['vmlinuz', 'initrd.img', 'disk.img']) writeFileSync(path.join(folder, name), '');
  database = await makeTestDatabase();
  server = await startServer(database);
  await ok('distro', 'add', '--name=gd', `--kernel=${folder}/vmlinuz`, `--initrd=${folder}/initrd.img`);
  await ok('profile', 'add', '--name=gp', '--distro=gd');
  await ok('contact', 'add', '--name=someone', '--email=someone@example.org');
}, 90_000);

afterAll(async () => {
  await server?.stop();
  await database?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function env(): Record<string, string> {
  return { DATA_DIR: database.dataDir, XDG_CACHE_HOME: folder, KICKWATCH_URL: server.url };
}

const kickwatch = (...args: string[]): Promise<CliOutcome> => cli(args, env());
const cobbler = (...args: string[]): Promise<CliOutcome> => cli(args, env(), { manner: 'cobbler' });

/** Runs a command that must do. */
async function ok(...args: string[]): Promise<string> {
  const { code, out, err } = await kickwatch(...args);
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}\n${out}${err}`);
  return out;
}

/** What an item of each type needs besides its name. */
const REQUIRED: Readonly<Record<string, () => string[]>> = {
  distro: () => [`--kernel=${folder}/vmlinuz`, `--initrd=${folder}/initrd.img`],
  profile: () => ['--distro=gd'],
  system: () => ['--profile=gp'],
  file: () => ['--path=/etc/motd', '--owner=root', '--group=root', '--mode=0644', '--template=motd'],
  subscription: () => ['--contact=someone'],
  silence: () => ['--pattern=rack12-*', '--ends-at=2100-01-01T00:00:00Z'],
};

test.each(ITEM_TYPES.map(({ name }) => name))(
  'a %s is added, changed, shown, found, copied, renamed and removed',
  async (type) => {
    const required = REQUIRED[type]?.() ?? [];
    expect(await ok(type, 'add', '--name=one', ...required, '--comment=first')).toBe(`${type} one added\n`);
    expect((await kickwatch(type, 'add', '--name=one', ...required)).err).toContain('--clobber');
    await ok(type, 'edit', '--name=one', '--comment=second try');
    expect(await ok(type, 'report', '--name=one')).toMatch(/comment +second try/);
    expect(await ok(type, 'find', '--comment=second*')).toBe('one\n');
    expect(await ok(type, 'copy', '--name=one', '--newname=two', '--comment=third')).toBe(
      `${type} one copied to two\n`,
    );
    expect(await ok(type, 'rename', '--name=two', '--newname=three')).toBe(`${type} two renamed to three\n`);
    expect((await ok(type, 'list')).split('\n')).toEqual(expect.arrayContaining(['one', 'three']));
    expect(await ok(type, 'find', '--comment=third', '--long')).toMatch(/^name [^]*\nthree /);
    expect(JSON.parse(await ok(type, 'report', '--name=three', '--json'))).toMatchObject({ comment: 'third' });
    expect(await ok(type, 'remove', '--name=three')).toBe(`${type} three removed\n`);
    await ok(type, 'remove', 'one', '--recursive');
    expect(await ok(type, 'find', '--comment=*i*d')).toBe('');
  },
  60_000,
);

describe('a system', () => {
  beforeAll(() =>
    ok('system', 'add', '--name=web1', '--profile=gp', '--interface=eth0', '--mac=aa:bb:cc:dd:ee:01', '--kopts=a=1 b'),
  );
  afterAll(() => ok('system', 'remove', '--name=web1'));

  test('gets, loses and renames interfaces', async () => {
    await ok('system', 'edit', '--name=web1', '--interface=eth1', '--ip=10.0.0.7');
    await ok('system', 'edit', '--name=web1', '--interface=eth1', '--rename-interface=bond0');
    expect(await ok('system', 'find', '--interface=bond0')).toBe('web1\n');
    await ok('system', 'edit', '--name=web1', '--interface=bond0', '--delete-interface');
    expect(await ok('system', 'find', '--ip=10.0.0.7')).toBe('');
  });

  test('keeps the pairs it has when some are given with --in-place', async () => {
    await ok('system', 'edit', '--name=web1', '--in-place', '--kernel-options=c=3 ~a');
    expect(await ok('system', 'report', 'web1')).toMatch(/kernel-options +b c=3/);
    await ok('system', 'edit', '--name=web1', '--kernel-options=d=4');
    expect(await ok('system', 'report', 'web1')).toMatch(/kernel-options +d=4/);
  });

  test('shows its variables, sorted', async () => {
    const names = (await ok('system', 'dumpvars', '--name=web1')).split('\n').map((line) => line.split(':')[0]!);
    expect(names).toContain('profile_name');
    expect(names.slice(0, -1)).toEqual(names.slice(0, -1).sort());
  });

  test('is replaced as a whole with --clobber', async () => {
    await ok('system', 'add', '--name=web1', '--profile=gp', '--clobber', '--comment=new');
    const system = JSON.parse(await ok('system', 'report', 'web1', '--json')) as Record<string, unknown>;
    expect(system).toMatchObject({ comment: 'new', interfaces: {}, kernel_options: '<<inherit>>' });
  });

  test('of nobody is refused with the names that are close', async () => {
    for (const action of ['edit', 'report', 'remove', 'dumpvars']) {
      const { code, err } = await kickwatch('system', action, '--name=wbe1');
      expect(code).toBe(1);
      expect(err).toContain('Close to it: web1');
    }
  });
});

test('secrets are shown to whoever may log in', async () => {
  expect(await ok('contact', 'report', 'someone')).toContain('someone@example.org');
  expect(await ok('contact', 'find', '--email=someone@example.org')).toBe('someone\n');
});

test('a report can be JSON, YAML or a table for spreadsheets', async () => {
  expect(JSON.parse(await ok('distro', 'report', '--format=json'))).toMatchObject([{ name: 'gd' }]);
  expect(await ok('distro', 'report', '--format=yaml')).toMatch(/^- [^]*name: gd/);
  expect(await ok('distro', 'report', '--format=csv')).toMatch(/^name,[^]*\r\ngd,/);
});

test('list and report of everything have every type that has items', async () => {
  expect(await ok('list')).toBe('distros:\n   gd\n\nprofiles:\n   gp\n\ncontacts:\n   someone\n');
  expect(await ok('report')).toMatch(/gd {2}distro[^]*gp {2}profile[^]*someone {2}contact/);
});

describe('called as cobbler', () => {
  test('changes are silent, lists indented, reports aligned', async () => {
    expect(await cobbler('menu', 'add', '--name=m1')).toEqual({ code: 0, out: '', err: '' });
    expect(await cobbler('menu', 'list')).toEqual({ code: 0, out: '   m1\n', err: '' });
    expect(await cobbler('menu', 'find', '--name=m*')).toEqual({ code: 0, out: 'm1\n', err: '' });
    expect((await cobbler('menu', 'report', '--name=m1')).out).toBe(
      [
        'Name                           : m1',
        'Comment                        : ',
        'Display Name                   : ',
        'Parent Menu                    : ',
        '',
        '',
      ].join('\n'),
    );
    expect((await cobbler('list')).out).toBe(
      'distros:\n   gd\n\nprofiles:\n   gp\n\nsystems:\n\nrepos:\n\nimages:\n\nmgmtclasses:\n\npackages:\n\nfiles:\n\nmenus:\n   m1\n',
    );
    expect(await cobbler('menu', 'remove', '--name=m1')).toEqual({ code: 0, out: '', err: '' });
  });

  test.each([
    [['menu', 'report', '--name=nope'], 0, 'No menu found: nope\n'],
    [['menu', 'edit', '--name=nope'], 1, "exception on server: 'internal error, unknown menu name nope'\n"],
    [['menu', 'copy', '--name=nope'], 1, "exception on server: 'newname'\n"],
    [['menu', 'edit', '--comment=x'], 1, '--name is required\n'],
    [['system', 'dumpvars', '--name=nope'], 1, 'system not found: nope\n'],
    [
      ['distro', 'add', '--name=gd'],
      1,
      `exception on server: "It seems unwise to overwrite the object gd, try 'edit'"\n`,
    ],
    [['frobnicate'], 1, 'No such command: frobnicate\n'],
  ])('%j ends as in Cobbler', async (args, code, out) => {
    expect(await cobbler(...args)).toEqual({ code, out, err: '' });
  });

  test('wrong options are told in the words of optparse on the other stream', async () => {
    expect(await cobbler('menu', 'add', '--nonsense=1')).toEqual({
      code: 2,
      out: '',
      err: 'Usage: cobbler [options]\n\ncobbler: error: no such option: --nonsense\n',
    });
  });

  test('status is the table of Cobbler', async () => {
    expect((await cobbler('status')).out).toMatch(/^ip {13}\|target/);
  });
});
