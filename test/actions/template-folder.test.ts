import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  chooseFolder,
  createTemplateFolder,
  MAX_TEMPLATE_BYTES,
  type TemplateFolder,
} from '../../src/actions/template-folder';

let base: string;
let dir: string;
let folder: TemplateFolder;
beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-templates-'));
  dir = path.join(base, 'templates');
  await mkdir(dir);
  await writeFile(path.join(base, 'secret'), 'of the server');
  folder = createTemplateFolder({
    dir,
    what: 'automatic installation template',
    shipped: new Map([['sample.ks', 'shipped']]),
  });
});
afterEach(() => rm(base, { recursive: true, force: true }));

test('what was written is read and listed, folders and all', async () => {
  await folder.write('el9/web.ks', 'text é\n');
  expect(await folder.read('el9/web.ks')).toBe('text é\n');
  expect(await folder.list()).toEqual(['el9/web.ks', 'sample.ks']);
  expect(await readFile(path.join(dir, 'el9/web.ks'), 'utf8')).toBe('text é\n');
  await folder.remove('el9/web.ks');
  expect(await folder.list()).toEqual(['sample.ks']);
});

test("a site's file hides the shipped one, which comes back when it goes", async () => {
  expect(await folder.read('sample.ks')).toBe('shipped');
  await folder.write('sample.ks', 'own');
  expect(await folder.read('sample.ks')).toBe('own');
  await folder.remove('sample.ks');
  expect(await folder.read('sample.ks')).toBe('shipped');
  await expect(folder.remove('sample.ks')).rejects.toThrow(/file not found/);
});

test.each([
  ['../secret', 'it must not contain ..'],
  ['a/../../secret', 'it must not contain ..'],
  ['..', 'it must not contain ..'],
  ['/etc/passwd', 'it must be relative'],
  ['', 'it must not be empty'],
  ['a//b', 'no part may be empty or hidden'],
  ['.ssh/key', 'no part may be empty or hidden'],
  ['a\0b', 'it must not contain control characters or backslashes'],
  ['a\nb', 'it must not contain control characters or backslashes'],
  ['a\\b', 'it must not contain control characters or backslashes'],
  ['x'.repeat(256), 'it must not be longer than 255 characters'],
])('the name %j is refused with the reason, and touches nothing', async (name, why) => {
  const words = `Invalid automatic installation template file location ${name.slice(0, 255)}`;
  for (const act of [folder.read(name), folder.write(name, 'x'), folder.remove(name)]) {
    await expect(act).rejects.toThrow(why);
  }
  await expect(folder.read(name)).rejects.toThrow(words);
  expect(await folder.find(name)).toBeNull();
  expect(await readdir(base)).toEqual(['secret', 'templates']);
  expect(await readdir(dir)).toEqual([]);
});

test('a link is followed inside the folder and not out of it', async () => {
  await folder.write('el9.ks', 'nine');
  await symlink('el9.ks', path.join(dir, 'latest.ks'));
  await symlink('../secret', path.join(dir, 'out.ks'));
  await symlink('..', path.join(dir, 'up'));
  expect(await folder.find('latest.ks')).toBe('nine');
  expect(await folder.find('out.ks')).toBeNull();
  expect(await folder.find('up/secret')).toBeNull();
  await expect(folder.remove('out.ks')).rejects.toThrow(/file not found/);
  await expect(folder.remove('up/secret')).rejects.toThrow(/file not found/);
  await expect(folder.write('up/new.ks', 'x')).rejects.toThrow(/leads out of the folder/);
  // Writing replaces the link, not what it leads to.
  await folder.write('out.ks', 'own');
  expect(await readFile(path.join(base, 'secret'), 'utf8')).toBe('of the server');
  expect(await folder.find('out.ks')).toBe('own');
});

test('what is no file is none', async () => {
  await mkdir(path.join(dir, 'folder'));
  expect(await folder.find('folder')).toBeNull();
  await expect(folder.write('folder', 'x')).rejects.toThrow(/it is a folder/);
  await writeFile(path.join(dir, 'file'), 'x');
  await expect(folder.write('file/below', 'x')).rejects.toThrow(/a file is in its way/);
});

test('a text is kept whole or refused', async () => {
  await folder.write('a.ks', 'before');
  await expect(folder.write('a.ks', 'x'.repeat(MAX_TEMPLATE_BYTES + 1))).rejects.toThrow(/larger than 262144 bytes/);
  await expect(folder.write('a.ks', 'a\0b')).rejects.toThrow(/NUL/);
  expect(await folder.read('a.ks')).toBe('before');
  await writeFile(path.join(dir, 'big.ks'), Buffer.alloc(MAX_TEMPLATE_BYTES + 1));
  await expect(folder.read('big.ks')).rejects.toThrow(/larger than 262144 bytes/);
});

test('a new file is not for everybody to read, and one that was stays so', async () => {
  await folder.write('new.ks', 'x');
  expect((await stat(path.join(dir, 'new.ks'))).mode & 0o777).toBe(0o640);
  await writeFile(path.join(dir, 'old.ks'), 'x', { mode: 0o644 });
  await folder.write('old.ks', 'y');
  expect((await stat(path.join(dir, 'old.ks'))).mode & 0o777).toBe(0o644);
});

test("Cobbler's folder is used where it is, one of ours where it is not, a chosen one always", async () => {
  expect(await chooseFolder(dir, dir, '/data')).toBe(dir);
  const missing = path.join(base, 'nowhere/snippets');
  expect(await chooseFolder(missing, missing, '/data')).toBe('/data/snippets');
  expect(await chooseFolder(missing, '/var/lib/cobbler/snippets', '/data')).toBe(missing);
});
