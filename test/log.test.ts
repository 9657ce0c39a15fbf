import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createLog, hideSecrets, type LogFields } from '../src/log';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function readLines(): Promise<LogFields[]> {
  const text = await readFile(path.join(dir, 'server.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogFields);
}

test('lines go to the file as JSON, with what child loggers carry', async () => {
  const log = createLog({ dir, level: 'info', console: false });
  const run = log.child({ component: 'watch' }).child({ runId: '7', system: 'web1' });
  run.info('The run stalled.', { phase: 'packages' });
  run.debug('Not wanted at this level.');
  await log.close();
  const lines = await readLines();
  expect(lines).toEqual([
    {
      level: 'info',
      message: 'The run stalled.',
      component: 'watch',
      runId: '7',
      system: 'web1',
      phase: 'packages',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
  ]);
});

test('an error is logged with its stack, code and causes', async () => {
  const log = createLog({ dir, level: 'info', console: false });
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  log.error('The database cannot be reached.', { error: new Error('connect', { cause }) });
  await log.close();
  const [line] = await readLines();
  expect(line).toMatchObject({
    message: 'The database cannot be reached.',
    error: { name: 'Error', message: 'connect', cause: { message: 'refused', code: 'ECONNREFUSED' } },
  });
  expect((line!.error as LogFields).stack).toContain('log.test.ts');
});

test('a field cannot take the place of the sentence or the level', async () => {
  const log = createLog({ dir, level: 'info', console: false });
  log.info('The sentence.', { message: 'other', level: 'error' });
  await log.close();
  expect(await readLines()).toMatchObject([{ message: 'The sentence.', level: 'info' }]);
});

test('everything logged is in the file when the log is closed', async () => {
  const log = createLog({ dir, level: 'info', console: false });
  for (let n = 0; n < 2000; n++) log.info('A line.', { n });
  await log.close();
  expect((await readLines()).map(({ n }) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
});

test('secrets are hidden, wherever they stand', () => {
  const token = Buffer.alloc(25, 7).toString('base64');
  const shown = hideSecrets({
    token: 'abc',
    adminPassword: 'geheim',
    nested: [{ web_secret: 'geheim', Authorization: 'Basic x' }],
    url: 'smtp://user:geheim@mail.example.com:587/',
    text: `fault for ${token} at +4930123456`,
    error: new Error('cannot reach postgres://kw:geheim@db/x'),
    tokens: 3,
    packages: '12345678901234',
  });
  const text = JSON.stringify(shown);
  expect(text).not.toContain('geheim');
  expect(text).not.toContain(token);
  expect(shown).toMatchObject({
    token: '[hidden]',
    url: 'smtp://user:[hidden]@mail.example.com:587/',
    text: 'fault for [hidden] at +***456',
    tokens: 3,
    packages: '12345678901234',
  });
});

test('values that JSON cannot hold, rings among them, do not break the log', async () => {
  const log = createLog({ dir, level: 'info', console: false });
  const ring: LogFields = {};
  ring.self = ring;
  log.info('Odd values.', { ring, big: 1n, bytes: Buffer.alloc(3), none: undefined });
  await log.close();
  expect(await readLines()).toMatchObject([{ big: '1', bytes: '[3 bytes]' }]);
});

test('a full disk does not stop the program', async () => {
  await symlink('/dev/full', path.join(dir, 'server.log'));
  const log = createLog({ dir, level: 'info', console: false });
  for (let n = 0; n < 100; n++) log.info('A line that cannot be kept.', { n });
  await new Promise((resolve) => setTimeout(resolve, 50));
  log.info('Another one.');
  await log.close();
});

test('a folder that cannot be made does not stop the program', async () => {
  await writeFile(path.join(dir, 'in-the-way'), '');
  const log = createLog({ dir: path.join(dir, 'in-the-way', 'log'), level: 'info', console: false });
  log.info('A line that cannot be kept.');
  await log.close();
});
