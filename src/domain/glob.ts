/**
 * True when `text` matches the shell pattern: `*` any characters, `?` one, `[abc]`, `[a-z]`, `[!abc]` one of a set; a `[`
 * that is never closed stands for itself. Case does not count, as in Cobbler's searches.
 *
 * At most |pattern| × |text| steps, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const tokens = readGlob(pattern.toLowerCase());
  const characters = [...text.toLowerCase()];
  let token = 0;
  let at = 0;
  // Where to go on when the rest does not fit: the last star takes one character more.
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    const current = tokens[token];
    if (current === 'any') {
      star = token;
      starAt = at;
      token += 1;
    } else if (current !== undefined && current(characters[at]!)) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      token = star + 1;
      at = starAt;
    } else {
      return false;
    }
  }
  while (tokens[token] === 'any') token += 1;
  return token === tokens.length;
}

/** True when the text holds a character that means something in a pattern. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

type Token = 'any' | ((character: string) => boolean);

function readGlob(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    if (character === '*') {
      if (tokens.at(-1) !== 'any') tokens.push('any');
    } else if (character === '?') {
      tokens.push(() => true);
    } else {
      const close = character === '[' ? findClose(characters, at) : -1;
      if (close < 0) {
        tokens.push((given) => given === character);
      } else {
        tokens.push(readSet(characters.slice(at + 1, close)));
        at = close;
      }
    }
  }
  return tokens;
}

/** A `]` right after `[` or `[!` is a member of the set. */
function findClose(characters: readonly string[], open: number): number {
  const first = characters[open + 1] === '!' ? open + 2 : open + 1;
  return characters.indexOf(']', first + 1);
}

function readSet(inside: readonly string[]): (character: string) => boolean {
  const negated = inside[0] === '!';
  const members = negated ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let at = 0; at < members.length; at += 1) {
    if (members[at + 1] === '-' && at + 2 < members.length) {
      ranges.push([members[at]!, members[at + 2]!]);
      at += 2;
    } else {
      ranges.push([members[at]!, members[at]!]);
    }
  }
  return (character) => ranges.some(([low, high]) => low <= character && character <= high) !== negated;
}
