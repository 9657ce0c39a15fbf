/** The frame of a directive: where it begins, what may follow it, and the block it opens. */
import type { Node } from './nodes';
import type { Parser } from './parser';

/** Where a directive began. */
export interface Tag {
  line: number;
  isAlone: boolean;
  firstLineEnd: number;
}

/** Goes over `#name` and notes where it stood; over `#` alone without a name. */
export function begin(parser: Parser, name = ''): Tag {
  const { reader } = parser;
  const tag = { line: reader.lineOf(), isAlone: reader.isLineClear(), firstLineEnd: reader.lineEnd() };
  reader.take(parser.syntax.directive);
  reader.at += name.length;
  return tag;
}

/** What may follow a directive: its end mark, a comment, or the end of the line, which goes when it stands alone. */
export function finishTag(parser: Parser, tag: Tag): void {
  const { reader, syntax, builder } = parser;
  let isCommented = false;
  if (reader.match(syntax.comment) !== null && parser.directiveName(reader.at + 1) === null) {
    isCommented = true;
    parser.comment();
  }
  if (!isCommented && reader.match(syntax.directiveEnd) !== null) reader.take(syntax.directiveEnd);
  else if (tag.isAlone && reader.isAtLineBreak) reader.takeLine(true);
  if (tag.isAlone && (reader.isAtEnd || reader.at > tag.firstLineEnd)) builder.gobble();
}

/** Whether a `:` follows with something behind it on the same line. */
export function isShortForm(parser: Parser): boolean {
  const { reader, syntax } = parser;
  if (reader.character !== ':') return false;
  const rest = reader.source.slice(reader.at + 1, reader.lineEnd()).trim();
  if (rest === '') return false;
  syntax.comment.lastIndex = 0;
  return !syntax.comment.test(rest);
}

/** `: text` on the line of the directive; with its line break when `behind`. */
export function readShortForm(parser: Parser, behind: boolean): void {
  const { reader } = parser;
  reader.at += 1;
  reader.skipBlanks(1);
  parser.readTo(reader.lineEnd(behind));
}

/** The end of the line that opens a block, and the block: to its `#end`, or the rest of the line. */
export function openBlock(
  parser: Parser,
  name: string,
  tag: Tag,
  node: Node | null,
  body: Node[],
  behind = true,
): void {
  const { reader, builder } = parser;
  if (isShortForm(parser)) {
    builder.push(name, tag.line, node, body, false);
    readShortForm(parser, behind);
    builder.close();
    return;
  }
  if (reader.character === ':') reader.at += 1;
  reader.skipBlanks();
  finishTag(parser, tag);
  builder.push(name, tag.line, node, body, true);
}

/** Text up to `#end NAME`, which is gone over; to the end of the template without one. */
export function readToEnd(parser: Parser, name: string): string {
  const { reader, syntax, builder } = parser;
  const from = reader.at;
  let textEnd = from;
  let isAlone = false;
  for (;;) {
    if (reader.isAtEnd) {
      textEnd = reader.at;
      break;
    }
    if (parser.directiveName() === 'end') {
      const start = reader.at;
      reader.take(syntax.directive);
      reader.at += 'end'.length;
      reader.skipBlanks();
      if (reader.startsWith(name)) {
        isAlone = reader.isLineClear(start);
        textEnd = isAlone ? reader.lineStart(start) : start;
        reader.at += name.length;
        reader.skipBlanks();
        break;
      }
    }
    reader.at += 1;
  }
  const firstLineEnd = reader.lineEnd();
  if (reader.match(syntax.directiveEnd) !== null) reader.take(syntax.directiveEnd);
  else if (isAlone && reader.isAtLineBreak) reader.takeLine(true);
  if (isAlone && reader.at > firstLineEnd) builder.gobble();
  return reader.source.slice(from, textEnd);
}
