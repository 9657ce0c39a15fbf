import { WINDOWS_BENIGN, WINDOWS_ERRORS } from './windows-errors';
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
 * Windows set-up: setupact.log and setuperr.log, first in X:\Windows\Panther of Windows PE, then in $WINDOWS.~BT, at last in
 * C:\Windows\Panther. Since Windows 11 24H2 and Server 2025 new installs are made by the engine of upgrades (MOUPG), whose
 * percent stands for the preparations alone until it restarts the machine. The names of callbacks are never translated.
 */

/** `2019-03-29 00:25:29, Info       [0x0601c1] IBS    text`; the code and the component may be missing. */
const LINE =
  /^\ufeff?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, ([A-Z][A-Za-z]{2,10}) {1,30}(?:\[?(0x[0-9a-fA-F]{1,8})\]? {1,4})?(?:([A-Z][A-Z0-9]{1,7}) {1,10})?(.*)$/s;
const OWN = /^\ufeff?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, (?:Info|Warning|Error|Perf|Fatal) {2,30}(?:\[|[A-Z]|$)/;

const SETUP: readonly Voice[] = ['menu'];

const PHASES: readonly PhaseMarker[] = [
  {
    id: 'new-install',
    phase: 'bootstrap',
    voices: SETUP,
    pattern: /^InstallWindows: ?(?:Starting a new install from WinPE|Setup Phase = [12]\b)/,
    prints: 'Vista and later, from Windows PE: log Windows 10 1709',
    proves: 'begin',
  },
  {
    id: 'started',
    phase: 'bootstrap',
    voices: SETUP,
    pattern:
      /^(?:Callback_Engine_StartupScenarioIsWinPE\b|Setup has started phase 2\b|Setup phase change: \[\w{1,60}\] -> \[SetupPhase(?:DownLevel|Initialize|Unpack)\])/,
    prints: 'log Windows 10 1709; the last form Windows 10 and later, upgrades: public reports',
  },
  {
    id: 'answers',
    phase: 'config',
    voices: SETUP,
    pattern:
      /^(?:Callback_Unattend_InitEngine|Callback_Productkey_Validate|Callback_WinPE_SetSourceMediaInfo|Callback_CompliancePrerequisites)\b|^Callback_\w{1,60}_Unattend:/,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'upgrade-checks',
    phase: 'config',
    voices: SETUP,
    pattern: /^Setup phase change: \[\w{1,60}\] -> \[SetupPhase(?:Gather|CompatCheck|Download|Prepare)\w{0,40}\]/,
    percent: 11,
    prints: 'Windows 10 and later, upgrades: public reports',
  },
  {
    id: 'disk',
    phase: 'storage',
    voices: SETUP,
    pattern:
      /^(?:Callback_DiskConfig\w{0,60}|Callback_RefreshDiskCapabilities|Callback_ValidateInstallDrive|CallBack_ValidateAndPrepareInstallSystem|Call[Bb]ack_Prepare(?:SystemVolume|InstallDrive)|CallBack_PickTempDrive)\b/,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'disk-ready',
    phase: 'storage',
    voices: SETUP,
    pattern: /^(?:Call[Bb]ack_Prepare(?:SystemVolume|InstallDrive)|CallBack_PickTempDrive)\b/,
    percent: 18,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'image',
    phase: 'packages',
    voices: SETUP,
    pattern:
      /^(?:Callback_AddOSImageToCopyQueue|Callback_ImageTransfer|ApplyWIMImage|ApplyImage)\b|^Setup phase change: \[\w{1,60}\] -> \[SetupPhaseInstall\]/,
    prints: 'Vista and later: log Windows 10 1709; the last form Windows 10 and later, upgrades: public reports',
  },
  {
    id: 'image-done',
    phase: 'packages',
    voices: SETUP,
    pattern: /^Callback_ImageTransfer: ?Successfully laid down the OS image/,
    percent: 72,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'boot-files',
    phase: 'bootloader',
    voices: SETUP,
    pattern: /^Callback_UpdateBoot(?:Files|Code)\b/,
    prints: 'Vista and later: log Windows 10 1709, where it comes after the image was configured',
  },
  {
    id: 'image-configured',
    phase: 'configure',
    voices: SETUP,
    pattern:
      /^(?:CallBack_FinalizeImage|Callback_Locale_InstallLocales|Callback_Productkey_WriteOfflineHives|CallBack_AddDriverPackageIntoDriverStore|CallBack_InstallDriversOffline|Callback_Unattend_InitiatePass)\b/,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'upgrade-finalizes',
    phase: 'configure',
    voices: SETUP,
    pattern: /^Setup phase change: \[\w{1,60}\] -> \[SetupPhase(?:PostFinalize|PreOnline|PreFinalize|Online)\]/,
    after: 'packages',
    prints: 'Windows 10 and later, upgrades: public reports',
  },
  {
    id: 'first-boot',
    phase: 'configure',
    voices: SETUP,
    pattern: /^InstallWindows: ?Setup Phase = [34]\b|^PrepareSetupForFirstBootPhase:/,
    percent: 88,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'specialize',
    phase: 'post',
    voices: SETUP,
    pattern: /^Callback_Specialize\b|^SysprepSession::(?:CreateSession|Execute): .{0,200}Specialize\.xml/,
    percent: 91,
    prints: 'Vista and later: log Windows 10 1709',
  },
  {
    id: 'settings',
    phase: 'finalize',
    voices: SETUP,
    pattern: /^Callback_(?:OnlineSettings|CleanupSensitiveBBData)\b|^\[oobeldr\.exe\] /,
    after: 'post',
    prints: 'Vista and later: documentation; the last form from memory',
  },
  {
    id: 'shutdown',
    phase: 'finalize',
    voices: SETUP,
    logger: /^CBS$/,
    pattern: /^Trusted ?Installer signaled for shutdown\b/,
    after: 'post',
    prints: 'Windows 10: log 1709; the servicing stack also says it in a system at work, before any specialize',
  },
];

const COUNTERS: readonly Counter[] = [
  {
    id: 'progress',
    phase: 'bootstrap',
    voices: SETUP,
    pattern: /^Overall progress: \[(?<share>\d{1,3})%\]/,
    prints:
      'Windows 10 and later, by the engine of upgrades: public reports. It is at 100 when the machine restarts first',
    sets: 'whole',
  },
];

/** Windows: new installs from Vista on, and upgrades. */
export const WINDOWS: Installer = {
  name: 'windows',
  files: [
    { pattern: /^(?:\w{1,40}[-_.])?setup(?:act|err)(?:[-_.]\w{1,20})?\.log$/i, kind: 'installer' },
    { pattern: /^(?:auto)?unattend(?:-\w{1,20})?\.xml$/i, kind: 'other', secret: true },
  ],
  phases: PHASES,
  counters: COUNTERS,
  errors: WINDOWS_ERRORS,
  benign: WINDOWS_BENIGN,
  split: splitLine,
  tagged: () => null,
  sniff: (line) => (OWN.test(line) ? 'installer' : null),
};

function splitLine(kind: FileKind, line: string, _previous: Voice): LogLine {
  const parts = kind === 'installer' ? LINE.exec(line) : null;
  if (!parts) return NOBODYS;
  const [, level = '', , component = '', text = ''] = parts;
  return { voice: 'menu', level, logger: component, text: text.trimEnd() };
}
