import {
  joinContinued,
  parseAutoinstall,
  type Autoinstall,
  type AutoinstallKind,
  type Line,
  type Script,
} from './autoinstall';

/** `error`: a start, an end or a failure nobody will hear of; `warning`: may harm the install; `note`: good to know. */
export const LINT_SEVERITIES = ['error', 'warning', 'note'] as const;
export type LintSeverity = (typeof LINT_SEVERITIES)[number];

/** One thing an answer file lacks or does wrong. */
export interface Finding {
  /** Stable name, for programs. */
  rule: string;
  severity: LintSeverity;
  /** null = it is missing in the file as a whole. */
  line: number | null;
  /** What is the matter, and what that costs. */
  text: string;
  /** What to add or to write instead; null when the sentence says it. */
  add: string | null;
}

/** What a run needs somebody to tell. */
type Witness = 'start' | 'end' | 'error' | 'nopxe' | 'boot' | 'log';

/** Cobbler's own snippets and ours, by name, wherever they stand. */
const SNIPPETS: Record<string, readonly Witness[]> = {
  kickstart_start: ['start'],
  autoinstall_start: ['start'],
  preseed_early_default: ['start'],
  kickstart_done: ['end', 'nopxe'],
  autoinstall_done: ['end', 'nopxe'],
  preseed_late_default: ['end', 'nopxe'],
  pre_anamon: ['log'],
  post_anamon: [],
  'kickwatch/kickwatch.sh': [],
  'kickwatch/kickstart/kickwatch.ks': ['start', 'error', 'boot', 'nopxe', 'end'],
  'kickwatch/kickstart/pre.ks': ['start'],
  'kickwatch/kickstart/onerror.ks': ['error'],
  'kickwatch/kickstart/traceback.ks': ['error'],
  'kickwatch/kickstart/post.ks': ['nopxe', 'end'],
  'kickwatch/kickstart/post-logs.ks': ['nopxe', 'end'],
  'kickwatch/kickstart/firstboot.ks': ['boot'],
  'kickwatch/firstboot/install.sh': ['boot'],
};

