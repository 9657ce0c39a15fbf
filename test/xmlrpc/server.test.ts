import { parseResponse, serializeCall } from '../../src/xmlrpc/codec';
import { AppError } from '../../src/domain/errors';
import { cx, valueError } from '../../src/xmlrpc/fault';
import { LIMITS } from '../../src/xmlrpc/limits';
import { defineMethod, type Method, type Param } from '../../src/xmlrpc/method';
import { createMethods } from '../../src/xmlrpc/methods';
import { createXmlRpcServer, type XmlRpcServerOptions } from '../../src/xmlrpc/server';
import { isStruct, struct, type Struct, type XmlRpcValue } from '../../src/xmlrpc/value';

const GOOD = 'g'.repeat(36);

function method(name: string, params: (string | Param)[], run: Method['run'], more: Partial<Method> = {}): Method {
  return defineMethod({
    name,
    params: params.map((param) => (typeof param === 'string' ? { name: param, type: 'any' } : param)),
    access: 'public',
    returns: 'any',
    summary: `Runs ${name}.`,
    run,
    ...more,
  });
}

function setUp(methods: Method[], options: Partial<XmlRpcServerOptions> = {}) {
  const logged: unknown[] = [];
  const warned: unknown[] = [];
  const checked: XmlRpcValue[] = [];
  const server = createXmlRpcServer({
    methods,
    sessions: {
      check(token) {
        checked.push(token);
        return token === GOOD
          ? Promise.resolve({ user: 'admin' })
          : Promise.reject(valueError('"token" did not have the correct format or type!'));
      },
    },
    log: {
      error: (message, fields) => void logged.push([message, fields]),
      warn: (message, fields) => void warned.push([message, fields]),
    },
    now: () => 1000,
    ...options,
  });
  const send = async (xml: string | Buffer): Promise<unknown> => {
    const document = await server.handle(Buffer.from(xml), '192.0.2.1');
    const answer = parseResponse(typeof document === 'string' ? document : [...document].join(''));
    return 'value' in answer ? answer.value : (answer.fault as Struct)['faultString'];
  };
  return {
    server,
    logged,
    warned,
    checked,
    send,
    call: (name: string, ...params: XmlRpcValue[]) => send(serializeCall(name, params)),
  };
}

const answer = (value: XmlRpcValue) => () => Promise.resolve(value);
const optional = (name: string): Param => ({ name, type: 'any', default: null });

describe('a name that is no method', () => {
  const { call } = setUp([]);
  test.each([
    ['no_such_method', `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'no_such_method'"`],
    ['api.version', `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'api.version'"`],
    ['toString', `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'toString'"`],
    ['', `<class 'cobbler.cexceptions.CX'>:"unknown remote method ''"`],
    ['__init__', "<class 'cobbler.cexceptions.CX'>:'forbidden method'"],
    ['_new_event', "<class 'cobbler.cexceptions.CX'>:'forbidden method'"],
    ['background_load_items', "<class 'cobbler.cexceptions.CX'>:'forbidden method'"],
    ['token_cache', "<class 'TypeError'>:'dict' object is not callable"],
    ['api', "<class 'TypeError'>:'CobblerAPI' object is not callable"],
  ])('%p is refused as the original does', async (name, fault) => {
    expect(await call(name)).toBe(fault);
  });
});

describe('a wrong number of arguments is told in the words of Python', () => {
  const { call } = setUp([
    method('none', [], answer(1)),
    method('one', ['a'], answer(1)),
    method('three', ['a', 'b', 'c'], answer(1)),
    method('some', ['a', optional('b'), optional('c')], (args) => Promise.resolve(args)),
    method('all_optional', [optional('a')], answer(1)),
  ]);
  test.each<[string, number, string]>([
    ['none', 1, 'none() takes 1 positional argument but 2 were given'],
    ['one', 0, "one() missing 1 required positional argument: 'a'"],
    ['one', 2, 'one() takes 2 positional arguments but 3 were given'],
    ['three', 0, "three() missing 3 required positional arguments: 'a', 'b', and 'c'"],
    ['three', 1, "three() missing 2 required positional arguments: 'b' and 'c'"],
    ['three', 2, "three() missing 1 required positional argument: 'c'"],
    ['some', 0, "some() missing 1 required positional argument: 'a'"],
    ['some', 4, 'some() takes from 2 to 4 positional arguments but 5 were given'],
    ['all_optional', 4, 'all_optional() takes from 1 to 2 positional arguments but 5 were given'],
  ])('%s with %d', async (name, count, text) => {
    expect(await call(name, ...Array<XmlRpcValue>(count).fill(0))).toBe(
      `<class 'TypeError'>:CobblerXMLRPCInterface.${text}`,
    );
  });

  test('arguments left out have their defaults', async () => {
    expect(await call('some', 1)).toEqual([1, '~', '~']);
    expect(await call('some', 1, 2, 3)).toEqual([1, 2, 3]);
  });
});

