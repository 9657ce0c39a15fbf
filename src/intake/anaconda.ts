import { ANACONDA_BENIGN, ANACONDA_ERRORS } from './error-markers';
import { ANACONDA_COUNTERS, ANACONDA_FILES, ANACONDA_PHASES } from './markers';
import { NOBODYS, type FileKind, type Installer, type LogLine, type Voice } from './vocabulary';

/** EL7 `20:47:06,412 INFO anaconda: text` (logger = component), EL8 and later `05:00:06,824 INF main: text` (= module). */
const NAMED = /^\d\d:\d\d:\d\d,\d{3} ([A-Z_0-9]+) ([\w.]+): (.*)$/s;
/** EL5 `22:30:49 INFO    : text`, EL6 the same with milliseconds. */
const UNNAMED = /^\d\d:\d\d:\d\d(?:,\d{3})? ([A-Z]+) *: (.*)$/s;
/** Modules since EL8, without any time: `INFO:anaconda.core.threads:text`. */
const PLAIN = /^([A-Z]*DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.]+):(.*)$/s;
/** Since EL8 the main process logs all its loggers under one name, the logger comes in front of the text. */
const INNER = /^(anaconda|packaging|program|simpleline|storage|blivet|dnf): (.*)$/s;
const INNER_MODULE = /^([\w.]+): (.*)$/s;

/** What the kernel and the journal put in front of a line on the console: time since the boot, host, program. */
const CONSOLE_PREFIX = /^(?:\[ *\d+\.\d+\] )?(?:(?:[\w.-]{1,64} )?(?<name>[\w.-]{1,100})\[\d+\]: )?/;
/** Orders to a terminal (ECMA-48 §5.4, and the two-character ones): serial consoles are recorded with them. */
const TERMINAL_ORDER = /\u001b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|[()][0-9A-B]|[=>78cDEHM])|[\u000e\u000f]/g;
/** The status line of tmux, which has no end of line of its own. */
const TMUX_STATUS = /^\[anaconda\] ?1:main\*.{0,120}?Help: F1 ?/;

