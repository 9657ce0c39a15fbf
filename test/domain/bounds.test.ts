import { editParts, replaceParts } from '../../src/domain/item-edits';
import { fieldNamed, findItemType, writeField } from '../../src/domain/inventory';
import { FieldError, type ItemData, type ItemValue } from '../../src/domain/item-value';
import { machine } from '../support/builders';

const SYSTEM = findItemType('system')!;
const MIB = 2 ** 20;

const write = (field: string, value: ItemValue): ItemData =>
  writeField(fieldNamed(SYSTEM.fields, field)!, value, { type: 'system', field, values: {} });

describe('a value too large to be meant is refused', () => {
  test.each<[string, string, ItemValue]>([
    ['one long text in a struct', 'autoinstall_meta', { a: 'x'.repeat(2 * MIB) }],
    ['a long key', 'autoinstall_meta', { ['x'.repeat(2 * MIB)]: '' }],
    ['many keys', 'kernel_options', Object.fromEntries(Array.from({ length: 400_000 }, (_, at) => [`k${at}`, null]))],
    ['many words', 'owners', Array.from({ length: 400_000 }, (_, at) => `owner${at}`)],
    ['a text deep inside', 'autoinstall_meta', { a: [[{ b: ['x'.repeat(2 * MIB)] }]] }],
  ])('%s', (_, field, value) => {
    expect(() => write(field, value)).toThrow(FieldError);
  });

  test('one of an honest size is not', () => {
    expect(write('autoinstall_meta', { a: 'x'.repeat(MIB / 2) })).toHaveProperty('autoinstall_meta.a');
  });
});

test('a system has no thousand interfaces, whether they come one by one or all at once', () => {
  const names = Array.from({ length: 1_000 }, (_, at) => `eth${at}`);
  const change = Object.fromEntries(names.map((name) => [`virt_bridge-${name}`, 'br0']));
  expect(() => editParts(SYSTEM, {}, change, () => '')).toThrow(/at most 512 interfaces/);
  const all = Object.fromEntries(names.map((name) => [name, {}]));
  expect(() => replaceParts(SYSTEM, {}, all, { settings: {}, drawMac: () => '' })).toThrow(/at most 512 interfaces/);
  const [first] = names;
  expect(editParts(SYSTEM, {}, { [`virt_bridge-${first!}`]: 'br0' }, () => '')).toHaveLength(1);
});

test('a run that reports one long error after the other stays small, and keeps the first and the newest', () => {
  const run = machine();
  run.say('install-started', '10:00');
  for (let number = 0; number < 200; number += 1) {
    run.say('error-reported', '10:01', { error: { text: `${number} ${'x'.repeat(3_900)}` } });
  }
  const { errors } = run.target.last!;
  expect(JSON.stringify(run.target.last).length).toBeLessThan(50_000);
  expect(errors[0]!.text.startsWith('0 ')).toBe(true);
  expect(errors.at(-1)!.text.startsWith('199 ')).toBe(true);
});
