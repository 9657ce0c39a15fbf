/** `#compiler-settings` and `#compiler`: the marks of the language may be changed; other settings change nothing here. */
import { begin, finishTag, readToEnd } from './tags';
import type { Parser } from './parser';
import { scanExpression } from './scan';
import { DEFAULT_MARKS, makeSyntax, type Marks } from './syntax';

/** Longest mark; real ones have one to three characters. */
const LONGEST = 16;

export function readCompilerSettings(parser: Parser): void {
  const { reader } = parser;
  const tag = begin(parser, 'compiler-settings');
  const words = scanExpression(reader, parser.syntax).map((token) => token.text);
  finishTag(parser, tag);
  if (words.includes('reset')) {
    parser.syntax = makeSyntax(DEFAULT_MARKS);
    return;
  }
  if (words.includes('python')) parser.faultAt(tag.line, '#compiler-settings python is not supported');
  const marks: Marks = { ...parser.syntax.marks };
  for (const setting of readToEnd(parser, 'compiler-settings').split(/\r\n|\n|\r/)) {
    const at = setting.indexOf('=');
    if (at > 0 && !/^\s*[#;]/.test(setting))
      change(parser, marks, setting.slice(0, at).trim(), setting.slice(at + 1).trim(), tag.line);
  }
  parser.syntax = makeSyntax(marks);
}

export function readCompiler(parser: Parser): void {
  const { reader } = parser;
  const tag = begin(parser, 'compiler');
  reader.skipBlanks();
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0] ?? '';
  reader.skipBlanks();
  if (name.toLowerCase() === 'reset') {
    scanExpression(reader, parser.syntax);
    finishTag(parser, tag);
    parser.syntax = makeSyntax(DEFAULT_MARKS);
    return;
  }
  if (reader.character !== '=') parser.faultAt(tag.line, 'write #compiler NAME = value');
  reader.at += 1;
  const from = reader.at;
  // A mark such as # or $ is no expression; it goes to the end of the line.
  const value = reader.source.slice(from, reader.lineEnd()).trim();
  reader.at = reader.lineEnd();
  finishTag(parser, tag);
  const marks: Marks = { ...parser.syntax.marks };
  change(parser, marks, name, value, tag.line);
  parser.syntax = makeSyntax(marks);
}

function change(parser: Parser, marks: Marks, name: string, value: string, line: number): void {
  if (!Object.hasOwn(marks, name)) return;
  const key = name as keyof Marks;
  if (key === 'allowWhitespaceAfterDirectiveStartToken') {
    marks[key] = /^(?:true|1|yes|on)$/i.test(value);
    return;
  }
  if ((value === '' && key !== 'EOLSlurpToken') || value.length > LONGEST) {
    parser.faultAt(line, `${name} must have 1 to ${LONGEST} characters`);
  }
  marks[key] = value;
}
