import { typeError } from './fault';
import type { Method } from './method';
import type { XmlRpcValue } from './value';

/** The class whose methods Cobbler serves; Python puts it into the text of every wrong argument count. */
const CLASS = 'CobblerXMLRPCInterface';

/**
 * One value per parameter, defaults filled in.
 *
 * @throws Fault TypeError in Python's words when there are too few or too many. Python counts `self` as well.
 */
export function bindArguments(method: Method, given: XmlRpcValue[]): XmlRpcValue[] {
  const { params } = method;
  if (given.length > params.length) throw tooMany(method, given.length);
  if (given.length === params.length) return given;
  const bound = given.slice();
  for (let at = given.length; at < params.length; at++) {
    const value = params[at]?.default;
    if (value === undefined) throw tooFew(method, given.length);
    bound.push(value);
  }
  return bound;
}

function tooMany({ name, params }: Method, given: number): Error {
  const most = params.length + 1;
  const optional = params.filter((param) => param.default !== undefined).length;
  const takes = optional > 0 ? `from ${most - optional} to ${most}` : `${most}`;
  const noun = most === 1 ? 'argument' : 'arguments';
  return typeError(`${CLASS}.${name}() takes ${takes} positional ${noun} but ${given + 1} were given`);
}

function tooFew({ name, params }: Method, given: number): Error {
  const missing = params.slice(given).filter((param) => param.default === undefined);
  const names = missing.map((param) => `'${param.name}'`);
  const last = names.pop() ?? '';
  const list = names.length === 0 ? last : `${names.join(', ')}${names.length > 1 ? ',' : ''} and ${last}`;
  const noun = missing.length === 1 ? 'argument' : 'arguments';
  return typeError(`${CLASS}.${name}() missing ${missing.length} required positional ${noun}: ${list}`);
}
