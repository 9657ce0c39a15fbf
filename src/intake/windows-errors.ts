import type { Phase } from '../domain/phase';
import type { ErrorMarker, Voice } from './vocabulary';

/*
 * What Windows set-up logs when something goes wrong; see `windows.ts`. The level Error is common in healthy installs: only
 * what is known to end one is fatal. Set-up undoes an upgrade that failed and starts the old system.
 */

const SETUP: readonly Voice[] = ['menu'];
const ERROR = /^(?:Error|Fatal)$/;

const PHASE_OF_TEXT: readonly (readonly [RegExp, Phase])[] = [
  [/\[specialize\]|Specialize/, 'post'],
  [/\[oobeSystem\]|oobe/i, 'post'],
  [/DiskConfig|InstallDrive|SystemVolume|DiskRegion/, 'storage'],
  [/UpdateBoot|BootEntries|BCD/, 'bootloader'],
  [/\bunattend\b.{0,100}(?:\bvalid\b|parse)|Unattend_InitEngine|\[windowsPE\]|Productkey/, 'config'],
];

export const WINDOWS_ERRORS: readonly ErrorMarker[] = [
  {
    id: 'phase-error',
    severity: 'fatal',
    stands: true,
    voices: SETUP,
    pattern: /^Setup phase change: \[(?<text>\w{1,60})\] -> \[SetupPhase(?:Error|Rollback|Uninstall|Undo)\w{0,20}\]/,
    prints: 'Windows 10 and later, upgrades: public reports (SetupPhaseError); the others from memory',
    phase: 'packages',
    say: 'set-up failed in $<text>',
    cause: /, Error {2,30}(?:\[?0x[0-9a-fA-F]{1,8}\]? {1,4})?[A-Z]{1,8} {1,10}(?<text>\S.{0,200})$/,
    explains: 5,
  },
  {
    id: 'upgrade-result',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: SETUP,
    logger: /^MOUPG$/,
    level: ERROR,
    pattern:
      /^(?:CSetup(?:Host|Manager)::Execute(?:DownlevelMode|InstallMode|SetupMode)?)\(\d{1,6}\): Result = (?<text>0x[0-9A-Fa-f]{8})/,
    prints: 'Windows 10 and later: public reports from 2020 to 2026',
    phase: 'packages',
    say: 'set-up ended with result $<text>',
    cause:
      /, Error {2,30}(?:\[?0x[0-9a-fA-F]{1,8}\]? {1,4})?(?!MOUPG C\w{1,60}::)[A-Z]{1,8} {1,10}(?!C\w{1,60}(?:<|::))(?<text>\S.{0,200})$/,
    explains: 4,
  },
  {
    id: 'cannot-continue',
    severity: 'fatal',
    voices: SETUP,
    pattern:
      /(?<text>(?:Windows (?:Setup cannot continue|installation cannot proceed|cannot be installed (?:on|to) (?:this disk|Disk|drive)|could not (?:parse or process|complete the installation|configure|finish configuring|update the computer's boot|prepare the computer|set the offline|apply))|Setup (?:was unable to create a new system partition|cannot find)|The computer restarted unexpectedly or encountered an unexpected error).{0,300})/,
    prints: 'Vista and later, English media: documentation, public reports',
    phaseFrom: PHASE_OF_TEXT,
    explains: 8,
  },
  {
    id: 'answer-file',
    severity: 'fatal',
    voices: SETUP,
    level: ERROR,
    pattern:
      /(?<text>(?:The provided unattend(?:ed)? (?:answer )?file .{0,200} is not (?:a )?valid|The unattend answer file .{0,200}(?:invalid|cannot)|Unattend_InitEngine: ?.{0,200}(?:[Ff]ailed|not valid)).{0,200})/,
    prints: 'Vista and later: from memory',
    phase: 'config',
    explains: 8,
  },
  {
    id: 'specialize',
    severity: 'fatal',
    voices: SETUP,
    logger: /^(?:SYSPRP|IBS|SP)$/,
    level: ERROR,
    pattern:
      /^(?<text>(?:SysprepSession::Execute: Error in executing actions from |ActionPlatform::LaunchModule: (?:Failure occurred while executing|Error executing)|Callback_Specialize: ?(?:An error|Failed)|Sysprep specialize offline failed).{0,300})/,
    // Images are made with the same program.
    unless: /[Gg]eneraliz|Respecialize|Cleanup/,
    prints:
      'Vista and later: public reports; every module of specialize has to succeed. The last form Windows 11: reports',
    phase: 'post',
    explains: 7,
  },
  {
    id: 'callback',
    severity: 'error',
    voices: SETUP,
    logger: /^(?:IBS|IBSLIB|MIG|UI)$/,
    level: ERROR,
    pattern:
      /^(?<text>(?:Call[Bb]ack_\w{1,80}|InstallWindows|ApplyWIMImage|ApplyImage|DiskRegionSelection): ?.{0,120}(?:[Ff]ail|[Ee]rror|[Cc]annot|[Cc]ould ?n['o]t|[Uu]nable).{0,200})/,
    prints: 'Vista and later: from memory of failed installs; the level alone is common in good ones',
    phaseFrom: PHASE_OF_TEXT,
    explains: 6,
  },
  {
    id: 'operation',
    severity: 'error',
    voices: SETUP,
    logger: /^(?:SP|MOUPG)$/,
    level: ERROR,
    pattern:
      /^(?<text>(?:Operation failed: |User did not accept EULA|Cannot extract file |SP\w{1,40}: .{0,80}[Ff]ailed).{0,300})/,
    prints: 'Windows 10 and later: public reports from 2020 to 2026',
    phase: 'packages',
    explains: 7,
  },
  {
    id: 'disk-full',
    severity: 'error',
    voices: SETUP,
    level: ERROR,
    pattern: /(?<text>(?:There is not enough space on the disk|Found Disk Space Hard Block).{0,200})/,
    prints: 'Windows 10 and later: public report; the first English systems only',
    phase: 'packages',
    explains: 8,
  },
];

/** Lines that look like errors in healthy installs. */
export const WINDOWS_BENIGN: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /0x80070002 Failed to get ImagePath/, why: 'search for drivers' },
  { pattern: /Required profile hive does not exist/, why: 'log Windows 10 1709' },
  {
    pattern: /::(?:OnProgressChanged|OnCancel|DlpManagerCallback)\(\d{1,6}\): Result = 0x8007/,
    why: 'somebody cancelled',
  },
];
