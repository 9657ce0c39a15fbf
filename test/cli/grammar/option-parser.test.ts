import { OptionError, parseOptions, type OptionSpec } from '../../../src/cli/grammar/option-parser';

const SPECS: OptionSpec[] = [
  { key: 'name', names: ['name'], takesValue: true },
  { key: 'name_servers', names: ['name-servers'], takesValue: true },
  { key: 'mac_address', names: ['mac-address'], aliases: ['mac'], takesValue: true },
  { key: 'management', names: ['management'], takesValue: true },
  { key: 'kernel_options', names: ['kernel-options'], aliases: ['kopts'], takesValue: true },
  { key: 'kernel_options_post', names: ['kernel-options-post'], takesValue: true },
  { key: 'in_place', names: ['in-place'], takesValue: false },
  { key: 'interface', names: ['interface'], takesValue: true },
  { key: 'netboot_enabled', names: ['netboot-enabled'], aliases: ['nopxe'], takesValue: true },
  { key: 'new', names: ['netlong'], takesValue: false, isExtra: true },
];

test.each([
  ['--name=web1', { name: 'web1' }],
  ['--name web1', { name: 'web1' }],
  ['--name=', { name: '' }],
  ['--name=a=b', { name: 'a=b' }],
  ['--mac_address=x', { mac_address: 'x' }],
  ['--mac=x', { mac_address: 'x' }],
  ['--mac-a=x', { mac_address: 'x' }],
  ['--kop=x', { kernel_options: 'x' }],
  ['--kernel-options=x', { kernel_options: 'x' }],
  ['--kernel-options-p=x', { kernel_options_post: 'x' }],
  ['--in-p', { in_place: true }],
  ['--int eth0', { interface: 'eth0' }],
  ['--name one --name two', { name: 'two' }],
  ['--net 1', { netboot_enabled: '1' }],
  ['--netl', { new: true }],
  ['--name --mac', { name: '--mac' }],
  ['--name=x -- --mac=y', { name: 'x' }],
])('%s is read as Cobbler reads it', (line, given) => {
  expect(parseOptions(SPECS, line.split(' ')).given).toEqual(given);
});

test.each([
  ['--nonsense=1', 'no such option: --nonsense'],
  ['-x', 'no such option: -x'],
  ['-xyz', 'no such option: -x'],
  ['--kernel-opt=x', 'ambiguous option: --kernel-opt (--kernel-options, --kernel-options-post?)'],
  ['--in', 'ambiguous option: --in (--in-place, --interface?)'],
  ['--name', '--name option requires 1 argument'],
  ['--in-place=1', '--in-place option does not take a value'],
  ['--=x', 'no such option: --'],
])('%s is refused in the words of optparse', (line, message) => {
  expect(() => parseOptions(SPECS, line.split(' '))).toThrow(new OptionError(message));
});

test('arguments stand anywhere among the options', () => {
  expect(parseOptions(SPECS, ['web1', '--mac', 'x', 'web2', '-', '--', '-h'])).toEqual({
    given: { mac_address: 'x' },
    rest: ['web1', 'web2', '-', '-h'],
    wantsHelp: false,
  });
});

test.each(['-h', '--help'])('%s asks for help, wherever it stands', (word) => {
  expect(parseOptions(SPECS, ['--name', 'x', word]).wantsHelp).toBe(true);
});
