/** json.dumps and json.loads. */
import type { Budget } from '../limits';
import { toValue, type TemplateData } from './convert';
import { floatRepr } from './floats';
import { asCount, int } from './numbers';
import { sort } from './sorting';
import { isTrue, PyDict, PyFloat, PyList, PyTuple, raise, typeName, type Keywords, type Value } from './values';

interface Layout {
  indent: string | null;
  sortKeys: boolean;
  ascii: boolean;
  budget: Budget;
}

/** Values within one another. */
const DEEPEST = 100;

/** json.dumps(value, indent=, sort_keys=, ensure_ascii=). */
export function toJson(value: Value, keywords: Keywords, budget: Budget): string {
  const indent = keywords.get('indent') ?? null;
  const layout: Layout = {
    indent: indent === null ? null : typeof indent === 'string' ? indent : ' '.repeat(Math.min(asCount(indent), 100)),
    sortKeys: isTrue(keywords.get('sort_keys') ?? false),
    ascii: isTrue(keywords.get('ensure_ascii') ?? true),
    budget,
  };
  return write(value, layout, 0);
}

function write(value: Value, layout: Layout, depth: number): string {
  layout.budget.step();
  if (depth > DEEPEST) raise('RecursionError', 'the value is nested too deep for JSON');
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' || typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return quote(value, layout);
  if (value instanceof PyFloat) return floatRepr(value.value).replace('inf', 'Infinity').replace('nan', 'NaN');
  if (value instanceof PyList || value instanceof PyTuple) {
    return wrap(
      '[',
      ']',
      value.items.map((item) => write(item, layout, depth + 1)),
      layout,
      depth,
    );
  }
  if (value instanceof PyDict) {
    const keys = layout.sortKeys ? sort(value.keys(), null, false, layout.budget) : value.keys();
    const entries = keys.map((key) => `${keyText(key, layout)}: ${write(value.get(key)!, layout, depth + 1)}`);
    return wrap('{', '}', entries, layout, depth);
  }
  raise('TypeError', `Object of type ${typeName(value)} is not JSON serializable`);
}

function keyText(key: Value, layout: Layout): string {
  if (key instanceof PyTuple) raise('TypeError', 'keys must be str, int, float, bool or None, not tuple');
  return typeof key === 'string' ? quote(key, layout) : `"${write(key, layout, 0)}"`;
}

function quote(text: string, layout: Layout): string {
  layout.budget.make(text.length);
  const quoted = JSON.stringify(text);
  if (!layout.ascii) return quoted;
  return quoted.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function wrap(open: string, close: string, parts: readonly string[], layout: Layout, depth: number): string {
  if (parts.length === 0) return open + close;
  if (layout.indent === null) return `${open}${parts.join(', ')}${close}`;
  const outer = `\n${layout.indent.repeat(depth)}`;
  const inner = outer + layout.indent;
  layout.budget.make(inner.length * parts.length);
  return `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`;
}

/** json.loads(text). A number with a point or exponent is a float. */
export function fromJson(text: string, budget: Budget): Value {
  budget.make(text.length);
  let parsed: unknown;
  try {
    JSON.parse(text);
    // JSON.parse forgets whether a number had a point, or more digits than a double holds.
    parsed = JSON.parse(text.replace(NUMBER_OR_STRING, (found) => (NOTABLE.test(found) ? `"${MARK}${found}"` : found)));
  } catch {
    raise('ValueError', 'the text is no JSON');
  }
  return unmark(toValue(parsed as TemplateData, budget));
}

const NUMBER_OR_STRING = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const NOTABLE = /^-?\d+[.eE]|^-?\d{16}/;
/** A private use character: a text that begins with it and a number would be taken for the number. */
const MARK = '\ue0f1';

function unmark(value: Value): Value {
  if (typeof value === 'string' && value.startsWith(MARK)) {
    const number = value.slice(1);
    return /^-?\d+$/.test(number) ? int(BigInt(number)) : new PyFloat(Number(number));
  }
  if (value instanceof PyList) return new PyList(value.items.map(unmark));
  if (value instanceof PyDict) for (const [key, item] of value.entries.values()) value.set(key, unmark(item));
  return value;
}
