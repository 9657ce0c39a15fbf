import type { Completable, CompletableOption } from './completion-words';

/** Everything a shell needs is in the script; only names of items are asked for, by `kickwatch complete-names TYPE`. */

/** First words, each with the second words it takes. */
function wordTree(commands: readonly Completable[]): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  for (const { command } of commands) {
    const [first, second] = command.split(' ');
    const seconds = tree.get(first!) ?? [];
    tree.set(first!, second === undefined ? seconds : [...seconds, second]);
  }
  return tree;
}

/** Text inside single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One branch of a `case`. */
function branch(patterns: readonly string[], words: readonly string[]): string {
  return `    ${patterns.map(quoted).join('|')}) echo ${quoted(words.join(' '))} ;;`;
}

/** Branches with the same words joined. */
function branches(entries: readonly (readonly [pattern: string, words: readonly string[]])[]): string {
  const byWords = new Map<string, string[]>();
  for (const [pattern, words] of entries) {
    const key = words.join(' ');
    byWords.set(key, [...(byWords.get(key) ?? []), pattern]);
  }
  return [...byWords].map(([words, patterns]) => branch(patterns, [words])).join('\n');
}

function valueWords({ choices, itemType }: CompletableOption): string[] {
  return itemType === null ? [...choices] : [`@${itemType}`];
}

/** The script for bash. */
export function bashCompletion(commands: readonly Completable[]): string {
  const tree = wordTree(commands);
  const seconds = [...tree].filter(([, words]) => words.length > 0);
  const options = commands.map(({ command, options: own }): [string, string[]] => [
    command,
    own.map(({ name, takesValue }) => (takesValue ? `${name}=` : name)),
  ]);
  const values = commands.flatMap(({ command, options: own }) =>
    own
      .filter(({ takesValue }) => takesValue)
      .map((option): [string, string[]] => [`${command} ${option.name}`, valueWords(option)]),
  );
  const names = commands
    .filter(({ itemType }) => itemType !== null)
    .map(({ command, itemType }): [string, string[]] => [command, [`@${itemType!}`]]);
  return `# Completion of kickwatch in bash: source <(kickwatch completion bash)
_kickwatch_commands() {
  case "$1" in
${branch([''], [...tree.keys()])}
${branches(seconds)}
  esac
}
_kickwatch_options() {
  case "$1" in
${branches(options)}
  esac
}
_kickwatch_values() {
  case "$1" in
${branches(values)}
    *) return 1 ;;
  esac
}
_kickwatch_arguments() {
  case "$1" in
${branches(names)}
  esac
}
_kickwatch_expand() {
  case "$1" in
    @*) kickwatch complete-names "\${1#@}" "$2" 2>/dev/null ;;
    *) echo "$1" ;;
  esac
}
_kickwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} option= prefix= command words
  if [[ $cur == --*=* ]]; then
    option=\${cur%%=*} prefix=\${cur%%=*}= cur=\${cur#*=}
  elif [[ $cur == = ]]; then
    option=$before cur=
  elif [[ $before == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $before == --* ]]; then
    option=$before
  fi
  command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "$(_kickwatch_commands '')" -- "$cur"))
    return
  fi
  words=$(_kickwatch_commands "$command")
  if [[ -n $words ]]; then
    if [[ $COMP_CWORD -eq 2 ]]; then
      COMPREPLY=($(compgen -W "$words" -- "$cur"))
      return
    fi
    command="$command \${COMP_WORDS[2]}"
  fi
  if [[ -n $option ]] && words=$(_kickwatch_values "$command $option"); then
    COMPREPLY=($(compgen -P "$prefix" -W "$(_kickwatch_expand "$words" "$cur")" -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$(_kickwatch_options "$command")" -- "$cur"))
    if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
  else
    words=$(_kickwatch_arguments "$command")
    COMPREPLY=($(compgen -W "$(_kickwatch_expand "$words" "$cur")" -- "$cur"))
  fi
}
complete -o default -F _kickwatch kickwatch`;
}

/** The script for zsh, which runs the one for bash. */
export function zshCompletion(commands: readonly Completable[]): string {
  return `# Completion of kickwatch in zsh: source <(kickwatch completion zsh)
autoload -U +X compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
${bashCompletion(commands)}`;
}

/** The script for fish. */
export function fishCompletion(commands: readonly Completable[]): string {
  const tree = wordTree(commands);
  const about = new Map(commands.map((command) => [command.command, command.about]));
  const describe = (text: string | undefined): string => (text ? ` -d ${fishQuoted(text)}` : '');
  const lines = [
    '# Completion of kickwatch in fish: kickwatch completion fish | source',
    'function __kickwatch_at',
    '  set -l words (commandline -opc)',
    '  test (count $words) -eq (math (count $argv) + 1); and test "$words[2..-1]" = "$argv"',
    'end',
    'function __kickwatch_in',
    '  set -l words (commandline -opc)',
    '  set -l last (math (count $argv) + 1)',
    '  test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"',
    'end',
    'complete -c kickwatch -f',
  ];
  for (const [first, seconds] of tree) {
    lines.push(`complete -c kickwatch -n __kickwatch_at -a ${first}${describe(about.get(first))}`);
    for (const second of seconds) {
      const words = `${first} ${second}`;
      lines.push(`complete -c kickwatch -n '__kickwatch_at ${first}' -a ${second}${describe(about.get(words))}`);
    }
  }
  for (const { command, options, itemType } of commands) {
    const condition = `-n '__kickwatch_in ${command}'`;
    if (itemType !== null) lines.push(`complete -c kickwatch ${condition} -a '(kickwatch complete-names ${itemType})'`);
    for (const option of options) {
      lines.push(
        `complete -c kickwatch ${condition} -l ${option.name.slice(2)}${fishValue(option)}${describe(option.about)}`,
      );
    }
  }
  return lines.join('\n');
}

function fishValue({ takesValue, choices, itemType }: CompletableOption): string {
  if (!takesValue) return '';
  if (itemType !== null) return ` -x -a '(kickwatch complete-names ${itemType})'`;
  return choices.length > 0 ? ` -x -a ${fishQuoted(choices.join(' '))}` : ' -r';
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
