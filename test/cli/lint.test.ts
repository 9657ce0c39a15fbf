import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cli } from './support/run-cli';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-lint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const where = path.join(folder, name);
  await writeFile(where, content);
  return where;
}

const CALLS = '/cblr/svc/op/trig/mode';
const GOOD = `%pre
curl -m 2 http://kw${CALLS}/pre/system/web1
%end
%onerror
curl -m 2 -d state=error http://kw/v1/status/web1
%end
%post
curl -m 2 http://kw/cblr/svc/op/nopxe/system/web1
curl -m 2 http://kw${CALLS}/post/system/web1
curl -m 2 http://kw${CALLS}/firstboot/system/web1
%end
logging --host=kw
`;

test('a file that lacks nothing ends with exit code 0', async () => {
  const good = await file('good.ks', GOOD);
  expect(await cli(['lint', good])).toEqual({
    code: 0,
    out: `${good}  kickstart, nothing to find fault with\n`,
    err: '',
  });
});

test('what is missing is named with its cost and the line to add, aligned, and what is essential makes exit code 1', async () => {
  const bad = await file(
    'bad.ks',
    GOOD.replace(/%onerror[^]*?%end\n/, '').replace(
      'curl -m 2 http://kw/cblr/svc/op/nopxe',
      'curl http://kw/cblr/svc/op/nopxe',
    ),
  );
  const { code, out } = await cli(['lint', bad]);
  expect(code).toBe(0); // the log is sent live, which tells of failures too
  expect(out.split('\n').slice(0, 5)).toEqual([
    `${bad}  kickstart, 2 warnings`,
    '     -  warning  cannot report errors: no %onerror. Only the live log tells of a failure.',
    "                 add $SNIPPET('kickwatch/kickstart/onerror.ks')",
    '     5  warning  curl without a time limit: a server that hangs hangs the install.',
    '                 write curl -m 2 …',
  ]);
  const none = await file('none.ks', 'lang en_US\nrootpw x\n');
  expect((await cli(['lint', none])).code).toBe(1);
});

test('programs get JSON', async () => {
  const none = await file('none.ks', 'lang en_US\nrootpw x\n');
  const { code, out } = await cli(['lint', '--json', none, path.join(folder, 'nope')]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    files: [
      { file: none, kind: 'kickstart', fault: null, findings: expect.any(Array) },
      { file: path.join(folder, 'nope'), kind: null, fault: 'there is no such file', findings: [] },
    ],
  });
  expect(JSON.parse(out).files[0].findings[0]).toEqual({
    rule: 'no-start',
    severity: 'error',
    line: null,
    text: expect.stringContaining('no start'),
    add: "$SNIPPET('kickwatch/kickstart/pre.ks')",
  });
});

test.each([
  ['a binary', Buffer.from([0x7f, 0x45, 0, 1]), 'it is binary: no autoinstall file'],
  ['an empty file', '', 'it is empty'],
  ['a huge file', 'x'.repeat(1024 * 1024 + 1), 'it is larger than 1024 KiB: no autoinstall file'],
  ['something else', 'hello\n', 'no autoinstall file that is known here; --kind says what it is'],
])('%s is told from an autoinstall file, and the others are checked all the same', async (_, content, sentence) => {
  const strange = await file('strange', content);
  const good = await file('good.ks', GOOD);
  const { code, out, err } = await cli(['lint', strange, good]);
  expect([code, err]).toEqual([1, '']);
  expect(out).toContain(`${strange}  cannot be checked: ${sentence}`);
  expect(out).toContain('nothing to find fault with');
});

test('a folder is no file', async () => {
  expect((await cli(['lint', folder])).out).toContain('it is a folder; name the files in it');
});

test('a kind given by hand wins', async () => {
  const odd = await file('odd', 'hello\n');
  expect((await cli(['lint', '--kind', 'cloud-init', odd])).out).toContain('cloud-init, 1 error');
  expect((await cli(['lint', '--kind', 'bsd', odd])).code).toBe(2);
});

test('YAML that is none is told with its line', async () => {
  const broken = await file('user-data', '#cloud-config\nautoinstall:\n  reporting: [\n  a: b: c\n');
  const { code, out } = await cli(['lint', broken]);
  expect(code).toBe(1);
  expect(out).toMatch(/^ {5}\d {2}error {4}no valid YAML: /m);
});

test('without a file the usage is shown', async () => {
  expect((await cli(['lint'])).code).toBe(2);
});
