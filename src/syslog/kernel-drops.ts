import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';

/**
 * How many datagrams the kernel threw away because the socket's receive buffer was full: column `drops` of
 * /proc/net/udp and /proc/net/udp6 (Linux 2.6.27 or newer, Documentation/networking/proc_net_tcp).
 *
 * @param table - Content of the file for the family of `address`.
 * @returns null when the socket is not in the table.
 */
export function findDrops(table: string, address: string, port: number): number | null {
  const local = `${hexAddress(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const row of table.split('\n')) {
    const columns = row.trim().split(/\s+/);
    if (columns[1] !== local) continue;
    const drops = Number(columns[columns.length - 1]);
    return Number.isSafeInteger(drops) ? drops : null;
  }
  return null;
}

/** Watches the counter of one socket. */
export interface DropWatch {
  /** As of the last look; null where there is no counter. */
  latest(): number | null;
  /** Looks a last time, while the socket is still open, and ends. */
  stop(): Promise<void>;
}

/** Looks at the counter every `everyMs` and tells when it has risen, with all there were so far. */
export function watchDrops(options: {
  address: string;
  port: number;
  everyMs: number;
  onDrops(dropped: number): void;
}): DropWatch {
  let latest: number | null = null;
  async function look(): Promise<void> {
    const found = await readDrops(options.address, options.port);
    if (found === null) return;
    const before = latest ?? 0;
    latest = found;
    if (found > before) options.onDrops(found);
  }
  void look();
  const timer = setInterval(() => void look(), options.everyMs);
  timer.unref();
  return {
    latest: () => latest,
    async stop() {
      clearInterval(timer);
      await look();
    },
  };
}

/** Reads the table and finds the socket in it; null where there is no such table. */
async function readDrops(address: string, port: number): Promise<number | null> {
  const file = isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp';
  const table = await readFile(file, 'latin1').catch(() => null);
  return table === null ? null : findDrops(table, address, port);
}

/** The address as the kernel prints it: words of 32 bits in the machine's own order. */
function hexAddress(address: string): string {
  const bytes = isIPv6(address) ? bytesOfIPv6(address) : address.split('.').map(Number);
  const words: number[][] = [];
  for (let at = 0; at < bytes.length; at += 4) words.push(bytes.slice(at, at + 4));
  return words
    .flatMap((word) => (endianness() === 'LE' ? word.reverse() : word))
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}

function bytesOfIPv6(address: string): number[] {
  const bare = address.replace(/%.*$/, '');
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(bare);
  const pair = (high: number, low: number): string => (Number(mapped![high]) * 256 + Number(mapped![low])).toString(16);
  const text = mapped === null ? bare : `${mapped[1]}${pair(2, 3)}:${pair(4, 5)}`;
  const [head = '', tail = ''] = text.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
