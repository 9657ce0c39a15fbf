import type { Terminal } from './terminal';

/** Says on stderr how far something has come, once it takes longer than people like to wait in the dark. */
export interface Progress {
  /** What has been done so far, in words. Cheap: most calls write nothing. */
  report(text: string): void;
  /** Clears the line. */
  done(): void;
}

const QUIET_MS = 2_000;
const LIVE_EVERY_MS = 250;
const LINE_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\x1b[K';

/**
 * One line redrawn in place on a terminal, a line every ten seconds elsewhere; nothing within the first `quietMs`.
 */
export function createProgress({ stderr, now }: Terminal, quietMs = QUIET_MS): Progress {
  const isLive = stderr.isTTY;
  let nextAt = now() + quietMs;
  let isShown = false;
  return {
    report(text) {
      if (now() < nextAt) return;
      nextAt = now() + (isLive ? LIVE_EVERY_MS : LINE_EVERY_MS);
      isShown = true;
      stderr.write(isLive ? `${CLEAR_LINE}${text}` : `${text}\n`);
    },
    done() {
      if (isShown && isLive) stderr.write(CLEAR_LINE);
    },
  };
}
