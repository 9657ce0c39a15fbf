/** One measured figure. */
export interface Figure {
  what: string;
  figure: string;
  target?: string;
  /** Left out where there is no target, or a person must judge. */
  isMet?: boolean;
  detail?: string;
}

/** Prints the figures as an aligned table with what they were measured on. */
export function printTable(figures: readonly Figure[], facts: readonly string[]): void {
  const rows = figures.map(({ what, figure, target = '', isMet, detail = '' }) => {
    return [what, figure, target, isMet === undefined ? '' : isMet ? 'met' : 'MISSED', detail];
  });
  const heads = ['', 'figure', 'target', '', ''];
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]!.length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  process.stdout.write(`${[line(heads), ...rows.map(line), '', ...facts].join('\n')}\n`);
}
