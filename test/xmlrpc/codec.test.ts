import fc from 'fast-check';
import {
  makeFragment,
  parseCall,
  parseResponse,
  serializeCall,
  serializeFault,
  serializeResponse,
} from '../../src/xmlrpc/codec';
import { cx, type Fault } from '../../src/xmlrpc/fault';
import { LIMITS } from '../../src/xmlrpc/limits';
import { DateTime, Double, Fragment, struct, type Struct, type XmlRpcValue } from '../../src/xmlrpc/value';
import { xmlRpcValue } from './arbitrary-value';

const call = (inner: string) =>
  `<methodCall><methodName>m</methodName><params><param>${inner}</param></params></methodCall>`;
const read = (inner: string) => parseCall(call(inner)).params[0] as XmlRpcValue;
const whole = (document: string | Iterable<string>) =>
  typeof document === 'string' ? document : [...document].join('');
const answered = (value: XmlRpcValue) =>
  (parseResponse(Buffer.from(whole(serializeResponse(value)))) as { value: XmlRpcValue }).value;

function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return (error as Fault).faultString;
  }
  throw new Error('was accepted');
}

test('any answer reads back as the value it was made from', () => {
  fc.assert(fc.property(xmlRpcValue(false), (value) => expect(answered(value)).toEqual(value)));
});

test('any call reads back as it was made, nil included', () => {
  fc.assert(
    fc.property(fc.array(xmlRpcValue(true)), (params) =>
      expect(parseCall(Buffer.from(serializeCall('m', params)))).toEqual({ method: 'm', params }),
    ),
  );
});

