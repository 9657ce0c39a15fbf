import { isTroubled, type Message, type MessageEntry } from '../domain/message';
import { errorReports, machineFacts, runLink, type ErrorReport } from './facts';
import { footerLine, headline, introLines, MAX_LISTED, severalWords, unlistedLine, whereParts } from './headline';
import { explain, joinWhy, listNames, nameOf, reasonWords, whereWords } from './words';

/** The message as HTML for mail programs: tables and inline styles, since many of them drop everything else. */
export function renderHtml(message: Message): string {
  const [first] = message.entries;
  const single = first !== undefined && message.entries.length === 1;
  const body = [
    title(message),
    ...introLines(message).map((line) => `<p style="${STYLE.text}">${escapeHtml(line)}</p>`),
    ...(single ? [factTable(first, message)] : message.entries.length > 0 ? [machineTable(message)] : []),
    ...errorReports(message.entries).map((report) => errorBlock(report, !single)),
    single ? linkButton(runLink(message, first.run)) : '',
    `<p style="${STYLE.footer}">${escapeHtml(footerLine(message))}</p>`,
  ];
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeHtml(headline(message, 160))}</title></head>`,
    `<body style="${STYLE.body}"><div style="${STYLE.card}">`,
    ...body.filter((part) => part !== ''),
    '</div></body></html>',
    '',
  ].join('\n');
}

/** Text that may stand between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

// Colours keep a contrast of 4.5 : 1 and more on white, and are readable when a mail program turns them dark.
const TONES = { bad: '#b3261e', good: '#1b6e3c', busy: '#1a5fb4' } as const;

const FONT = "font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;";
const MONO = "font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace;";
const STYLE = {
  body: `margin: 0; padding: 16px; background: #f4f5f7; color: #1c1e21; ${FONT}`,
  card: 'max-width: 720px; margin: 0 auto; padding: 20px 24px; background: #ffffff; border: 1px solid #d8dbe0; border-radius: 8px;',
  title: 'margin: 0 0 12px; font-size: 20px; line-height: 1.35; overflow-wrap: anywhere;',
  text: 'margin: 0 0 12px; font-size: 14px; line-height: 1.5; overflow-wrap: anywhere;',
  table: 'width: 100%; border-collapse: collapse; font-size: 14px; line-height: 1.45;',
  label:
    'padding: 4px 16px 4px 0; text-align: left; vertical-align: top; white-space: nowrap; color: #5b616b; font-weight: normal;',
  value: 'padding: 4px 0; vertical-align: top; overflow-wrap: anywhere;',
  head: 'padding: 4px 12px 4px 0; text-align: left; color: #5b616b; font-weight: normal; border-bottom: 1px solid #d8dbe0;',
  cell: 'padding: 6px 12px 6px 0; vertical-align: top; border-bottom: 1px solid #eceef1; overflow-wrap: anywhere;',
  errorTitle: `margin: 20px 0 6px; font-size: 14px; font-weight: bold; color: ${TONES.bad};`,
  pre: `margin: 0; padding: 10px 12px; background: #f4f5f7; border-radius: 6px; font-size: 12px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; ${MONO}`,
  button:
    'display: inline-block; padding: 8px 16px; border-radius: 6px; background: #1a5fb4; color: #ffffff; text-decoration: none; font-size: 14px;',
  footer: 'margin: 20px 0 0; font-size: 12px; color: #5b616b; overflow-wrap: anywhere;',
} as const;

function title(message: Message): string {
  const [first] = message.entries;
  if (message.kind !== 'news' || !first) return `<h1 style="${STYLE.title}">${escapeHtml(headline(message))}</h1>`;
  if (message.entries.length > 1) return `<h1 style="${STYLE.title}">${escapeHtml(severalWords(message))}</h1>`;
  const why = explain(first);
  return `<h1 style="${STYLE.title}">${joinWhy(machineWords(first), escapeHtml(why))}</h1>`;
}

/** Name and reason word, the word in the colour of what it means. */
function machineWords(entry: MessageEntry): string {
  return `${escapeHtml(nameOf(entry))} <span style="color: ${toneOf(entry)};">${escapeHtml(reasonWords(entry))}</span>`;
}

function toneOf(entry: MessageEntry): string {
  if (isTroubled(entry)) return TONES.bad;
  return entry.run.status === 'finished' ? TONES.good : TONES.busy;
}

function factTable(entry: MessageEntry, message: Message): string {
  const rows = machineFacts(entry, message).map(
    (fact) =>
      `<tr><th scope="row" style="${STYLE.label}">${escapeHtml(fact.label)}</th>` +
      `<td style="${STYLE.value}">${escapeHtml(fact.value)}</td></tr>`,
  );
  return `<table style="${STYLE.table}">\n${rows.join('\n')}\n</table>`;
}

function machineTable(message: Message): string {
  const rows = message.entries.slice(0, MAX_LISTED).map((entry) => {
    const link = runLink(message, entry.run);
    const run = escapeHtml(entry.run.runId);
    const cells = [
      `<strong>${machineWords(entry)}</strong>`,
      escapeHtml(explain(entry) || whereWords(entry.run)),
      escapeHtml(whereParts(entry, message).join('; ')),
      link === null ? run : `<a href="${escapeHtml(link)}" style="color: ${TONES.busy};">${run}</a>`,
    ];
    return `<tr>${cells.map((cell) => `<td style="${STYLE.cell}">${cell}</td>`).join('')}</tr>`;
  });
  const heads = ['Machine', 'What', 'Where', 'Run'].map((word) => `<th scope="col" style="${STYLE.head}">${word}</th>`);
  const rest = unlistedLine(message).map((line) => `\n<p style="${STYLE.text}">${line}</p>`);
  return `<table style="${STYLE.table}">\n<tr>${heads.join('')}</tr>\n${rows.join('\n')}\n</table>${rest.join('')}`;
}

function errorBlock(report: ErrorReport, named: boolean): string {
  const head = [named ? `Error on ${listNames(report.machines, 200)}` : 'Error', report.place]
    .filter(Boolean)
    .join(', ');
  const lines = [report.text, ...report.context.map((line) => `| ${line}`)];
  return (
    `<p style="${STYLE.errorTitle}">${escapeHtml(head)}</p>\n` +
    `<pre style="${STYLE.pre}">${escapeHtml(lines.join('\n'))}</pre>`
  );
}

function linkButton(link: string | null): string {
  if (link === null) return '';
  return `<p style="margin: 20px 0 0;"><a href="${escapeHtml(link)}" style="${STYLE.button}">Run and log</a></p>`;
}
