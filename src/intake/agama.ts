import {
  NOBODYS,
  type ErrorMarker,
  type FileKind,
  type Installer,
  type LogLine,
  type PhaseMarker,
  type Voice,
} from './vocabulary';

/*
 * Agama (SUSE): the events of its WebSocket, one JSON object a line. It is read from a client of the machine's own server or
 * from a file a script keeps. Titles of steps are translated, their numbers are not.
 */

const EVENT: readonly Voice[] = ['event'];
const TYPES =
  'StageChanged|ProgressChanged|ProgressFinished|QuestionAdded|QuestionAnswered|QuestionsChanged|InstallationPhaseChanged|IssuesChanged|TaskStarted|TaskFinished|StateChanged|ProposalChanged|SystemChanged|ConfigChanged';
const OWN = new RegExp(`^\\s{0,20}\\{"type": ?"(?:${TYPES})"`);

const PHASES: readonly PhaseMarker[] = [
  {
    id: 'answered',
    phase: 'bootstrap',
    voices: EVENT,
    pattern: /^QuestionAnswered\b/,
    prints: 'Agama 2026: source',
    proves: 'answered',
  },
  {
    id: 'configuring',
    phase: 'config',
    voices: EVENT,
    pattern: /^StageChanged configuring$|^InstallationPhaseChanged 1$/,
    prints: 'Agama 2026: source; the number up to 2025: from memory',
    proves: 'begin',
  },
  {
    id: 'finished',
    phase: 'complete',
    voices: EVENT,
    pattern: /^StageChanged finished$/,
    prints: 'Agama 2026: source',
    proves: 'end',
    unlessFailed: true,
  },
  {
    id: 'installing',
    phase: 'packages',
    voices: EVENT,
    pattern: /^StageChanged installing$|^InstallationPhaseChanged 2$/,
    prints: 'Agama 2026: source; it prepares the disks first, and says so in its progress only',
  },
  {
    id: 'step-packages',
    phase: 'packages',
    voices: EVENT,
    pattern: /^ProgressChanged manager 2\/3\b/,
    percent: 25,
    prints: 'Agama 2026: source; the steps are disks, packages, settings',
  },
  {
    id: 'step-configure',
    phase: 'configure',
    voices: EVENT,
    pattern: /^ProgressChanged manager 3\/3\b/,
    prints: 'Agama 2026: source',
  },
  {
    id: 'finishing',
    phase: 'finalize',
    voices: EVENT,
    pattern: /^InstallationPhaseChanged 3$/,
    prints: 'Agama 2025: from memory',
  },
];

const ERRORS: readonly ErrorMarker[] = [
  {
    id: 'failed',
    severity: 'fatal',
    stands: true,
    voices: EVENT,
    pattern: /^StageChanged failed$/,
    prints: 'Agama 2026: source',
    say: 'the installer reports that the install failed',
    explains: 3,
  },
  {
    id: 'question',
    severity: 'asks',
    voices: EVENT,
    pattern: /^QuestionAdded(?: (?<id>\S{1,40}))?/,
    prints: 'Agama 2026: source',
    say: 'the installer asks question $<id> and waits',
    explains: 1,
  },
];

/** Agama: openSUSE Leap 16, SUSE Linux Enterprise 16 and later. */
export const AGAMA: Installer = {
  name: 'agama',
  files: [
    { pattern: /^(?:agama|ws)[-_]events\.(?:jsonl|json|log)$/, kind: 'events' },
    { pattern: /^agama[\w.-]{0,40}\.(?:json|jsonnet)$|^profile\.json(?:net)?$/, kind: 'other', secret: true },
  ],
  phases: PHASES,
  counters: [],
  errors: ERRORS,
  benign: [],
  task: /^ProgressChanged \S{1,40} \d{1,6}\/\d{1,6} (?<task>\S.{0,200})$/,
  split: (kind, line) => (kind === 'events' ? splitEvent(line) : NOBODYS),
  tagged: () => null,
  sniff: (line): FileKind | null => (OWN.test(line) ? 'events' : null),
};

function splitEvent(line: string): LogLine {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return NOBODYS;
  }
  const type = textOf(event, 'type');
  return type === '' ? NOBODYS : { voice: 'event', level: '', logger: 'agama', text: `${type}${restOf(type, event)}` };
}

/** What is to be known of an event, in words of fixed order. */
function restOf(type: string, event: unknown): string {
  switch (type) {
    case 'StageChanged':
      return ` ${textOf(event, 'stage')}`;
    case 'InstallationPhaseChanged':
      return ` ${textOf(event, 'phase')}`;
    case 'QuestionAdded':
    case 'QuestionAnswered':
      return ` ${textOf(event, 'id')}`;
    case 'ProgressChanged': {
      const progress = fieldOf(event, 'progress');
      const words = (name: string): string => textOf(progress, name);
      return ` ${words('scope')} ${words('index')}/${words('size')} ${words('step')}`.trimEnd();
    }
    default:
      return '';
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
  return (value as Record<string, unknown>)[name];
}

/** A field as text without line ends; '' for what is neither text nor number. */
function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  if (typeof field === 'number') return String(field);
  return typeof field === 'string' ? field.replace(/\s+/g, ' ').slice(0, 200) : '';
}