describe('reading', () => {
  test('a member called __proto__ is a member and nothing else', () => {
    const value = read(
      '<value><struct><member><name>__proto__</name><value><struct><member><name>x</name><value>1</value></member></struct></value></member></struct></value>',
    ) as Struct;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value['x']).toBeUndefined();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('an i8 that a number holds exactly is a number, any other a bigint', () => {
    expect(read('<value><i8>9007199254740991</i8></value>')).toBe(9007199254740991);
    expect(read('<value><i8>9007199254740993</i8></value>')).toBe(9007199254740993n);
    expect(read('<value><i8>+9007199254740993</i8></value>')).toBe(9007199254740993n);
  });

  test('a double stays a double, whole or not', () => {
    expect(read('<value><double>1.0</double></value>')).toEqual(new Double(1));
  });

  test('a time keeps the zone that its sender wrote', () => {
    expect(read('<value><dateTime.iso8601>2025-01-31T13:14:15.250+01:00</dateTime.iso8601></value>')).toEqual(
      new DateTime('20250131T13:14:15+01:00'),
    );
  });

  test('an entity named like a property of all objects is unknown', () => {
    expect(refusal(() => read('<value>&toString;</value>'))).toContain('undefined entity');
    expect(refusal(() => read('<value>&__proto__;</value>'))).toContain('undefined entity');
  });

  test('a name from a large document does not keep the document alive', () => {
    const text = 'a name of more than thirteen letters';
    const filler = '<value><string>' + 'x'.repeat(2_000_000) + '</string></value>';
    expect(read(`<value><array><data><value>${text}</value>${filler}</data></array></value>`)).toEqual([
      text,
      'x'.repeat(2_000_000),
    ]);
  });

  test.each([
    ['arrays', '<value><array><data>', '</data></array></value>'],
    ['structs', '<value><struct><member><name>a</name>', '</member></struct></value>'],
  ])('%s 5,000 deep are refused', (_, open, close) => {
    expect(refusal(() => read(open.repeat(5000) + '<value/>' + close.repeat(5000)))).toContain(
      `deeper than ${LIMITS.depth} levels`,
    );
  });

  test('every count and length has a bound', () => {
    const small = {
      ...LIMITS,
      arrayLength: 3,
      structMembers: 3,
      values: 8,
      nameLength: 5,
      methodNameLength: 5,
      tagLength: 30,
    };
    const reads = (inner: string) => () => parseCall(call(inner), small);
    const member = (name: string) => `<member><name>${name}</name><value/></member>`;
    const array = (length: number) => `<value><array><data>${'<value/>'.repeat(length)}</data></array></value>`;
    expect(reads(array(3))).not.toThrow();
    expect(refusal(reads(array(4)))).toContain('an array has too many entries');
    expect(refusal(reads(`<value><struct>${['a', 'b', 'c', 'd'].map(member).join('')}</struct></value>`))).toContain(
      'a struct has too many members',
    );
    expect(refusal(reads(`<value><struct>${member('abcdef')}</struct></value>`))).toContain(
      "a member's name is longer than 5",
    );
    expect(refusal(reads(`<value><array><data>${array(3)}${array(3)}</data></array></value>`))).toContain(
      'more than 8 values',
    );
    expect(refusal(reads(`<value a="${'x'.repeat(40)}"/>`))).toContain('a tag is longer than 30');
    expect(refusal(() => parseCall('<methodCall><methodName>abcdef</methodName></methodCall>', small))).toContain(
      'a method name is longer',
    );
    expect(refusal(() => parseCall(call('<value/>'), { ...LIMITS, bodyBytes: 50 }))).toContain('larger than 50 bytes');
  });

  test('a number of a million digits is refused at once', () => {
    const started = performance.now();
    expect(refusal(() => read(`<value><int>${'9'.repeat(1_000_000)}</int></value>`))).toContain(
      'Exceeds the limit (4300 digits)',
    );
    expect(refusal(() => read(`<value><double>${'9'.repeat(1_000_000)}x</double></value>`))).toContain(
      'could not convert',
    );
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('a fault is read as a fault', () => {
    expect(parseResponse(serializeFault(cx("it's")))).toEqual({
      fault: { faultCode: 1, faultString: `<class 'cobbler.cexceptions.CX'>:"it's"` },
    });
  });
});

describe('writing', () => {
  test('nothing is ~ at any depth of an answer', () => {
    expect(answered({ a: [null, { b: null }] })).toEqual({ a: ['~', { b: '~' }] });
    expect(answered(null)).toBe('~');
  });

  test('whole numbers beyond 32 bits are the fault of the original', () => {
    for (const value of [2 ** 31, -(2 ** 31) - 1, 2n ** 31n, 1e300]) {
      expect(refusal(() => serializeResponse([value]))).toBe("<class 'OverflowError'>:int exceeds XML-RPC limits");
    }
    expect(answered([2 ** 31 - 1, -(2 ** 31), 7n])).toEqual([2 ** 31 - 1, -(2 ** 31), 7]);
  });

  test('characters that XML cannot carry become U+FFFD, everything else stays', () => {
    expect(answered('a\u0000\u0001\u001b\ufffe\ud800b\r\n\t\u007f')).toBe(
      'a\ufffd\ufffd\ufffd\ufffd\ufffdb\r\n\t\u007f',
    );
    expect(answered({ 'k\u0001': 1 })).toEqual({ 'k\ufffd': 1 });
  });

  test.each([undefined, () => 1, Symbol('s'), new Date(), new Map(), new Error('x'), Promise.resolve(1)])(
    'something that is no value of XML-RPC (%p) is a fault',
    (value) => {
      expect(refusal(() => serializeResponse([value as unknown as XmlRpcValue]))).toMatch(
        /^<class 'TypeError'>:cannot marshal /,
      );
    },
  );

  test('5,000 levels and values that hold themselves are refused', () => {
    let deep: XmlRpcValue = 0;
    for (let level = 0; level < 5000; level++) deep = level % 2 ? [deep] : { a: deep };
    const own: XmlRpcValue[] = [];
    own.push(own);
    for (const value of [deep, own]) {
      expect(refusal(() => serializeResponse(value))).toMatch(/^<class 'RecursionError'>:/);
      expect(refusal(() => serializeCall('m', [value]))).toMatch(/^<class 'RecursionError'>:/);
    }
  });

  test('200 levels pass both ways', () => {
    let deep: XmlRpcValue = 'end';
    for (let level = 0; level < LIMITS.depth; level++) deep = level % 2 ? [deep] : struct({ a: deep });
    expect(answered(deep)).toEqual(deep);
  });

  test('a big answer comes in pieces that join to the document, and can be read while it is written', () => {
    const value = Array.from({ length: 5000 }, (_, at) => ({
      name: `system${at}`,
      list: [at, String(at)],
      text: 'x'.repeat(50),
    }));
    const document = serializeResponse(value);
    if (typeof document === 'string') throw new Error('one piece');
    const pieces = [...document];
    expect(pieces.length).toBeGreaterThan(10);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(200_000);
    expect(parseResponse(pieces.join(''))).toEqual({ value });
  });

  test('a fault deep in a big answer comes before its first piece', () => {
    const value: XmlRpcValue[] = Array.from({ length: 50_000 }, (_, at) => ({ at, text: 'x'.repeat(20) }));
    value.push({ inner: [2 ** 40] });
    expect(refusal(() => serializeResponse(value))).toBe("<class 'OverflowError'>:int exceeds XML-RPC limits");
    let deep: XmlRpcValue = 'end';
    for (let level = 0; level < LIMITS.depth - 1; level++) deep = [deep];
    value[value.length - 1] = deep;
    expect(() => serializeResponse(value)).not.toThrow();
    value[value.length - 1] = [deep];
    expect(refusal(() => serializeResponse(value))).toMatch(/RecursionError/);
  });

  test('a fragment stands for the value it was made from', () => {
    const value = { name: 'a&b', list: [1, new Double(2.5)] };
    expect(answered([makeFragment(value), new Fragment('<value><i4>3</i4></value>')])).toEqual([value, 3]);
  });

  test('doubles are written as Python writes them', () => {
    const written = (value: number) => /<double>(.*)<\/double>/.exec(whole(serializeResponse(new Double(value))))?.[1];
    const wanted: [number, string][] = [
      [1, '1.0'],
      [0.1, '0.1'],
      [-0, '-0.0'],
      [1e16, '1e+16'],
      [123456789012345680000, '1.2345678901234568e+20'],
      [1e15, '1000000000000000.0'],
      [0.0001, '0.0001'],
      [0.00001, '1e-05'],
      [1.5e-7, '1.5e-07'],
      [5e-324, '5e-324'],
      [1e100, '1e+100'],
      [Infinity, 'inf'],
      [-Infinity, '-inf'],
      [NaN, 'nan'],
      [1795353356.4921112, '1795353356.4921112'],
    ];
    expect(wanted.map(([value]) => written(value))).toEqual(wanted.map(([, text]) => text));
    expect(whole(serializeResponse(1.5))).toContain('<double>1.5</double>');
  });
});
