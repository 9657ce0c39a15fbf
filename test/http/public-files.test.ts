import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createPublicFiles, type PublicFilesDeps } from '../../src/http/public-files';
import type { HttpRequest } from '../../src/http/server';
import { loadSnippets, renderSnippet, type Snippets } from '../../src/http/snippets';
import { sendRaw } from '../support/raw-http';
import { startHttp, type TestHttp } from './start-http';

let snippets: Snippets;
beforeAll(async () => {
  snippets = await loadSnippets(__dirname);
});

async function get(path: string, rest: Partial<HttpRequest> = {}, deps: Partial<PublicFilesDeps> = {}) {
  const route = createPublicFiles({
    snippets,
    publicUrl: null,
    ownUrl: () => 'http://own:25151',
    tls: false,
    ...deps,
  });
  const answer = await route.handle({
    method: 'GET',
    path: `/cblr/pub/${path}`,
    query: '',
    headers: { host: 'kickwatch:25151' },
    peer: '192.0.2.7',
    body: Buffer.alloc(0),
    ...rest,
  });
  expect(answer.contentType ?? 'text/plain;charset=utf-8').toBe('text/plain;charset=utf-8');
  return { status: answer.status, body: answer.body as string, headers: answer.headers ?? {} };
}

test('the list names every snippet there is', async () => {
  const { status, body } = await get('');
  expect(status).toBe(200);
  const named = body
    .split('\n')
    .slice(3)
    .filter(Boolean)
    .map((line) => line.split(' ')[0]);
  expect(named.sort()).toEqual([...snippets.files.keys()].filter((name) => name !== 'INDEX').sort());
});

test('what is fetched can be used as it is: no include, no directive, no variable of a template language', async () => {
  for (const name of snippets.files.keys()) {
    const { status, body } = await get(name, { query: 'system=web1&profile=web' });
    expect([name, status]).toEqual([name, 200]);
    expect(body).not.toMatch(
      /\$SNIPPET|\$getVar|\$http_server|^#(?:raw|if|else|end)|@@(?:server|host|system|profile)@@/m,
    );
  }
});

test('a snippet calls the address its reader came by, for the system it was asked for', async () => {
  const { body } = await get('kickstart/post.ks', { query: 'system=web1' });
  expect(body).toContain("kw_server='kickwatch:25151'\nkw_system='web1'\n");
  expect((await get('debian/preseed.cfg', { query: 'system=web1' })).body).toContain(
    '"http://kickwatch:25151/cblr/pub/kickwatch.sh?system=web1"',
  );
});

test.each([
  ['a name in IPv6', { host: '[2001:db8::1]:25151' }, {}, "kw_server='[2001:db8::1]:25151'"],
  ['a shell command', { host: "x';reboot;'" }, {}, "kw_server='own:25151'"],
  ['a port that is none', { host: 'kickwatch:99999' }, {}, "kw_server='own:25151'"],
  ['nothing', {}, {}, "kw_server='own:25151'"],
  ['anything, over TLS', { host: 'kickwatch' }, { tls: true }, "kw_server='https://kickwatch'"],
  [
    'anything, with a PUBLIC_URL',
    { host: 'x' },
    { publicUrl: 'https://kw.example.com/' },
    "kw_server='https://kw.example.com'",
  ],
  ['anything, with a PUBLIC_URL of this machine', { host: 'x' }, { publicUrl: 'http://localhost:1' }, "kw_server='x'"],
])('a caller whose Host header is %s gets an address that is one', async (_, headers, deps, line) => {
  expect((await get('kickwatch.sh', { headers }, deps)).body).toContain(line);
});

test('over TLS whole addresses stay whole', async () => {
  const { body } = await get('ubuntu/user-data', { query: 'system=web1' }, { tls: true });
  expect(body).toContain('endpoint: https://kickwatch:25151/v1/webhook/subiquity/web1\n');
});

