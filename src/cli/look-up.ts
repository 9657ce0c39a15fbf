import type { RunReport } from '../domain/run-report';
import { readRun, readTarget } from './answers';
import { ServerFault } from './client-errors';
import { CliError } from './cli-error';
import type { Client } from './client';
import { plain } from './text-width';
import { isWireStruct, type WireValue } from './wire';

/** Events one call answers at most. */
const LOG_PAGE = 1_000;

/** All events of a run after the one numbered `since`, oldest first, as the server answered them. */
export async function findLog(client: Client, runId: string, since: number): Promise<WireValue[]> {
  const events: WireValue[] = [];
  for (let after = since; ;) {
    const page = await client.ask('get_run_log', [runId, after]);
    if (!Array.isArray(page)) return events;
    events.push(...page);
    const last = page.at(-1);
    if (page.length < LOG_PAGE || !isWireStruct(last) || typeof last['seq'] !== 'number') return events;
    after = last['seq'];
  }
}

/** What a command line means by a number or a name. */
export interface Subject {
  run: RunReport;
  /** Set when a name was given: newer runs of that system are followed too. */
  system: string | null;
}

/**
 * A number is a run; a name means its latest run.
 *
 * @param command - of the command line, for hints that say what to type instead.
 */
export async function findSubject(client: Client, name: string, command: string): Promise<Subject> {
  if (/^\d{1,18}$/.test(name)) return { run: await findRun(client, name, command), system: null };
  const answer = readTarget(name, await withNameHint(client, name, () => client.ask('get_status', [askedName(name)])));
  if (answer.type === 'system') {
    if (answer.run !== null) return { run: answer.run, system: answer.name };
    throw new CliError(`${answer.name} has no log: it has not been installed since Kickwatch watches it.`);
  }
  const [only] = answer.runs;
  if (only && answer.runs.length === 1) return { run: only.run, system: null };
  if (!only) throw new CliError(`No machine has been installed by the name of profile ${name}.`);
  throw new CliError(`${answer.runs.length} machines have been installed by the name of profile ${name}.`, {
    hints: answer.runs
      .slice(0, 20)
      .map(({ address, run }) => `kickwatch ${command} ${run.runId}   (${plain(address)})`),
  });
}

async function findRun(client: Client, runId: string, command: string): Promise<RunReport> {
  try {
    return readRun(await client.ask('get_run', [runId]));
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    const hints = ['Numbers of runs:  kickwatch runs', `A system of that name:  kickwatch ${command} system:${runId}`];
    throw new CliError(error.message, { hints, cause: error });
  }
}

/** What get_status is asked for: the words `normal` and `text` mean Cobbler's tables, unless their type is said. */
export function askedName(name: string): string {
  return name === 'normal' || name === 'text' ? `system:${name}` : name;
}

/** Runs `look`; when the server knows no such name, the error names those that are close. */
export async function withNameHint<T>(client: Client, name: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ServerFault) || !/No system or profile/.test(error.message)) throw error;
    const close = await closeNames(client, name).catch(() => []);
    const hints = close.length > 0 ? [`Close to it: ${close.join(', ')}`] : ['All that is going on:  kickwatch status'];
    throw new CliError(error.message, { hints, cause: error });
  }
}

/** Systems and profiles whose name begins like `name`, contains it, or differs in a letter or two; at most five. */
async function closeNames(client: Client, name: string): Promise<string[]> {
  const lists = await Promise.all([
    client.call('get_item_names', ['system']),
    client.call('get_item_names', ['profile']),
  ]);
  const names = lists.flatMap((list) => (Array.isArray(list) ? list : [])).filter((each) => typeof each === 'string');
  return rankClose(name, names).slice(0, 5);
}

/** The names that may have been meant, best first. */
export function rankClose(wanted: string, names: readonly string[]): string[] {
  const target = wanted.toLowerCase();
  return names
    .map((name) => ({ name, distance: distance(target, name.toLowerCase()) }))
    .filter(({ distance: far }) => far <= Math.max(1, Math.floor(target.length / 4)))
    .sort((left, right) => left.distance - right.distance || left.name.localeCompare(right.name))
    .map(({ name }) => name);
}

/** Letters wrong, missing, too many or exchanged with their neighbour; names that contain the wanted text count as one. */
function distance(wanted: string, name: string): number {
  if (wanted.length >= 2 && name.includes(wanted)) return 1;
  if (Math.abs(wanted.length - name.length) > 3) return Infinity;
  const rows = [Array.from({ length: name.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= wanted.length; i++) {
    const row = [i];
    for (let j = 1; j <= name.length; j++) {
      const change = wanted[i - 1] === name[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      const areExchanged = i > 1 && j > 1 && wanted[i - 1] === name[j - 2] && wanted[i - 2] === name[j - 1];
      if (areExchanged) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[wanted.length]![name.length]!;
}
