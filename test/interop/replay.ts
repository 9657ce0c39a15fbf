/**
 * Replays recorded Cobbler traffic against an empty server and prints how much of it agrees.
 *
 *   npx tsx test/interop/replay.ts PATH/replay.py CAPTURES_FOLDER [--each] [--show N] [--only 17,19] [--report FOLDER]
 *
 * One server per setup of the recording (stock; fixed = with the two broken methods mended), on which its themes run in
 * the recorded order, as they build on each other; `--each` gives every theme a server of its own with only what it
 * cannot do without. Themes marked `(before)` are run for what they leave behind and do not count. The recordings and
 * the program are not part of this repository.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../support/server';
import { judge, type Outcome } from './differences';

/** Themes that count, by setup: all of the recording. */
const SETUPS = [
  {
    setup: 'stock',
    themes: [
      '00',
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '11',
      '13',
      '14',
      '17',
      '18',
      '19',
      '20',
      '21',
      '22',
    ],
  },
  { setup: 'fixed', themes: ['31', '32'] },
] as const;
const ALWAYS = ['00', '01'];
/** Further themes whose items a theme works on. */
const NEEDS: Record<string, string[]> = {
  '14': ['13'],
  '17': ['13'],
  '19': ['13'],
  '20': ['13'],
  '21': ['13'],
  '22': ['13'],
  '31': ['32'],
};
/** The last theme before the second set-up of the recording: only with it does the program tell the two apart. */
const BEFORE_FIXED = '22';

/** The settings the recorded server had, where they differ from the defaults. */
const SETTINGS = `register_new_installs: true
anamon_enabled: true
pxe_just_once: true
run_install_triggers: true
`;

interface Options {
  program: string;
  captures: string;
  show: string;
  report: string | null;
}

interface Row {
  theme: string;
  label: string;
  problems: string[];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      each: { type: 'boolean', default: false },
      show: { type: 'string', default: '0' },
      only: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const [program, captures] = positionals;
  if (program === undefined || captures === undefined) {
    throw new Error(
      'usage: replay.ts PATH/replay.py CAPTURES_FOLDER [--each] [--show N] [--only 17,19] [--report DIR]',
    );
  }
  const options: Options = { program, captures, show: values.show, report: values.report ?? null };
  const only = values.only?.split(',');
  const outcomes: Record<Outcome, Row[]> = { equal: [], explained: [], missing: [], unexplained: [] };
  for (const { setup, themes } of SETUPS) {
    const wanted = themes.filter((theme) => only === undefined || only.includes(theme));
    if (wanted.length === 0) continue;
    const groups = values.each ? wanted.map((theme) => [theme]) : [wanted];
    for (const group of groups) {
      const rows = await replay(setup, group, options);
      const counted = rows.filter((row) => group.some((theme) => row.theme.startsWith(`${theme}-`)));
      printTable(setup, rows, counted);
      for (const row of counted) outcomes[judge(row.theme, row.label, row.problems)].push(row);
    }
  }
  summarize(outcomes);
}

/** Counts, and every difference nobody has explained; the exit status says whether there are any. */
function summarize({ equal, explained, missing, unexplained }: Record<Outcome, Row[]>): void {
  for (const row of unexplained) {
    process.stdout.write(`UNEXPLAINED ${row.theme} / ${row.label}\n    ${row.problems.slice(0, 3).join('\n    ')}\n`);
  }
  const total = equal.length + explained.length + missing.length + unexplained.length;
  const share = (count: number): string => `${((100 * count) / Math.max(total, 1)).toFixed(1)} %`;
  const present = total - missing.length;
  process.stdout.write(
    `agree ${equal.length} of ${total} (${share(equal.length)}); different by a listed rule ${explained.length}; ` +
      `not there yet ${missing.length}; unexplained ${unexplained.length}\n` +
      `of what is there: agree or by a rule ${equal.length + explained.length} of ${present}\n`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
}

async function replay(setup: string, themes: readonly string[], options: Options): Promise<Row[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-replay-'));
  const settings = path.join(folder, 'settings.yaml');
  await writeFile(settings, SETTINGS);
  const server = await startServer({
    env: { INTAKE_POLICY: 'open', SETTINGS_FILE: settings, ADMIN_USER: 'cobbler', ADMIN_PASSWORD: 'cobbler' },
  });
  try {
    const before = themes.flatMap((theme) => [...ALWAYS, ...(NEEDS[theme] ?? [])]);
    if (setup === 'fixed') before.push(BEFORE_FIXED);
    const files = await captureFiles(options.captures, new Set([...before, ...themes]));
    const log = path.join(folder, 'log.json');
    const secret = await readFile(path.join(server.dataDir, 'web.ss'), 'utf8').catch(() => '');
    const ran = await runToEnd('python3', [
      options.program,
      ...['--url', `${server.url}/`, '--svc', server.url, '--setup', setup, '--json', log, '--show', options.show],
      ...['--user', 'cobbler', '--password', 'cobbler'],
      ...(secret === '' ? [] : ['--secret', secret]),
      ...files,
    ]);
    if (options.show !== '0') process.stdout.write(ran);
    const rows = JSON.parse(await readFile(log, 'utf8')) as Row[];
    if (options.report !== null) await report(options.report, setup, rows);
    if (!server.isRunning()) process.stdout.write(`THE SERVER ENDED:\n${server.logs().slice(-4000)}\n`);
    return rows;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function captureFiles(folder: string, themes: ReadonlySet<string>): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.jsonl') && themes.has(name.slice(0, 2)))
    .sort()
    .map((name) => path.join(folder, name));
}

function printTable(setup: string, rows: readonly Row[], counted: readonly Row[]): void {
  for (const theme of [...new Set(rows.map((row) => row.theme))].sort()) {
    const of = rows.filter((row) => row.theme === theme);
    const agree = of.filter((row) => row.problems.length === 0).length;
    const note = counted.includes(of[0]!) ? '' : ' (before)';
    process.stdout.write(
      `${setup.padEnd(6)} ${(theme + note).padEnd(36)} ${String(agree).padStart(4)} of ${of.length}\n`,
    );
  }
}

/** One file per theme: every exchange that differs, with the first differences. */
async function report(folder: string, setup: string, rows: readonly Row[]): Promise<void> {
  for (const theme of new Set(rows.map((row) => row.theme))) {
    const of = rows.filter((row) => row.theme === theme);
    const bad = of.filter((row) => row.problems.length > 0);
    const lines = bad.map((row) => `${row.label}\n    ${row.problems.join('\n    ')}`);
    const head = `${theme}, setup ${setup}: ${of.length - bad.length} of ${of.length} agree\n`;
    await writeFile(path.join(folder, `replay-${setup}-${theme}.txt`), `${head}${lines.join('\n')}\n`);
  }
}

function runToEnd(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}`))));
  });
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
