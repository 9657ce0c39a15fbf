/** A fault in a template's own text, at the line it was found; the name of the template is known further out. */
export class TemplateFault extends Error {
  constructor(
    readonly line: number,
    sentence: string,
  ) {
    super(sentence);
    this.name = 'TemplateFault';
  }
}
