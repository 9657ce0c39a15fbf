import type { Command } from 'commander';
import type { Client, ClientOptions } from './client';
import { count, formatDuration, formatNumber } from './format';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { renderTable } from './table';
import { columnsOf, print, printJson } from './terminal';
import { isWireStruct, toJson, type WireStruct } from './wire';

/** `kickwatch senders`: who sends live logs, whom each is taken for, and what was lost. */
export function addSendersCommand(program: Command, context: CliContext): void {
  addServerOptions(
    program
      .command('senders')
      .summary('who sends live logs, and which system each is taken for')
      .description(
        'Lists the senders of live logs (syslog) the server has heard of late, newest first: which system each is\n' +
          'taken for and why, how many lines came and how many were lost because they were too many.',
      )
      .option('--json', 'for programs'),
  ).action((options: ClientOptions & { json?: boolean }) =>
    withClient(context, options, (client) => showSenders(context, client, options)),
  );
}

async function showSenders({ terminal }: CliContext, client: Client, { json }: { json?: boolean }): Promise<void> {
  const answer = await client.ask('get_senders', []);
  const senders = Array.isArray(answer) ? answer.filter(isWireStruct) : [];
  if (json) return printJson(terminal, senders.map(toJson));
  const { colors } = terminal;
  if (senders.length === 0) {
    return print(
      terminal,
      'No live logs have come in. Point installers at port 5514: inst.syslog=SERVER:5514 (anaconda), log_host=SERVER log_port=5514 (debian-installer).',
    );
  }
  const text = (struct: WireStruct, field: string): string => {
    const value = struct[field];
    return value === '~' || value === undefined ? '' : String(value);
  };
  const rows = senders.map((sender) => {
    const heard = Number(sender['heard']) * 1000;
    const target = text(sender, 'target').replace(/^system:/, '');
    return [
      text(sender, 'peer'),
      text(sender, 'host'),
      target === '' ? { text: 'nobody known', style: colors.yellow } : target,
      text(sender, 'bound_by'),
      formatNumber(Number(sender['lines'])),
      Number(sender['lost']) > 0 ? { text: formatNumber(Number(sender['lost'])), style: colors.yellow } : '',
      `${formatDuration(Math.max(0, client.serverNow() - heard))} ago`,
      { text: text(sender, 'refused'), style: colors.red },
    ];
  });
  const columns = [
    { title: 'sender' },
    { title: 'calls itself', shrinkTo: 8, dropBelow: 80 },
    { title: 'system', shrinkTo: 8 },
    { title: 'known by', dropBelow: 90 },
    { title: 'lines', align: 'right' as const },
    { title: 'lost', align: 'right' as const },
    { title: 'heard' },
    { title: 'refused', shrinkTo: 20 },
  ];
  print(terminal, renderTable(columns, rows, { width: columnsOf(terminal), titleStyle: colors.dim }).join('\n'));
  const unknown = senders.filter((sender) => sender['target'] === '~').length;
  if (unknown > 0) {
    print(
      terminal,
      colors.dim(
        `\n${count(unknown, 'sender')} of nobody known: put its address on record (interface ip_address), or let the DHCP server's log come here too.`,
      ),
    );
  }
}
