import { cx } from './fault';
import { defineMethod, type Method } from './method';
import type { XmlRpcValue } from './value';

/**
 * `system.listMethods`, `system.methodHelp` and `system.methodSignature` over a list of methods, which may still grow
 * until the first call.
 *
 * @see http://xmlrpc-c.sourceforge.net/introspection.html
 */
export function introspectionMethods(methods: readonly Method[]): Method[] {
  const find = (name: XmlRpcValue | undefined): Method => {
    const found = methods.find((method) => method.name === name);
    if (found === undefined) throw cx(`unknown remote method '${typeof name === 'string' ? name : '?'}'`);
    return found;
  };
  return [
    defineMethod({
      name: 'system.listMethods',
      params: [],
      access: 'public',
      returns: 'array',
      summary: 'Names of all methods, sorted.',
      run: () => Promise.resolve(methods.map((method) => method.name).sort()),
    }),
    defineMethod({
      name: 'system.methodHelp',
      params: [{ name: 'name', type: 'string' }],
      access: 'public',
      returns: 'string',
      summary: 'What a method does, in words, behind its parameters.',
      run: async ([name]) => describe(find(name)),
    }),
    defineMethod({
      name: 'system.methodSignature',
      params: [{ name: 'name', type: 'string' }],
      access: 'public',
      returns: 'array',
      summary: 'The types a method takes: one list per number of arguments, the type of the answer first.',
      run: async ([name]) => signatures(find(name)),
    }),
  ];
}

function describe(method: Method): string {
  const params = method.params.map((param) => (param.default === undefined ? param.name : `[${param.name}]`));
  return `${method.name}(${params.join(', ')})\n${method.summary}`;
}

function signatures({ params, returns }: Method): XmlRpcValue[] {
  const types = params.map((param) => param.type);
  const required = params.filter((param) => param.default === undefined).length;
  return Array.from({ length: params.length - required + 1 }, (_, more) => [
    returns,
    ...types.slice(0, required + more),
  ]);
}
