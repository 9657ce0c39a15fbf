import { LimitReached, type Budget } from './limits';
import { str } from './python/repr';
import { PyError } from './python/values';
import { TemplateError } from './template-error';

/** Any error of a rendering as a TemplateError that tells where. */
export function explain(error: unknown, at: { template: string; line: number }, budget: Budget): TemplateError {
  if (error instanceof TemplateError) return error;
  if (error instanceof LimitReached) return new TemplateError(at.template, at.line, error.message, { cause: error });
  if (error instanceof PyError) {
    const text = errorText(error, budget);
    const sentence =
      error.value.type === 'NotFound' || error.value.type === 'UndefinedError'
        ? text
        : `${error.value.type}${text === '' ? '' : `: ${text}`}`;
    return new TemplateError(at.template, at.line, sentence, { cause: error });
  }
  if (error instanceof RangeError) {
    return new TemplateError(at.template, at.line, 'the template is nested too deep to be rendered', { cause: error });
  }
  throw error;
}

function errorText(error: PyError, budget: Budget): string {
  try {
    return str(error.value, budget);
  } catch {
    return error.message;
  }
}
