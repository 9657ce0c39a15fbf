/** `#import` and `#from … import`. */
import { begin, finishTag } from './tags';
import type { Import } from './nodes';
import type { Parser } from './parser';
import { scanExpression } from './scan';

export function readImport(parser: Parser): void {
  const tag = begin(parser);
  const text = scanExpression(parser.reader, parser.syntax)
    .map((token) => token.text)
    .join(' ')
    .replaceAll(' . ', '.');
  finishTag(parser, tag);
  const imports = readStatement(text);
  if (imports === null) parser.faultAt(tag.line, 'write #import NAME or #from NAME import NAME');
  parser.imports.push({ line: tag.line, imports });
}

const NAME = String.raw`[A-Za-z_][\w.]*`;

function readStatement(text: string): Import[] | null {
  const from = new RegExp(`^from (${NAME}) import (.+)$`).exec(text);
  const list = from?.[2] ?? /^import (.+)$/.exec(text)?.[1];
  if (list === undefined) return null;
  const imports: Import[] = [];
  for (const part of list.replace(/^\( (.*?)(?: ,)? \)$/, '$1').split(' , ')) {
    const found = new RegExp(`^(${NAME}|\\*)(?: as (${NAME}))?$`).exec(part.trim());
    if (found === null) return null;
    const [, name, as] = found as unknown as [string, string, string | undefined];
    if (from === null)
      imports.push({
        module: as === undefined ? name.split('.')[0]! : name,
        written: name,
        member: null,
        as: as ?? name.split('.')[0]!,
      });
    else imports.push({ module: from[1]!, written: from[1]!, member: name, as: as ?? name });
  }
  return imports;
}
