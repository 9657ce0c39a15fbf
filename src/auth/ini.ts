/**
 * Sections of an INI file as Python's configparser writes them: `[section]`, `key = value` or `key: value`, whole lines
 * of comment after `#` or `;`. Values lose the quotes around them. A section that comes twice is one.
 *
 * @throws Error naming the line that is neither.
 */
export function parseIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | null = null;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[') && line.endsWith(']')) {
      const name = line.slice(1, -1).trim();
      current = sections.get(name) ?? new Map<string, string>();
      sections.set(name, current);
      continue;
    }
    if (current === null) throw new Error(`line ${index + 1} stands before the first [section]`);
    const cut = line.search(/[=:]/);
    const key = (cut === -1 ? line : line.slice(0, cut)).trim();
    if (key === '') throw new Error(`line ${index + 1} has no name before its "${line[0]!}"`);
    current.set(key, cut === -1 ? '' : unquote(line.slice(cut + 1).trim()));
  }
  return sections;
}

function unquote(value: string): string {
  const quote = value[0];
  return value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote) ? value.slice(1, -1) : value;
}
