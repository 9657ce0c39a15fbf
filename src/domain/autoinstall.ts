/** The answer files installers read. `cloud-init` is user-data without an install. */
export const AUTOINSTALL_KINDS = ['kickstart', 'preseed', 'autoinstall', 'cloud-init', 'autoyast', 'agama'] as const;
export type AutoinstallKind = (typeof AUTOINSTALL_KINDS)[number];

/** A line of a file; the first has number 1. Continued lines are one, with the number of their first. */
export interface Line {
  line: number;
  text: string;
}

/** When a script runs: before the install, at its end, when it failed, in the new system; `other`: somewhere between. */
export type ScriptRole = 'start' | 'end' | 'error' | 'boot' | 'other';

/** One script of an answer file. */
export interface Script {
  /** As a person finds it: `%post`, `late_command`, `chroot-scripts`. */
  name: string;
  line: number;
  role: ScriptRole;
  lines: Line[];
  /** A command that fails ends the install. */
  isFatal: boolean;
}

/** An answer file taken apart: its scripts, and everything else. */
export interface Autoinstall {
  kind: AutoinstallKind;
  scripts: Script[];
  rest: Line[];
}

/** Of longer lines the beginning is read: no script is written like that. */
const MAX_LINE = 4_000;

/** Kickstart commands that begin a line of nearly every kickstart, of two of which one can be sure. */
const KICKSTART_COMMAND =
  /^(?:autopart|bootloader|clearpart|ignoredisk|keyboard|lang|liveimg|network|ostreesetup|part|reboot|rootpw|selinux|timezone|url|user|zerombr)\b/gm;

