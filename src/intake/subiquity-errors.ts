import type { Phase } from '../domain/phase';
import { stateIs } from './subiquity-markers';
import type { ErrorMarker, Voice } from './vocabulary';

/* What subiquity, curtin and cloud-init say when something goes wrong; see `subiquity-markers.ts`. */

const EVENT: readonly Voice[] = ['event'];
const OUTPUT: readonly Voice[] = ['program', 'console'];

const PHASE_OF_NAME: readonly (readonly [RegExp, Phase])[] = [
  [/install-grub|configuring-bootloader/, 'bootloader'],
  [/stage-partitioning|block-meta|subiquity\/Filesystem/, 'storage'],
  [/stage-extract|stage-curthooks|cmd-extract|cmd-curthooks/, 'packages'],
  [/postinstall|cmd-system-install/, 'configure'],
  [/subiquity\/Late|stage-late/, 'post'],
  [/autoinstall|configure_apt|cmd-apt-config|stage-early|core_validation/, 'config'],
  [/subiquity\/Early/, 'bootstrap'],
];

/** What tools print before the step that ran them fails: better words than the name of the step. */
const TOOL_ERROR =
  /^\s{0,40}(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S{1,64} subiquity_log\.\S{1,30}: )?(?<text>(?:[a-z][\w.+-]{1,40}: (?:error|fatal|cannot|failed)\b|E: |Err:\d|dpkg: error |grub-install: |mkfs\S{0,20}: )\S.{0,300})$/;

