import type { LogFile, PhaseMarker, Voice } from './vocabulary';

/*
 * What subiquity, curtin and cloud-init say, release by release. Patterns see the normal text of an event, whatever form it
 * came in: `start: NAME: DESCRIPTION`, `finish: NAME: RESULT: DESCRIPTION`. Names are paths and are matched by their tail,
 * since the level between `curtin_install` and `cmd-install` was none in 20.04, `run` in 22.10, `run_curtin_step` since
 * 2023. `prints` names the releases and, where no log was at hand, the source they were read in.
 */

const EVENT: readonly Voice[] = ['event'];

/** A name, start or finish, that has this in it. Names hold no blanks. */
const named = (path: string): RegExp => new RegExp(`^(?:start|finish): \\S{0,400}?(?:${path})`);
/** The answer to a question for the state, as far as it is logged: Python cuts it after 80 characters. */
export const stateIs = (states: string): RegExp =>
  new RegExp(`^finish: subiquity/Meta/status_GET: SUCCESS: 200 \\{\\\\?"state\\\\?": \\\\?"(?:${states})\\b`);

/** Files by name. `install.log` and `console.log` are others' as well: their lines tell. */
export const SUBIQUITY_FILES: readonly LogFile[] = [
  { pattern: /^subiquity-(?:server|client)-(?:debug|info)\.log(?:\.\d{1,12})?$/, kind: 'installer' },
  { pattern: /^(?:subiquity-)?curtin-install\.log(?:\.\d{1,12})?$/, kind: 'program' },
  { pattern: /^installer-journal\.txt$/, kind: 'tagged' },
  { pattern: /^(?:webhook-)?events\.jsonl?$/, kind: 'events' },
  { pattern: /^cloud-init\.log$/, kind: 'installer' },
  { pattern: /^cloud-init-output\.log$/, kind: 'console' },
  { pattern: /^(?:install|curtin|console)\.log$/, kind: 'console' },
  {
    pattern: /^(?:autoinstall-)?user-data$|^autoinstall\.ya?ml$|^curtin-install-cfg\.yaml$/,
    kind: 'other',
    secret: true,
  },
  { pattern: /^subiquity-[\w.-]{1,100}\.conf$|\.crash$/, kind: 'other', secret: true },
];

