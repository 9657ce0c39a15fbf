/** One option of a command. */
export interface OptionSpec {
  /** Under which its value is given on. */
  readonly key: string;
  /** Without the leading dashes, words joined by dashes; the first is its proper name. */
  readonly names: readonly string[];
  /** Further spellings: their prefixes count only when they are of no proper name. */
  readonly aliases?: readonly string[];
  /** False: a switch, which takes no value. */
  readonly takesValue: boolean;
  /** Heading of the help it stands under. */
  readonly group?: string;
  /** One sentence for the help; left out of it when there is none. */
  readonly about?: string;
  /** What it is when not given, for the help. */
  readonly initial?: string;
  /** Completions: the type whose items it names, or the words it can be. */
  readonly itemType?: string;
  readonly choices?: readonly string[];
  /** Not in Cobbler's command line: its beginnings count only when they are of nothing that is. */
  readonly isExtra?: boolean;
}

/** Values by key; a switch is `true`. */
export type Given = Readonly<Record<string, string | true>>;

/** What a command line says. */
export interface ParsedOptions {
  given: Given;
  /** Arguments that are no options. */
  rest: string[];
  /** `-h` or `--help` was among them. */
  wantsHelp: boolean;
}

/** The command line is wrong. */
export class OptionError extends Error {
  /** @param close - options that may have been meant, with their dashes. */
  constructor(
    message: string,
    readonly close: readonly string[] = [],
  ) {
    super(message);
    this.name = 'OptionError';
  }
}

/**
 * Reads options by the rules of Python's optparse, which Cobbler's command line goes by: `--name value` and
 * `--name=value`, any unambiguous beginning of a name, options and arguments in any order, `--` ends the options, the last
 * of several wins. Underscores count as dashes.
 *
 * @throws OptionError in the words of optparse.
 */
export function parseOptions(specs: readonly OptionSpec[], args: readonly string[]): ParsedOptions {
  const given: Record<string, string | true> = {};
  const rest: string[] = [];
  let wantsHelp = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (arg === '-h') wantsHelp = true;
    else if (!arg.startsWith('-') || arg === '-') rest.push(arg);
    else if (!arg.startsWith('--')) throw new OptionError(`no such option: ${arg.slice(0, 2)}`);
    else {
      const equals = arg.indexOf('=');
      const written = equals === -1 ? arg : arg.slice(0, equals);
      const value = equals === -1 ? undefined : arg.slice(equals + 1);
      const spec = findOption(specs, written);
      if (spec === 'help') wantsHelp = true;
      else if (!spec.takesValue) {
        if (value !== undefined) throw new OptionError(`--${spec.names[0]!} option does not take a value`);
        given[spec.key] = true;
      } else if (value !== undefined) given[spec.key] = value;
      else if (at + 1 < args.length) given[spec.key] = args[++at]!;
      else throw new OptionError(`--${spec.names[0]!} option requires 1 argument`);
    }
  }
  return { given, rest, wantsHelp };
}

/** The option that was meant. @throws OptionError when it is none or could be several. */
function findOption(specs: readonly OptionSpec[], written: string): OptionSpec | 'help' {
  const word = written.slice(2).replaceAll('_', '-');
  if (word === 'help') return 'help';
  const exact = specs.find(({ names, aliases }) => names.includes(word) || aliases?.includes(word));
  if (exact) return exact;
  if (word === '') throw new OptionError(`no such option: ${written}`);
  // Proper names first, then other spellings, then what Cobbler does not have: none of the later makes an abbreviation
  // ambiguous that Cobbler's own command line takes.
  const tiers: [OptionSpec, readonly string[]][][] = [
    specs.filter(({ isExtra }) => !isExtra).map((spec) => [spec, spec.names]),
    specs.map((spec) => [spec, spec.aliases ?? []]),
    specs.filter(({ isExtra }) => isExtra).map((spec) => [spec, spec.names]),
  ];
  for (const tier of tiers) {
    const hits = tier.flatMap(([spec, names]) =>
      names.filter((name) => name.startsWith(word)).map((name) => ({ spec, name })),
    );
    const [first] = hits;
    if (!first) continue;
    if (hits.every(({ spec }) => spec === first.spec)) return first.spec;
    const names = hits.map(({ name }) => `--${name}`).sort();
    throw new OptionError(`ambiguous option: ${written} (${names.join(', ')}?)`, names);
  }
  throw new OptionError(`no such option: ${written}`);
}
