import type { SyslogLine } from './frame';

/** The lines of one sender since the last time, in the order they came, and how many were left out between them. */
export interface SyslogBatch {
  /** Address of the sender, IPv4 as such even on an IPv6 socket. */
  peer: string;
  lines: SyslogLine[];
  lost: number;
}

/** Collects lines by sender and hands them on together. */
export interface Batches {
  add(peer: string, line: SyslogLine): void;
  addLost(peer: string): void;
  /** Hands on what there is, now. */
  flush(): void;
}

/**
 * Hands on everything `everyMs` after the first of it, or as soon as there are `maxLines`, taken and lost together.
 *
 * @param onBatch - Must not throw.
 */
export function createBatches(options: {
  everyMs: number;
  maxLines: number;
  onBatch(batch: SyslogBatch[]): void;
}): Batches {
  let batches = new Map<string, SyslogBatch>();
  let count = 0;
  let timer: NodeJS.Timeout | null = null;
  /** Lines come in rows of one sender. */
  let latest: SyslogBatch | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (count === 0) return;
    const batch = [...batches.values()];
    batches = new Map();
    latest = null;
    count = 0;
    options.onBatch(batch);
  }

  function batchOf(peer: string): SyslogBatch {
    if (latest?.peer === peer) return latest;
    latest = batches.get(peer) ?? null;
    if (latest === null) {
      latest = { peer, lines: [], lost: 0 };
      batches.set(peer, latest);
    }
    return latest;
  }

  function noteOne(): void {
    count += 1;
    if (count >= options.maxLines) flush();
    else timer ??= setTimeout(flush, options.everyMs);
  }

  return {
    add(peer, line) {
      batchOf(peer).lines.push(line);
      noteOne();
    },
    addLost(peer) {
      batchOf(peer).lost += 1;
      noteOne();
    },
    flush,
  };
}
