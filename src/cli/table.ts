import { cutText, displayWidth, padText, plain } from './text-width';

/** One cell: its text, and the colour put on after the text was fitted. */
export type Cell = string | { text: string; style: (text: string) => string };

/** One column of a table. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** May be cut down to this many columns when the terminal is narrow; never cut when left out. */
  shrinkTo?: number;
  /** Left out on terminals with fewer columns than this. */
  dropBelow?: number;
}

/** Space between two columns. */
const GAP = '  ';

/**
 * Aligned lines: the titles first, then one line a row. Control characters in cells become spaces. Columns that are empty
 * in every row, or for which the terminal is too narrow, are left out.
 *
 * @param width - columns there are; the last shrinkable columns are cut until the table fits. null = never cut.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: { width: number | null; titleStyle?: (text: string) => string },
): string[] {
  const texts = rows.map((row) => row.map((cell) => plain(typeof cell === 'string' ? cell : cell.text)));
  const hasRoom = (column: Column): boolean => options.width === null || options.width >= (column.dropBelow ?? 0);
  const shown = columns
    .map((_, index) => index)
    .filter((index) => hasRoom(columns[index]!) && texts.some((row) => (row[index] ?? '') !== ''));
  const widths = fitWidths(
    shown.map((index) => ({
      full: Math.max(displayWidth(columns[index]!.title), ...texts.map((row) => displayWidth(row[index] ?? ''))),
      shrinkTo: columns[index]!.shrinkTo,
    })),
    options.width,
  );

  const line = (cellOf: (index: number) => { text: string; style?: (text: string) => string }): string =>
    shown
      .map((index, position) => {
        const { text, style } = cellOf(index);
        const isLast = position === shown.length - 1;
        const cut = cutText(text, widths[position]!);
        const align = columns[index]!.align ?? 'left';
        const padded = isLast && align === 'left' ? cut : padText(cut, widths[position]!, align);
        return style ? style(padded) : padded;
      })
      .join(GAP)
      .trimEnd();

  const titles = line((index) => ({
    text: columns[index]!.title,
    ...(options.titleStyle && { style: options.titleStyle }),
  }));
  const body = rows.map((row, at) =>
    line((index) => {
      const cell = row[index] ?? '';
      const text = texts[at]![index] ?? '';
      return typeof cell === 'string' ? { text } : { text, style: cell.style };
    }),
  );
  return [titles, ...body];
}

/** Widths that fit: the widest shrinkable column gives first, one column at a time. */
function fitWidths(
  columns: readonly { full: number; shrinkTo: number | undefined }[],
  available: number | null,
): number[] {
  const widths = columns.map((column) => column.full);
  if (available === null) return widths;
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - available;
  while (excess > 0) {
    let widest = -1;
    columns.forEach(({ shrinkTo }, index) => {
      if (shrinkTo === undefined || widths[index]! <= shrinkTo) return;
      if (widest < 0 || widths[index]! >= widths[widest]!) widest = index;
    });
    if (widest < 0) break;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}
