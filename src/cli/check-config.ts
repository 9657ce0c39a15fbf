import type { Command } from 'commander';
import { ConfigError, configWarnings, describeConfig, loadConfig, SETTINGS } from '../config';
import { loadSettings } from '../settings';
import { EXIT } from './cli-error';
import type { CliContext } from './server-options';
import { renderTable } from './table';
import { columnsOf, print, printJson } from './terminal';

/** What the settings come to. */
interface Checked {
  faults: string[];
  warnings: string[];
  settings: { name: string; value: string }[];
}

/** `kickwatch check-config`: the effective settings, secrets masked, or everything that is wrong with them. */
export function addCheckConfigCommand(program: Command, context: CliContext): void {
  program
    .command('check-config')
    .summary('the settings a server started here would use, secrets masked; or all their faults')
    .description(
      'Shows the settings a server started with this environment would use, secrets masked.\n' +
        'Names all faults at once and ends with exit code 1 when there are any.',
    )
    .option('--json', 'for programs: {settings, warnings, faults}')
    .action(async ({ json }: { json?: boolean }) => {
      const checked = await check(context);
      if (json) printChecked(context, checked);
      else showChecked(context, checked);
      if (checked.faults.length > 0) context.exitCode = EXIT.error;
    });
}

async function check({ env }: CliContext): Promise<Checked> {
  try {
    const config = loadConfig(env);
    const checked: Checked = { faults: [], warnings: configWarnings(config, env), settings: describeConfig(config) };
    try {
      checked.warnings.push(...(await loadSettings(config.settingsFile)).warnings);
    } catch (error) {
      checked.faults.push((error as Error).message);
    }
    return checked;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { faults: [...error.faults], warnings: [], settings: [] };
  }
}

function printChecked({ terminal }: CliContext, { settings, warnings, faults }: Checked): void {
  const values = Object.fromEntries(settings.map(({ name, value }) => [name, value === '' ? null : value]));
  printJson(terminal, { settings: values, warnings, faults });
}

function showChecked({ terminal }: CliContext, { settings, warnings, faults }: Checked): void {
  const { colors, errorColors } = terminal;
  if (settings.length > 0) {
    const about = new Map<string, string>(SETTINGS.map((setting) => [setting.name, setting.about]));
    const rows = settings.map(({ name, value }) => [
      name,
      value === '' ? { text: '(unset)', style: colors.dim } : value,
      { text: about.get(name) ?? '', style: colors.dim },
    ]);
    const table = renderTable(
      [{ title: 'SETTING' }, { title: 'VALUE', shrinkTo: 30 }, { title: 'ABOUT', shrinkTo: 10 }],
      rows,
      { width: columnsOf(terminal), titleStyle: colors.dim },
    );
    print(terminal, table.join('\n'));
  }
  for (const warning of warnings) terminal.stderr.write(`${errorColors.yellow('Warning:')} ${warning}\n`);
  if (faults.length === 0) return;
  terminal.stderr.write(`${errorColors.red('The settings cannot be used:')}\n`);
  for (const fault of faults) terminal.stderr.write(`  ${fault}\n`);
}
