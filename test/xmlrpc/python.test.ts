import fc from 'fast-check';
import { parseCall, parseResponse, serializeCall, serializeResponse } from '../../src/xmlrpc/codec';
import type { XmlRpcValue } from '../../src/xmlrpc/value';
import { xmlRpcValue } from './arbitrary-value';
import { canonical, canonicalInOrder, type Canonical } from './canonical';
import { describeWithPython, startPythonPeer, type PythonPeer } from './python-peer';

const whole = (document: string | Iterable<string>): string =>
  typeof document === 'string' ? document : [...document].join('');

/** Python writes base64 in lines of 76 and loses carriage returns; apart from these, answers are the same bytes. */
const sameLayout = (text: string): string =>
  text.replace(/<base64>[^<]*<\/base64>/g, (found) => found.replace(/\s/g, '')).replaceAll('&#13;', '\r');

describeWithPython("Python's xmlrpc.client and this codec", () => {
  let python: PythonPeer;
  beforeAll(() => {
    python = startPythonPeer();
  });
  afterAll(() => python.close());

  test('Python reads every answer of ours as the value it was made from', () =>
    fc.assert(
      fc.asyncProperty(xmlRpcValue(false), async (value) => {
        expect(await python.loads(whole(serializeResponse(value)))).toEqual({
          method: null,
          params: [canonical(value)],
        });
      }),
      { numRuns: 400 },
    ));

  test('an answer of ours is the bytes Python would have sent', () =>
    fc.assert(
      fc.asyncProperty(xmlRpcValue(false), async (value) => {
        const theirs = await python.dumps([canonicalInOrder(value)]);
        expect(sameLayout(whole(serializeResponse(value)))).toBe(sameLayout(theirs.toString()));
      }),
      { numRuns: 400 },
    ));

  test('we read every call of Python as it was meant', () =>
    fc.assert(
      fc.asyncProperty(fc.array(xmlRpcValue(true), { maxLength: 3 }), async (values) => {
        const wanted = values.map(canonical);
        const xml = (await python.dumps(wanted, 'some.method')).toString().replaceAll('\r', '&#13;');
        const call = parseCall(Buffer.from(xml));
        expect(call.method).toBe('some.method');
        expect(call.params.map(canonical)).toEqual(wanted);
      }),
      { numRuns: 400 },
    ));

  test('Python reads every call of ours as it was meant', () =>
    fc.assert(
      fc.asyncProperty(fc.array(xmlRpcValue(true), { maxLength: 3 }), async (values) => {
        const verdict = await python.loads(serializeCall('some.method', values));
        expect(verdict).toEqual({ method: 'some.method', params: values.map(canonical) });
      }),
      { numRuns: 200 },
    ));

  test('what we read of a damaged call, Python reads the same', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(xmlRpcValue(true), { maxLength: 2 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...DAMAGE)), { minLength: 1, maxLength: 3 }),
        async (values, cuts) => {
          let xml = serializeCall('m', values);
          for (const [where, length, replacement] of cuts) {
            const at = where % xml.length;
            xml = (xml.slice(0, at) + replacement + xml.slice(at + length)).toWellFormed();
          }
          const ours = tryCall(xml);
          if (ours === null) return; // refusing more than Python does is allowed
          expect(normalised(await python.loads(xml))).toEqual(normalised(ours));
        },
      ),
      { numRuns: 2000 },
    ));

  test('a call cut short anywhere is refused in the words of expat', async () => {
    const xml =
      "<?xml version='1.0'?>\n<!-- c --><methodCall>\n<methodName>m</methodName>\n<params>\n<param><value><string>é&lt;<![CDATA[x]]>" +
      '</string></value></param>\n<param><value><i4 a="b">1</i4></value></param><?pi x?></params></methodCall>';
    for (let length = 0; length < xml.length; length++) {
      const theirs = await python.loads(xml.slice(0, length));
      const ours = tryFault(xml.slice(0, length));
      expect([length, ours]).toEqual([length, 'fault' in theirs ? theirs.fault : '']);
    }
  });

  test('big documents and deep ones within the limits are read alike', async () => {
    const numbers: Canonical = ['array', Array.from({ length: 100_000 }, (_, at): Canonical => ['int', String(at)])];
    const text: Canonical = ['string', 'x'.repeat(300_000) + 'é'.repeat(100_000)];
    const xml = await python.dumps([numbers, text], 'm');
    expect(parseCall(xml).params.map(canonical)).toEqual([numbers, text]);
    const back = whole(serializeResponse(parseCall(xml).params[0] as XmlRpcValue));
    expect(await python.loads(back)).toEqual({ method: null, params: [numbers] });
    expect(canonical((parseResponse(back) as { value: XmlRpcValue }).value)).toEqual(numbers);
  });
});

/** Python keeps any text as a dateTime, and space around a method's name; this codec brings both into one form. */
function normalised(verdict: unknown): unknown {
  return JSON.parse(
    JSON.stringify(verdict)
      .replace(/(?<="method":")(?:\s|\\n|\\t)+|(?:\s|\\n|\\t)+(?=","params")/g, '')
      .replace(/\["dateTime","[^"]*"/g, (found) => found.replace(/[-:]|\.\d+|\s/g, '')),
  );
}

const DAMAGE = [
  '',
  '<',
  '>',
  '/',
  '&',
  ';',
  ' ',
  '\n',
  '\r\n',
  'x',
  '0',
  '<!-- -->',
  '<value>',
  '</value>',
  '<int>',
  '</int>',
  '<string/>',
  '<nil/>',
  '&amp;',
  '&#65;',
  '&#x0;',
  ']]>',
  '<![CDATA[',
  '<?',
  '"',
  "'",
  ' a="1"',
  '\u0000',
  '\uffff',
  'é',
  '😀',
  '<!DOCTYPE a>',
  '<i4>',
  '</i4>',
  '=',
  '-',
  '.',
];

function tryCall(xml: string): { method: string; params: Canonical[] } | null {
  try {
    const { method, params } = parseCall(Buffer.from(xml));
    return { method, params: params.map(canonical) };
  } catch {
    return null;
  }
}

function tryFault(xml: string): string {
  try {
    parseCall(Buffer.from(xml));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
