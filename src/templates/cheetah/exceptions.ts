/** `#raise`, `#try` and what they catch. */
import { LimitReached } from '../limits';
import { evaluate } from '../python/evaluate';
import { isKindOf } from '../python/exceptions';
import type { Expression } from '../python/expression';
import { callValue } from '../python/sorting';
import { PyError, PyException, PyTuple, PyType, raise, typeName, type Value } from '../python/values';
import type { Node, TryNode } from './nodes';
import type { Exit, Frame } from './statements';

type RunBody = (body: readonly Node[], frame: Frame) => Exit | undefined;

export function pythonError(value: PyException): PyError {
  return new PyError(value, value.args.length === 1 && typeof value.args[0] === 'string' ? value.args[0] : value.type);
}

export function runRaise(given: Expression | null, frame: Frame): never {
  if (given === null) {
    const handled = frame.scope.locals.get(HANDLED);
    if (handled instanceof PyException) throw pythonError(handled);
    raise('RuntimeError', 'No active exception to reraise');
  }
  const value = evaluate(given, frame.scope);
  const made = value instanceof PyType ? callValue(value, [], frame.scope.budget) : value;
  if (!(made instanceof PyException)) raise('TypeError', 'exceptions must derive from BaseException');
  throw pythonError(made);
}

/** Local under which the exception being handled is kept for a bare `#raise`; no template can write such a name. */
const HANDLED = '#except';

/** `#try` with its `#except`, `#else` and `#finally`. Limits are not caught. */
export function runTry(node: TryNode, frame: Frame, runBody: RunBody): Exit | undefined {
  let exit: Exit | undefined;
  try {
    exit = runGuarded(node, frame, runBody);
  } catch (error) {
    if (node.last !== null && !(error instanceof LimitReached)) {
      const { at } = frame.instance.rendering;
      const place = { ...at };
      const last = runBody(node.last, frame);
      if (last !== undefined) return last;
      frame.instance.rendering.at = place;
    }
    throw error;
  }
  if (node.last === null) return exit;
  return runBody(node.last, frame) ?? exit;
}

function runGuarded(node: TryNode, frame: Frame, runBody: RunBody): Exit | undefined {
  const { scope, instance } = frame;
  const place = instance.rendering.at;
  const { filter } = instance;
  try {
    const exit = runBody(node.body, frame);
    if (exit !== undefined || node.otherwise === null) return exit;
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    const thrown = { ...instance.rendering.at };
    instance.rendering.at = place;
    instance.filter = filter;
    const handler = node.handlers.find(({ types, line }) => {
      place.line = line;
      return types === null || catches(evaluate(types, scope), error.value);
    });
    if (handler === undefined) {
      instance.rendering.at = thrown;
      throw error;
    }
    if (handler.name !== null) scope.set(handler.name, error.value);
    scope.set(HANDLED, error.value);
    const exit = runBody(handler.body, frame);
    if (handler.name !== null) scope.locals.delete(handler.name);
    return exit;
  }
  return runBody(node.otherwise, frame);
}

function catches(types: Value, thrown: PyException): boolean {
  if (types instanceof PyTuple) return types.items.some((type) => catches(type, thrown));
  if (!(types instanceof PyType)) raise('TypeError', `cannot catch a ${typeName(types)}`);
  return isKindOf(thrown.type, types.name);
}
