import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { AUTOINSTALL_KINDS, detectKind, type AutoinstallKind } from '../../src/domain/autoinstall';
import { lintAutoinstall } from '../../src/domain/lint-autoinstall';

const shipped = (name: string): string => readFileSync(path.join(__dirname, '../../snippets', name), 'utf8');

/** `severity rule line`, of errors and warnings. */
function faults(text: string, kind: AutoinstallKind = detectKind(text)!, server: string | null = null): string[] {
  return lintAutoinstall(kind, text, server)
    .filter(({ severity }) => severity !== 'note')
    .map(({ severity, rule, line }) => `${severity} ${rule}${line === null ? '' : ` ${line}`}`);
}

const PRE = '%pre\ncurl -m 2 http://kw/cblr/svc/op/trig/mode/pre/system/web1 || :\n%end\n';
const POST =
  '%post\ncurl -sm 2 http://kw/cblr/svc/op/nopxe/system/web1\ncurl --max-time 2 http://kw/cblr/svc/op/trig/mode/post/system/web1\n%end\n';
const ONERROR = '%onerror\ncurl -m 2 -d state=error http://kw/v1/status/web1\n%end\n';

test.each<[string, string, string[]]>([
  ['a kickstart that tells everything', PRE + ONERROR + POST, []],
  ['one without %onerror', PRE + POST, ['error no-error']],
  ['one without %onerror whose log is sent live', `logging --host=kw --port=5514\n${PRE}${POST}`, ['warning no-error']],
  ['one whose %onerror calls nobody', `${PRE}%onerror\necho oh\n%end\n${POST}`, ['error no-error']],
  ['one without a start', ONERROR + POST, ['error no-start']],
  ['one whose start stands in %post', `${ONERROR}${POST}${PRE.replace('%pre', '%post')}`, ['error no-start']],
  ['one without an end', PRE + ONERROR, ['error no-end', 'warning no-nopxe']],
  ['a bare one', 'lang en_US\nrootpw x\n', ['error no-start', 'error no-end', 'error no-error', 'warning no-nopxe']],
  ['one with comments only', `%pre\n# op/trig/mode/pre\n%end\n${ONERROR}${POST}`, ['error no-start']],
  [
    "one with Cobbler's own snippets",
    "%pre\n$SNIPPET('kickstart_start')\n$SNIPPET('pre_anamon')\n%end\n%post\n$SNIPPET('kickstart_done')\n%end\n",
    ['warning no-error'],
  ],
  ['one with our snippet for all', "lang en_US\n$SNIPPET('kickwatch/kickstart/kickwatch.ks')\n", []],
  [
    'calls without a time limit',
    `${PRE}%post\ncurl -s http://mirror/x | tar x\nif wget http://mirror/y; then :; fi\ntimeout 3 wget http://z\n%end\n${ONERROR}${POST}`,
    ['warning unbounded-call 5', 'warning unbounded-call 6'],
  ],
  [
    'a continued call with a time limit at its end',
    `${PRE}${ONERROR}%post\ncurl -s \\\n  -o x \\\n  -m 2 http://x\n%end\n${POST}`,
    [],
  ],
  [
    'a %post that may fail the install',
    `${PRE}${ONERROR}${POST.replace('%post', '%post --erroronfail')}`,
    ['warning fatal-call 8', 'warning fatal-call 9'],
  ],
  [
    'a %post with set -e',
    `${PRE}${ONERROR}${POST.replace('%post', '%post\nset -eu')}`,
    ['warning fatal-call 9', 'warning fatal-call 10'],
  ],
])('%s', (_, text, expected) => {
  expect(detectKind(text)).toBe('kickstart');
  expect(faults(text)).toEqual(expected);
});

test.each<[string, AutoinstallKind, string, string[]]>([
  [
    'a preseed that calls nobody',
    'preseed',
    'd-i netcfg/choose_interface select auto\n',
    ['error no-start', 'error no-end', 'warning no-error', 'warning no-nopxe'],
  ],
  [
    'a preseed whose late_command may fail',
    'preseed',
    'd-i preseed/early_command string wget -T 2 http://k/cblr/svc/op/trig/mode/pre/system/a || true\nd-i preseed/late_command string \\\n  wget -T 2 http://k/cblr/svc/op/nopxe/system/a; \\\n  wget -T 2 http://k/cblr/svc/op/trig/mode/post/system/a\n',
    ['warning no-error', 'warning fatal-call 2'],
  ],
  [
    'an autoinstall that calls nobody',
    'autoinstall',
    '#cloud-config\nautoinstall:\n  version: 1\n',
    ['error no-start', 'error no-end', 'error no-error', 'warning no-nopxe'],
  ],
  [
    'an autoinstall with a webhook',
    'autoinstall',
    '#cloud-config\nautoinstall:\n  reporting:\n    kw:\n      type: webhook\n      endpoint: http://kw/v1/webhook/subiquity/a\n',
    ['warning no-nopxe'],
  ],
  [
    'an autoinstall whose list is not indented',
    'autoinstall',
    'autoinstall:\n  late-commands:\n  - curl -m 2 http://kw/cblr/svc/op/trig/mode/post/system/a || true\n  - curl -m 2 http://kw/cblr/svc/op/nopxe/system/a\n  version: 1\n',
    ['error no-start', 'error no-error', 'warning fatal-call 4'],
  ],
  ['user-data that calls nobody', 'cloud-init', '#cloud-config\nusers: []\n', ['error no-boot']],
  [
    'an AutoYaST profile that calls nobody',
    'autoyast',
    '<profile>\n<!-- op/trig/mode/pre\n -->\n</profile>\n',
    ['error no-start', 'error no-end', 'warning no-error', 'warning no-nopxe'],
  ],
  [
    'an AutoYaST profile with an end',
    'autoyast',
    '<profile><scripts>\n<init-scripts><script><source><![CDATA[\ncurl http://kw/cblr/svc/op/trig/mode/post/system/a\n]]></source></script></init-scripts>\n</scripts></profile>\n',
    ['error no-start', 'warning no-error', 'warning no-nopxe', 'warning unbounded-call 3'],
  ],
  [
    'Agama in jsonnet',
    'agama',
    "{\n  product: { id: 'x' },\n  scripts: {\n    pre: [ { content: 'curl http://kw/cblr/svc/op/trig/mode/pre/system/a' } ],\n    post: [ { content: 'sh kickwatch.sh nopxe\\nsh kickwatch.sh finish' } ],\n  }\n}\n",
    ['warning no-error', 'warning unbounded-call 4'],
  ],
])('%s', (_, kind, text, expected) => {
  expect(detectKind(text)).toBe(kind);
  expect(faults(text)).toEqual(expected);
});

