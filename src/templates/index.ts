/** Templates of autoinstall files in the two languages Cobbler knows. Pure: what they read is handed in. */
import { renderCheetah } from './cheetah';
import { renderJinja } from './jinja';
import { DEFAULT_LIMITS } from './limits';
import { TEMPLATE_LANGUAGES, type RenderOptions, type RenderWarning, type TemplateLanguage } from './options';
import { TemplateError } from './template-error';

export { DEFAULT_LIMITS, type Limits } from './limits';
export { TEMPLATE_LANGUAGES, type RenderOptions, type RenderWarning, type TemplateLanguage } from './options';
export type { TemplateData } from './python/convert';
export { TemplateError } from './template-error';

/** A first line that chooses the language; it is no part of the result. */
const CHOICE = /^#template=([^\r\n]{0,100})(?:\r\n|\n|\r|$)/;

/** The language of a template and its source without the line that chose it. Throws TemplateError for an unknown one. */
export function chooseLanguage(
  source: string,
  name: string,
  otherwise: TemplateLanguage,
): { language: TemplateLanguage; source: string; linesBefore: number } {
  const found = CHOICE.exec(source);
  if (found === null) return { language: otherwise, source, linesBefore: 0 };
  const wanted = found[1]!.trim().toLowerCase();
  const language = TEMPLATE_LANGUAGES.find((known) => known === wanted);
  if (language === undefined) {
    throw new TemplateError(
      name,
      1,
      `there is no template language '${wanted}'; known are ${TEMPLATE_LANGUAGES.join(' and ')}`,
    );
  }
  return { language, source: source.slice(found[0].length), linesBefore: 1 };
}

/**
 * Renders a template.
 *
 * @returns the text, and what a person should look at although it was rendered (names left as written, missing snippets).
 * @throws TemplateError with the template or snippet, its line and a sentence; also when a limit is reached.
 */
export function renderTemplate(source: string, options: RenderOptions): { text: string; warnings: RenderWarning[] } {
  const chosen = chooseLanguage(source, options.name, options.defaultLanguage ?? 'cheetah');
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const move = (place: RenderWarning): number =>
    place.template === options.name ? place.line + chosen.linesBefore : place.line;
  try {
    const render = chosen.language === 'cheetah' ? renderCheetah : renderJinja;
    const { text, warnings } = render(chosen.source, options, limits);
    return { text, warnings: warnings.map((warning) => ({ ...warning, line: move(warning) })) };
  } catch (error) {
    if (!(error instanceof TemplateError) || chosen.linesBefore === 0) throw error;
    throw new TemplateError(error.template, move(error), error.sentence, { cause: error });
  }
}

/** What became of a template: its text, or where and why it has none. */
export type RenderResult =
  | { ok: true; text: string; warnings: RenderWarning[] }
  | { ok: false; problem: { template: string; line: number; sentence: string } };

/** As `renderTemplate`, for callers to whom a template in error is an answer like another. */
export function tryRender(source: string, options: RenderOptions): RenderResult {
  try {
    return { ok: true, ...renderTemplate(source, options) };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { template, line, sentence } = error;
    return { ok: false, problem: { template, line, sentence } };
  }
}
