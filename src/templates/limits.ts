import { TemplateError } from './template-error';

/** How much one rendering may cost. A template is written by people who may err, and an installer waits for the answer. */
export interface Limits {
  /**
   * Steps of the interpreter: one per statement, expression, turn of a loop, item made and 16 characters made. Bounds time
   * and memory alike: 1,000,000 are 0.1 to 0.3 s, and at most 16 million characters made on the way.
   */
  steps: number;
  /** Characters of the finished text. */
  output: number;
  /** Templates, snippets and functions called from within one another. */
  depth: number;
  /** Characters of one template's source. */
  source: number;
}

/** Limits far above what a real autoinstall file needs: those of the field have 200 lines, 20 kB and 5,000 steps. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  steps: 1_000_000,
  output: 4 * 1024 * 1024,
  depth: 40,
  source: 256 * 1024,
};

/** So many characters made cost one step. */
const UNITS_PER_STEP = 16;
/** Decimal digits of an integer; the same number Python 3.11 stops at when it prints one. */
export const INTEGER_DIGITS = 4300;

/** A limit was reached. No `#except` of the template catches it. */
export class LimitReached extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'LimitReached';
  }
}

/** What is left of the limits of one rendering. */
export class Budget {
  readonly limits: Readonly<Limits>;
  private stepsLeft: number;
  private depth = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
    this.stepsLeft = limits.steps;
  }

  /** One step done. Throws LimitReached when none is left. */
  step(): void {
    this.stepsLeft -= 1;
    if (this.stepsLeft < 0) this.stop();
  }

  /** To be called before `units` characters are made. */
  make(units: number): void {
    this.stepsLeft -= 1 + units / UNITS_PER_STEP;
    if (this.stepsLeft < 0) this.stop();
  }

  /** To be called before `count` items of a list or a dict are made: each takes the memory of several characters. */
  makeItems(count: number): void {
    this.stepsLeft -= 1 + count;
    if (this.stepsLeft < 0) this.stop();
  }

  /** Runs one level deeper. */
  nested<T>(run: () => T): T {
    if (this.depth >= this.limits.depth) {
      throw new LimitReached(
        `calls, snippets and includes are nested more than ${this.limits.depth} deep: does one call itself?`,
      );
    }
    this.depth += 1;
    try {
      return run();
    } finally {
      this.depth -= 1;
    }
  }

  private stop(): never {
    throw new LimitReached(
      `rendering took more than ${this.limits.steps} steps and was stopped: does a loop never end, or build a huge value?`,
    );
  }
}

/** Refuses a source beyond the limit before anything is parsed. */
export function checkSource(source: string, template: string, limits: Readonly<Limits>): void {
  if (source.length > limits.source) {
    throw new TemplateError(template, 1, `the template has ${source.length} characters; ${limits.source} are allowed`);
  }
}

/** The finished text, or one part of it that is put together apart (a function's result, a captured block). */
export class Output {
  private readonly parts: string[] = [];
  private size = 0;
  private readonly budget: Budget;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  write(text: string): void {
    this.size += text.length;
    if (this.size > this.budget.limits.output) {
      throw new LimitReached(
        `the result is longer than ${this.budget.limits.output} characters: does a loop never end?`,
      );
    }
    this.budget.make(text.length);
    this.parts.push(text);
  }

  text(): string {
    return this.parts.join('');
  }
}