test.each([
  ['kickstart/kickwatch.ks', 'kickstart', []],
  ['debian/preseed.cfg', 'preseed', ['warning no-error']],
  ['ubuntu/user-data', 'autoinstall', []],
  ['cloud-init/user-data', 'cloud-init', []],
  ['suse/autoyast.xml', 'autoyast', ['warning no-error']],
  ['suse/agama.json', 'agama', ['warning no-error']],
])('our own %s is found fault with only where the installer has no hook', (name, kind, expected) => {
  const text = shipped(name);
  expect(detectKind(text)).toBe(kind);
  expect(faults(text)).toEqual(expected);
});

test('a command whose colon makes it a map in YAML is told of, with what to write', () => {
  const text =
    'autoinstall:\n  late-commands:\n    - curl -m 2 http://kw/cblr/svc/op/nopxe/system/a || :\n    - "true || :"\n';
  const found = lintAutoinstall('autoinstall', text).filter(({ rule }) => rule === 'map-for-command');
  expect(found.map(({ line, add }) => [line, add])).toEqual([
    [3, '- curl -m 2 http://kw/cblr/svc/op/nopxe/system/a || true'],
  ]);
});

test('functions that are only defined call nobody', () => {
  const library = shipped('kickwatch.sh');
  expect(faults(`%pre\n${library}\n%end\n%post\n${library}\nkw_nopxe\nkw_finish\n%end\n`)).toEqual([
    'error no-start',
    'error no-error',
  ]);
});

test('calls to another server are told of, placeholders are not', () => {
  const text = `${PRE}${ONERROR}${POST}%post\ncurl -m 2 "http://@@server@@/cblr/svc/op/nopxe/system/web1"\n%end\n`;
  expect(faults(text, 'kickstart', 'kw')).toEqual([]);
  expect(faults(text, 'kickstart', 'other:25151').map((fault) => fault.split(' ')[1])).toEqual(
    Array(4).fill('other-server'),
  );
});

test('what is included and not looked at is named', () => {
  const found = lintAutoinstall('kickstart', "%include /tmp/disk\n%post\n$SNIPPET('mine')\n%end\n");
  expect(found.filter(({ rule }) => rule === 'not-read').map(({ line, text }) => [line, text.split(' ')[0]])).toEqual([
    [1, '/tmp/disk'],
    [3, 'mine'],
  ]);
});

test.each(['', 'hello', '<html></html>', 'root:x:0:0', '# storage: a comment', '{"a": 1}'])(
  '%j is no autoinstall file',
  (text) => {
    expect(detectKind(text)).toBeNull();
  },
);

test('no text makes it throw or takes it long', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '%pre',
      '%post --erroronfail',
      '%end',
      'd-i preseed/late_command string ',
      'late-commands:',
      '  - ',
      '<post-scripts>',
      '<!--',
      '-->',
      '"post": [',
      ']',
      '\\',
      '\n',
      '\r\n',
      'curl ',
      'wget ',
      '-m 2',
      "$SNIPPET('",
      "')",
      'autoinstall:',
      '# kickwatch.sh: ',
      '__proto__:',
      'constructor:',
      '{',
      '\u0000',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, fc.constantFrom(...AUTOINSTALL_KINDS), (given, kind) => {
      detectKind(given);
      for (const { line } of lintAutoinstall(kind, given, 'kw')) {
        if (line !== null && (line < 1 || line > given.split('\n').length)) throw new Error(`line ${line}`);
      }
    }),
    { numRuns: 1_000 },
  );
  for (const long of [
    'curl '.repeat(200_000),
    '\\\n'.repeat(500_000),
    '['.repeat(1_000_000),
    '<!--'.repeat(250_000),
    'run_install_triggers '.repeat(50_000),
  ]) {
    for (const kind of AUTOINSTALL_KINDS) lintAutoinstall(kind, long);
  }
});
