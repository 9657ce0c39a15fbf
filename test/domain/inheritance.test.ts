import { blendItem, flattenItem, flattenPairs, resolveItem, type Chain } from '../../src/domain/inheritance';
import { initialValues, itemType } from '../../src/domain/inventory';
import { INHERIT, type ItemData } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';

const item = (type: string, values: ItemData) => ({
  type,
  values: { ...initialValues(itemType(type).fields, DEFAULT_SETTINGS), ...values },
});

const distro = (values: ItemData = {}) => item('distro', { name: 'd', arch: 'x86_64', ...values });
const profile = (values: ItemData = {}) => item('profile', { name: 'p', distro: 'd', ...values });
const system = (values: ItemData = {}) => item('system', { name: 's', profile: 'p', ...values });

describe('effective values', () => {
  test('a system takes what it does not say from its profile, the profile from the settings', () => {
    const resolved = resolveItem([system(), profile({ server: '10.0.0.9' }), distro()], DEFAULT_SETTINGS);
    expect(resolved).toMatchObject({
      server: '10.0.0.9',
      next_server_v4: '127.0.0.1',
      owners: ['admin'],
      virt_ram: 512,
      proxy: '',
      boot_loaders: ['grub', 'pxe', 'ipxe'],
    });
  });

  test('structs are merged from the settings down, the nearest wins', () => {
    const chain: Chain = [
      system({ kernel_options: { c: 'system' } }),
      profile({ kernel_options: { b: 'profile', c: 'profile' } }),
      distro({ kernel_options: { a: 'distro', b: 'distro' } }),
    ];
    const settings = { ...DEFAULT_SETTINGS, kernel_options: { z: 'setting' } };
    expect(resolveItem(chain, settings).kernel_options).toEqual({
      z: 'setting',
      a: 'distro',
      b: 'profile',
      c: 'system',
    });
  });

  test('a key with ! takes away what was inherited', () => {
    const chain: Chain = [
      profile({ kernel_options: { k2: '~', '!k3': '', p: '1' } }),
      distro({ kernel_options: { k1: ['v1', 'v2'], k2: null, k3: 'a b' } }),
    ];
    const { kernel_options: options } = resolveItem(chain, DEFAULT_SETTINGS);
    expect(flattenPairs(options as ItemData)).toBe('k1=v1 k1=v2 k2=~ p=1 ');
  });

  test('lists are not merged: the nearest that says something counts', () => {
    const chain: Chain = [system({ owners: ['a'] }), profile({ owners: ['b'] }), distro()];
    expect(resolveItem(chain, DEFAULT_SETTINGS).owners).toEqual(['a']);
  });

  test('the former names show the same values', () => {
    const chain: Chain = [system(), profile({ autoinstall: 'web.ks', autoinstall_meta: { a: '1' } }), distro()];
    expect(resolveItem(chain, DEFAULT_SETTINGS)).toMatchObject({ kickstart: 'web.ks', ks_meta: { a: '1' } });
  });

  test('machines of other architectures have fewer boot loaders', () => {
    expect(resolveItem([profile(), distro({ arch: 'aarch64' })], DEFAULT_SETTINGS).boot_loaders).toEqual(['grub']);
    expect(resolveItem([profile(), distro({ arch: 'ppc64le' })], DEFAULT_SETTINGS).boot_loaders).toEqual([
      'grub',
      'pxe',
    ]);
  });

  test("an interface's bridge may come from the settings", () => {
    const own = system({ interfaces: { eth0: { virt_bridge: INHERIT }, eth1: { virt_bridge: '' } } });
    const { interfaces } = resolveItem([own, profile(), distro()], DEFAULT_SETTINGS);
    expect(interfaces).toEqual({ eth0: { virt_bridge: 'xenbr0' }, eth1: { virt_bridge: '' } });
  });

  test('reading changes nothing that is stored', () => {
    const chain: Chain = [system(), profile({ kernel_options: { a: '1' } }), distro()];
    const before = structuredClone(chain);
    flattenItem(itemType('system').fields, resolveItem(chain, DEFAULT_SETTINGS));
    flattenItem(itemType('system').fields, blendItem(chain, DEFAULT_SETTINGS));
    expect(chain).toEqual(before);
  });
});

describe('blended data', () => {
  test('arrays are joined, scalars of the lower item win, the distro stays', () => {
    const chain: Chain = [
      system({ mgmt_classes: ['c', 'a'] }),
      profile({ name: 'sub', distro: '', parent: 'p', mgmt_classes: ['b'], server: '10.0.0.2' }),
      profile({ mgmt_classes: ['a'], server: '10.0.0.1' }),
      distro({ mgmt_classes: [] }),
    ];
    const blended = blendItem(chain, DEFAULT_SETTINGS);
    expect(blended).toMatchObject({
      mgmt_classes: ['a', 'b', 'c'],
      server: '10.0.0.2',
      distro: 'd',
      system_name: 's',
      profile_name: 'sub',
      distro_name: 'd',
    });
  });

  test('interface fields come beside, by interface', () => {
    const own = system({ interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01', static: true } } });
    expect(blendItem([own, profile(), distro()], DEFAULT_SETTINGS)).toMatchObject({
      mac_address_eth0: 'aa:bb:cc:dd:ee:01',
      static_eth0: true,
    });
  });

  test('the address of the server names the port when it is not 80', () => {
    expect(blendItem([distro()], DEFAULT_SETTINGS).http_server).toBe('127.0.0.1');
    expect(blendItem([distro()], { ...DEFAULT_SETTINGS, http_port: 8080 }).http_server).toBe('127.0.0.1:8080');
  });

  test('no marker is left', () => {
    const blended = blendItem([system(), profile(), distro()], DEFAULT_SETTINGS);
    expect(Object.entries(blended).filter(([, value]) => value === INHERIT)).toEqual([]);
  });
});

test('values that hold a space are quoted, empty ones are bare keys', () => {
  expect(flattenPairs({ a: 'x y', b: '', c: null, d: ['1', 'a b'], e: true })).toBe("a='x y' b c d=1 d='a b' e=True ");
});
