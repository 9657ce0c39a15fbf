import { parseCall } from '../../src/xmlrpc/codec';

const SIZE = 8 * 1024 * 1024;
const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length));
const call = (inner: string) =>
  `<methodCall><methodName>m</methodName><params><param>${inner}</param></params></methodCall>`;

/** Shapes that cost careless readers memory or time out of all proportion to their size. */
const SHAPES: Record<string, string> = {
  'entities without end': call(`<value>${fill('&amp;')}</value>`),
  'character references without end': call(`<value>${fill('&#65;')}</value>`),
  'comments between letters': call(`<value>${fill('x<!---->')}</value>`),
  'CDATA sections of one letter': call(`<value>${fill('<![CDATA[x]]>')}</value>`),
  'processing instructions': call(`<value>${fill('<?a ?>')}</value>`),
  'line ends': `${fill('\n')}x`,
  'carriage returns': `${fill('\r')}x`,
  'carriage returns and line ends': call(`<value>${fill('\r\n')}</value>`),
  'one line of letters before the mistake': `${call(`<value>${fill('é')}</value>`)}x`,
  'empty values': call(`<value><array><data>${fill('<value/>')}</data></array></value>`),
  'empty arrays': call(`<value><array><data>${fill('<value><array/></value>')}</data></array></value>`),
  'a tag without end': `<methodCall><${fill('x')}`,
  'an attribute without end': `<methodCall a="${fill('x')}">`,
  'opening brackets': fill('<'),
  ampersands: call(`<value>${fill('&')}</value>`),
  'blanks in an end tag': `<methodCall></methodCall${fill(' ')}>`,
  'blanks in a number': call(`<value><int>${fill(' ')}</int></value>`),
  'base64 between other letters': call(`<value><base64>${fill('@A')}</base64></value>`),
  padding: call(`<value><base64>${fill('=')}</base64></value>`),
};

test.each(Object.entries(SHAPES))('%s are read or refused in time and memory that fit their size', (_, shape) => {
  const body = Buffer.from(shape);
  const started = performance.now();
  const before = process.memoryUsage().heapUsed;
  try {
    parseCall(body);
  } catch (error) {
    expect((error as Error).name).toBe('Fault');
  }
  // Measured here: below 0.4 s and 60 MB. The bounds tell linear from quadratic, not fast from slow.
  expect(performance.now() - started).toBeLessThan(5000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
});
