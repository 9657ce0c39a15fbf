import { checkComplete, initialValues, ITEM_TYPES, itemType, namesOf, writeField } from '../../src/domain/inventory';
import type { Field } from '../../src/domain/item-fields';
import { FieldError, INHERIT, type ItemData, type ItemValue } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';

const TYPES = ITEM_TYPES.map((type) => [type.name, type] as const);
/** More than a field holds, however short its entries are. */
const long = Array<string>(600_000).fill('');
const writable = (fields: readonly Field[], kind: Field['kind']) =>
  fields.filter((field) => !field.readOnly && field.kind === kind);

/** What a write of the value leaves in the field of an otherwise new item. */
function written(typeName: string, fieldName: string, value: ItemValue, values: ItemData = {}): ItemValue | undefined {
  const type = itemType(typeName);
  const field = type.fields.find((candidate) => candidate.name === fieldName)!;
  const item = { ...initialValues(type.fields, DEFAULT_SETTINGS), ...values };
  return writeField(field, value, { type: typeName, field: fieldName, values: item })[fieldName];
}

describe.each(TYPES)('%s', (name, type) => {
  test('every field of a new item can be written back as it is read', () => {
    const initial = initialValues(type.fields, DEFAULT_SETTINGS);
    for (const field of type.fields) {
      if (field.readOnly || field.kind === 'parts') continue;
      // Some texts are inherited when they are left empty.
      const same = initial[field.name] === '' && field.inherits ? ['', INHERIT] : [initial[field.name]];
      expect([field.name, ...same]).toContainEqual(written(name, field.name, initial[field.name]!));
    }
  });

  test('no two fields answer to one name', () => {
    const words = type.fields.flatMap((field) => [field.name, ...(field.aliases ?? [])]);
    const shown = new Set(type.fields.filter((field) => field.mirrors).map((field) => field.name));
    const own = words.filter((word) => !shown.has(word));
    expect(own).toEqual([...new Set(own)]);
  });

  test('the inherit marker is kept where something is inherited', () => {
    for (const field of type.fields) {
      if (field.readOnly || !field.inherits) continue;
      expect([field.name, written(name, field.name, INHERIT)]).toEqual([field.name, INHERIT]);
    }
  });

  test('flags take booleans, numbers and words', () => {
    for (const field of writable(type.fields, 'flag')) {
      const read = [true, 1, 'Yes', 'on', 'y', 'TRUE', '1'].map((value) => written(name, field.name, value));
      expect([field.name, ...read]).toEqual([field.name, ...Array<boolean>(7).fill(true)]);
      expect([false, 0, 'no', '', 'x'].map((value) => written(name, field.name, value))).toEqual(Array(5).fill(false));
    }
  });

  test('lists are emptied by nothing and by delete', () => {
    for (const field of writable(type.fields, 'list')) {
      for (const nothing of [null, 'delete', []]) {
        expect([field.name, written(name, field.name, nothing)]).toEqual([field.name, []]);
      }
      expect(() => written(name, field.name, { a: 1 })).toThrow(FieldError);
    }
  });

  test('structs take structs and pairs, and are emptied by nothing and by delete', () => {
    for (const field of writable(type.fields, 'struct')) {
      expect([field.name, written(name, field.name, { a: '1' })]).toEqual([field.name, { a: '1' }]);
      expect(written(name, field.name, 'a=1 b="c d" e')).toEqual({ a: '1', b: 'c d', e: null });
      expect([null, 'delete', {}].map((value) => written(name, field.name, value))).toEqual([{}, {}, {}]);
      expect(() => written(name, field.name, ['a'])).toThrow(FieldError);
    }
  });

  test('numbers are refused as words and below their least', () => {
    for (const field of [...writable(type.fields, 'int'), ...writable(type.fields, 'double')]) {
      expect(() => written(name, field.name, 'many')).toThrow(FieldError);
      expect(() => written(name, field.name, -2)).toThrow(FieldError);
    }
  });

  test('text that no database holds and lists without end are refused', () => {
    for (const field of writable(type.fields, 'text')) {
      expect(() => written(name, field.name, 'a\0b')).toThrow(FieldError);
    }
    for (const field of writable(type.fields, 'list')) {
      expect(() => written(name, field.name, long)).toThrow('cannot be stored');
    }
  });

  test('a name is needed to save', () => {
    expect(() => checkComplete(type, initialValues(type.fields, DEFAULT_SETTINGS))).toThrow('Name is required');
  });
});

