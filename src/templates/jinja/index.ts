/** Jinja2, as Cobbler's autoinstall templates may use it. */
import { SourceCache } from '../cache';
import { explain } from '../explain';
import { Budget, checkSource, type Limits } from '../limits';
import type { RenderOptions, RenderWarning } from '../options';
import { dataNamespace, outsideFunctions } from '../surroundings';
import { TemplateError } from '../template-error';
import { TemplateFault } from '../template-fault';
import type { Node } from './nodes';
import { parseJinja } from './parser';
import { GLOBALS, renderJinjaSource, type Rendering } from './render';
import { JinjaScope } from './scope';

const CACHE = new SourceCache<Node[]>(512, 8 * 1024 * 1024);

function compile(source: string, name: string, limits: Readonly<Limits>): Node[] {
  checkSource(source, name, limits);
  try {
    return CACHE.get(source, () => parseJinja(source));
  } catch (error) {
    if (error instanceof TemplateFault) throw new TemplateError(name, error.line, error.message, { cause: error });
    throw error;
  }
}

/** Renders a Jinja2 template. Throws TemplateError. */
export function renderJinja(
  source: string,
  options: RenderOptions,
  limits: Readonly<Limits>,
): { text: string; warnings: RenderWarning[] } {
  const budget = new Budget(limits);
  const data = dataNamespace(options.data, budget);
  const surroundings = {
    budget,
    data: (name: string) => data.get(name),
    globals: new Map([...GLOBALS, ...outsideFunctions(options)]),
    isStrict: options.missing === 'error',
  };
  const rendering: Rendering = {
    budget,
    compile: (text, name) => compile(text, name, limits),
    snippets: options.snippets ?? (() => null),
    surroundings,
    at: { template: options.name, line: 1 },
  };
  try {
    const text = renderJinjaSource(rendering, source, options.name, new JinjaScope(surroundings));
    return { text, warnings: [] };
  } catch (error) {
    throw explain(error, rendering.at, budget);
  }
}