export const SUBIQUITY_ERRORS: readonly ErrorMarker[] = [
  {
    id: 'malformed',
    severity: 'fatal',
    stands: true,
    voices: ['event', 'installer', 'console'],
    pattern: /(?<text>Malformed autoinstall in .{1,200})$/,
    prints: '22.04 and later, in a finish event, in server.log and on the console: reports of 2023 to 2026',
    phase: 'config',
    explains: 8,
  },
  {
    id: 'answers-refused',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: EVENT,
    pattern:
      /^finish: subiquity\/(?:\w{1,40}\/)?(?:(?:apply|load|convert)_autoinstall_\w{1,20}|core_validation)\S{0,100}: FAIL: (?!cancelled$)(?<text>.*)$/,
    prints: '20.04 and later: source; reports of 2021 and 2026',
    phaseFrom: [
      [/subiquity\/Filesystem/, 'storage'],
      [/./, 'config'],
    ],
    explains: 7,
  },
  {
    id: 'step-failed',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: EVENT,
    pattern:
      /^finish: (?=subiquity\/(?:Install|Late\/run|Early\/run)|(?:subiquity\/curtin\/)?(?:cmd-install|stage-|cmd-block-|cmd-extract|cmd-curthooks|cmd-system-install))(?!\S{0,400}?stage-(?:early|late)\/[^\s/]{1,200}\/)(?:\S{0,400}\/)?(?<step>[^\s/]{1,200}): FAIL: (?!cancelled$)(?<text>.*)$/,
    // What a command of the user's fails at may be what it expects: the command itself fails, or it does not.
    prints: '20.04 and later and curtin, the innermost step first: logs 20.04.3, 22.04.1, 22.04.3',
    phaseFrom: PHASE_OF_NAME,
    say: '$<step> failed: $<text>',
    cause: TOOL_ERROR,
    explains: 6,
  },
  {
    id: 'section-failed',
    severity: 'error',
    voices: EVENT,
    pattern:
      /^finish: subiquity\/(?<section>Network|Filesystem|Mirror|Source|Refresh(?!\/check_for_update)|Drivers|Identity|SSH|Userdata)\/(?:\S{0,400}\/)?(?<step>[^\s/]{1,200}): FAIL: (?!cancelled$)(?<text>.*)$/,
    prints: '20.04 and later: source; the installer may get over it',
    say: '$<section> $<step>: $<text>',
    explains: 4,
  },
  {
    id: 'command-output',
    severity: 'fatal',
    stands: true,
    afterFailure: true,
    voices: OUTPUT,
    pattern: /^\s{0,40}Stderr: (?!''|""|-$)(?:b?['"])?(?<text>\S.*?)['"]?$/,
    prints: 'curtin: reports of 2022; what the command that failed said',
    explains: 9,
  },
  {
    id: 'command',
    severity: 'fatal',
    stands: true,
    afterFailure: true,
    voices: OUTPUT,
    pattern: /^\s{0,40}Command: (?<text>\[(?!'(?:curtin|systemd-run)').{1,400}\])$/,
    prints: 'curtin: log 22.04.3',
    say: 'the command $<text> failed',
    explains: 7,
  },
  {
    id: 'exception',
    severity: 'fatal',
    stands: true,
    afterFailure: true,
    voices: ['program', 'console', 'installer'],
    pattern:
      /^\s{0,40}(?:[\w.]{1,200}\.)?(?<cls>(?!CalledProcessError|ProcessExecutionError|CancelledError)(?:[A-Z]\w{0,60})?(?:Error|Exception)): (?<text>.*)$/,
    prints: 'curtin and subiquity, after a step that failed: log 22.04.3; reports of 2026 (jsonschema.exceptions)',
    explains: 8,
  },
  {
    id: 'autoinstall-error',
    severity: 'fatal',
    stands: true,
    voices: ['installer', 'console'],
    pattern: /^(?:[\w.]{1,200}\.)?(?<cls>Autoinstall(?:Validation)?Error): (?<text>.*)$/,
    prints: '23.10 and later: source; reports of 2026',
    phase: 'config',
    explains: 8,
  },
  {
    id: 'packages-failed',
    severity: 'fatal',
    voices: OUTPUT,
    pattern: /system install failed for (?<text>\[[^\]]{0,400}\])/,
    prints: 'curtin: a log that is not among the samples',
    say: 'packages could not be installed: $<text>',
    phase: 'configure',
    explains: 7,
  },
  {
    id: 'curtin-failed',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: OUTPUT,
    pattern: /^\s{0,40}curtin: Installation failed with exception: (?<text>.*)$/,
    prints: 'curtin of every release: reports of 2019 and 2022',
    explains: 2,
  },
  {
    id: 'crash-report',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: ['installer'],
    pattern: /^saving crash report '(?<text>(?:install failed|autoinstall|unknown error)[^']{0,200})'/,
    prints: '20.04 and later: logs 20.04.3, 22.04.3',
    explains: 1,
  },
  {
    id: 'crash-report-other',
    severity: 'error',
    voices: ['installer'],
    pattern: /^saving crash report '(?<text>[^']{1,200})'/,
    prints: '20.04 and later: source; probing of disks is tried again after a crash',
    explains: 1,
  },
  {
    id: 'top-level',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: ['installer'],
    level: /^ERROR$/,
    pattern: /^top level error$/,
    prints: '20.04 and later: log 22.04.3',
    say: 'the installer ended with an error',
    explains: 0,
  },
  {
    id: 'state-error',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: EVENT,
    pattern: stateIs('ERROR'),
    prints: '20.04 and later: log 22.04.3',
    say: 'the installer reports an error',
    explains: 0,
  },
  {
    id: 'shell',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: ['console'],
    pattern: /^An error occurred\. Press enter to start a shell/,
    prints: '21.04 and later, on the console of an install without a human: source; reports of 2026',
    say: 'the installer ended with an error and offers a shell',
    explains: 0,
  },
  {
    id: 'confirmation',
    severity: 'asks',
    voices: EVENT,
    pattern: stateIs('NEEDS_CONFIRMATION'),
    prints: '20.04 and later: logs 22.04.3, 22.10. Not seen when `autoinstall` is on the kernel command line: source',
    say: 'the installer asks whether it may write to the disks (autoinstall on the kernel command line answers that)',
    explains: 1,
  },
  {
    id: 'waiting',
    severity: 'asks',
    voices: EVENT,
    // Webhooks speak of installs without interactive sections only, where this state lasts as long as disks are probed.
    logger: /^(?!webhook$)/,
    pattern: stateIs('WAITING'),
    prints: '20.04 and later: logs 22.04.3, 22.10',
    say: 'the installer waits for answers on its screen',
    explains: 1,
  },
  {
    id: 'asks-on-console',
    severity: 'asks',
    voices: ['console'],
    pattern: /^(?:Confirmation is required to continue\.|Continue with autoinstall\? \(yes\|no\))/,
    prints: '20.04 and later: documentation',
    say: 'Continue with autoinstall? (autoinstall on the kernel command line answers that)',
    explains: 1,
  },
  {
    id: 'first-boot-failed',
    severity: 'error',
    voices: EVENT,
    pattern: /^finish: (?<step>modules-(?:config|final)(?:\/\S{1,200})?): FAIL: (?<text>.*)$/,
    prints: 'cloud-init of every release: source',
    say: 'cloud-init $<step>: $<text>',
    explains: 3,
  },
];

/** Lines that look like errors in healthy installs. */
export const SUBIQUITY_BENIGN: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /: FAIL: cancelled(?:"|$)/, why: 'the installer cancels steps of its own: logs 22.04.3, 22.10' },
  { pattern: /unset_link_flags failed/, why: 'noise of the network, with a call stack: log 22.10' },
];
