import fc from 'fast-check';
import { renderTable } from '../../src/cli/table';
import { cutText, displayWidth, padText, plain, plainLine, wrapText } from '../../src/cli/text-width';

const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;

test('columns line up, numbers to the right', () => {
  const table = renderTable(
    [{ title: 'NAME' }, { title: 'RUNS', align: 'right' }, { title: 'WHAT' }],
    [
      ['web1', '7', 'ok'],
      ['database', '1234', 'late'],
    ],
    { width: null },
  );
  expect(table).toEqual(['NAME      RUNS  WHAT', 'web1         7  ok', 'database  1234  late']);
});

test('names in wide characters line up too', () => {
  const [, first, second] = renderTable(
    [{ title: 'NAME' }, { title: 'WHAT' }],
    [
      ['机器一', 'x'],
      ['web1', 'x'],
    ],
    { width: null },
  );
  expect(displayWidth(first!.slice(0, first!.indexOf('x')))).toBe(second!.indexOf('x'));
});

test('colours do not disturb the alignment', () => {
  const [, first] = renderTable([{ title: 'NAME' }, { title: 'WHAT' }], [[{ text: 'web1', style: red }, 'x']], {
    width: null,
  });
  expect(first).toBe('\x1b[31mweb1\x1b[39m  x');
});

test('a column that is empty in every row is left out', () => {
  const [titles] = renderTable([{ title: 'NAME' }, { title: 'NOTE' }], [['web1', '']], { width: null });
  expect(titles).toBe('NAME');
});

test('a column gives way on a terminal too narrow for it', () => {
  const columns = [{ title: 'NAME' }, { title: 'BAR', dropBelow: 100 }];
  expect(renderTable(columns, [['web1', '██']], { width: 99 })[0]).toBe('NAME');
  expect(renderTable(columns, [['web1', '██']], { width: 100 })[0]).toBe('NAME  BAR');
});

test('a table fits its terminal as long as there is something to cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { minLength: 1 }),
      fc.integer({ min: 12, max: 120 }),
      (rows, width) => {
        const columns = [
          { title: 'A', shrinkTo: 5 },
          { title: 'B', shrinkTo: 5 },
        ];
        for (const line of renderTable(columns, rows, { width })) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('what a machine says cannot move the cursor or turn the direction of writing', () => {
  expect(plain('a\x1b[2Jb\r\nc\u202ed  e\u0007')).toBe('a [2Jb c d e');
  expect(plainLine('\tindented  log\x1b[0m')).toBe('    indented  log [0m');
});

test('text is cut at a whole character and says so', () => {
  expect(cutText('installing', 6)).toBe('insta…');
  expect(cutText('机器一号', 5)).toBe('机器…');
  expect(cutText('short', 5)).toBe('short');
  expect(padText('机器', 6)).toBe('机器  ');
});

test('wrapped text keeps every word and every line within its width', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.integer({ min: 2, max: 40 }), (words, width) => {
      const text = plain(words.join(' '));
      const lines = wrapText(text, width);
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
});
