/** A position in a template's source, and what Cheetah asks of it. */
import { IS_SPACE } from '../python/text';
import { TemplateFault } from '../template-fault';

const BLANK = ' \t\f';

export class Reader {
  /** UTF-16 position. */
  at = 0;
  /** Reading stops here: the end, or that of the line of a one-line directive. */
  end: number;
  private readonly lineStarts: number[] = [0];
  private readonly lineBreaks: number[] = [];

  constructor(readonly source: string) {
    this.end = source.length;
    for (const match of source.matchAll(/\r\n|\n|\r/g)) {
      this.lineBreaks.push(match.index);
      this.lineStarts.push(match.index + match[0].length);
    }
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** The character at the position; '' at the end. */
  get character(): string {
    return this.at < this.end ? this.source[this.at]! : '';
  }

  /** Line of a position, from 1. */
  lineOf(at = this.at): number {
    let low = 0;
    let high = this.lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.lineStarts[middle]! <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  fault(sentence: string, at = this.at): never {
    throw new TemplateFault(this.lineOf(at), sentence);
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** What a sticky expression matches at the position, or null. */
  match(pattern: RegExp, at = this.at): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(this.source);
  }

  /** The same, and goes behind it. */
  take(pattern: RegExp): RegExpExecArray | null {
    const found = this.match(pattern);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  /** Where the line ends: before its line break, or behind it. */
  lineEnd(behind = false, at = this.at): number {
    const line = this.lineOf(at) - 1;
    const next = this.lineStarts[line + 1];
    if (next === undefined) return this.source.length;
    return behind ? next : Math.max(at, this.lineBreaks[line]!);
  }

  lineStart(at = this.at): number {
    return this.lineStarts[this.lineOf(at) - 1]!;
  }

  /** Whether only white space stands before the position in its line. */
  isLineClear(at = this.at): boolean {
    const start = this.lineStart(at);
    return start === at || IS_SPACE.test(this.source.slice(start, at));
  }

  /** Goes over blanks, `most` at most. */
  skipBlanks(most = Infinity): void {
    for (let count = 0; count < most && this.at < this.end && BLANK.includes(this.source[this.at]!); count += 1) {
      this.at += 1;
    }
  }

  /** The rest of the line, gone over; with its line break when `behind`. */
  takeLine(behind: boolean): string {
    const from = this.at;
    this.at = this.lineEnd(behind);
    return this.source.slice(from, this.at);
  }

  get isAtLineBreak(): boolean {
    return this.character === '\n' || this.character === '\r';
  }
}
