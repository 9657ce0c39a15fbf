/**
 * Where answers differ from the recording on purpose: docs/compatibility.md explains each rule. A rule is given by what
 * the comparison says of its differences, so that anything else in the same answer still shows.
 */
export const RULES: Readonly<Record<string, RegExp>> = {
  // The staged comment, or an item that is staged only.
  R1: /\.comment: 'edited' recorded, '' now/,
  R2: /\.(ks_meta|kickstart|remote_grub_kernel|remote_grub_initrd): extra/,
  // Text where a read before had flattened a struct or list.
  R3: /: '[^'{[]*' recorded, ["'][{[]/,
  R4: /already exists with that name|entries recorded, \d+ now|\.pageinfo\./,
  R5: /\.(default_password_crypted|nsupdate_tsig_key(\[\d\])?|ldap_search_passwd|power_pass): /,
  R6: /\.(autoinst|kickstart|ks_meta|remote_grub_kernel|remote_grub_initrd): extra/,
  R7: /'NoneType' object has no attribute|cannot marshal/,
  R8: /0 entries recorded, 1 now|calling find with no arguments|got multiple values for keyword/,
  R9: /invalid token: /,
  R10: /document type declarations are refused/,
  R11: /unknown remote method \\?'system\./,
  R12: /HTTP (404 recorded, 200|500 recorded, 400) now|No such page/,
  R13: /2001:db8::1|\$: 'ip {13}\|/,
  R14: /No system or profile is called/,
  R15: /'str' object has no attribute 'data'/,
  R16: /Invalid auto(?:matic installation template|mated installation snippet) file location \/var\/lib\/cobbler\//,
  R17: /Internal Server Error|HTTP 500 recorded, (?:200|404) now/,
  R18: /HTTP 404 recorded, 200 now|# profile not found' recorded/,
  // One text with all of it: `get_settings` is compared value by value.
  R19: /^\$: '\{\\n {4}"allow_duplicate_hostnames/,
  R20: /'(?:notification|failed|complete)' recorded, '(?:running|complete)' now/,
  R21: /\.breeds\.|28 entries recorded, \d+ now/,
  F: /./,
};

/** Labels of every theme about one item type. */
const TYPE_EXCHANGES: Readonly<Record<string, string>> = {
  get: 'R2',
  'get flattened': 'R2',
  list: 'R2 R3',
  'find by name expanded': 'R2 R3',
  'visible before save?': 'R1',
  'rename onto existing': 'R4',
  'since 0': 'R2 R4',
  'since 0 as int': 'R2 R4',
  paged: 'R2 R4',
  'as rendered': 'R5 R6',
};

/** Rules by theme and label of the exchange. */
export const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '01-session': {
    'unknown token of right length': 'R9',
    'check_access bad token': 'R9',
    'write after logout': 'R9',
  },
  '02-transport': {
    'other path': 'R12',
    'chunked request': 'R12',
    'doctype entity': 'R10',
    'external entity': 'R10',
    introspection: 'R11',
    methodSignature: 'R11',
    multicall: 'R11',
    'accept gzip large answer': 'R5',
    'no accept, large answer': 'R5',
    'new_system: unknown token': 'R9',
    'save unknown handle': 'R7',
    'copy unknown': 'R7',
    'rename unknown': 'R7',
    'find: nil criteria': 'R8',
  },
  '03-distro': TYPE_EXCHANGES,
  '04-profile': { ...TYPE_EXCHANGES, 'empty list': 'R2' },
  '05-system': TYPE_EXCHANGES,
  '06-repo': TYPE_EXCHANGES,
  '07-image': { ...TYPE_EXCHANGES, 'as rendered': 'R7' },
  '08-menu': TYPE_EXCHANGES,
  '11-file': TYPE_EXCHANGES,
  '13-interfaces': { get: 'R2', 'find by mac upper': 'R8', 'find by dns name method': 'R5 R6 F' },
  '14-rendered': {
    distro: 'R5 R6',
    profile: 'R5 R6',
    system: 'R5 R6 F',
    'blended profile': 'R5 R6',
    'blended system': 'R5 R6',
    'blended both: profile wins': 'R2 R5 R6',
    'dump_vars (returns nothing: bug)': 'R7',
  },
  '17-triggers-status': {
    ipv6: 'R13',
    'status of all': 'R13',
    'status text of all': 'R13',
    'status unknown mode is normal': 'R14',
    'status bad token': 'R9',
    'status: stalled, boundary, tie, other name': 'R13 F',
    'the same as text': 'R13 F',
    'status with a malformed log line': 'F',
    'status after svc triggers: ip is the HTTP peer': 'F',
  },
  '20-autoinstall': { 'read missing template': 'R16', 'remove snippet again': 'R16' },
  '22-svc': {
    events: 'F',
    'events user': 'F',
    'unknown op': 'R17',
    'attribute op': 'R17',
    'dunder op': 'R17',
    debug: 'R17',
    'script none': 'R17',
    'findks system': 'R17',
    'find_autoinstall system': 'R17',
    'findks by mac header': 'R17',
    'query string swallows': 'R18',
    settings: 'R19',
    list: 'F',
  },
  '18-events': {
    'poll 0': 'R20',
    'poll 1': 'R20',
    'poll 2': 'R20',
    'bad token': 'R9',
    'status of failing task': 'R20',
    'log of failing task': 'R20 F',
    log: 'F',
    'events at the end': 'R20 F',
    check: 'F',
  },
  '21-misc': {
    settings: 'R5',
    'os versions of breed': 'R21',
    signatures: 'R21',
    'find_items sorted backwards': 'F',
    'find_items ~ regexp?': 'F',
    'paged 2': 'R8',
    'paged beyond': 'R8',
    'paged nonsense': 'F',
    'get_systems page args ignored': 'F',
  },
  '31-upload-fixed': { 'string data': 'R15', 'destination is a symlink': 'F' },
  '32-register-fixed': { result: 'R2', 'result has no interface': 'R2', r7: 'R2', 'name .. (do not copy)': 'F' },
};

/** Answers of a server that has no such method, operation or task. */
const MISSING = /unknown remote method \\?'(?!system\.)|this operation is not available|HTTP 200 recorded, 404 now/;

/** How one exchange came out: the same, different by a rule, not there yet, or different without a reason. */
export type Outcome = 'equal' | 'explained' | 'missing' | 'unexplained';

/** Judges the differences that the comparison found in one exchange. */
export function judge(theme: string, label: string, problems: readonly string[]): Outcome {
  if (problems.length === 0) return 'equal';
  const rules = DIFFERENCES[theme]?.[label]?.split(' ') ?? [];
  const isExplained = (problem: string): boolean => rules.some((rule) => RULES[rule]!.test(problem));
  if (problems.every(isExplained)) return 'explained';
  return problems.some((problem) => MISSING.test(problem)) ? 'missing' : 'unexplained';
}
