import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_SETTINGS } from '../src/domain/settings';
import { loadSettings, parseSettings } from '../src/settings';

const settingsOf = (yaml: string) => parseSettings(yaml, 'settings.yaml').settings;

test('without a file all settings are those Cobbler ships, save that installs are watched', async () => {
  const { settings, warnings } = await loadSettings(null);
  expect(warnings).toEqual([]);
  expect(settings).toBe(DEFAULT_SETTINGS);
  expect(settings).toMatchObject({ anamon_enabled: true, register_new_installs: false, default_virt_ram: 512 });
});

test('a file says what differs; the rest stays as shipped', () => {
  expect(settingsOf('server: 10.0.0.1\nregister_new_installs: true\n')).toMatchObject({
    server: '10.0.0.1',
    register_new_installs: true,
    http_port: 80,
  });
});

test('words for yes and no, the numbers of Cobbler 2 and lists as text are understood', () => {
  expect(
    settingsOf(
      'pxe_just_once: no\nallow_duplicate_macs: 1\ndefault_ownership: "admin ops"\ndefault_virt_file_size: 6\n',
    ),
  ).toMatchObject({
    pxe_just_once: false,
    allow_duplicate_macs: true,
    default_ownership: ['admin', 'ops'],
    default_virt_file_size: 6,
  });
});

test('former names mean the settings of today', () => {
  expect(settingsOf('next_server: 10.0.0.1\n')).toMatchObject({ next_server_v4: '10.0.0.1' });
});

test('an unknown name is a warning', () => {
  expect(parseSettings('consoles: /x\n', 's.yaml').warnings).toEqual(['s.yaml: unknown setting "consoles" is ignored']);
});

test('all values of the wrong type are named at once, and no secret is shown', () => {
  expect(() => settingsOf('http_port: high\nserver: [a]\nldap_search_passwd: {hush: 1}\n')).toThrow(
    'http_port must be a whole number, not text; server must be text, not a list; ' +
      'ldap_search_passwd must be text, not a mapping',
  );
});

test.each([
  ['server: [a', 'is not YAML'],
  ['- server', 'must hold "name: value" lines'],
  ['a: &x [1]\nb: [*x, *x]', 'uses YAML aliases'],
  [`mgmt_parameters: ${'{a: '.repeat(30)}1${'}'.repeat(30)}`, 'nested deeper'],
])('%j is refused', (yaml, reason) => {
  expect(() => settingsOf(yaml)).toThrow(reason);
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-settings-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are read', async () => {
    const file = path.join(folder, 'settings.yaml');
    await writeFile(file, '# comment\nserver: 10.0.0.1\n');
    expect((await loadSettings(file)).settings.server).toBe('10.0.0.1');
  });

  test('that are missing or enormous are refused in one sentence', async () => {
    await expect(loadSettings(path.join(folder, 'none'))).rejects.toThrow(/none cannot be read \(ENOENT\)/);
    const file = path.join(folder, 'big.yaml');
    await writeFile(file, 'x'.repeat(300_000));
    await expect(loadSettings(file)).rejects.toThrow('larger than');
  });
});
