/** Pieces joined at a time. */
const BATCH = 4096;

/**
 * Joins millions of pieces. Plain `+=` keeps every one of them as a node of a tree until somebody reads the string: ten
 * times the memory of the text itself.
 */
export class TextBuilder {
  readonly #joined: string[] = [];
  #pieces: string[] = [];

  add(piece: string): void {
    if (this.#pieces.push(piece) < BATCH) return;
    this.#joined.push(this.#pieces.join(''));
    this.#pieces = [];
  }

  toString(): string {
    if (this.#joined.length === 0) return this.#pieces.length === 1 ? (this.#pieces[0] ?? '') : this.#pieces.join('');
    return this.#joined.join('') + this.#pieces.join('');
  }
}
