import { count, formatNumber } from '../format';
import { renderTable } from '../table';
import { columnsOf, print, type Terminal } from '../terminal';
import { plain } from '../text-width';
import type { Remark } from './old-site';

/** How many of a type there were, and what became of them. */
export interface TypeCount {
  type: string;
  plural: string;
  found: number;
  added: number;
  changed: number;
  same: number;
  refused: number;
  removed: number;
}

/** What an import came to; with `isDryRun` what it would come to. */
export interface Report {
  source: string;
  server: string;
  isDryRun: boolean;
  isInterrupted: boolean;
  counts: TypeCount[];
  remarks: Remark[];
  /** Systems that were taken with netboot on, each of which has a planned run now. */
  netboot: number;
  /** Items that are only here and stay. */
  onlyHere: number;
  /** Settings that were set here, those to be put into SETTINGS_FILE by hand, and its lines. */
  settings: { taken: string[]; byHand: string[]; local: string[]; snippet: string } | null;
  /** Templates and snippets this server has no method to write. */
  filesLeft: number;
  seconds: number;
}

/** The report as JSON, keys as programs like them. */
export function reportJson(report: Report): unknown {
  const { isDryRun, isInterrupted, counts, onlyHere, filesLeft, settings, ...rest } = report;
  return {
    ...rest,
    dry_run: isDryRun,
    interrupted: isInterrupted,
    types: counts.map(({ plural: _plural, ...each }) => each),
    only_here: onlyHere,
    files_left: filesLeft,
    settings: settings && {
      taken: settings.taken,
      by_hand: settings.byHand,
      of_the_old_server: settings.local,
      snippet: settings.snippet,
    },
  };
}

/** Writes the report for a person. */
export function showReport(terminal: Terminal, report: Report): void {
  const { colors } = terminal;
  const say = (text: string): void => print(terminal, text);
  say(colors.bold(`${report.isDryRun ? 'Would take' : 'Taken'} from ${plain(report.source)} into ${report.server}`));
  say('');
  showCounts(terminal, report);
  showRemarks(terminal, report.remarks);
  for (const line of closingWords(report)) say(line);
}

function showCounts(terminal: Terminal, { counts, isDryRun }: Report): void {
  const number = (value: number): string => (value === 0 ? '' : formatNumber(value));
  const columns = ['FOUND', 'NEW', 'CHANGED', 'SAME', 'REFUSED', isDryRun ? 'TO DELETE' : 'DELETED'];
  const rows = counts
    .filter(({ found, removed }) => found + removed > 0)
    .map((each) => [
      each.plural,
      ...[each.found, each.added, each.changed, each.same, each.refused, each.removed].map(number),
    ]);
  const titles = [{ title: 'TYPE' }, ...columns.map((title) => ({ title, align: 'right' as const }))];
  const table = renderTable(titles, rows, { width: columnsOf(terminal), titleStyle: terminal.colors.dim });
  for (const line of table) print(terminal, line);
}

/** Remarks of the same kind are one line: 500 systems with one strange field are one thing to know. */
function showRemarks(terminal: Terminal, remarks: readonly Remark[]): void {
  if (remarks.length === 0) return;
  const groups = new Map<string, Remark[]>();
  const order = { refused: 0, 'left out': 1, mapped: 2 };
  for (const remark of [...remarks].sort((a, b) => order[a.what] - order[b.what])) {
    const key = JSON.stringify([remark.what, remark.type, remark.field, remark.why]);
    groups.set(key, [...(groups.get(key) ?? []), remark]);
  }
  const { colors } = terminal;
  const styles = { refused: colors.red, 'left out': colors.yellow, mapped: colors.dim };
  const rows = [...groups.values()].map((group) => {
    const [{ what, field, why }] = group as [Remark];
    return [{ text: what, style: styles[what] }, namesOf(group), field ?? '', why];
  });
  print(terminal, '');
  const columns = [
    { title: 'WHAT' },
    { title: 'OF', shrinkTo: 16 },
    { title: 'FIELD', shrinkTo: 10 },
    { title: 'WHY' },
  ];
  const table = renderTable(columns, rows, { width: columnsOf(terminal), titleStyle: colors.dim });
  for (const line of table) print(terminal, line);
}

/** Names in one cell. */
const NAMES_SHOWN = 3;

function namesOf(group: readonly Remark[]): string {
  const names = [...new Set(group.map(({ name }) => name))];
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  const more = names.length > NAMES_SHOWN ? ` and ${formatNumber(names.length - NAMES_SHOWN)} more` : '';
  return `${group[0]!.type} ${shown}${more}`;
}

function closingWords(report: Report): string[] {
  const { remarks, netboot, onlyHere, settings, filesLeft, isDryRun, isInterrupted } = report;
  const lines: string[] = [''];
  const noFile = remarks.filter(({ field, why }) => field !== null && /must be a file on the server/.test(why));
  if (noFile.length > 0) {
    lines.push(
      'Copy kernels and initrds here and repeat this, or have the paths taken as they are with --force-paths.',
    );
  }
  if (netboot > 0) {
    const verb = isDryRun ? 'would be' : 'is';
    lines.push(`${count(netboot, 'system')} with netboot on: an install of each ${verb} planned, as by hand.`);
  }
  if (filesLeft > 0) {
    lines.push(
      `${count(filesLeft, 'template or snippet', 'templates and snippets')}: this server has no method to write.`,
    );
  }
  if (onlyHere > 0) lines.push(`${count(onlyHere, 'item')} here that the old server does not have: left alone.`);
  if (settings !== null) lines.push(...settingWords(report, settings));
  if (isInterrupted) lines.push('Interrupted: repeat it to take the rest.');
  if (isDryRun) lines.push('Nothing was written.');
  return lines.length === 1 ? [] : lines;
}

function settingWords({ isDryRun }: Report, settings: NonNullable<Report['settings']>): string[] {
  const { taken, byHand, local, snippet } = settings;
  const lines: string[] = [];
  if (taken.length > 0) lines.push(`Settings ${isDryRun ? 'to set' : 'set'} here: ${taken.join(', ')}.`);
  if (local.length > 0) lines.push(`Settings not taken, which say where the old server is: ${local.join(', ')}.`);
  if (byHand.length > 0)
    lines.push(
      'Settings for the file that SETTINGS_FILE names (or turn allow_dynamic_settings on and repeat this):',
      '',
      snippet.trimEnd(),
      '',
    );
  return lines;
}
