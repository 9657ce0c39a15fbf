import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCall } from '../../src/xmlrpc/codec';
import { canonical } from './canonical';

interface Entry {
  name: string;
  text?: string;
  base64?: string;
  python: { method: string | null; params: unknown } | { fault: string };
}

const ENTRIES = JSON.parse(readFileSync(join(__dirname, '../../fixtures/xmlrpc/documents.json'), 'utf8')) as Entry[];

const SHAPE =
  'Python takes elements in any order and number and drops what it cannot place; silently lost values hurt later';
const NO_TIME = 'Python keeps any text as a dateTime; a time that cannot be is refused where it comes in';
const DTD = 'document type declarations are refused: entities can grow without bound or name files';
const UNNAMED = "refused when it is read, in the words Python's server uses when it then calls nothing";

/** Where this codec means to differ from Python, and why. Everything else agrees to the letter, faults included. */
const DIFFERENT: Record<string, { reason: string; ours: string | { method: string; params: unknown } }> = {
  '<int>1_000</int>': refused(
    'not an integer of XML-RPC',
    "ValueError'>:invalid literal for int() with base 10: '1_000'",
  ),
  '<dateTime.iso8601>2025-01-31T13:14:15</dateTime.iso8601>': {
    reason: 'brought into the one form that handlers read',
    ours: { method: 't.m', params: ['array', [['dateTime', '20250131T13:14:15']]] },
  },
  '<dateTime.iso8601>hello</dateTime.iso8601>': refused(NO_TIME, "ValueError'>:time data 'hello' does not match"),
  '<dateTime.iso8601>20251340T99:00:00</dateTime.iso8601>': refused(NO_TIME, "ValueError'>:time data"),
  '<dateTime.iso8601>00000000T00:00:00</dateTime.iso8601>': refused(NO_TIME, "ValueError'>:time data"),
  '<dateTime.iso8601>20250230T00:00:00</dateTime.iso8601>': refused(NO_TIME, "ValueError'>:time data"),
  '<nil>x</nil>': refused('nothing cannot have a text', "ValueError'>:a nil holds 'x'"),
  '<string>a<int>1</int></string>': refused(SHAPE, '</string> expected, found <int>'),
  'array with values but no data': refused(SHAPE, '<data> expected, found <value>'),
  'value before name': refused(SHAPE, '<name> expected, found <value>'),
  'member without value': refused(SHAPE, '<value> expected, found <member>'),
  'member without name': refused(SHAPE, '<name> expected, found <value>'),
  'text before the type': refused(SHAPE, 'text between elements'),
  'text behind the type': refused(SHAPE, 'text between elements'),
  'text between elements': refused(SHAPE, 'text between elements'),
  'two types': refused(SHAPE, '</value> expected, found <int>'),
  'upper-case tags': refused(SHAPE, '<value> expected, found <VALUE>'),
  'two values in one param': refused(SHAPE, '</param> expected, found <value>'),
  'no value in param': refused(SHAPE, '<value> expected, found <param>'),
  'an attribute twice': refused(
    'the same fault, placed at the blank before the attribute',
    'duplicate attribute: line 1',
  ),
  'attribute without quotes': refused(
    'the same fault, placed at the attribute',
    'not well-formed (invalid token): line 1',
  ),
  'bad entity in an attribute': refused('the same fault, placed in the attribute', 'undefined entity: line 1'),
  '201 levels': refused('nesting has a bound', 'nested deeper than 200 levels'),
  'method name with space': {
    reason: 'space around a name cannot be meant',
    ours: { method: 'foo', params: ['array', [['int', '1']]] },
  },
  'document: UTF-16': refused(
    'no client sends it; UTF-8 and ISO-8859-1 are read',
    'UTF-16 and UTF-32 are not accepted, send UTF-8',
  ),
  'document: an encoding nobody has': refused(
    'one class for all that is wrong with XML',
    "unknown encoding 'klingon', send UTF-8",
  ),
  'document: entities in a DTD': refused(DTD, 'document type declarations are refused: line 1, column 21'),
  'document: external entity': refused(DTD, 'document type declarations are refused: line 1, column 21'),
  'document: bare DOCTYPE': refused(DTD, 'document type declarations are refused: line 1, column 21'),
  'document: JSON': refused(
    'expat splits text before the root into tokens; here it is one',
    'syntax error: line 1, column 0',
  ),
  'document: CDATA before the root': refused(
    'the same, the other way round',
    'not well-formed (invalid token): line 1, column 2',
  ),
  'document: a reference before the root': refused('the same', 'syntax error: line 1, column 0'),
  'document: a page': refused('says what was expected', '<methodCall> expected, found <html>'),
  'document: a response': refused(UNNAMED, "AttributeError'>:'NoneType' object has no attribute 'startswith'"),
  'document: no method name': refused(UNNAMED, "AttributeError'>:'NoneType' object has no attribute 'startswith'"),
  'document: params first': refused(SHAPE, "AttributeError'>:'NoneType' object has no attribute 'startswith'"),
  'document: a fault in a call': refused(SHAPE, '<params> expected, found <fault>'),
  'document: two method names': refused(SHAPE, '<params> expected, found <methodName>'),
  'document: value outside params': refused(SHAPE, '<methodName> expected, found <value>'),
};

function refused(reason: string, words: string): { reason: string; ours: string } {
  return { reason, ours: words };
}

function read({ text, base64 }: Entry): { method: string; params: unknown } | { fault: string } {
  try {
    const { method, params } = parseCall(text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text));
    return { method, params: canonical(params) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

describe('each document of the collection', () => {
  test.each(ENTRIES.map((entry): [string, Entry] => [entry.name, entry]))('%s', (name, entry) => {
    const difference = DIFFERENT[name];
    if (difference === undefined) expect(read(entry)).toEqual(entry.python);
    else {
      const ours = read(entry);
      expect(ours).not.toEqual(entry.python);
      if (typeof difference.ours === 'string')
        expect(ours).toEqual({ fault: expect.stringContaining(difference.ours) as unknown });
      else expect(ours).toEqual(difference.ours);
    }
  });
});

test('no difference is listed for a document that is not there', () => {
  const names = ENTRIES.map((entry) => entry.name);
  expect(Object.keys(DIFFERENT).filter((name) => !names.includes(name))).toEqual([]);
});
