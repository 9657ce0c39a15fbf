import { YAST_ERRORS } from './yast-errors';
import {
  NOBODYS,
  type Counter,
  type FileKind,
  type Installer,
  type LogLine,
  type PhaseMarker,
  type Voice,
} from './vocabulary';

/*
 * YaST and AutoYaST: y2log of SUSE Linux Enterprise 11 to 15 and openSUSE up to Leap 15. The clients it calls are the steps.
 * inst_finish asks each of its clients first what it has to do, within a second, and calls those that have something to do
 * again: only from then on is a client a step. The level says little, <3> is common in good installs.
 */

/** `2022-06-17 15:46:44 <1> install(3740) [Interpreter] bin/y2start:60 text`. */
const LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d <(\d)> [\w.:-]{1,255}\(\d{1,10}\) \[([^\]]{1,60})\] ([^\s(]{0,200}(?:\([^)]{0,120}\))?(?::\d{1,7})?) (.*)$/s;
const OWN = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d <\d> [\w.:-]{1,255}\(\d{1,10}\) \[/;

const YAST_VOICE: readonly Voice[] = ['menu'];
/** Percent at which inst_finish has asked its clients. */
const FINISH_PLANNED = 82;

const client = (names: string): RegExp => new RegExp(`^Calling YaST client (?:${names})\\b`);
const hook = (names: string): RegExp => new RegExp(`^Executing hook '(?:before|after)_(?:${names})'`);

const PHASES: readonly PhaseMarker[] = [
  {
    id: 'start',
    phase: 'bootstrap',
    voices: YAST_VOICE,
    pattern:
      /^y2base called with \["installation"(?!, "--arg", "continue")|^Launched YaST2 component 'y2base' 'installation'(?!.{0,40}continue)/,
    prints: 'Leap 15, SLE 12 and 15: log Leap 15.4; the second form SLE 11: from memory',
    proves: 'begin',
  },
  {
    id: 'early-clients',
    phase: 'bootstrap',
    voices: YAST_VOICE,
    pattern: client('inst_(?:worker_initial|install_inf|setup_dhcp|update_installer)'),
    prints: 'log Leap 15.4; inst_install_inf SLE 11 and later: documentation',
  },
  {
    id: 'config-clients',
    phase: 'config',
    voices: YAST_VOICE,
    pattern: client(
      'inst_(?:repositories_initialization|complex_welcome|welcome|license|lan|system_analysis|productsources|add-on|addon|scc|system_role|disk_proposal|timezone|user_first|autoinit|autosetup|proposal|hostname)|autoyast|autoinst_\\w{1,30}_auto',
    ),
    prints: 'log Leap 15.4; inst_autoinit, inst_autosetup (AutoYaST): documentation',
  },
  {
    id: 'proposal',
    phase: 'config',
    voices: YAST_VOICE,
    pattern: client('inst_(?:autosetup|proposal|prepareprogress|prepare_image)'),
    percent: 12,
    prints: 'log Leap 15.4; inst_autosetup (AutoYaST): documentation',
  },
  {
    id: 'storage',
    phase: 'storage',
    voices: YAST_VOICE,
    pattern: client('inst_prepdisk'),
    prints: 'SLE 11 and later: log Leap 15.4',
  },
  {
    id: 'storage-written',
    phase: 'storage',
    voices: YAST_VOICE,
    pattern: /^commit end$/,
    logger: /^libstorage ActiongraphImpl/,
    percent: 19,
    prints: 'Leap 15, SLE 15: log Leap 15.4',
  },
  {
    id: 'packages',
    phase: 'packages',
    voices: YAST_VOICE,
    pattern: client('inst_(?:kickoff|rpmcopy|deploy_image)'),
    percent: 21,
    prints: 'SLE 11 and later: log Leap 15.4',
  },
  {
    id: 'packages-done',
    phase: 'packages',
    voices: YAST_VOICE,
    pattern:
      /^Installation took [\d.]{1,30} seconds, commit result: \[|^Commit \(CommitPolicy.{0,200}\) returned: CommitResult /,
    percent: 73,
    after: 'packages',
    prints: 'Leap 15, SLE 15: log Leap 15.4',
  },
  {
    id: 'finish-planned',
    phase: 'configure',
    voices: YAST_VOICE,
    pattern: /^These inst_finish stages will be called/,
    percent: FINISH_PLANNED,
    prints: 'SLE 11 and later: log Leap 15.4',
  },
  {
    id: 'logs-copied',
    phase: 'finalize',
    voices: YAST_VOICE,
    pattern: client('(?:copy_logs|pre_umount|umount)_finish'),
    afterPercent: FINISH_PLANNED,
    prints: 'SLE 11 and later: log Leap 15.4; what is kept on the disk ends here',
  },
  {
    id: 'logs-copied-hook',
    phase: 'finalize',
    voices: YAST_VOICE,
    pattern: new RegExp(
      `${hook('(?:copy_logs|pre_umount|umount)_finish').source}|^Called Installation::CopyLogsFinish\\.run with Write`,
    ),
    prints: 'Leap 15, SLE 12 and later: log Leap 15.4',
  },
  {
    id: 'chroot-scripts',
    phase: 'post',
    voices: YAST_VOICE,
    pattern: client('autoinst_scripts2_finish'),
    afterPercent: FINISH_PLANNED,
    prints: 'AutoYaST of SLE 11 and later: documentation; boot loader and services may come after it',
  },
  {
    id: 'chroot-scripts-hook',
    phase: 'post',
    voices: YAST_VOICE,
    pattern: hook('autoinst_scripts2_finish'),
    prints: 'Leap 15, SLE 12 and later: form in log Leap 15.4',
  },
  {
    id: 'boot-loader',
    phase: 'configure',
    voices: YAST_VOICE,
    pattern: client('bootloader_finish'),
    percent: 87,
    afterPercent: FINISH_PLANNED,
    prints: 'SLE 11 and later: log Leap 15.4, where it comes after users and network',
  },
  {
    id: 'finish',
    phase: 'configure',
    voices: YAST_VOICE,
    pattern: client('inst_(?:finish|extrasources|save_hardware_status|addon_update_sources)'),
    prints: 'SLE 11 and later: log Leap 15.4',
  },
];

const COUNTERS: readonly Counter[] = [
  {
    id: 'commit-result',
    phase: 'packages',
    voices: YAST_VOICE,
    logger: /^zypp\S{0,10} TargetImpl/,
    pattern: /\breturns: CommitResult {1,3}\(total (?<total>\d{1,7}), done (?<done>\d{1,7}),/,
    prints: 'libzypp of Leap 15, SLE 15: log Leap 15.4; when all are installed',
    sets: 'count',
    step: 'install',
    phaseOnly: true,
  },
  {
    id: 'package',
    phase: 'packages',
    voices: YAST_VOICE,
    logger: /^zypp/,
    pattern:
      /^Executing(?:\[C\])? 'rpm' '--root' '\/mnt' .{0,400}'-U' .{0,400}'(?:[^']{0,300}\/)?(?<name>[^'/]{1,200}\.rpm)'$/,
    prints: 'libzypp: source',
    sets: 'one-more-named',
    step: 'install',
    phaseOnly: true,
  },
];

/** YaST and AutoYaST. */
export const YAST: Installer = {
  name: 'yast',
  files: [
    { pattern: /^y2log(?:[-.]\d{1,3}){0,2}$/, kind: 'installer' },
    {
      pattern: /^(?:autoinst|autoyast|installedSystem|profile|control)[\w.-]{0,40}\.xml$/,
      kind: 'other',
      secret: true,
    },
  ],
  phases: PHASES,
  counters: COUNTERS,
  errors: YAST_ERRORS,
  benign: [{ pattern: /Aborting requested by user/, why: 'zypp tries optional files so: log Leap 15.4' }],
  task: /^Calling YaST client (?<task>(?:inst_)\w{1,60})$/,
  split: splitLine,
  tagged: () => null,
  sniff: (line) => (OWN.test(line) ? 'installer' : null),
};

function splitLine(kind: FileKind, line: string, previous: Voice): LogLine {
  if (kind !== 'installer') return NOBODYS;
  const parts = LINE.exec(line);
  // A line of its own belongs to the one before: the details of an error, a file that was dumped.
  if (!parts) return { voice: previous, level: '', logger: '', text: line };
  const [, level = '', component = '', where = '', text = ''] = parts;
  return { voice: 'menu', level, logger: `${component} ${where}`, text };
}
