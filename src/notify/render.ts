import type { Message, MessageEntry } from '../domain/message';
import { errorReports, machineFacts, runLink, type ErrorReport } from './facts';
import { footerLine, headline, introLines, listLine, MAX_LISTED, unlistedLine } from './headline';
import type { Content } from './notifier';
import { renderHtml } from './render-html';
import { listNames } from './words';

/** Subjects longer than this are of no use in a list of mails; a machine's name is never cut, whatever its length. */
const MAX_SUBJECT = 160;

/** The message as a mail: subject, plain text and HTML that say the same. */
export function renderMail(message: Message): Content {
  const only = message.entries.length === 1 ? message.entries[0]! : null;
  return {
    subject: headline(message, MAX_SUBJECT),
    text: renderText(message),
    html: renderHtml(message),
    thread: message.kind === 'news' && only ? `run-${only.run.runId}` : null,
  };
}

function renderText(message: Message): string {
  const blocks: string[] = [headline(message), ...introLines(message)];
  const [first] = message.entries;
  if (first && message.entries.length === 1) {
    blocks.push(factTable(first, message));
  } else if (first) {
    const lines = message.entries.slice(0, MAX_LISTED).map((entry) => listLine(entry, message));
    blocks.push([...lines, ...unlistedLine(message)].join('\n'));
  }
  blocks.push(...errorReports(message.entries).map((report) => errorBlock(report, message.entries.length > 1)));
  const link = first && message.entries.length === 1 ? runLink(message, first.run) : null;
  if (link !== null) blocks.push(`Run and log: ${link}`);
  blocks.push(`-- \n${footerLine(message)}`);
  return `${blocks.join('\n\n')}\n`;
}

function factTable(entry: MessageEntry, message: Message): string {
  const facts = machineFacts(entry, message);
  const width = Math.max(...facts.map((fact) => fact.label.length)) + 2;
  return facts.map((fact) => fact.label.padEnd(width) + fact.value).join('\n');
}

function errorBlock(report: ErrorReport, named: boolean): string {
  const head = [named ? `Error on ${listNames(report.machines, 200)}` : 'Error', report.place]
    .filter(Boolean)
    .join(', ');
  const context = report.context.map((line) => `  | ${line}`);
  return [`${head}:`, `  ${report.text}`, ...context].join('\n');
}
