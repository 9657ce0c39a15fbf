/** Tokens of expressions, as the scanners of both languages make them. */

export interface Token {
  type: 'name' | 'number' | 'string' | 'operator' | 'variable';
  /** As written. */
  text: string;
  /** Of a `variable` only: Cheetah's `$a.b(1).c[2]` in parts. */
  parts?: readonly VariablePart[];
}

/** A dotted name, and the brackets right behind it: one `(…)` or any number of groups. */
export interface VariablePart {
  names: readonly string[];
  brackets: 'none' | 'call' | 'index';
  /** What is between the parentheses of a call; with their brackets, the groups of an index. */
  inside: readonly Token[];
}

const TOKEN = new RegExp(
  [
    String.raw`(?<string>[bB]?[rRuUfF]?[bB]?(?:'''[^]*?'''|"""[^]*?"""|'(?:[^\n\r'\\]|\\[^\n\r])*'|"(?:[^\n\r"\\]|\\[^\n\r])*"))`,
    String.raw`(?<number>0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d+)?)`,
    String.raw`(?<name>[\p{L}_][\p{L}\p{M}\p{Nd}_]*)`,
    String.raw`(?<operator>\*\*=|//=|>>=|<<=|\*\*|//|>>|<<|<>|!=|==|<=|>=|->|:=|[-+*/%&|^]=|[-+*/%&|^~<>=()[\]{},:;.@])`,
  ].join('|'),
  'uy',
);

/** The token at `at`, or null where Python knows none. */
export function tokenAt(source: string, at: number): Token | null {
  TOKEN.lastIndex = at;
  const found = TOKEN.exec(source);
  if (found === null) return null;
  const groups = found.groups!;
  const type =
    groups['string'] !== undefined
      ? 'string'
      : groups['number'] !== undefined
        ? 'number'
        : groups['name'] !== undefined
          ? 'name'
          : 'operator';
  return { type, text: found[0] };
}
