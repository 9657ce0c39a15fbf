/** A bounded store of what was read from sources: the least recently used go first. */
export class SourceCache<T> {
  private readonly found = new Map<string, { value: T; size: number }>();
  private size = 0;

  /** At most `most` entries of together `mostCharacters` characters of source. */
  constructor(
    private readonly most: number,
    private readonly mostCharacters: number,
  ) {}

  /** The value kept under the key, or what `make` gives; a `make` that throws leaves nothing. The key is the source itself. */
  get(key: string, make: () => T): T {
    const known = this.found.get(key);
    if (known !== undefined) {
      this.found.delete(key);
      this.found.set(key, known);
      return known.value;
    }
    const value = make();
    this.found.set(key, { value, size: key.length });
    this.size += key.length;
    while (this.found.size > this.most || (this.size > this.mostCharacters && this.found.size > 1)) this.dropOldest();
    return value;
  }

  get count(): number {
    return this.found.size;
  }

  private dropOldest(): void {
    const [key, { size }] = this.found.entries().next().value!;
    this.found.delete(key);
    this.size -= size;
  }
}