test.each(["system=a'b", 'system=', 'system=a%20b', 'system=%00', 'profile=$(reboot)', `system=${'a'.repeat(256)}`])(
  'a name that is none is refused: %s',
  async (query) => {
    const { status, body } = await get('kickwatch.sh', { query });
    expect([status, body]).toEqual([400, expect.stringMatching(/^# (?:system|profile) must be a name/)]);
  },
);

test.each([
  '../package.json',
  '%2e%2e/package.json',
  '..%2fpackage.json',
  'kickstart/../../package.json',
  '/etc/passwd',
  '%2fetc%2fpasswd',
  'kickwatch.sh%00',
  'kickstart',
  'kickstart/',
  'KICKWATCH.SH',
  '__proto__',
])('no path leads out of the folder: %s', async (name) => {
  expect((await get(name)).status).toBe(404);
});

test.each(['%', '%ff', 'x'.repeat(3_000)])('a path that cannot be read is told so', async (name) => {
  expect((await get(name)).status).toBe(400);
});

test('who has it already is told so, by tag or by date', async () => {
  const first = await get('kickwatch.sh');
  const { ETag: tag, 'Last-Modified': date } = first.headers as { ETag: string; 'Last-Modified': string };
  const again = async (headers: HttpRequest['headers']): Promise<number> =>
    (await get('kickwatch.sh', { headers: { host: 'kickwatch:25151', ...headers } })).status;
  expect(await again({ 'if-none-match': tag })).toBe(304);
  expect(await again({ 'if-none-match': `"x", ${tag.slice(2)}` })).toBe(304);
  expect(await again({ 'if-modified-since': date })).toBe(304);
  expect(await again({ 'if-none-match': '"x"', 'if-modified-since': date })).toBe(200);
  expect(await again({ 'if-none-match': tag, host: 'other' })).toBe(200);
  expect(await again({ 'if-modified-since': 'yesterday' })).toBe(200);
});

test('nothing can be sent there', async () => {
  expect(await get('kickwatch.sh', { method: 'POST' })).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' } });
});

test('links, hidden files and what is too large are not served', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-snippets-'));
  const inside = path.join(folder, 'snippets');
  await mkdir(path.join(inside, 'a'), { recursive: true });
  await writeFile(path.join(inside, 'kickwatch.sh'), 'true\n');
  await writeFile(path.join(inside, 'a', '.secret'), 'secret');
  await writeFile(path.join(inside, 'a', 'large'), 'x'.repeat(300_000));
  await writeFile(path.join(folder, 'outside'), 'secret');
  await symlink(path.join(folder, 'outside'), path.join(inside, 'link'));
  await symlink(folder, path.join(inside, 'folder'));
  const loaded = await loadSnippets(path.join(inside, 'a'));
  await rm(folder, { recursive: true });
  expect([...loaded.files.keys()]).toEqual(['kickwatch.sh']);
});

test('a snippet that includes itself ends', () => {
  const files = new Map([['a', "x\n$SNIPPET('kickwatch/a')\n$SNIPPET('kickwatch/b')\n$SNIPPET('mine')"]]);
  const values = { url: 'http://kickwatch', system: null, profile: null };
  expect(renderSnippet({ files, changedAt: 0 }, 'a', values)).toBe('x\nx\nx\nx\nx\nx');
});

describe('on the wire', () => {
  let http: TestHttp;
  beforeAll(async () => {
    const deps = { snippets, publicUrl: null, ownUrl: () => 'http://own:25151', tls: false };
    http = await startHttp({ routes: [createPublicFiles(deps)] });
  });
  afterAll(() => http.server.stop());

  test('HEAD answers as GET does, without the text', async () => {
    const url = `http://127.0.0.1:${http.port}`;
    const got = await sendRaw(url, { method: 'GET', path: '/cblr/pub/kickwatch.sh' });
    const head = await sendRaw(url, { method: 'HEAD', path: '/cblr/pub/kickwatch.sh' });
    expect([got.status, head.status, head.body]).toEqual([200, 200, '']);
    expect(got.body).toContain(`kw_server='127.0.0.1:${http.port}'`);
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(got.body)));
    expect(head.headers['etag']).toBe(got.headers['etag']);
  });
});