test.each<[string, string, ItemValue, ItemValue]>([
  ['repo', 'breed', 'YUM', 'yum'],
  ['repo', 'arch', 'NoArch', 'noarch'],
  ['repo', 'mirror_type', 'Metalink', 'metalink'],
  ['repo', 'priority', '99', 99],
  ['repo', 'rpm_list', 'kernel "two words"', ['kernel', 'two words']],
  ['image', 'image_type', 'ISO', 'iso'],
  ['image', 'image_type', 'virt-clone', 'virt_clone'],
  ['image', 'network_count', '', 1],
  ['image', 'network_count', null, 1],
  ['image', 'virt_cpus', INHERIT, 0],
  ['profile', 'virt_cpus', INHERIT, 0],
  ['image', 'virt_bridge', '', INHERIT],
  ['image', 'file', 'jane@files.example.org:/iso/a.iso', 'jane@files.example.org:/iso/a.iso'],
  ['image', 'file', 'nfs1:/iso/a.iso', 'nfs1:/iso/a.iso'],
  ['package', 'installer', 'YUM', 'yum'],
  ['file', 'action', 'Remove', 'remove'],
  ['mgmtclass', 'class_name', 'ssh::server', 'ssh::server'],
  ['menu', 'display_name', 5, '5'],
  ['silence', 'starts_at', '2026-11-25T18:00:00+01:00', 1_795_626_000],
  ['silence', 'ends_at', '1795626000.5', 1_795_626_000.5],
])('%s.%s = %j is stored as %j', (type, field, value, stored) => {
  expect(written(type, field, value)).toEqual(stored);
});

test.each<[string, string, ItemValue, string]>([
  ['repo', 'breed', 'pacman', 'breed choices include'],
  ['repo', 'priority', 100, 'Repository priority must be between 0 and 99 (inclusive)!'],
  ['repo', 'priority', -1, 'Repository priority must be between 0 and 99 (inclusive)!'],
  ['repo', 'os_version', 'rhel9', 'set breed first'],
  ['image', 'file', 'http://x/y.iso', 'not a URL'],
  ['image', 'file', 'jane:secret@files:/iso/a.iso', 'must not hold a password'],
  ['image', 'file', '/iso/../etc/shadow', 'must be /path'],
  ['image', 'file', '/iso/a;reboot', 'must be /path'],
  ['image', 'file', 'a.iso', 'must be /path'],
  ['image', 'image_type', '', 'image_type choices include'],
  ['image', 'virt_type', '', 'virt_type choices include'],
  ['mgmtclass', 'class_name', 'a b', "Invalid characters in class name: 'a b'"],
  ['file', 'action', 'keep', 'action choices include'],
  ['silence', 'ends_at', 'tomorrow', 'a time with its zone'],
  ['silence', 'ends_at', '2026-11-25T18:00:00', 'a time with its zone'],
  ['silence', 'pattern', [''], 'shell patterns'],
  ['silence', 'reason', 'two\nlines', 'Line breaks'],
])('%s.%s = %j is refused', (type, field, value, message) => {
  expect(() => written(type, field, value)).toThrow(message);
});

test('a file needs all that it takes to make it', () => {
  const type = itemType('file');
  const whole = { path: '/etc/motd', owner: 'root', group: 'root', mode: '0644', template: 'motd' };
  const item = (values: ItemData) => ({ ...initialValues(type.fields, DEFAULT_SETTINGS), name: 'f', ...values });
  expect(() => checkComplete(type, item(whole))).not.toThrow();
  for (const field of ['path', 'owner', 'group', 'mode']) {
    expect(() => checkComplete(type, item({ ...whole, [field]: '' }))).toThrow(`${field} is required`);
  }
  const folder = { ...whole, template: '' };
  expect(() => checkComplete(type, item(folder))).toThrow('Template is required when not a directory');
  expect(() => checkComplete(type, item({ ...folder, is_dir: true }))).not.toThrow();
});

test('a silence ends, and covers something', () => {
  const type = itemType('silence');
  const item = (values: ItemData) => ({ ...initialValues(type.fields, DEFAULT_SETTINGS), name: 's', ...values });
  const covered = { pattern: ['rack12-*'] };
  expect(() => checkComplete(type, item({ ...covered, ends_at: 10 }))).not.toThrow();
  expect(() => checkComplete(type, item(covered))).toThrow('ends_at is required');
  expect(() => checkComplete(type, item({ ...covered, starts_at: 10, ends_at: 10 }))).toThrow('later than starts_at');
  expect(() => checkComplete(type, item({ ends_at: 10 }))).toThrow('one of system, profile');
});

test('every type that a field names is there', () => {
  const named = ITEM_TYPES.flatMap((type) => type.fields.map((field) => field.refersTo ?? field.mentions));
  const names = new Set(ITEM_TYPES.map((type) => type.name));
  expect(named.filter((name) => name !== undefined && !names.has(name))).toEqual([]);
  expect(namesOf(itemType('mgmtclass')).length).toBeGreaterThan(5);
});