/** The first marker that matches a line counts: names of children hold those of their parents, so the later place stands first. */
export const SUBIQUITY_PHASES: readonly PhaseMarker[] = [
  {
    id: 'booted',
    phase: 'complete',
    voices: EVENT,
    pattern: /^(?:start|finish): modules-final: /,
    prints: 'cloud-init of every release, in the live system as well; under MAAS the install is a part of that: source',
    proves: 'boot',
    begins: /^start: /,
  },
  {
    id: 'server',
    phase: 'bootstrap',
    voices: ['installer'],
    pattern: /^Starting Subiquity server revision /,
    prints: '20.04 and later: logs 22.04.3, 22.10',
    proves: 'begin',
  },
  {
    id: 'disks-refused',
    phase: 'storage',
    voices: EVENT,
    pattern: /^finish: subiquity\/Filesystem\/(?:apply|load|convert)_autoinstall_\w{1,20}: FAIL: (?!cancelled$)/,
    prints: '20.04 and later: source; no disk is like the one asked for',
  },
  {
    id: 'answers-refused',
    phase: 'config',
    voices: EVENT,
    pattern:
      /^finish: subiquity\/(?:\w{1,40}\/)?(?:(?:apply|load|convert)_autoinstall_\w{1,20}|core_validation)\S{0,100}: FAIL: (?!cancelled$)/,
    prints: '20.04 and later: source; reports of 2021 and 2026',
  },
  {
    id: 'answers',
    phase: 'bootstrap',
    voices: EVENT,
    pattern: /^(?:start|finish): subiquity\/(?:apply_autoinstall_config|load_autoinstall_config|core_validation): /,
    prints: 'first name 20.04 to 23.10: logs 22.04.3, 22.10; the others 24.04 and later: source',
    proves: 'begin',
  },
  {
    id: 'state-early',
    phase: 'bootstrap',
    voices: EVENT,
    pattern: stateIs('STARTING_UP|CLOUD_INIT_WAIT|EARLY_COMMANDS'),
    prints: '20.04 and later: logs 2021 (webhook), 22.10',
    proves: 'begin',
  },
  {
    id: 'curtin',
    phase: 'config',
    voices: EVENT,
    pattern: /^start: cmd-install: /,
    prints: 'curtin on its own and under MAAS: source; below subiquity the name is longer',
    proves: 'begin',
  },
  {
    id: 'sections',
    phase: 'config',
    voices: EVENT,
    pattern:
      /^(?:start|finish): subiquity\/(?:Network|Proxy|Mirror|Filesystem|Identity|SSH|Source|Locale|Keyboard|Refresh|Drivers|Updates|SnapList|UbuntuPro|Zdev|Codecs|OEM|Timezone)\/(?!(?:apply|load)_autoinstall)/,
    prints: '20.04 and later: logs 22.04.3, 22.10; the last four 23.04 and later: source',
  },
  {
    id: 'confirmed',
    phase: 'config',
    voices: EVENT,
    pattern: new RegExp(
      `${stateIs('RUNNING').source}|^start: \\S{0,400}?/configure_apt: |^start: cmd-apt-config: |^start: \\S{0,400}?stage-early: `,
    ),
    percent: 12,
    prints: '20.04 and later: logs 22.04.3, 22.10; stage-early curtin under MAAS: source',
  },
  {
    id: 'partitioning',
    phase: 'storage',
    voices: EVENT,
    pattern: named('stage-partitioning|cmd-block-meta|cmd-block-discover|: executing curtin install partitioning step'),
    prints: '20.04 and later and curtin: logs 22.04.3, 22.10',
  },
  {
    id: 'extract',
    phase: 'packages',
    voices: EVENT,
    pattern: named('stage-extract|cmd-extract|: executing curtin install extract step'),
    percent: 25,
    prints: '20.04 and later and curtin: log 22.10',
  },
  {
    id: 'bootloader',
    phase: 'bootloader',
    voices: EVENT,
    pattern: named('cmd-curthooks/(?:configuring-bootloader|install-grub)|cmd-install-grub'),
    prints: '20.04 and later and curtin: logs 22.04.1, 22.10',
  },
  {
    id: 'initramfs',
    phase: 'packages',
    voices: EVENT,
    pattern: named('cmd-curthooks/(?:updating-initramfs-configuration|system-upgrade|apply-networking-config)'),
    percent: 65,
    prints: '20.04 and later and curtin: log 22.10',
  },
  {
    id: 'kernel',
    phase: 'packages',
    voices: EVENT,
    pattern: named('cmd-curthooks/installing-kernel'),
    percent: 50,
    prints: '20.04 and later and curtin: log 22.10, where it takes 90 of 310 seconds',
  },
  {
    id: 'curthooks',
    phase: 'packages',
    voices: EVENT,
    pattern: named('stage-curthooks|cmd-curthooks|: executing curtin install curthooks step'),
    percent: 45,
    prints: '20.04 and later and curtin: logs 20.04.3, 22.10',
  },
  {
    id: 'hook',
    phase: 'configure',
    voices: EVENT,
    pattern: named('stage-hook'),
    prints: 'curtin on its own and under MAAS: source',
  },
  {
    id: 'apt-restored',
    phase: 'configure',
    voices: EVENT,
    pattern: named('postinstall/restore_apt_config'),
    percent: 89,
    prints: '21.10 and later: log 22.10',
  },
  {
    id: 'upgrades',
    phase: 'configure',
    voices: EVENT,
    pattern: new RegExp(`${named('postinstall/run_unattended_upgrades').source}|${stateIs('UU_RUNNING').source}`),
    percent: 85,
    prints: '20.04 and later: log 22.10, where it takes 3 of 8 minutes',
  },
  {
    id: 'extra-packages',
    phase: 'configure',
    voices: EVENT,
    pattern: named('postinstall/install_|cmd-system-install'),
    percent: 82,
    prints: '20.04 and later: log 22.10',
  },
  {
    id: 'postinstall',
    phase: 'configure',
    voices: EVENT,
    pattern: new RegExp(
      `${named('subiquity/Install/install/postinstall|: final system configuration').source}|${stateIs('POST_\\w+').source}`,
    ),
    prints: '20.04 and later: log 22.10',
  },
  {
    id: 'installed',
    phase: 'post',
    voices: EVENT,
    pattern: stateIs('DONE'),
    prints: '20.04 and later, before the late commands: log 22.10',
  },
  {
    id: 'late-commands',
    phase: 'post',
    voices: EVENT,
    pattern: named('subiquity/Late/run|stage-late'),
    prints: 'first name 20.04 and later: log 22.10; the other curtin on its own and under MAAS: source',
  },
  {
    id: 'copies-logs',
    phase: 'finalize',
    voices: EVENT,
    pattern: /^(?:start|finish): subiquity\/Shutdown\/copy_logs_to_target/,
    prints: '20.04 and later: log 22.10',
  },
  {
    id: 'shutdown',
    phase: 'complete',
    voices: EVENT,
    pattern: /^(?:start: subiquity\/Shutdown\/shutdown: |finish: subiquity\/Shutdown\/shutdown: SUCCESS)/,
    prints: '20.04 and later: source. The machine seldom lives to say that it has finished this step',
    proves: 'end',
    unlessFailed: true,
  },
  {
    id: 'curtin-done',
    phase: 'complete',
    voices: EVENT,
    pattern: /^finish: cmd-install: SUCCESS/,
    prints: 'curtin on its own and under MAAS: source; below subiquity the name is longer, and each step ends so',
    proves: 'end',
    unlessFailed: true,
  },
  {
    id: 'curtin-says-done',
    phase: 'complete',
    voices: ['console'],
    pattern: /^curtin: Installation finished\.$/,
    prints: 'curtin on its own and under MAAS: source; log 22.10, where subiquity has it said once a step',
    proves: 'end',
    unlessFailed: true,
  },
  {
    id: 'early',
    phase: 'bootstrap',
    voices: EVENT,
    pattern: named('subiquity/Early/|/apply_autoinstall_config|/load_autoinstall_|subiquity/Meta/status_GET'),
    prints: '20.04 and later: logs 22.04.3, 22.10; load_… 24.04 and later: source',
  },
];
