import { createInterface } from 'node:readline/promises';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { CliError, EXIT } from '../cli-error';
import { count } from '../format';
import type { Terminal } from '../terminal';
import { IMPORTED_TYPES, type OldSite, type Remark } from './old-site';
import type { Present } from './plan';

/** An item that is only here. */
export interface Surplus {
  type: string;
  name: string;
}

/**
 * Items that the old server does not have, in an order in which they can go: what refers to others first. Types of which
 * not everything could be read keep all they have, and so does an item whose file could not be read.
 */
export function findSurplus(site: OldSite, present: Present): Surplus[] {
  const known = new Set(site.items.map(({ type, name }) => `${type.name} ${name}`));
  return [...IMPORTED_TYPES].reverse().flatMap((type) => {
    if (!site.complete.has(type.name)) return [];
    const items = [...(present.get(type.name) ?? [])].sort(([, a], [, b]) => depthOf(b) - depthOf(a));
    const isGone = (name: string): boolean =>
      !known.has(`${type.name} ${name}`) && !site.unread.has(`${type.name} ${name}`);
    return items.filter(([name]) => isGone(name)).map(([name]) => ({ type: type.name, name }));
  });
}

function depthOf({ depth }: { depth?: unknown }): number {
  return typeof depth === 'number' ? depth : 0;
}

/** Asks before anything is deleted. @throws CliError when there is nobody to ask, or the answer is no. */
export async function confirmPrune(terminal: Terminal, surplus: readonly Surplus[], isSaid: boolean): Promise<void> {
  if (isSaid || surplus.length === 0) return;
  const { stdin, stderr } = terminal;
  const names = surplus.slice(0, 10).map(({ type, name }) => `${type} ${name}`);
  const list = `${names.join(', ')}${surplus.length > 10 ? ' …' : ''}`;
  if (!stdin.isTTY) {
    throw new CliError(
      `--prune would delete ${count(surplus.length, 'item')} here (${list}), and nobody can be asked.`,
      {
        hints: ['Look with --dry-run first; then add --yes.'],
        exitCode: EXIT.usage,
      },
    );
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(`Delete ${count(surplus.length, 'item')} here (${list})? Type yes: `);
    if (answer.trim().toLowerCase() !== 'yes') throw new CliError('Nothing was written.');
  } finally {
    lines.close();
  }
}

/** Deletes one by one, each only when nothing refers to it; answers what is gone, and says why the rest is not. */
export async function prune(
  client: Client,
  surplus: readonly Surplus[],
  remarks: Remark[],
  signal: AbortSignal,
): Promise<Surplus[]> {
  const gone: Surplus[] = [];
  for (const item of surplus) {
    if (signal.aborted) break;
    const { type, name } = item;
    try {
      await client.ask('xapi_object_edit', [type, name, 'remove', { name, recursive: false }]);
      gone.push(item);
    } catch (error) {
      if (!(error instanceof ServerFault)) throw error;
      remarks.push({ what: 'refused', type, name, field: null, why: `it was not deleted: ${error.message}` });
    }
  }
  return gone;
}
