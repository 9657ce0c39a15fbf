import type { Terminal } from './terminal';

/** A picture that is redrawn in place. */
export interface LiveScreen {
  /** Columns and rows there are now. */
  size(): { columns: number; rows: number };
  /** Shows these lines instead of the last ones; what does not fit below the last row is not shown. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was, with `lines` left standing on it. May be called twice. */
  close(lines?: readonly string[]): void;
}

// Private modes of DEC terminals, understood by all that matter: 1049 = second screen, 25 = cursor, 7 = line wrap.
const OPEN = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const CLOSE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Takes the terminal over: second screen, no cursor, single keys.
 *
 * @param onQuit - called for q, ctrl-c and ctrl-d.
 * @param onResize - called when the size changed: time to draw again.
 */
export function openLiveScreen(
  terminal: Terminal,
  { onQuit, onResize }: { onQuit(): void; onResize(): void },
): LiveScreen {
  const { stdin, stdout } = terminal;
  const hasKeys = stdin.isTTY;
  let isOpen = true;

  const onKeys = (keys: Buffer): void => {
    // In raw mode ctrl-c (3) and ctrl-d (4) come as characters.
    if (/[qQ\u0003\u0004]/.test(keys.toString())) onQuit();
  };
  if (hasKeys) {
    stdin.setRawMode(true);
    stdin.on('data', onKeys);
    stdin.resume();
  }
  stdout.on('resize', onResize);
  stdout.write(OPEN);
  // Whatever ends the process, the terminal is given back.
  const restore = (): void => void stdout.write(CLOSE);
  process.once('exit', restore);

  return {
    size: () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
    draw(lines) {
      if (!isOpen) return;
      const shown = lines.slice(0, stdout.rows ?? 24);
      // Cleared before it is written: afterwards, the last column of a full line would go too.
      stdout.write(HOME + shown.map((line) => CLEAR_LINE + line).join('\r\n') + CLEAR_BELOW);
    },
    close(lines = []) {
      if (!isOpen) return;
      isOpen = false;
      process.off('exit', restore);
      stdout.off('resize', onResize);
      restore();
      if (hasKeys) {
        stdin.off('data', onKeys);
        stdin.setRawMode(false);
        stdin.pause();
      }
      if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    },
  };
}
