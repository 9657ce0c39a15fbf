import { ITEM_TYPES, itemType } from '../../../src/domain/inventory';
import { actionsOf, findAction, optionsOf } from '../../../src/cli/grammar/item-options';
import { planItemCall } from '../../../src/cli/grammar/item-plan';
import { parseOptions } from '../../../src/cli/grammar/option-parser';

/** What a command line asks the server, written as `method params`. */
function callOf(line: string): unknown[] {
  // Words, and what is quoted as one.
  const [typeName, word, ...args] = line.match(/(?:[^\s"]|"[^"]*")+/g)!.map((part) => part.replaceAll('"', ''));
  const type = itemType(typeName!);
  const action = findAction(type, word!)!;
  const { method, params, session } = planItemCall(type, action, parseOptions(optionsOf(type, action), args).given);
  return [method, ...params, ...(session === 'needed' ? ['TOKEN'] : [])];
}

const edit = (type: string, name: string, action: string, attributes: Record<string, unknown>): unknown[] => [
  'xapi_object_edit',
  type,
  name,
  action,
  attributes,
  'TOKEN',
];

// What Cobbler 3.3.10's own command line sent for the same words, recorded between it and the server.
test.each([
  [
    'profile add --name=web --distro=el9 --kernel-options="a=b c" --virt-cpus 2 --name-servers "10.0.0.1 10.0.0.2"',
    edit('profile', 'web', 'add', {
      distro: 'el9',
      kernel_options: 'a=b c',
      name: 'web',
      name_servers: '10.0.0.1 10.0.0.2',
      virt_cpus: 2,
    }),
  ],
  [
    'system add --name=web1 --profile=web --mac=aa:bb:cc:dd:ee:ff --interface=eth0 --ip-addr=10.0.0.5 --netboot-enabled=1 --in-place',
    edit('system', 'web1', 'add', {
      name: 'web1',
      netboot_enabled: '1',
      profile: 'web',
      ip_address: '10.0.0.5',
      mac_address: 'aa:bb:cc:dd:ee:ff',
      interface: 'eth0',
      in_place: true,
    }),
  ],
  [
    'system edit --name=web1 --interface=eth0 --delete-interface',
    edit('system', 'web1', 'edit', { name: 'web1', interface: 'eth0', delete_interface: true }),
  ],
  [
    'system edit --name=web1 --interface=eth0 --rename-interface=eth1',
    edit('system', 'web1', 'edit', { name: 'web1', interface: 'eth0', rename_interface: 'eth1' }),
  ],
  [
    'system edit --name=web1 --comment= --hostname=',
    edit('system', 'web1', 'edit', { comment: '', hostname: '', name: 'web1' }),
  ],
  [
    'system copy --name=web1 --newname=web2 --comment=hi --netboot-e=0',
    edit('system', 'web1', 'copy', { comment: 'hi', name: 'web1', netboot_enabled: '0', newname: 'web2' }),
  ],
  ['system rename --name=web2 --newname=web3', edit('system', 'web2', 'rename', { name: 'web2', newname: 'web3' })],
  ['system remove --name=web3 --recursive', edit('system', 'web3', 'remove', { name: 'web3', recursive: true })],
  ['profile remove --name=web', edit('profile', 'web', 'remove', { name: 'web' })],
  ['menu list', ['get_item_names', 'menu']],
  ['system dumpvars --name=web1', ['get_blended_data', '', 'web1']],
  ['profile dumpvars --name=web', ['get_blended_data', 'web', '']],
  ['system get-autoinstall --name=web1', ['generate_system_autoinstall', 'web1']],
  ['profile get-autoinstall --name=web', ['generate_profile_autoinstall', 'web']],
  ['system poweron --name=web1', ['background_power_system', { power: 'on', systems: ['web1'] }, 'TOKEN']],
  ['system reboot --name=web1', ['background_power_system', { power: 'reboot', systems: ['web1'] }, 'TOKEN']],
  ['repo autoadd', ['auto_add_repos', 'TOKEN']],
])('%s asks what Cobbler asks', (line, call) => {
  expect(callOf(line)).toEqual(call);
});

test.each([
  ['system edit --name=a --kopts=x', { kernel_options: 'x' }],
  ['system edit --name=a --kopts-post=x', { kernel_options_post: 'x' }],
  ['profile edit --name=a --ksmeta=x', { autoinstall_meta: 'x' }],
  ['profile edit --name=a --ks-meta=x', { autoinstall_meta: 'x' }],
  ['profile edit --name=a --kickstart=x', { autoinstall: 'x' }],
  ['system edit --name=a --ip=x --mac=y --subnet=z', { ip_address: 'x', mac_address: 'y', netmask: 'z' }],
  ['system edit --name=a --next-server=x', { next_server_v4: 'x' }],
  ['profile edit --name=a --enable_gpxe=1', { enable_ipxe: '1' }],
  ['profile edit --name=a --inherit=b', { parent: 'b' }],
])('the spellings of Cobbler 2.8 mean the fields of today: %s', (line, fields) => {
  expect(callOf(line)[4]).toEqual({ name: 'a', ...fields });
});

test('getks is get-autoinstall, as in Cobbler 2.8', () => {
  expect(callOf('profile getks --name=web')).toEqual(['generate_profile_autoinstall', 'web']);
});

test('a search hands on every criterion as text', () => {
  expect(callOf('system find --profile=web --virt-cpus=2 --interface=eth0 --ctime=5')).toEqual([
    'find_system',
    { profile: 'web', virt_cpus: '2', interface: 'eth0', ctime: '5' },
    false,
  ]);
});

test('how to show is no criterion and no attribute', () => {
  expect(callOf('system find --name=w* --long --url=http://x')).toEqual(['find_system', { name: 'w*' }, true]);
  expect(callOf('system report --name=web1 --resolved --format=json')).toEqual(['get_system', 'web1', false, true]);
});

test('whole numbers that are none are left for the server to refuse, or to take as inherited', () => {
  expect(callOf('profile edit --name=a --virt-ram=<<inherit>>')[4]).toEqual({ name: 'a', virt_ram: '<<inherit>>' });
  expect(callOf('system edit --name=a --serial-device=-1')[4]).toEqual({ name: 'a', serial_device: -1 });
});

test.each(['add', 'edit', 'copy', 'rename', 'remove', 'dumpvars', 'poweron'])('%s wants a name', (action) => {
  expect(() => callOf(`system ${action}`)).toThrow('--name is required');
  expect(() => callOf(`system ${action} --name=`)).toThrow('--name is required');
});

test.each(ITEM_TYPES.flatMap((type) => actionsOf(type).map((action) => [type.name, action] as const)))(
  'no two options of %s %s share a spelling',
  (typeName, action) => {
    const options = optionsOf(itemType(typeName), action);
    const names = options.flatMap((option) => option.names);
    const spellings = [...names, ...options.flatMap((option) => option.aliases ?? [])];
    expect(spellings.filter((word, index) => spellings.indexOf(word) !== index)).toEqual([]);
  },
);

test.each(ITEM_TYPES.map(({ name }) => name))('every option of %s add has a sentence, or is not shown', (typeName) => {
  const silent = optionsOf(itemType(typeName), 'add').filter(({ about }) => about === '');
  const shown = optionsOf(itemType(typeName), 'add').filter(({ about }) => about !== '');
  expect(shown.filter(({ about }) => about === undefined)).toEqual([]);
  expect(silent.every(({ key }) => KEPT.includes(key) || OF_NO_USE.includes(key))).toBe(true);
});
/** Said by the server. */
const KEPT = ['uid', 'ctime', 'mtime', 'depth', 'is_subobject'];
/** What all items have and only those that boot make use of. */
const OF_NO_USE = [
  'kernel_options',
  'kernel_options_post',
  'autoinstall_meta',
  'fetchable_files',
  'boot_files',
  'template_files',
  'mgmt_classes',
  'mgmt_parameters',
  'parent',
  'owners',
  'os_version',
  'mode',
  'owner',
  'group',
  'path',
  'template',
];
