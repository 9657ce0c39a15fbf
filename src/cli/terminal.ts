import pc from 'picocolors';

/** Colour functions; all of them leave the text alone when colours are off. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command reads and writes. stdout carries answers only; progress and errors go to stderr. */
export interface Terminal {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  stdin: NodeJS.ReadStream;
  /** For what goes to stdout. */
  colors: Colors;
  /** For what goes to stderr. */
  errorColors: Colors;
  /** True when a person looks at stdout. */
  isLive: boolean;
  now(): number;
}

/** Columns tables are fitted into; null = do not cut (a pipe or a file). */
export function columnsOf(terminal: Terminal): number | null {
  return terminal.isLive ? (terminal.stdout.columns ?? 80) : null;
}

/** Writes one line, or several, to stdout. */
export function print(terminal: Terminal, text: string): void {
  terminal.stdout.write(`${text}\n`);
}

/** Writes one JSON document to stdout: on several lines for a person, on one line for a program that reads lines. */
export function printJson(terminal: Terminal, value: unknown, form: 'document' | 'line' = 'document'): void {
  print(terminal, form === 'line' ? JSON.stringify(value) : JSON.stringify(value, null, 2));
}

/** Makes the terminal of a process. */
export function createTerminal(
  streams: Pick<Terminal, 'stdin' | 'stdout' | 'stderr'>,
  color: 'auto' | 'always' | 'never',
): Terminal {
  const wanted = (stream: NodeJS.WriteStream): boolean => color === 'always' || (color === 'auto' && stream.isTTY);
  return {
    ...streams,
    colors: pc.createColors(wanted(streams.stdout)),
    errorColors: pc.createColors(wanted(streams.stderr)),
    isLive: streams.stdout.isTTY,
    now: () => Date.now(),
  };
}
