/** Cheetah, as Cobbler's autoinstall templates use it. */
import { SourceCache } from '../cache';
import { explain } from '../explain';
import { dataNamespace, outsideFunctions } from '../surroundings';
import { Budget, checkSource, type Limits } from '../limits';
import { TemplateError } from '../template-error';
import type { CheetahTemplate } from './nodes';
import { Parser } from './parser';
import { TemplateFault } from '../template-fault';
import { renderMain, type Rendering } from './render';
import type { RenderOptions, RenderWarning } from '../options';

/** Templates and snippets read: a site has some dozens, of 1 to 20 kB each. */
const CACHE = new SourceCache<CheetahTemplate>(512, 8 * 1024 * 1024);

/** Reads a template, or takes it from the cache. Throws TemplateError for a fault in it. */
function compile(source: string, name: string, isCaught: boolean, limits: Readonly<Limits>): CheetahTemplate {
  checkSource(source, name, limits);
  try {
    return CACHE.get(`${isCaught ? 'caught' : 'strict'}\n${source}`, () => new Parser(source, isCaught).parse());
  } catch (error) {
    if (error instanceof TemplateFault) throw new TemplateError(name, error.line, error.message, { cause: error });
    if (error instanceof RangeError) throw new TemplateError(name, 1, 'the template is nested too deep to be read');
    throw error;
  }
}

/** Renders a Cheetah template. Throws TemplateError. */
export function renderCheetah(
  source: string,
  options: RenderOptions,
  limits: Readonly<Limits>,
): { text: string; warnings: RenderWarning[] } {
  const budget = new Budget(limits);
  const warnings: RenderWarning[] = [];
  const rendering: Rendering = {
    budget,
    compile: (text, name) => compile(text, name, options.missing !== 'error', limits),
    snippets: options.snippets ?? (() => null),
    includes: options.includes ?? (() => null),
    functions: outsideFunctions(options),
    now: options.now ?? null,
    random: options.random ?? null,
    warn: (template, line, sentence) => {
      if (warnings.length < MOST_WARNINGS) warnings.push({ template, line, sentence });
    },
    at: { template: options.name, line: 1 },
  };
  try {
    const text = renderMain(rendering, source, options.name, dataNamespace(options.data, budget));
    return { text, warnings };
  } catch (error) {
    throw explain(error, rendering.at, budget);
  }
}

/** Enough to see what is wrong; a loop may repeat one for ever. */
const MOST_WARNINGS = 100;
