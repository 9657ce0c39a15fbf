import fc from 'fast-check';
import { createDeframer } from '../../src/syslog/deframe';
import { KEPT_BYTES, parseFrame } from '../../src/syslog/frame';

/** The lines in a stream that came in these pieces and then ended. */
function linesOf(...pieces: (Buffer | string)[]): string[] {
  const lines: string[] = [];
  const deframer = createDeframer((frame, skipped) => lines.push(parseFrame(frame, skipped).raw));
  for (const piece of pieces) deframer.push(Buffer.from(piece));
  deframer.end();
  return lines;
}

test('lines end with LF, CR LF or NUL, and the last one with the connection', () => {
  expect(linesOf('<1>a\n<1>b\r\n<1>c\0<1>d\n\n\r\n\0<1>e')).toEqual(['<1>a', '<1>b', '<1>c', '<1>d', '<1>e']);
});

test('counted frames and lines may follow each other on one connection', () => {
  expect(linesOf('5 <1>ab<1>c\n10 <1>d\n<1>e\n\n4 <1>f<1>g\n')).toEqual(['<1>ab', '<1>c', '<1>d <1>e', '<1>f', '<1>g']);
});

test('a clock, a number or too great a count at the beginning of a line is no count', () => {
  const lines = [
    '12:34:56,789 INFO anaconda: a',
    '2048 MB are available',
    '99999999 <1>a',
    '2000000 <1>b',
    '0 <1>c',
    '7',
  ];
  expect(linesOf(lines.join('\n'))).toEqual(lines);
});

test('a counted frame that the connection does not bring to its end is a line', () => {
  expect(linesOf('100 <1>half')).toEqual(['<1>half']);
});

test('of a line of 1 MiB the beginning is kept and the rest counted, and the next line is whole', () => {
  const pieces = Array.from({ length: 16 }, () => Buffer.alloc(65_536, 'x'));
  const [long, next, ...others] = linesOf(...pieces, '\n<1>next\n');
  expect(long!.slice(KEPT_BYTES)).toBe(`… [${16 * 65_536 - KEPT_BYTES} bytes cut]`);
  expect([next, others]).toEqual(['<1>next', []]);
  expect(linesOf(`1048576 <1>${'x'.repeat(1_048_573)}<1>next\n`)[1]).toBe('<1>next');
});

const content = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replace(/[\0\r\n]/g, '')),
  fc.constantFrom('12:34:56,789 INFO a: b', '83 bottles', '5 <1>', '<13>May 16 20:47:06 h a: ß🜛', 'x'.repeat(9_000)),
);
const frame = fc.oneof(
  fc.tuple(content, fc.constantFrom('\n', '\r\n', '\0', '\n\n')).map(([text, end]) => Buffer.from(`${text}${end}`)),
  content.map((text) => {
    const bytes = Buffer.from(`<13>${text}`);
    return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
  }),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
);

test('however the bytes are cut on the way, the lines are the same', () => {
  const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), cuts, (frames, at) => {
      const stream = Buffer.concat(frames);
      const places = [...new Set([0, ...at.map((place) => place % (stream.length + 1)), stream.length])];
      places.sort((a, b) => a - b);
      const pieces = places.slice(1).map((place, index) => stream.subarray(places[index], place));
      expect(linesOf(...pieces)).toEqual(linesOf(stream));
    }),
    { numRuns: 500 },
  );
});

test('byte by byte the lines are the same', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), (frames) => {
      const stream = Buffer.concat(frames);
      expect(linesOf(...[...stream].map((byte) => Buffer.of(byte)))).toEqual(linesOf(stream));
    }),
    { numRuns: 50 },
  );
});

test('every frame sent is one line', () => {
  const sent = fc.array(fc.tuple(content, fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(sent, (frames) => {
      const stream = frames.map(([text, counted]) =>
        counted ? `${Buffer.byteLength(`<13>${text}`)} <13>${text}` : `<13>${text}\n`,
      );
      expect(linesOf(stream.join(''))).toEqual(frames.map(([text]) => parseFrame(Buffer.from(`<13>${text}`)).raw));
    }),
  );
});
