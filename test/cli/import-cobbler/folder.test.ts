import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readFiles } from '../../../src/cli/import-cobbler/files';
import { emptySite } from '../../../src/cli/import-cobbler/old-site';
import { readCollections } from '../../../src/cli/import-cobbler/read-folder';
import { makeSite, writeSite } from './cobbler-site';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-import-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const silent = (): void => undefined;

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

test('all collections are read, each item of its type', async () => {
  writeSite(folder, makeSite(40, '/srv'));
  const { items, remarks, complete } = await readCollections(folder, silent);
  expect(items).toHaveLength(51);
  expect(items.filter(({ type }) => type.name === 'system').map(({ name }) => name)).toContain('node0040');
  expect(remarks).toEqual([]);
  expect(complete.size).toBe(9);
});

test('collections of Cobbler 2.8 are found under their names', async () => {
  put('distros.d/d.json', '{"name":"d","ks_meta":{}}');
  const { items, complete } = await readCollections(folder, silent);
  expect(items).toMatchObject([{ name: 'd' }]);
  expect([...complete]).toEqual(['distro']);
});

test('what is no item is told of with its file, and counts as there', async () => {
  put('systems/broken.json', '{"name": "broken", ');
  put('systems/empty.json', '');
  put('systems/list.json', '[1,2]');
  put('systems/nameless.json', '{"comment":"who am I"}');
  put('systems/number.json', '{"name":7}');
  put('systems/deep.json', `{"name":"deep","kernel_options":${'['.repeat(5_000)}${']'.repeat(5_000)}}`);
  put('systems/good.json', '{"name":"good"}');
  put('systems/notes.txt', 'not ours');
  put('systems/huge.json', '{}');
  truncateSync(path.join(folder, 'systems/huge.json'), 5 * 1024 * 1024);
  const { items, remarks, unread } = await readCollections(folder, silent);
  expect(items.map(({ name }) => name)).toEqual(['good']);
  expect(remarks.map(({ name, why }) => `${name}: ${why}`)).toEqual([
    expect.stringMatching(/^broken: systems\/broken.json: it is not JSON/),
    'deep: systems/deep.json: it is nested deeper than 50 levels',
    expect.stringMatching(/^empty: systems\/empty.json: it is not JSON/),
    'huge: systems/huge.json: it is larger than 4 MiB',
    'list: systems/list.json: it is not an item, which is a struct of fields',
    'nameless: systems/nameless.json: it has no name',
    'number: systems/number.json: it has no name',
  ]);
  expect(unread).toContain('system broken');
});

test('a folder without collections, or none at all, is a mistake that is said', async () => {
  await expect(readCollections(folder, silent)).rejects.toThrow('holds no collections of Cobbler');
  await expect(readCollections(path.join(folder, 'gone'), silent)).rejects.toThrow('there is no such folder');
});

test('collections of Cobbler 4 are not taken for those of 3', async () => {
  put('systems/s.json', '{"name":"s"}');
  put('network_interfaces/n.json', '{}');
  await expect(readCollections(folder, silent)).rejects.toThrow('collections of Cobbler 4');
});

test('templates are read with their folders; links, hidden, binary and large files are not', async () => {
  put('templates/sample.ks', 'install\n');
  put('templates/site/web.ks', 'text é\n');
  put('templates/.git/config', 'x');
  put('templates/binary', 'a\0b');
  put('templates/latin1', 'x');
  writeFileSync(path.join(folder, 'templates/latin1'), Buffer.from([0x65, 0xe9, 0x0a]));
  put('templates/large', 'x'.repeat(1024 * 1024 + 1));
  symlinkSync('/etc/passwd', path.join(folder, 'templates/link'));
  const site = emptySite(folder);
  expect(await readFiles(site, 'template', path.join(folder, 'templates'))).toBe(true);
  expect(site.files.map(({ path: name, text }) => [name, text])).toEqual([
    ['sample.ks', 'install\n'],
    ['site/web.ks', 'text é\n'],
  ]);
  expect(site.remarks.map(({ name, why }) => `${name}: ${why}`)).toEqual([
    'binary: it is no text in UTF-8',
    'large: it is larger than 1024 KiB: no autoinstall file',
    'latin1: it is no text in UTF-8',
    'link: it is no plain file',
  ]);
  expect(await readFiles(emptySite(folder), 'snippet', path.join(folder, 'snippets'))).toBe(false);
});
