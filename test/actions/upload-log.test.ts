import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createUploadFiles, MAX_FILE_BYTES } from '../../src/actions/upload-files';
import { TAIL_MS, UNCLOSED_MS } from '../../src/actions/upload-log';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { openUploadSite, sample, type Piece, type UploadSite } from '../support/uploads';
import { readKinds } from '../support/write-path';

let database: TestDatabase;
let site: UploadSite;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  site = await openUploadSite(database.knex);
});
afterEach(() => site.close());

describe('the bytes', () => {
  test('of one file are those that were sent, call by call', async () => {
    const steps: [Piece, boolean, string][] = [
      [{ offset: 0, data: 'hello' }, true, 'hello'],
      [{ offset: 5, data: ' world' }, true, 'hello world'],
      [{ offset: -1, size: 11 }, true, 'hello world'],
      [{ offset: 20, data: 'gap' }, true, `hello world${'\0'.repeat(9)}gap`],
      [{ offset: 3, data: 'XX' }, true, `helXX world${'\0'.repeat(9)}gap`],
      [{ offset: 0, size: 99, data: 'hello' }, false, `helXX world${'\0'.repeat(9)}gap`],
      [{ offset: 0, data: 'abc' }, true, 'abc'],
      [{ offset: -1, size: 5, data: 'defg' }, true, 'abcde'],
      [{ offset: -1, size: 4, data: 'four' }, true, 'four'],
      [{ offset: -1, size: 10, data: 'xy' }, true, `fourxy${'\0'.repeat(4)}`],
      [{ offset: -1, size: 0 }, true, ''],
    ];
    for (const [piece, answer, expected] of steps) {
      expect(await site.send(piece)).toBe(answer);
      expect(await site.content('web1', 'anaconda.log')).toBe(expected);
    }
  });

  test('of an empty piece make an empty file', async () => {
    expect(await site.send({ file: 'empty.log' })).toBe(true);
    expect(await site.content('web1', 'empty.log')).toBe('');
  });

  test('of anamon aliases with a plus sign and of hidden files are kept', async () => {
    expect(await site.send({ file: 'tmp+install.log', data: 'x' })).toBe(true);
    expect(await site.send({ file: '.hidden', data: 'x' })).toBe(true);
    expect(await readdir(path.join(site.dataDir, 'anamon/web1'))).toEqual(['.hidden', 'tmp+install.log']);
  });

  test('of a kickstart are for few eyes, those of a log for more', async () => {
    await site.send({ file: 'ks.cfg', data: 'rootpw secret' });
    await site.send({ file: 'anaconda.log', data: 'x' });
    expect((await stat(site.latest('web1', 'ks.cfg'))).mode & 0o777).toBe(0o640);
    expect((await stat(site.latest('web1', 'anaconda.log'))).mode & 0o777).toBe(0o644);
  });
});

