import { isNeeded, roleOf } from './boot-files';
import { isAccessLine, isTrailTag, readSighting, type Sighting } from './sighting';
import { NOBODYS, type Counter, type ErrorMarker, type Installer, type LogLine, type Voice } from './vocabulary';

/*
 * The trail a machine leaves on the servers it boots from, as a file: system logs of DHCP and TFTP servers, access logs
 * of web servers. What a line says is read by `readSighting`; here it is given its place among the phases. The logger of
 * a line is what was seen, its text what was asked for.
 */

const TRAIL: readonly Voice[] = ['trail'];

const PHASES: Installer['phases'] = [
  {
    id: 'netboot',
    phase: 'booting',
    voices: TRAIL,
    logger: /^(?:lease|pxe|loader|kernel)$/,
    pattern: /^(?:lease|pxe|loader|kernel)\b/,
    prints: 'dnsmasq, ISC dhcpd, Kea, tftpd-hpa, iPXE over HTTP: logs; atftpd, BSD tftpd: public logs of others',
  },
  {
    id: 'fetches-installer',
    phase: 'bootstrap',
    voices: TRAIL,
    logger: /^(?:stage2|answers)$/,
    pattern: /^(?:stage2|answers)\b/,
    prints: 'EL6, EL7: access logs; which of the two comes first differs',
  },
  {
    id: 'reads-metadata',
    phase: 'config',
    voices: TRAIL,
    logger: /^metadata$/,
    pattern: /^metadata\b/,
    prints: 'EL6, EL7: access logs; APT: documentation of the repository format',
  },
  {
    id: 'fetches-packages',
    phase: 'packages',
    voices: TRAIL,
    logger: /^package(?:-header)?$/,
    pattern: /^package\b/,
    prints: 'EL7: access log',
  },
];

const COUNTERS: readonly Counter[] = [
  {
    id: 'packages-fetched',
    phase: 'packages',
    voices: TRAIL,
    logger: /^package$/,
    pattern: /^package \d{3} \S{0,1000}?(?<name>[^/ ]{1,300}\.(?:d?rpm|deb))$/i,
    prints:
      'every installer that fetches packages over HTTP; parts of packages (206: yum 3 reads headers) do not count',
    sets: 'one-more-named',
    step: 'download',
  },
];

const ERRORS: readonly ErrorMarker[] = [
  {
    id: 'answers-absent',
    severity: 'error',
    voices: TRAIL,
    logger: /^failed$/,
    pattern: /^answers (?<text>\d{3} \S{1,1000})/,
    prints: 'web servers: an installer without its answers stops or asks',
    phase: 'bootstrap',
    say: 'the web server had no answer file for the installer: $<text>',
    explains: 7,
  },
  {
    id: 'kernel-absent',
    severity: 'error',
    voices: TRAIL,
    logger: /^failed$/,
    pattern: /^(?:kernel|loader) (?<text>(?:\d{3}|tftp) \S{1,1000})/,
    prints: 'web and TFTP servers: nothing boots without it',
    phase: 'booting',
    say: 'the server had no such file to boot from: $<text>',
    explains: 7,
  },
  {
    id: 'package-absent',
    severity: 'error',
    voices: TRAIL,
    logger: /^failed$/,
    pattern: /^package (?<text>\d{3} \S{1,1000})/,
    prints: 'web servers: the package is missing there; another mirror may have it',
    phase: 'packages',
    say: 'the web server had no such package: $<text>',
    explains: 5,
  },
  {
    id: 'no-address',
    severity: 'error',
    voices: TRAIL,
    logger: /^failed$/,
    pattern: /^dhcp (?<text>.{1,300})/,
    prints: 'dnsmasq: public logs of others; ISC dhcpd, Kea: their documentation',
    phase: 'booting',
    say: 'the DHCP server had no address to give: $<text>',
    explains: 6,
  },
];

/** DHCP, TFTP and web servers, seen as the first and last witnesses of every network install. */
export const BOOT_TRAIL: Installer = {
  name: 'boot-trail',
  // By name nothing: a machine may upload the access log of a web server it runs itself.
  files: [],
  phases: PHASES,
  counters: COUNTERS,
  errors: ERRORS,
  benign: [],
  split: (_kind, line) => spoken(readSighting(null, line)),
  tagged: (tag, _level, text) => (isTrailTag(tag) ? spoken(readSighting(tag, text)) : null),
  sniff: (line) => (isAccessLine(line) || /\[kea-dhcp[46]\.[\w.-]+\/\d/.test(line.slice(0, 100)) ? 'access' : null),
};

function spoken(sighting: Sighting | null): LogLine {
  return sighting ? { voice: 'trail', level: '', logger: sighting.what, text: wordsOf(sighting) } : NOBODYS;
}

/** `what status file`; of a failure what was wanted stands in front: `answers 404 /ks.cfg`. */
function wordsOf({ what, status, file, text }: Sighting): string {
  if (what !== 'failed') return file === null ? `${what} ${text}` : `${what} ${status ?? 'tftp'} ${file}`;
  if (file === null) return `dhcp ${text}`;
  const wanted = roleOf(file, null, status === null ? 'tftp' : 'http') ?? 'loader';
  return `${isNeeded(file, wanted) ? wanted : 'loader'} ${status ?? 'tftp'} ${file}`;
}