/** Lines of a text console that only anaconda and what it runs on print. */
const CONSOLE_LINE =
  /^(?:Starting installer, one moment|Starting automated install|anaconda \S{1,80} for .{1,80} started\.|An unknown error has occurr?ed, look at the \/tmp\/anaconda-tb|An error occurred during reading the kickstart file:|The installation was stopped due to|Installing boot loader\s*$|Performing post-installation setup tasks\s*$|Setting up the installation environment\s*$|Preparing transaction from installation source\s*$|Please respond 'yes' or 'no'|\[anaconda\] ?1:main|\[ *\d+\.\d+\] (?:anaconda|packaging|program|org\.fedoraproject\.Anaconda\.[\w.]{1,60})\[\d+\]: |There was an error running the kickstart script at line|The following error occurred while (?:installing|setting up) |# to toggle selection, or 'c'-continue|(?:\[ *\d+\.\d+\] )?(?:Kernel c|C)ommand line: .{0,2000}\binst\.(?:ks|stage2|repo)=)/;

/** Names anaconda's own loggers have in a system log: all of them up to EL7, the first one since EL8. */
const LOGGERS = new Set(['anaconda', 'packaging', 'program', 'storage', 'blivet', 'yum', 'dnf', 'simpleline', 'ifcfg']);

const MODULE = /^org\.fedoraproject\.Anaconda\./;

/** anaconda: Enterprise Linux 5 to 10 and Fedora. */
export const ANACONDA: Installer = {
  name: 'anaconda',
  files: ANACONDA_FILES,
  phases: ANACONDA_PHASES,
  counters: ANACONDA_COUNTERS,
  errors: ANACONDA_ERRORS,
  benign: ANACONDA_BENIGN,
  task: /^Task started: (?<task>.+? \(\d+\/\d+\))$/,
  split: splitLine,
  tagged: byName,
  sniff,
};

function splitLine(kind: FileKind, line: string, previous: Voice): LogLine {
  switch (kind) {
    case 'installer':
      return splitInstaller(line, previous);
    case 'program':
      return { ...splitInstaller(line, 'program'), voice: 'program' };
    case 'console':
      return splitConsole(line);
    case 'traceback':
    case 'package-list':
      return { voice: kind, level: '', logger: '', text: line };
    default:
      return NOBODYS;
  }
}

/** With `systemd.journald.forward_to_console` the logs are there as well, under the names of their programs. */
function splitConsole(line: string): LogLine {
  const plain = line.includes('\u001b') || line.includes('\u000f') ? line.replace(TERMINAL_ORDER, '') : line;
  const shown = plain.replace(TMUX_STATUS, '');
  const prefix = CONSOLE_PREFIX.exec(shown)!;
  const name = prefix.groups!['name'] ?? '';
  // What was overwritten on the screen is of no interest: counters move on in the same line.
  const text = shown.slice(prefix[0].length).replace(/^.*\r(?=[^\r])/s, '');
  if (MODULE.test(name) || LOGGERS.has(name)) {
    const logged = byName(name, '', text);
    if (logged && (logged.logger !== name || name !== 'anaconda')) return logged;
  }
  return { voice: 'console', level: '', logger: '', text };
}

function splitInstaller(line: string, previous: Voice): LogLine {
  const named = NAMED.exec(line);
  if (named) return spoken(named[2]!, named[1]!, named[3]!);
  const plain = PLAIN.exec(line);
  if (plain) return spoken(plain[2]!, plain[1]!, plain[3]!);
  const unnamed = UNNAMED.exec(line);
  if (unnamed) return spoken('', unnamed[1]!, unnamed[2]!);
  // A line of its own belongs to the one before: a call stack, a list.
  return { voice: previous, level: '', logger: '', text: line };
}

/** By the name a line carries in a system log. */
function byName(name: string, level: string, text: string): LogLine | null {
  if (MODULE.test(name)) {
    const plain = PLAIN.exec(text);
    return plain ? spoken(plain[2]!, plain[1]!, plain[3]!) : { voice: 'installer', level: '', logger: '', text };
  }
  if (name.startsWith('dracut')) return { voice: 'initrd', level, logger: '', text };
  if (name === 'systemd') return { voice: 'helper', level, logger: name, text };
  if (name === 'systemd-coredump') return { voice: 'installer', level, logger: name, text };
  if (name === 'anaconda-tb') return { voice: 'traceback', level, logger: '', text };
  if (!LOGGERS.has(name)) return null;
  if (name !== 'anaconda' && name !== 'packaging') return spoken(name, level, text);

  const inner = INNER.exec(text);
  if (!inner) return spoken(name, level, text);
  if (inner[1] !== 'anaconda') return spoken(inner[1]!, level, inner[2]!);
  const module = INNER_MODULE.exec(inner[2]!);
  return module ? spoken(module[1]!, level, module[2]!) : spoken('anaconda', level, inner[2]!);
}

function spoken(logger: string, level: string, text: string): LogLine {
  if (logger === 'program') return { voice: 'program', level, logger, text };
  if (logger === 'stdout' || logger.endsWith('.stdout')) return { voice: 'stdout', level, logger, text };
  return { voice: 'installer', level, logger, text };
}

/** Forms no other installer's files have. Of console lines only those that name anaconda or its initrd. */
function sniff(line: string): FileKind | null {
  if (/^\d\d:\d\d:\d\d,\d{3} [A-Z_0-9]+ (?!org\.)[\w.]+: /.test(line)) return 'installer';
  if (/^\d\d:\d\d:\d\d(?:,\d{3})? [A-Z]+ *: /.test(line)) return 'installer';
  if (/^[A-Z]*(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):(?:anaconda|blivet|dasbus|dnf|pykickstart)\b[\w.]*:/.test(line))
    return 'installer';
  if (/^anaconda \S+ exception report/.test(line)) return 'traceback';
  if (/^(?:\[ *\d+\.\d+\] )?(?:[\w.-]{1,64} )?dracut-[\w-]+\[\d+\]: /.test(line)) return 'console';
  return CONSOLE_LINE.test(line.replace(TERMINAL_ORDER, '')) ? 'console' : null;
}
