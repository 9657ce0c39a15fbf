import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { keepUpload } from '../../src/actions/keep-upload';
import { KEEP_FREE_BYTES } from '../../src/actions/upload-files';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-keep-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('copies of logs leave the disk the same room as the logs do', async () => {
  const source = path.join(folder, 'anaconda.log');
  await writeFile(source, 'x'.repeat(1_000));
  const disk = (bytes: number) => () => Promise.resolve({ bavail: bytes, bsize: 1 });
  const target = (run: string) => path.join(folder, run, 'anaconda.log');
  expect(await keepUpload(source, target('1'), 0, disk(KEEP_FREE_BYTES + 999))).toBe(false);
  expect(await readdir(path.join(folder, '1'))).toEqual([]);
  expect(await keepUpload(source, target('2'), 0, disk(KEEP_FREE_BYTES + 1_000))).toBe(true);
  // Nothing more to copy takes no room.
  expect(await keepUpload(source, target('2'), 1_000, disk(0))).toBe(true);
});
