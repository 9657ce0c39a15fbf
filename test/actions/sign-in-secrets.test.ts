import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { keepAdminPassword, renewSharedSecret } from '../../src/actions/sign-in-secrets';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('a password is made once and kept for its owner alone', async () => {
  const first = await keepAdminPassword(dir);
  expect(first).toEqual({ password: expect.stringMatching(/^[a-z2-9]{20}$/), isNew: true });
  expect(await keepAdminPassword(dir)).toEqual({ password: first.password, isNew: false });
  expect((await stat(path.join(dir, 'admin-password'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['admin-password']);
});

test('a password written by hand is taken as it is', async () => {
  await writeFile(path.join(dir, 'admin-password'), 'my own \n');
  expect(await keepAdminPassword(dir)).toEqual({ password: 'my own ', isNew: false });
});

test('an emptied file does not make an empty password', async () => {
  await writeFile(path.join(dir, 'admin-password'), '');
  const { password, isNew } = await keepAdminPassword(dir);
  expect([password.length, isNew]).toEqual([20, true]);
});

test('servers that start together in one folder agree on one password', async () => {
  const kept = await Promise.all(Array.from({ length: 8 }, () => keepAdminPassword(dir)));
  expect(new Set(kept.map(({ password }) => password)).size).toBe(1);
  expect(kept.filter(({ isNew }) => isNew)).toHaveLength(1);
});

test('the shared secret is new at every start and for its owner alone', async () => {
  const first = await renewSharedSecret(dir);
  const second = await renewSharedSecret(dir);
  expect(first).toMatch(/^[0-9a-f]{128}$/);
  expect(second).not.toBe(first);
  expect(await readFile(path.join(dir, 'web.ss'), 'utf8')).toBe(second);
  expect((await stat(path.join(dir, 'web.ss'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['web.ss']);
});