describe('a hostile upload', () => {
  test.each([
    { name: '../web1' },
    { name: '..' },
    { name: '.' },
    { name: '' },
    { name: '/etc' },
    { name: 'web1\0' },
    { name: 'web1\n' },
    { name: 'we\tb1' },
    { name: 'n'.repeat(300) },
    { name: 'nobody' },
    { peer: '10.66.0.1' },
    { file: '..' },
    { file: '../x' },
    { file: 'a/b.log' },
    { file: '/etc/passwd' },
    { file: 'a\0b' },
    { file: 'a\nb' },
    { file: 'a b' },
    { file: '' },
    { file: 'ä.log' },
    { size: -1 },
    { size: 2 },
    { offset: MAX_FILE_BYTES },
    { offset: Number.MAX_SAFE_INTEGER - 5 },
    { offset: -1, size: MAX_FILE_BYTES + 1 },
  ])('%p is answered false and leaves nothing behind', async (piece) => {
    expect(await site.send({ data: 'x', ...piece })).toBe(false);
    expect(await readdir(site.dataDir, { recursive: true })).not.toContainEqual(
      expect.stringMatching(/\.log$|passwd|x$/),
    );
  });

  test('through a symbolic link is refused and follows it nowhere', async () => {
    const victim = path.join(site.dataDir, 'victim');
    await writeFile(victim, 'mine');
    await mkdir(path.join(site.dataDir, 'anamon/web1'), { recursive: true });
    await symlink(victim, site.latest('web1', 'link.log'));
    await expect(site.send({ file: 'link.log', data: 'x' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'destination not a file: /var/log/cobbler/anamon/web1/link.log',
    });
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  test('to the folder itself or with an impossible offset or name is told so', async () => {
    await expect(site.send({ file: '.', data: 'x' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await readdir(site.dataDir)).not.toContain('anamon');
    await expect(site.send({ offset: -2, data: 'x' })).rejects.toMatchObject({
      message: '[Errno 22] Invalid argument',
    });
    await expect(site.send({ file: 'f'.repeat(300), data: 'x' })).rejects.toMatchObject({
      message: expect.stringMatching(/^\[Errno 36\] File name too long: '\/var\/log\/cobbler\/anamon\/web1\/f{300}'$/),
    });
  });

  test('of too many files is refused and complained of once', async () => {
    for (let n = 0; n < 200; n++) expect(await site.send({ file: `${n}.log`, data: 'x' })).toBe(true);
    for (let n = 200; n < 205; n++) expect(await site.send({ file: 'more.log', data: 'x' })).toBe(false);
    expect(site.warnings.filter(({ sentence }) => sentence === 'An upload was refused.')).toHaveLength(1);
  });

  test('that fills the disk is refused before the disk is full', async () => {
    const files = createUploadFiles(
      () => site.server.now,
      () => Promise.resolve({ bavail: 100, bsize: 4_096 }),
    );
    site.uploads = site.start({ files });
    expect(await site.send({ data: 'x' })).toBe(false);
    expect(site.warnings[0]!.fields).toMatchObject({ reason: 'the disk is nearly full' });
  });

  test('is not even looked at when uploads are switched off', async () => {
    site.uploads = site.start({ isEnabled: () => false });
    expect(await site.send({ data: 'x' })).toBe(false);
  });

  test('of one endless binary line is stored and says nothing', async () => {
    const noise = Buffer.alloc(3_000_000, 0x80);
    await site.sendWhole('sys.log', noise);
    expect((await readFile(site.latest('web1', 'sys.log'))).equals(noise)).toBe(true);
    expect(site.handedOn).toEqual([]);
  });
});

describe('a growing log', () => {
  test('moves the run through its phases, each fact once', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    const phases: string[] = [];
    for (const share of [0.1, 0.5, 0.62, 0.7, 1]) {
      site.server.now += 5_000;
      await site.sendWhole('anaconda.log', whole.subarray(0, Math.floor(whole.length * share)));
      phases.push((await site.latestRun()).phase);
    }
    expect(phases).toEqual(['config', 'storage', 'packages', 'configure', 'post']);
    const kinds = await readKinds(site.server.store);
    expect(new Set(kinds.filter((kind) => kind !== '1 progress-reported'))).toEqual(new Set());
    const keys = site.handedOn.flatMap((draft) => draft.dedupeKey ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('sent again without growth says nothing', async () => {
    const log = sample('el6-centos6.2-dvd-success/anaconda.log');
    await site.sendWhole('anaconda.log', log);
    const before = site.handedOn.length;
    await site.sendWhole('anaconda.log', log);
    expect(site.handedOn).toHaveLength(before);
  });

  test('counts packages across uploads', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/packaging.log');
    await site.sendWhole('packaging.log', whole.subarray(0, 60_000));
    const first = await site.latestRun();
    await site.sendWhole('packaging.log', whole);
    const last = await site.latestRun();
    expect(first.packagesDone).toBeGreaterThan(20);
    expect(first.packagesDone).toBeLessThan(403);
    expect(last).toMatchObject({ packagesDone: 403, packagesTotal: 403, phase: 'packages' });
  });

  test('cut in the middle of a line is understood when the line is whole', async () => {
    await site.sendWhole(
      'anaconda.log',
      '05:00:06,824 INF main: /sbin/anaconda 33.16\n05:00:22,762 INF startup_utils: Pars',
    );
    expect((await site.latestRun()).phase).toBe('bootstrap');
    await site.sendWhole(
      'anaconda.log',
      '05:00:06,824 INF main: /sbin/anaconda 33.16\n05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n',
    );
    expect((await site.latestRun()).phase).toBe('config');
  });

  test('that ends without a line end is understood after a minute', async () => {
    await site.sendWhole(
      'anaconda.log',
      '05:00:00,000 INF main: hello\n15:10:13,511 INF core.util: Reporting the IPMI event: 8',
    );
    await site.uploads.sweep();
    expect((await site.latestRun()).status).toBe('installing');
    site.server.now += TAIL_MS;
    await site.uploads.sweep();
    expect((await site.latestRun()).status).toBe('finished');
  });

  test('that nobody closes is read after a while', async () => {
    await site.send({ data: '15:10:13,511 INF core.util: Reporting the IPMI event: 8\n' });
    site.server.now += UNCLOSED_MS - 1;
    await site.uploads.sweep();
    expect(site.handedOn).toEqual([]);
    site.server.now += 1;
    await site.uploads.sweep();
    expect((await site.latestRun()).status).toBe('finished');
  });

  test('that nobody closed is read before it is sent again', async () => {
    await site.send({ data: '05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n' });
    await site.send({ data: 'something else\n' });
    expect(site.handedOn.map((draft) => draft.detail.phase)).toEqual(['config']);
  });

  test('that failed is a failed run, with the words and lines of its error', async () => {
    await site.sendWhole('anaconda-tb-yj11b8m4', sample('f43-payload-download-failure-tb/anaconda-tb-yj11b8m4'));
    const run = await site.latestRun();
    expect(run).toMatchObject({
      status: 'failed',
      phase: 'packages',
      endInferred: true,
      reason: 'PayloadInstallationError: Failed to download the following packages: Failed to download packages',
    });
    expect(run.errors[0]).toMatchObject({ file: 'anaconda-tb-yj11b8m4', line: 17 });
  });
});

describe('a log that is another one now', () => {
  const boot = (version: string, more = ''): string =>
    `05:00:06,824 INF main: /sbin/anaconda ${version}\n05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n${more}`;

  test('says that the installer has started over', async () => {
    const installing = '05:00:54,680 INF installation: Task started: Install the payload (11/44)\n';
    await site.sendWhole('anaconda.log', boot('33.16', installing));
    site.server.now += 3_600_000;
    await site.sendWhole('anaconda.log', boot('33.17').replaceAll('05:00', '06:00'));
    expect(await readKinds(site.server.store)).toEqual([
      '1 progress-reported',
      '1 progress-reported',
      '1 progress-reported',
      ...['1 run-late', '1 run-stalled'],
      '1 install-terminated',
      '2 install-started',
      '2 progress-reported',
    ]);
  });

  test('and shorter, with the same beginning, is read again from its beginning and starts nothing', async () => {
    await site.sendWhole('anaconda.log', boot('33.16', 'and more\n'));
    await site.sendWhole('anaconda.log', boot('33.16'));
    expect(new Set((await readKinds(site.server.store)).map((kind) => kind.slice(2)))).toEqual(
      new Set(['progress-reported']),
    );
  });

  test('is not what a piece of a file sent again looks like', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    await site.sendWhole('anaconda.log', whole);
    const before = site.handedOn.length;
    await site.send({ file: 'anaconda.log', data: whole.subarray(0, 5_000) });
    site.server.now += UNCLOSED_MS;
    await site.uploads.sweep();
    expect(site.handedOn).toHaveLength(before);
    await site.sendWhole('anaconda.log', Buffer.concat([whole, Buffer.from('05:14:00,000 INF main: Return\n')]));
    expect(site.handedOn).toHaveLength(before + 1);
  });
});

test('of a large file that grew only the new lines are parsed', async () => {
  const line = '05:00:30,000 DBG simpleline: Processing screen ScreenData(SummaryHub,None,False)\n';
  const big = Buffer.from(line.repeat(50_000));
  await site.sendWhole('anaconda.log', big);
  await site.sendWhole('anaconda.log', Buffer.concat([big, Buffer.from(line)]));
  const [upload] = await site.server.store.uploads.findByName('web1');
  expect(upload).toMatchObject({ parsedBytes: big.length + line.length, state: { lines: 50_001 } });
});
