/** A place in a text: line from 1, column from 0 in characters, as expat counts. */
export interface Place {
  line: number;
  column: number;
}

/** Where an offset of a text lies. Nothing is copied: the text may be all of a large document, or one endless line. */
export function findPlace(text: string, offset: number): Place {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', start)) {
    line++;
    start = at + 1;
  }
  let column = 0;
  for (let at = start; at < offset; at++) {
    if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) column++; // the second half of a pair is no character of its own
  }
  return { line, column };
}