/** What kind of answer file a text is; null when it is none that is known. The name decides nothing by itself. */
export function detectKind(text: string): AutoinstallKind | null {
  if (/^%(?:pre|pre-install|post|packages|onerror|traceback|addon)\b/m.test(text)) return 'kickstart';
  if (/^\$SNIPPET\('kickwatch\/kickstart\//m.test(text)) return 'kickstart';
  if (/^[ \t]{0,20}d-i[ \t]/m.test(text)) return 'preseed';
  if (/<profile\b/.test(text)) return 'autoyast';
  if (/^autoinstall:/m.test(text) || /^(?:late|early|error)-commands:/m.test(text)) return 'autoinstall';
  if (/^#cloud-config\b/.test(text)) return 'cloud-init';
  if (
    /^\s{0,200}(?:\{|local\s|\/\/|\/\*)/.test(text) &&
    /["']?(?:product|software|scripts|bootloader|storage)["']?\s{0,20}:/.test(text)
  ) {
    return 'agama';
  }
  return [...text.matchAll(KICKSTART_COMMAND)].length >= 2 ? 'kickstart' : null;
}

/** Takes an answer file apart. Never throws: what makes no sense is left in `rest`. */
export function parseAutoinstall(kind: AutoinstallKind, text: string): Autoinstall {
  const lines = text.split(/\r?\n/).map((one, at) => ({ line: at + 1, text: one.slice(0, MAX_LINE) }));
  switch (kind) {
    case 'kickstart':
      return { kind, ...readKickstart(lines) };
    case 'preseed':
      return { kind, ...readPreseed(joinContinued(lines)) };
    case 'autoinstall':
    case 'cloud-init':
      return { kind, ...readYaml(lines) };
    case 'autoyast':
      return { kind, ...readAutoyast(lines) };
    case 'agama':
      return { kind, ...readAgama(lines) };
  }
}

type Parts = Omit<Autoinstall, 'kind'>;

/** Lines that end in a backslash are one with the next. */
export function joinContinued(lines: readonly Line[]): Line[] {
  const joined: Line[] = [];
  let isOpen = false;
  for (const { line, text } of lines) {
    const body = text.endsWith('\\') ? text.slice(0, -1) : text;
    const last = joined.at(-1);
    if (isOpen && last !== undefined) {
      if (last.text.length < MAX_LINE) last.text = `${last.text} ${body.trim()}`.slice(0, MAX_LINE);
    } else joined.push({ line, text: body });
    isOpen = text.endsWith('\\');
  }
  return joined;
}

const KICKSTART_ROLES: Record<string, ScriptRole> = {
  pre: 'start',
  'pre-install': 'other',
  post: 'end',
  onerror: 'error',
  traceback: 'error',
};

function readKickstart(lines: readonly Line[]): Parts {
  const parts: Parts = { scripts: [], rest: [] };
  let script: Script | null = null;
  let isOther = false;
  for (const { line, text } of lines) {
    const name = /^%([a-z-]{1,20})\b/.exec(text)?.[1];
    const role = name === undefined ? undefined : KICKSTART_ROLES[name];
    if (name === 'end') script = null;
    else if (role !== undefined) {
      script = { name: `%${name}`, line, role, lines: [], isFatal: /\s--erroronfail\b/.test(text) };
      parts.scripts.push(script);
    } else if (script !== null) script.lines.push({ line, text });
    else {
      if (name !== undefined) isOther = name !== 'include' && name !== 'ksappend';
      if (!isOther || text.startsWith('$SNIPPET') || name !== undefined) parts.rest.push({ line, text });
    }
    if (name === 'end') isOther = false;
  }
  return parts;
}

const PRESEED_ROLES: Record<string, ScriptRole> = {
  'preseed/early_command': 'start',
  'partman/early_command': 'other',
  'preseed/late_command': 'end',
};

function readPreseed(lines: readonly Line[]): Parts {
  const parts: Parts = { scripts: [], rest: [] };
  for (const { line, text } of lines) {
    const [, name, command] = /^\s{0,20}d-i\s+([a-z-]+\/(?:early|late)_command)\s+string\s(.*)$/.exec(text) ?? [];
    const role = name === undefined ? undefined : PRESEED_ROLES[name];
    if (role === undefined) parts.rest.push({ line, text });
    else parts.scripts.push({ name: name!, line, role, lines: [{ line, text: command! }], isFatal: true });
  }
  return parts;
}

const YAML_ROLES: Record<string, ScriptRole> = {
  'early-commands': 'start',
  'late-commands': 'end',
  'error-commands': 'error',
  bootcmd: 'boot',
  runcmd: 'boot',
};

/** A key's block goes on while lines are indented deeper, or are list items as deep as the key. */
function readYaml(lines: readonly Line[]): Parts {
  const parts: Parts = { scripts: [], rest: [] };
  let script: Script | null = null;
  let depth = 0;
  for (const { line, text } of lines) {
    const indent = text.length - text.trimStart().length;
    const isBlank = text.trim() === '';
    const isInside = indent > depth || (indent === depth && /^\s*-(?:\s|$)/.test(text));
    if (script !== null && (isBlank || isInside)) {
      script.lines.push({ line, text });
      continue;
    }
    script = null;
    const [, name = '', inline = ''] = /^\s*([a-z-]{1,30}):(.*)$/.exec(text) ?? [];
    const role = Object.hasOwn(YAML_ROLES, name) ? YAML_ROLES[name]! : null;
    if (role === null) parts.rest.push({ line, text });
    else {
      depth = indent;
      const isFatal = role === 'start' || role === 'end';
      script = { name, line, role, lines: [{ line, text: inline }], isFatal };
      parts.scripts.push(script);
    }
  }
  return parts;
}

const AUTOYAST_ROLES: Record<string, ScriptRole> = {
  'pre-scripts': 'start',
  'postpartitioning-scripts': 'other',
  'chroot-scripts': 'end',
  'post-scripts': 'end',
  'init-scripts': 'end',
};

function readAutoyast(lines: readonly Line[]): Parts {
  const parts: Parts = { scripts: [], rest: [] };
  let script: Script | null = null;
  for (const { line, text } of withoutXmlComments(lines)) {
    const name = /<([a-z]{3,20}-scripts)\b/.exec(text)?.[1];
    const role = name === undefined ? undefined : AUTOYAST_ROLES[name];
    if (role !== undefined) {
      script = { name: name!, line, role, lines: [], isFatal: false };
      parts.scripts.push(script);
    }
    (script === null ? parts.rest : script.lines).push({ line, text });
    if (/<\/[a-z]{3,20}-scripts>/.test(text)) script = null;
  }
  return parts;
}

function withoutXmlComments(lines: readonly Line[]): Line[] {
  let isComment = false;
  return lines.map(({ line, text }) => {
    let left = '';
    let at = 0;
    while (at < text.length) {
      const mark = text.indexOf(isComment ? '-->' : '<!--', at);
      if (!isComment) left += text.slice(at, mark < 0 ? undefined : mark);
      if (mark < 0) break;
      at = mark + (isComment ? 3 : 4);
      isComment = !isComment;
    }
    return { line, text: left };
  });
}

const AGAMA_ROLES: Record<string, ScriptRole> = {
  pre: 'start',
  postPartitioning: 'other',
  post: 'end',
  init: 'boot',
};

/** JSON or jsonnet: the lists below `pre`, `post` and so on, found by their brackets. `\n` in texts are line ends. */
function readAgama(lines: readonly Line[]): Parts {
  const parts: Parts = { scripts: [], rest: [] };
  let script: Script | null = null;
  let depth = 0;
  for (const { line, text } of lines) {
    if (script === null) {
      const name = /^[\s{,]*["']?(pre|postPartitioning|post|init)["']?\s{0,20}:\s{0,20}\[/.exec(text)?.[1];
      if (name === undefined) {
        parts.rest.push({ line, text });
        continue;
      }
      script = { name, line, role: AGAMA_ROLES[name]!, lines: [], isFatal: false };
      parts.scripts.push(script);
      depth = 0;
    }
    for (const piece of text.split('\\n')) script.lines.push({ line, text: piece });
    const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
    for (const character of bare) {
      if (character === '[') depth += 1;
      else if (character === ']') depth -= 1;
    }
    if (depth <= 0) script = null;
  }
  return parts;
}
