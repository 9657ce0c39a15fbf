import type { ErrorMarker, Voice } from './vocabulary';

/*
 * What y2log says when something goes wrong; see `yast.ts`. Loggers are component and place: `Ruby modules/X.rb(Y):12`.
 * Texts shown to people are translated, those logged are not.
 */

const YAST_VOICE: readonly Voice[] = ['menu'];
/** YaST's own code; not the libraries below it, which try and fail all the time. */
const OWN = /^(?:Ruby|Interpreter|YCP|UI|ui|Pkg|wfm|agent-\w{1,20})\b/;
const BAD = /^[345]$/;

export const YAST_ERRORS: readonly ErrorMarker[] = [
  {
    id: 'client-failed',
    severity: 'fatal',
    stands: true,
    voices: YAST_VOICE,
    logger: OWN,
    pattern: /^Client (?:call|\S{1,300}) failed with '?(?<text>[^']{1,400}(?:'[^' ]{1,100}'[^']{0,200})?)/,
    prints: 'SLE 12 and later, Leap: source; the client is at fault and the install ends with it',
    explains: 8,
  },
  {
    id: 'internal-error',
    severity: 'fatal',
    stands: true,
    voices: YAST_VOICE,
    pattern: /(?<text>Internal error\. Please report a bug report with logs)/,
    prints: 'SLE 12 and later, Leap: source, public reports from 2014 to 2024',
    explains: 3,
  },
  {
    id: 'internal-error-details',
    severity: 'fatal',
    stands: true,
    afterFailure: true,
    voices: YAST_VOICE,
    pattern: /^(?:Details|Caller): {1,4}(?<text>\S.{0,300})$/,
    prints: 'SLE 12 and later, Leap: source, public reports',
    explains: 7,
  },
  {
    id: 'aborted',
    severity: 'fatal',
    voices: YAST_VOICE,
    logger: OWN,
    pattern: /^Calling (?<text>.{1,200}) returned (?:`|:)abort\b/,
    prints: 'SLE 11 and later, Leap: source',
    say: 'the installer gave up in $<text>',
    explains: 4,
  },
  {
    id: 'gives-up',
    severity: 'fatal',
    voices: YAST_VOICE,
    logger: OWN,
    pattern:
      /^(?<text>(?:Failed to initialize the software repositories|Aborting the installation|Installation (?:was )?aborted|Installation failed|No (?:repository|base product|product) found\b).{0,200})/,
    prints: 'SLE 12 and later, Leap: from memory',
    explains: 5,
  },
  {
    id: 'profile',
    severity: 'error-asks',
    voices: YAST_VOICE,
    logger: OWN,
    level: BAD,
    pattern:
      /(?<text>(?:(?:[Cc]annot|[Cc]ould not|[Ff]ailed to|[Uu]nable to) (?:fetch|read|retrieve|get|find|parse|process|download|load)\b.{0,80}(?:\bprofile\b|control file|autoinst\.xml|rules? file)|(?:[Pp]rofile|[Cc]ontrol file)\b.{0,80}(?:not (?:found|valid|readable)|is invalid|could not be)|XML\w{0,30}Error\b|XML parser reported an error).{0,200})/,
    prints: 'AutoYaST: from memory; it shows a dialog, and goes on by itself only where the profile says so',
    before: 'storage',
    phase: 'config',
    explains: 6,
  },
  {
    id: 'issues',
    severity: 'error-asks',
    voices: YAST_VOICE,
    logger: OWN,
    pattern: /(?<text>(?:AutoInstall issues|Important issues were detected|Autoyast::Issues::Fatal).{0,200})/i,
    prints: 'AutoYaST of SLE 15: documentation',
    before: 'storage',
    phase: 'config',
    explains: 5,
  },
  {
    id: 'storage',
    severity: 'error-asks',
    voices: YAST_VOICE,
    logger: /^(?:Ruby|Interpreter|libstorage)\b/,
    pattern:
      /(?<text>(?:libstorage-ng reported an error|Failure occurred during the following action|[Cc]ommit of (?:the )?storage changes failed|[Nn]o (?:suitable )?(?:disks?|hard disks?) (?:were |was )?found).{0,300})/,
    prints: 'Leap 15, SLE 15: source (second form); the others from memory',
    before: 'configure',
    phase: 'storage',
    explains: 7,
  },
  {
    id: 'solver',
    severity: 'error',
    voices: YAST_VOICE,
    level: BAD,
    pattern: /^(?<text>Solverrun finished with an ERROR)/,
    prints: 'libzypp: tests of openSUSE; packages contradict each other, AutoYaST may get over it',
    phase: 'config',
    explains: 5,
  },
  {
    id: 'packages-failed',
    severity: 'error',
    voices: YAST_VOICE,
    logger: /^zypp/,
    pattern: /\breturns: CommitResult {1,3}\(total \d{1,7}, done \d{1,7}, error (?<text>[1-9]\d{0,6}),/,
    prints: 'libzypp: form in log Leap 15.4',
    phase: 'packages',
    say: 'packages that could not be installed: $<text>',
    explains: 6,
  },
  {
    id: 'package-failed',
    severity: 'error-asks',
    voices: YAST_VOICE,
    logger: OWN,
    level: BAD,
    pattern:
      /(?<text>(?:Installation of (?:the )?package \S{1,200} failed|Package \S{1,200} (?:failed|could not be installed)|Failed to install \S{1,200}).{0,200})/,
    prints: 'SLE 11 and later: the words of the dialog, from memory that they are logged',
    before: 'configure',
    phase: 'packages',
    explains: 7,
  },
  {
    id: 'boot-loader',
    severity: 'error',
    voices: YAST_VOICE,
    pattern:
      /^Error output: (?:\/usr\/sbin\/)?(?<text>(?:grub2?-\w{1,30}|shim-install|efibootmgr|pbl): error: \S.{0,300})/,
    prints: 'Leap 15, SLE 12 and later: the form is that of log Leap 15.4, the words those of GRUB',
    phase: 'bootloader',
    explains: 8,
  },
  {
    id: 'disk-full',
    severity: 'error',
    voices: YAST_VOICE,
    level: BAD,
    pattern: /(?<text>No space left on device)/,
    prints: 'every release, in the words of whatever wrote',
    phase: 'packages',
    explains: 8,
  },
];