describe('a method for sessions', () => {
  const ran: unknown[] = [];
  const { call, checked } = setUp([
    method(
      'save',
      ['name', 'token'],
      (args, _, session) => {
        ran.push([args, session]);
        return Promise.resolve(true);
      },
      { access: 'session' },
    ),
  ]);

  test('runs with the session of a live token', async () => {
    expect(await call('save', 'x', GOOD)).toBe(true);
    expect(ran).toEqual([[['x', GOOD], { user: 'admin' }]]);
  });

  test.each<[XmlRpcValue]>([[null], [''], ['short'], [-1], [[]], [{}], [false]])(
    'does not run with the token %p',
    async (token) => {
      const before = ran.length;
      expect(await call('save', 'x', token)).toBe(
        `<class 'ValueError'>:"token" did not have the correct format or type!`,
      );
      expect(ran.length).toBe(before);
      expect(checked.at(-1)).toEqual(token);
    },
  );
});

describe('whatever a handler does is an answer', () => {
  const { call, logged } = setUp([
    method('throws', [], () => {
      throw new Error('secret');
    }),
    method('rejects', [], () => Promise.reject(new Error('secret'))),
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a careless handler does
    method('rejects_nothing', [], () => Promise.reject(undefined)),
    method('throws_text', [], () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- the same
      throw 'secret';
    }),
    method('nothing', [], (() => undefined) as unknown as Method['run']),
    method('plain', [], (() => 7) as unknown as Method['run']),
    method('date', [], (() => new Date()) as unknown as Method['run']),
    method('control', [], answer('a\u0000b')),
    method('huge_int', [], answer([2 ** 31])),
    method('missing', [], () => Promise.reject(new AppError('UNKNOWN_RUN', 'no run 7'))),
    method('away', [], () => Promise.reject(new AppError('DATABASE_AWAY'))),
    method('refuses', [], () => Promise.reject(cx('no'))),
  ]);
  const INTERNAL = "<class 'cobbler.cexceptions.CX'>:'internal error, see the log of the server'";
  test.each<[string, unknown, boolean]>([
    ['throws', INTERNAL, true],
    ['rejects', INTERNAL, true],
    ['rejects_nothing', INTERNAL, true],
    ['throws_text', INTERNAL, true],
    ['nothing', "<class 'TypeError'>:cannot marshal undefined objects", false],
    ['plain', 7, false],
    ['date', "<class 'TypeError'>:cannot marshal Date objects", false],
    ['control', 'a\ufffdb', false],
    ['huge_int', "<class 'OverflowError'>:int exceeds XML-RPC limits", false],
    ['missing', "<class 'cobbler.cexceptions.CX'>:'no run 7'", false],
    ['away', "<class 'cobbler.cexceptions.CX'>:'The database cannot be reached; try again.'", false],
    ['refuses', "<class 'cobbler.cexceptions.CX'>:'no'", false],
  ])('%s', async (name, expected, isLogged) => {
    const before = logged.length;
    expect(await call(name)).toEqual(expected);
    expect(logged.length - before).toBe(isLogged ? 1 : 0);
  });
});

test('what is refused is logged once a minute, however often it is tried', async () => {
  const { call, send, warned } = setUp([
    method('missing', [], () => Promise.reject(new AppError('UNKNOWN_RUN', 'no run 7'))),
  ]);
  for (let times = 0; times < 3; times++) {
    await call('missing');
    await send('<methodCall>');
  }
  expect(warned).toEqual([
    ['A call was refused.', { method: 'missing', code: 'UNKNOWN_RUN', detail: 'no run 7' }],
    ['A request could not be read.', { peer: '192.0.2.1', detail: expect.any(String) as string }],
  ]);
});

test('a document that is none is a fault in the words of the original', async () => {
  const { send } = setUp([]);
  expect(await send('hello')).toBe("<class 'xml.parsers.expat.ExpatError'>:syntax error: line 1, column 0");
  expect(await send('')).toBe("<class 'xml.parsers.expat.ExpatError'>:no element found: line 1, column 0");
  expect(await send('<methodCall><params/></methodCall>')).toBe(
    "<class 'AttributeError'>:'NoneType' object has no attribute 'startswith'",
  );
});

test('the server tells its methods, what they do and what they take', async () => {
  const { call, server } = setUp([
    method('some', [{ name: 'a', type: 'string' }, optional('b')], answer(1), { returns: 'int' }),
  ]);
  const all = ['some', 'system.listMethods', 'system.methodHelp', 'system.methodSignature', 'system.multicall'];
  expect(await call('system.listMethods')).toEqual(all);
  expect([...server.methodNames].sort()).toEqual(all);
  expect(await call('system.methodHelp', 'some')).toBe('some(a, [b])\nRuns some.');
  expect(await call('system.methodSignature', 'some')).toEqual([
    ['int', 'string'],
    ['int', 'string', 'any'],
  ]);
  expect(await call('system.methodHelp', 'other')).toBe(
    `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'other'"`,
  );
});

