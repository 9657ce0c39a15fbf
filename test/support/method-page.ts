import type { Method } from '../../src/xmlrpc/method';

/** The page that lists every method for users: name, parameters, answer, who may call it, what it does. */
export function methodPage(methods: readonly Method[]): string {
  const rows = [...methods]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (method) => `| ${[signature(method), method.returns, whoMay(method), method.summary].map(cell).join(' | ')} |`,
    );
  return [
    '# Methods',
    '',
    'Everything that can be called over XML-RPC at `/cobbler_api`, `/RPC2` and `/`, besides `system.listMethods`,',
    '`system.methodHelp`, `system.methodSignature` and `system.multicall`. Written by `npm run docs:methods` from the code.',
    'Parameters are positional; those in brackets may be left out. A method that names a right needs a session token, and',
    'its user that right (see the README on who may do what).',
    '',
    '<!-- prettier-ignore-start -->',
    '| call | answers | right | what it does |',
    '| --- | --- | --- | --- |',
    ...rows,
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}

function signature({ name, params }: Method): string {
  const shown = params.map((param) => (param.default === undefined ? param.name : `[${param.name}]`));
  return `\`${name}(${shown.join(', ')})\``;
}

function whoMay({ access, resource, name }: Method): string {
  if (access === 'public') return 'anybody';
  return resource === null ? 'any session' : `\`${resource ?? name}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