/** What a line says when it calls the server, whatever the server is called. */
const CALLS: Record<Witness, RegExp> = {
  start:
    /op\/trig\/mode\/pre\b|\bkw_start\b|kickwatch\.sh["']? start\b|\bstate=started\b|run_install_triggers\b.*\bpre\b/,
  end: /op\/trig\/mode\/post\b|\bkw_finish\b|kickwatch\.sh["']? finish\b|\bstate=finished\b|run_install_triggers\b.*\bpost\b/,
  error: /\bkw_error\b|kickwatch\.sh["']? error\b|\bstate=error\b|\bupdate_status\b|\/v1\/status\//,
  nopxe: /op\/nopxe\b|\bkw_nopxe\b|kickwatch\.sh["']? nopxe\b|\bdisable_netboot\b/,
  boot: /op\/trig\/mode\/firstboot\b|\bkw_firstboot\b|kickwatch\.sh["']? firstboot\b/,
  log: /^\s*logging\b.*--host\b|\binst\.syslog=|\blog_host=|\bloghost=|\banamon\b/,
};
const ANY_CALL = /\/cblr\/|\/cobbler_api\b|\/v1\/(?:status|log|webhook)\//;
const WEBHOOK = /\/v1\/webhook\//;

/**
 * What an answer file lacks for its installs to be watched, and what in it may harm an install; worst first, then by
 * line. Never throws, whatever the text.
 *
 * @param server - host or host:port all calls should go to; null = not looked at.
 */
export function lintAutoinstall(kind: AutoinstallKind, text: string, server: string | null = null): Finding[] {
  const parsed = parseAutoinstall(kind, text);
  const file: Autoinstall = {
    ...parsed,
    scripts: parsed.scripts.map((script) => ({ ...script, lines: ownLines(script.lines) })),
  };
  const findings = [
    ...findMissing(file),
    ...file.scripts.flatMap((script) => findHarm(script)),
    ...findMaps(file),
    ...findStrangeServers(file, server),
    ...findUnread(file),
  ];
  const rank = ({ severity }: Finding): number => LINT_SEVERITIES.indexOf(severity);
  return findings.sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

/** Without comments and without the text of kickwatch.sh itself; continued lines joined. */
function ownLines(lines: readonly Line[]): Line[] {
  let isLibrary = false;
  return joinContinued(lines).filter(({ text }) => {
    if (/^\s*# kickwatch\.sh: /.test(text)) isLibrary = true;
    const isOwn = !isLibrary && !/^\s*#/.test(text);
    if (/^\s*# end of kickwatch\.sh/.test(text)) isLibrary = false;
    return isOwn;
  });
}

const snippetsIn = (text: string): string[] =>
  [...text.matchAll(/\$\{?SNIPPET\(\s{0,9}["']([\w./-]{1,100})["']\s{0,9}\)/g)].map((match) => match[1]!);

function findMissing(file: Autoinstall): Finding[] {
  const has = collectWitnesses(file);
  const findings: Finding[] = [];
  const miss = (witness: Witness, finding: Omit<Finding, 'line' | 'rule'>): void => {
    if (!has.has(witness)) findings.push({ rule: `no-${witness}`, line: null, ...finding });
  };
  const advice = ADVICE[file.kind];
  if (file.kind === 'cloud-init') {
    miss('boot', { severity: 'error', text: 'no end: nothing tells that the system booted.', add: advice.boot });
    return findings;
  }
  miss('start', {
    severity: 'error',
    text: `no start: ${advice.startPlace} The run begins with whatever is heard first, or not at all.`,
    add: advice.start,
  });
  miss('end', {
    severity: 'error',
    text: `no end: ${advice.endPlace} A finished install looks like a stalled one.`,
    add: advice.end,
  });
  miss('error', missingError(file, has));
  miss('nopxe', {
    severity: 'warning',
    text: 'no nopxe: the machine installs itself again at its next netboot.',
    add: advice.nopxe,
  });
  miss('log', {
    severity: 'note',
    text: `no live log: progress is known by its phases only. ${advice.logPlace}`,
    add: advice.log,
  });
  miss('boot', {
    severity: 'note',
    text: 'no first boot: nobody hears whether the new system came up.',
    add: advice.boot,
  });
  return findings;
}

/** Some installers have no hook for errors; a live log tells them too. */
function missingError(file: Autoinstall, has: ReadonlySet<Witness>): Omit<Finding, 'line' | 'rule'> {
  const advice = ADVICE[file.kind];
  const empty = file.scripts.find(({ role }) => role === 'error');
  const cause = empty === undefined ? advice.errorPlace : `${empty.name} (line ${empty.line}) calls nobody.`;
  const isPossible = advice.hasErrorHook && !has.has('log');
  return {
    severity: isPossible ? 'error' : 'warning',
    text: `cannot report errors: ${cause} ${has.has('log') ? 'Only the live log tells of a failure.' : 'A failed install looks like a stalled one.'}`,
    add: advice.error,
  };
}

function collectWitnesses({ kind, scripts, rest }: Autoinstall): Set<Witness> {
  const has = new Set<Witness>();
  const everything = [...rest.filter(({ text }) => !/^\s*#/.test(text)), ...scripts.flatMap(({ lines }) => lines)];
  for (const { text } of everything) {
    for (const name of snippetsIn(text)) {
      if (Object.hasOwn(SNIPPETS, name)) SNIPPETS[name]!.forEach((witness) => has.add(witness));
    }
    for (const witness of ['nopxe', 'boot', 'log'] as const) if (CALLS[witness].test(text)) has.add(witness);
    // Each step of the installer, its failures included.
    if (WEBHOOK.test(text)) {
      const seen = kind === 'autoinstall' ? (['start', 'end', 'error', 'log'] as const) : (['boot'] as const);
      seen.forEach((witness) => has.add(witness));
    }
  }
  for (const { role, lines } of scripts) {
    if (role !== 'start' && role !== 'end' && role !== 'error') continue;
    if (lines.some(({ text }) => CALLS[role].test(text))) has.add(role);
  }
  return has;
}

/** `curl` or `wget` where a command stands. */
const COMMAND =
  /(?:^|[;&|(`]|\b(?:then|do|else|if|while|until|sh|-c)\b|[!:-] )\s{0,40}["']?(curl|wget)\s([^;&|]{0,2000})/g;
const BOUND: Record<string, RegExp> = {
  curl: /(?:^|\s)(?:-[A-Za-z#]{0,20}m\s{0,9}[\d$"'.]|--max-time\b)/,
  wget: /(?:^|\s)(?:-[A-Za-z]{0,20}T\s{0,9}[\d$"'.]|--timeout\b)/,
};
const SAFE: Record<string, string> = { curl: 'curl -m 2 …', wget: 'wget -T 2 -t 1 …, or timeout 3 wget …' };

function findHarm(script: Script): Finding[] {
  const findings: Finding[] = [];
  const isStrict = script.isFatal || script.lines.some(({ text }) => /^\s*set\s+-[a-z]{0,9}e/.test(text));
  const isForgiven = script.lines.some(({ text }) => /^\s*exit 0\b/.test(text));
  for (const { line, text } of script.lines) {
    // Where there is no `timeout`, a watch kills the call.
    const isWatched = /\bkill\b/.test(text);
    for (const [, command, options] of text.matchAll(COMMAND)) {
      if (isWatched || BOUND[command!]!.test(options!) || /(?:^|\s)--(?:help|version)\b/.test(options!)) continue;
      const what = `${command} without a time limit: a server that hangs hangs the install.`;
      findings.push({ rule: 'unbounded-call', severity: 'warning', line, text: what, add: SAFE[command!]! });
      break;
    }
    const isCall = ANY_CALL.test(text) && /\b(?:curl|wget)\b/.test(text);
    if (isCall && isStrict && !isForgiven && !/\|\||;\s{0,9}(?:true|:)\s*["']?\s*\]?\s*$/.test(text)) {
      const why = script.isFatal && script.name.startsWith('%') ? `${script.name} --erroronfail` : script.name;
      const what = `${why} may fail the install: this call has no || true`;
      findings.push({
        rule: 'fatal-call',
        severity: 'warning',
        line,
        text: what,
        add: `${text.trim().slice(0, 200)} || true`,
      });
    }
  }
  return findings;
}

/** `- command || :` is no command in YAML: the colon at its end makes it a map, and the installer refuses the file. */
function findMaps({ kind, scripts }: Autoinstall): Finding[] {
  if (kind !== 'autoinstall' && kind !== 'cloud-init') return [];
  return scripts.flatMap(({ lines }) =>
    lines
      .filter(({ text }) => /^\s*-\s{1,20}[^\s"'|>[{].*\s:\s*$/.test(text))
      .map(({ line, text }) => ({
        rule: 'map-for-command',
        severity: 'error' as const,
        line,
        text: 'no command: the colon at its end makes it a map in YAML, and the installer refuses the file.',
        add: text.trim().slice(0, 200).replace(/:$/, 'true'),
      })),
  );
}

/** Hosts as written; placeholders and variables are whatever they will be. */
function findStrangeServers(file: Autoinstall, server: string | null): Finding[] {
  if (server === null) return [];
  return [...file.rest, ...file.scripts.flatMap(({ lines }) => lines)].flatMap(({ line, text }) => {
    if (!ANY_CALL.test(text)) return [];
    const hosts = [...text.matchAll(/https?:\/\/([\w.:[\]-]{1,255})\/(?:cblr|cobbler_api|v1)\b/g)].map(
      (match) => match[1]!,
    );
    return hosts
      .filter((host) => host !== server && host.replace(/:\d{1,5}$/, '') !== server)
      .map((host) => ({
        rule: 'other-server',
        severity: 'warning' as const,
        line,
        text: `calls ${host}, not ${server}: this server hears nothing of it.`,
        add: null,
      }));
  });
}

/** What may hold a witness that was not looked at. */
function findUnread(file: Autoinstall): Finding[] {
  return [...file.rest, ...file.scripts.flatMap(({ lines }) => lines)].flatMap(({ line, text }) => {
    const included = /^%(?:include|ksappend)\s{1,9}(\S{1,200})/.exec(text)?.[1];
    const names = snippetsIn(text).filter((name) => !Object.hasOwn(SNIPPETS, name));
    if (included !== undefined) names.push(included);
    return names.map((name) => ({
      rule: 'not-read',
      severity: 'note' as const,
      line,
      text: `${name} is included and was not looked at.`,
      add: null,
    }));
  });
}

interface Advice {
  startPlace: string;
  endPlace: string;
  errorPlace: string;
  logPlace: string;
  hasErrorHook: boolean;
  start: string | null;
  end: string | null;
  error: string | null;
  nopxe: string | null;
  log: string | null;
  boot: string | null;
}

const KERNEL = 'A kernel option may do it all the same.';
const fetched = (name: string): string => `curl 'http://SERVER:25151/cblr/pub/${name}?system=NAME'`;
const FIRSTBOOT = `what ${fetched('firstboot/install.sh')} prints, run in the new system at the end`;
const one = (name: string): Pick<Advice, 'start' | 'end' | 'error' | 'nopxe' | 'boot'> => {
  const add = `what ${fetched(name)} prints`;
  return { start: add, end: add, error: add, nopxe: add, boot: add };
};

const ADVICE: Record<AutoinstallKind, Advice> = {
  kickstart: {
    startPlace: 'no %pre calls …/trig/mode/pre.',
    endPlace: 'no %post calls …/trig/mode/post.',
    errorPlace: 'no %onerror.',
    logPlace: KERNEL,
    hasErrorHook: true,
    start: "$SNIPPET('kickwatch/kickstart/pre.ks')",
    end: "$SNIPPET('kickwatch/kickstart/post.ks')",
    error: "$SNIPPET('kickwatch/kickstart/onerror.ks')",
    nopxe: "$SNIPPET('kickwatch/kickstart/post.ks')",
    log: 'logging --host=SERVER --port=5514',
    boot: "$SNIPPET('kickwatch/kickstart/firstboot.ks')",
  },
  preseed: {
    ...one('debian/preseed.cfg'),
    startPlace: 'preseed/early_command does not call …/trig/mode/pre.',
    endPlace: 'preseed/late_command does not call …/trig/mode/post.',
    boot: FIRSTBOOT,
    errorPlace: 'debian-installer has no hook for them.',
    logPlace: KERNEL,
    hasErrorHook: false,
    error: 'on the kernel command line: log_host=SERVER log_port=5514',
    log: 'on the kernel command line: log_host=SERVER log_port=5514',
  },
  autoinstall: {
    ...one('ubuntu/user-data'),
    startPlace: 'neither a reporting webhook nor early-commands.',
    endPlace: 'neither a reporting webhook nor late-commands.',
    boot: FIRSTBOOT,
    errorPlace: 'neither a reporting webhook nor error-commands.',
    logPlace: '',
    hasErrorHook: true,
    log: 'reporting: {kickwatch: {type: webhook, endpoint: http://SERVER:25151/v1/webhook/subiquity/NAME}}',
  },
  'cloud-init': {
    ...one('cloud-init/user-data'),
    startPlace: '',
    endPlace: '',
    errorPlace: '',
    logPlace: '',
    hasErrorHook: false,
    log: null,
  },
  autoyast: {
    ...one('suse/autoyast.xml'),
    startPlace: 'no pre-script calls …/trig/mode/pre.',
    endPlace: 'no chroot-, post- or init-script calls …/trig/mode/post.',
    errorPlace: 'AutoYaST has no hook for them.',
    logPlace: KERNEL,
    hasErrorHook: false,
    error: 'on the kernel command line: loghost=SERVER',
    log: 'on the kernel command line: loghost=SERVER',
  },
  agama: {
    ...one('suse/agama.json'),
    startPlace: 'no pre script calls …/trig/mode/pre.',
    endPlace: 'no post script calls …/trig/mode/post.',
    errorPlace: 'Agama has no hook for them.',
    logPlace: '',
    hasErrorHook: false,
    error: null,
    log: null,
  },
};
