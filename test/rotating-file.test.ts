import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRotatingFile, type RotatingFile } from '../src/rotating-file';

let dir: string;
let errors: string[];
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  errors = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function openFile(name: string, maxBytes = 1_000_000): RotatingFile {
  return createRotatingFile({
    file: path.join(dir, name),
    maxBytes,
    keep: 3,
    onError: (error) => errors.push((error as NodeJS.ErrnoException).code ?? error.message),
  });
}

test('lines are appended in order, to what is there already', async () => {
  await writeFile(path.join(dir, 'a.log'), 'old\n');
  const file = openFile('a.log');
  for (let n = 0; n < 5000; n++) file.write(`${n}\n`);
  await file.close();
  const lines = (await readFile(path.join(dir, 'a.log'), 'utf8')).split('\n');
  expect(lines.slice(0, 3)).toEqual(['old', '0', '1']);
  expect(lines).toHaveLength(5002);
});

test('a full file makes room for a new one, and the oldest goes', async () => {
  const file = openFile('a.log', 100);
  for (let n = 0; n < 10; n++) {
    file.write(`${n} ${'x'.repeat(60)}\n`);
    await file.flush();
  }
  await file.close();
  expect((await readdir(dir)).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2', 'a.log.3']);
  const firsts = await Promise.all(
    ['a.log', 'a.log.1', 'a.log.2', 'a.log.3'].map(async (name) => (await readFile(path.join(dir, name), 'utf8'))[0]),
  );
  expect(firsts).toEqual(['9', '8', '7', '6']);
});

test('a line longer than a file is kept whole', async () => {
  const file = openFile('a.log', 10);
  file.write(`${'x'.repeat(1000)}\n`);
  await file.close();
  expect(await readFile(path.join(dir, 'a.log'), 'utf8')).toHaveLength(1001);
});

test('a full disk is reported once and nothing waits for it', async () => {
  await symlink('/dev/full', path.join(dir, 'a.log'));
  const file = openFile('a.log');
  for (let n = 0; n < 3; n++) {
    file.write('x\n');
    await file.flush();
  }
  await file.close();
  expect(errors).toEqual(['ENOSPC']);
});

test('what could not be written is written when the disk takes it again', async () => {
  await mkdir(path.join(dir, 'a.log')); // in the way
  const file = openFile('a.log');
  file.write('first\n');
  await file.flush();
  expect(errors).toEqual(['EISDIR']);
  await rm(path.join(dir, 'a.log'), { recursive: true });
  file.write('second\n');
  await file.close();
  expect(await readFile(path.join(dir, 'a.log'), 'utf8')).toBe('first\nsecond\n');
});

test('memory stays bounded while the disk takes nothing', async () => {
  await mkdir(path.join(dir, 'a.log'));
  const file = openFile('a.log');
  const megabyte = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let n = 0; n < 40; n++) file.write(megabyte);
  await file.flush();
  await rm(path.join(dir, 'a.log'), { recursive: true });
  await file.close();
  const written = (await readdir(dir)).length;
  expect(written).toBe(4); // the limit of 1 MB each keeps the last four of the sixteen
});
