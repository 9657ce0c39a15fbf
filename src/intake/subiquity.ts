import { SUBIQUITY_BENIGN, SUBIQUITY_ERRORS } from './subiquity-errors';
import { SUBIQUITY_FILES, SUBIQUITY_PHASES } from './subiquity-markers';
import { NOBODYS, type FileKind, type Installer, type LogLine, type Voice } from './vocabulary';

/** `2023-07-24 06:22:38,050 INFO root:37 text`; the number is that of a line of the source. */
const SERVER = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]{1,10}) ([\w./-]{1,300}?)(?::\d{1,6})? (.*)$/s;
/** `2023-07-24 06:22:38,050 - handlers.py[DEBUG]: text`. */
const CLOUD_INIT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - [\w.]{1,60}\[[A-Z]{1,10}\]: (.*)$/s;
const EVENT = /^(?:start|finish): /;
/** What cloud-init prints to the console when it is done. */
const CLOUD_INIT_DONE = /^Cloud-init v\. \S{1,60} finished at /;
const STEP_HEADER = /^---- \[\[ subiquity step /;
const NAME = /^subiquity\/[\w./-]{1,300}/;
const FAILED_COMMAND = /returned non-zero exit status -?\d{1,5}\.?$/;

/** An event as curtin, subiquity and cloud-init report it. `result` of finished ones is SUCCESS, WARN or FAIL. */
export interface ReportedEvent {
  name: string;
  description: string;
  type: string;
  origin: string;
  result: string | null;
}

/** subiquity and curtin (Ubuntu 20.04 and later, MAAS), and what cloud-init says of the system they made. */
export const SUBIQUITY: Installer = {
  name: 'subiquity',
  files: SUBIQUITY_FILES,
  phases: SUBIQUITY_PHASES,
  counters: [],
  errors: SUBIQUITY_ERRORS,
  benign: SUBIQUITY_BENIGN,
  task: /^start: (?:subiquity\/(?:Install|Late|Early)|cmd-install|subiquity_event\b)\S{0,400}: (?<task>(?!curtin command |running ')\S.{0,300})/,
  split: splitLine,
  tagged,
  sniff,
};

/** The normal text of an event, the same for every way it came. */
export function eventLine(event: ReportedEvent): LogLine {
  const { name, description, type, origin, result } = event;
  // Kinds beside start and finish, since 2024, are words on the way.
  if (type !== 'finish' && type !== 'start') {
    return { voice: 'installer', level: type.toUpperCase(), logger: 'webhook', text: description };
  }
  const how = type === 'finish' ? `${result ?? 'SUCCESS'}: ` : '';
  const text = `${type}: ${name}: ${how}${description}`;
  return { voice: 'event', level: '', logger: origin === 'cloudinit' ? 'cloudinit' : 'webhook', text };
}

function splitLine(kind: FileKind, line: string, previous: Voice): LogLine {
  switch (kind) {
    case 'installer':
      return splitServer(line, previous);
    case 'program':
      return splitCurtin(line);
    case 'events':
      return splitJson(line);
    case 'console':
      return splitConsole(line);
    default:
      return NOBODYS;
  }
}

function splitServer(line: string, previous: Voice): LogLine {
  const server = SERVER.exec(line);
  if (server) {
    const [, level = '', logger = '', text = ''] = server;
    return spoken(level, logger, text);
  }
  const cloudInit = CLOUD_INIT.exec(line);
  if (cloudInit) return EVENT.test(cloudInit[1]!) ? event('cloudinit', cloudInit[1]!) : NOBODYS;
  // A line of its own belongs to the one before: a call stack, an answer in YAML.
  return previous === 'nobody' ? NOBODYS : { voice: 'installer', level: '', logger: '', text: line };
}

function spoken(level: string, logger: string, text: string): LogLine {
  return EVENT.test(text) ? event(logger, text) : { voice: 'installer', level, logger, text };
}

/** curtin's log under subiquity: what is told there of an end is that of a step. */
function splitCurtin(line: string): LogLine {
  const text = line.trimStart();
  return EVENT.test(text)
    ? event('curtin', belowSubiquity(text))
    : { voice: 'program', level: '', logger: '', text: line };
}

/** Console of a machine, and the log of a curtin that runs on its own. */
function splitConsole(line: string): LogLine {
  const text = line.replace(/^(?:\[ *\d+\.\d+\] )?(?:[\w-]{1,60}\[\d{1,10}\]: )?/, '');
  const bare = text.trimStart();
  if (CLOUD_INIT_DONE.test(bare)) return event('cloudinit', 'finish: modules-final: SUCCESS: ');
  if (EVENT.test(bare)) return event('console', withResult(bare));
  return { voice: 'console', level: '', logger: '', text };
}

/** The console names no result: a command that failed says so itself, and of answers only those refused say anything. */
function withResult(text: string): string {
  const [, name, said] = /^finish: (\S{1,400}?): (?!(?:SUCCESS|WARN|FAIL)\b)(.*)$/s.exec(text) ?? [];
  if (name === undefined || said === undefined) return text;
  const isRefused = said !== '' && /\/(?:apply|load)_autoinstall_\w{1,20}$/.test(name);
  return isRefused || FAILED_COMMAND.test(text) ? `finish: ${name}: FAIL: ${said}` : text;
}

/** One webhook body a line. */
function splitJson(line: string): LogLine {
  const found = parseJson(line);
  return found === null ? NOBODYS : eventLine(found);
}

/** An event in one line of JSON; a line that was cut in its attached files still tells. Null for anything else. */
function parseJson(line: string): ReportedEvent | null {
  const files = line.indexOf(', "files": [');
  try {
    return readEvent(JSON.parse(files < 0 ? line : `${line.slice(0, files)}}`));
  } catch {
    return null;
  }
}

/** The event in a body of curtin's or cloud-init's webhook; null for what is none. */
export function readEvent(value: unknown): ReportedEvent | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const field = (name: string): unknown =>
    Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
  const name = field('name');
  const type = field('event_type');
  if (typeof name !== 'string' || name === '' || typeof type !== 'string') return null;
  const text = (raw: unknown): string => (typeof raw === 'string' ? raw.replace(/[\r\n]+/g, ' ') : '');
  const result = field('result');
  return {
    name: name.replace(/\s+/g, '_'),
    description: text(field('description')),
    type,
    origin: text(field('origin')),
    result: typeof result === 'string' ? result : null,
  };
}

function tagged(tag: string, _level: string, text: string): LogLine | null {
  if (/^subiquity_event(?:\.\d{1,12})?$/.test(tag)) return journalEvent(text.trim());
  if (/^curtin_event(?:\.\d{1,12}){0,2}$/.test(tag)) {
    return EVENT.test(text) ? event('curtin', belowSubiquity(text)) : NOBODYS;
  }
  if (/^subiquity_log(?:\.\d{1,12})?$/.test(tag)) return { voice: 'program', level: '', logger: '', text };
  if (tag === 'cloud-init') {
    if (CLOUD_INIT_DONE.test(text)) return event('cloudinit', 'finish: modules-final: SUCCESS: ');
    return splitServer(text, 'nobody');
  }
  return null;
}

/** The journal has the name or the description of a step, and neither whether it began nor how it ended. */
function journalEvent(text: string): LogLine {
  if (EVENT.test(text)) return event('journal', withResult(text));
  const name = NAME.exec(text)?.[0] ?? '';
  const description = text.slice(name.length).replace(/^: /, '');
  if (FAILED_COMMAND.test(text)) {
    return event('journal', `finish: ${name || 'subiquity/Install/install'}: FAIL: ${description}`);
  }
  return event('journal', `start: ${name || 'subiquity_event'}: ${description}`);
}

/** Under subiquity curtin's names are those of steps of a greater whole. */
function belowSubiquity(text: string): string {
  return text.replace(/^(start|finish): /, '$1: subiquity/curtin/');
}

function event(logger: string, text: string): LogLine {
  return { voice: 'event', level: '', logger, text };
}

/** Forms no other installer's files have. */
function sniff(line: string): FileKind | null {
  if (
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]{1,10} (?:subiquity|curtin|root:\d{1,6} (?:start|finish): subiquity)/.test(
      line,
    )
  )
    return 'installer';
  if (/^\{"name": "(?:subiquity\/|cmd-|modules-|init-)[^"]{0,400}", "description": /.test(line)) return 'events';
  if (STEP_HEADER.test(line)) return 'program';
  if (
    /^(?:curtin: Installation started\. |(?:start|finish): (?:subiquity\/|cmd-install\b)|Continue with autoinstall\?|An error occurred\. Press enter to start a shell)/.test(
      line,
    )
  )
    return 'console';
  return null;
}
