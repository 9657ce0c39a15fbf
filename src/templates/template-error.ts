/**
 * A template could not be rendered: where and why, in words for the person who wrote it.
 *
 * `message` is the three joined: `sample.ks, line 12: cannot find 'x'`.
 */
export class TemplateError extends Error {
  /** Name of the template or snippet at fault. */
  readonly template: string;
  /** Line in it, from 1. */
  readonly line: number;
  readonly sentence: string;

  constructor(template: string, line: number, sentence: string, options?: { cause?: unknown }) {
    super(`${template}, line ${line}: ${sentence}`, options);
    this.name = 'TemplateError';
    this.template = template;
    this.line = line;
    this.sentence = sentence;
  }
}
