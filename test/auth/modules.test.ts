import { chooseModules } from '../../src/auth/modules';
import { makeCobblerFolder, type CobblerFolder } from '../support/cobbler-folder';

let folder: CobblerFolder;
beforeEach(async () => {
  folder = await makeCobblerFolder('');
});
afterEach(() => folder.remove());

test('without configuration they are Cobbler’s own, with the files in the data folder', async () => {
  expect(await chooseModules(null, {}, '/data')).toEqual({
    authentication: 'authentication.configfile',
    authorization: 'authorization.allowall',
    hashAlgorithm: 'sha3_512',
    saslauthdSocket: '/run/saslauthd/mux',
    folder: '/data',
  });
});

test('modules.conf beside the settings file says which, by the names of Cobbler 2 and 3; the settings file wins', async () => {
  await folder.write(
    'modules.conf',
    '[authentication]\nmodule = authn_pam\nhash_algorithm = blake2b\n[authorization]\nmodule = authorization.ownership\n',
  );
  const modules = await chooseModules(
    folder.settingsFile,
    { authentication: { module: 'authentication.ldap' } },
    '/data',
  );
  expect(modules).toMatchObject({
    authentication: 'authentication.ldap',
    authorization: 'authorization.ownership',
    hashAlgorithm: 'blake2b',
    folder: folder.path,
  });
});

test.each([
  ['authentication', { module: 'authentication.spacewalk' }, 'there is no Spacewalk'],
  ['authentication', { module: 'authn_testing' }, 'published password'],
  ['authentication', { module: 'whatever' }, 'There are authentication.configfile, authentication.denyall'],
  ['authorization', { module: 'authz_whatever' }, 'There are authorization.allowall'],
  ['authentication', { hash_algorithm: 'md4' }, 'hash_algorithm'],
])('%s %j is refused with a reason', async (section, given, reason) => {
  await expect(chooseModules(null, { [section]: given }, '/data')).rejects.toThrow(reason);
});

test('a modules.conf that cannot be understood is no reason to let everybody in', async () => {
  await folder.write('modules.conf', 'module = authorization.ownership\n');
  await expect(chooseModules(folder.settingsFile, {}, '/data')).rejects.toThrow('line 1 stands before');
});
