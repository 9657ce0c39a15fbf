import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '../domain/event';
import { CliError } from './cli-error';
import { formatAge, localTime } from './format';
import { openLiveScreen } from './live-screen';
import type { CliContext } from './server-options';
import { print } from './terminal';
import { cutText, plain } from './text-width';

/** Something that is looked at again and again. */
export interface Watched<T> {
  read(): Promise<T>;
  /** The picture for a terminal. `rows` is the room there is. */
  render(value: T, size: { columns: number; rows: number }): string[];
  /** What changed since the last look, one line each; everything when `before` is null. For pipes and files. */
  changes(before: T | null, after: T): string[];
  serverNow(): Instant;
}

/** Waits; returns early when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Waits for `promise`, but no longer than until the signal is aborted: then null, whatever becomes of it. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  promise.catch(() => undefined); // when nobody waits for it any more
  let stop = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Looks every `intervalMs` until the person stops it: redrawn in place on a terminal, one line per change elsewhere. The
 * first look must succeed; after that a server that is away is waited for, and the picture says so.
 */
export async function watch<T>(context: CliContext, watched: Watched<T>, intervalMs: number): Promise<void> {
  const first = await watched.read();
  const interrupt = context.untilInterrupted();
  if (context.terminal.isLive) await watchLive(context, watched, intervalMs, first, interrupt);
  else await watchLines(context, watched, intervalMs, first, interrupt.signal);
}

async function watchLive<T>(
  { terminal }: CliContext,
  watched: Watched<T>,
  intervalMs: number,
  first: T,
  interrupt: AbortController,
): Promise<void> {
  let value = first;
  let trouble: string | null = null;
  let seenAt = terminal.now();
  const screen = openLiveScreen(terminal, { onQuit: () => interrupt.abort(), onResize: () => draw() });
  const { colors } = terminal;

  function banner(columns: number): string {
    if (trouble === null) return colors.dim(cutText(`${localTime(watched.serverNow())}   q quits`, columns));
    const since = formatAge(seenAt, terminal.now());
    return colors.inverse(cutText(` reconnecting: ${plain(trouble)} This is how it was ${since}. `, columns));
  }

  function draw(): void {
    const size = screen.size();
    screen.draw([banner(size.columns), '', ...watched.render(value, { ...size, rows: size.rows - 2 })]);
  }

  try {
    while (!interrupt.signal.aborted) {
      draw();
      await pause(intervalMs, interrupt.signal);
      if (interrupt.signal.aborted) break;
      try {
        value = (await unlessAborted(watched.read(), interrupt.signal)) ?? value;
        trouble = null;
        seenAt = terminal.now();
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        trouble = error.message;
      }
    }
  } finally {
    // The last picture stays on the normal screen: it can be read and copied afterwards.
    screen.close(watched.render(value, { ...screen.size(), rows: Infinity }));
  }
}

async function watchLines<T>(
  { terminal }: CliContext,
  watched: Watched<T>,
  intervalMs: number,
  first: T,
  signal: AbortSignal,
): Promise<void> {
  let before: T | null = null;
  let after = first;
  let trouble: string | null = null;
  for (;;) {
    for (const line of watched.changes(before, after)) print(terminal, line);
    before = after;
    await pause(intervalMs, signal);
    if (signal.aborted) return;
    try {
      after = (await unlessAborted(watched.read(), signal)) ?? after;
      if (signal.aborted) return;
      if (trouble !== null) terminal.stderr.write(`${localTime(terminal.now())}  connected again\n`);
      trouble = null;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (trouble !== error.message) {
        terminal.stderr.write(`${localTime(terminal.now())}  reconnecting: ${plain(error.message)}\n`);
      }
      trouble = error.message;
    }
  }
}
