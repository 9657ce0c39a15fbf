import { itemType } from '../../src/domain/inventory';
import { narrow, orderOf } from '../../src/domain/narrow';

const type = itemType('system');

test('the database does alone what it can say exactly', () => {
  const criteria = {
    name: 'web*',
    netboot_enabled: 'yes',
    mgmt_classes: 'a b',
    comment: '~x',
    netmask: '255.255.255.0',
  };
  expect(narrow(type, criteria)).toMatchObject({ possible: true, exact: true });
  expect(narrow(type, criteria).narrowings.map(({ field, negated, inPart }) => [field, negated, inPart])).toEqual([
    ['name', false, false],
    ['netboot_enabled', false, false],
    ['mgmt_classes', false, false],
    ['comment', true, false],
    ['netmask', false, true],
  ]);
});

test.each([
  ['a set of characters', { name: 'web[0-9]' }, 1],
  ['a set of characters, negated', { name: '~web[0-9]' }, 0],
  ['pairs of a struct, which may hold lists', { kopts: 'a=1' }, 1],
  ['letters beyond ASCII', { comment: 'Straße' }, 0],
  ['a number, which nothing can be compared with', { serial_device: '1' }, 0],
  ['words that cannot be read', { name_servers: '"open' }, 0],
])('it only helps with %s', (_what, criteria: Record<string, string>, narrowings) => {
  const found = narrow(type, criteria);
  expect(found).toMatchObject({ possible: true, exact: false });
  expect(found.narrowings).toHaveLength(narrowings);
});

test('what no item can meet is never looked for', () => {
  expect(narrow(type, { nofield: '~x', name: 'a' }).possible).toBe(false);
});

test('former names are those of the stored fields', () => {
  expect(narrow(type, { kickstart: 'a.ks' }).narrowings).toMatchObject([{ field: 'autoinstall' }]);
});

test('the database orders by text and times, not by what is a number or a marker by turns', () => {
  expect(orderOf(type, null)).toEqual({ field: 'name', backwards: false });
  expect(orderOf(type, '!hostname')).toEqual({ field: 'hostname', backwards: true });
  expect(orderOf(type, 'mtime')).toEqual({ field: 'mtime', backwards: false });
  expect([orderOf(type, 'virt_ram'), orderOf(type, 'interfaces'), orderOf(type, 'nofield')]).toEqual([
    null,
    null,
    null,
  ]);
});