describe('mistakes in the table of methods stop the start', () => {
  const one = method('one', [], answer(1));
  test('one name twice', () => {
    expect(() => createMethods([[one], [one]])).toThrow('method one is defined twice');
    expect(() => setUp([one, one])).toThrow('method one is defined twice');
    expect(() => setUp([method('system.multicall', [], answer(1))])).toThrow('defined twice');
  });
  test('a session method without a token', () => {
    expect(() => method('two', ['a'], answer(1), { access: 'session' })).toThrow('no parameter "token"');
    expect(() => setUp([{ ...one, access: 'session' }])).toThrow('no parameter "token"');
  });
  test('parameters nobody could give', () => {
    expect(() => method('two', [optional('a'), 'b'], answer(1))).toThrow(
      'required parameter stands behind an optional one',
    );
    expect(() => method('two', ['a', 'a'], answer(1))).toThrow('two parameters have one name');
  });
});

describe('system.multicall', () => {
  const entry = (methodName: XmlRpcValue, ...params: XmlRpcValue[]) => struct({ methodName, params });

  test('answers per call a list of its value or the struct of its fault, in their order', async () => {
    const { call } = setUp([
      method('echo', ['value'], ([value]) => Promise.resolve(value ?? null)),
      method('bad_int', [], answer(2 ** 40)),
      method('save', ['token'], (_, __, session) => Promise.resolve(session?.user ?? '?'), { access: 'session' }),
    ]);
    const answers = (await call('system.multicall', [
      entry('echo', [null, 'x']),
      entry('nope'),
      entry('echo'),
      entry('bad_int'),
      entry('save', GOOD),
      entry('save', 'bad'),
      7,
      struct({}),
      struct({ methodName: 'echo', params: 7 }),
      struct({ methodName: 'bad_int' }),
      entry('_x'),
      entry('echo', 'last'),
    ])) as XmlRpcValue[];
    const texts = answers.map((value) => (isStruct(value) ? value['faultString'] : value));
    expect(texts).toEqual([
      [['~', 'x']],
      `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'nope'"`,
      "<class 'TypeError'>:CobblerXMLRPCInterface.echo() missing 1 required positional argument: 'value'",
      "<class 'OverflowError'>:int exceeds XML-RPC limits",
      ['admin'],
      `<class 'ValueError'>:"token" did not have the correct format or type!`,
      "<class 'TypeError'>:an entry of system.multicall must be a struct",
      "<class 'TypeError'>:methodName must be a string",
      "<class 'TypeError'>:params must be an array",
      "<class 'OverflowError'>:int exceeds XML-RPC limits",
      "<class 'cobbler.cexceptions.CX'>:'forbidden method'",
      ['last'],
    ]);
    expect(answers.filter(isStruct).every((fault) => fault['faultCode'] === 1)).toBe(true);
  });

  test('concurrent methods are started in order before the first is done; the others wait their turn', async () => {
    const seen: string[] = [];
    const waits = async (argument: XmlRpcValue | undefined) => {
      const name = argument as string;
      seen.push(`+${name}`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`-${name}`);
      return true;
    };
    const { call, checked } = setUp([
      method('report', ['name', 'token'], ([name]) => waits(name), { access: 'session', concurrent: true }),
      method('edit', ['name', 'token'], ([name]) => waits(name), { access: 'session' }),
    ]);
    await call('system.multicall', [
      entry('report', 'a', GOOD),
      entry('report', 'b', GOOD),
      entry('nope'),
      entry('report', 'c', GOOD),
      entry('edit', 'd', GOOD),
      entry('edit', 'e', GOOD),
      entry('report', 'f', GOOD),
    ]);
    expect(seen.join(' ')).toBe('+a +b +c -a -b -c +d -d +e -e +f -f');
    expect(checked).toHaveLength(4); // once for a, b, c together
  });

  test('has an end: no call within itself, at most a thousand entries', async () => {
    const { call } = setUp([]);
    const [nested] = (await call('system.multicall', [entry('system.multicall', [])])) as Struct[];
    expect(nested?.['faultString']).toBe(
      "<class 'cobbler.cexceptions.CX'>:'system.multicall inside system.multicall is refused'",
    );
    expect(await call('system.multicall', Array<XmlRpcValue>(LIMITS.multicallEntries + 1).fill(0))).toBe(
      "<class 'cobbler.cexceptions.CX'>:'system.multicall takes at most 1000 entries'",
    );
    expect(await call('system.multicall', 'x')).toBe("<class 'TypeError'>:system.multicall takes an array of structs");
    expect(await call('system.multicall', [])).toEqual([]);
  });

  test('that asks for more than a server can hold gets the beginning; what was not answered was not run', async () => {
    let runs = 0;
    const big = method('big', [], () => {
      runs += 1;
      return Promise.resolve('x'.repeat(1_000));
    });
    const { call } = setUp([big], { limits: { ...LIMITS, multicallAnswer: 5_000 } });
    const answers = (await call('system.multicall', Array<Struct>(20).fill(entry('big')))) as XmlRpcValue[];
    expect(answers.filter(Array.isArray)).toHaveLength(5);
    expect((answers[5] as Struct)['faultString']).toMatch(/too large; ask for less at once/);
    expect(runs).toBe(5);
  });
});
