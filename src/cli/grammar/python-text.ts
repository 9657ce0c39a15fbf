import { isWireStruct, type WireValue } from '../wire';

/**
 * A value as Python prints it, which is what scripts around Cobbler's reports read.
 *
 * @param isDouble - whole numbers are written with a fraction, as the wire does not tell them from others.
 */
export function pythonText(value: WireValue, isDouble = false): string {
  return typeof value === 'string' ? value : pythonLiteral(value, isDouble);
}

function pythonLiteral(value: WireValue, isDouble = false): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return isDouble && Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map((each) => pythonLiteral(each)).join(', ')}]`;
  if (isWireStruct(value)) {
    const pairs = Object.entries(value).map(([key, each]) => `${quoted(key)}: ${pythonLiteral(each)}`);
    return `{${pairs.join(', ')}}`;
  }
  return String(value);
}

/** Single quotes, unless the text holds them and no double ones. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}
