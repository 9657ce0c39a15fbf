import { AppError } from '../../src/domain/errors';
import { cx, isInternal, keyError, pythonRepr, responseError, toFault, valueError } from '../../src/xmlrpc/fault';
import { describeWithPython } from './python-peer';
import { spawnSync } from 'node:child_process';

test('a domain error is a quoted literal, a built-in error is not', () => {
  expect(cx('login failed (x)').faultString).toBe("<class 'cobbler.cexceptions.CX'>:'login failed (x)'");
  expect(cx("unknown remote method 'x'").faultString).toBe(
    `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'x'"`,
  );
  expect(valueError("it's").faultString).toBe("<class 'ValueError'>:it's");
  expect(keyError('a').faultString).toBe("<class 'KeyError'>:'a'");
  expect(responseError("unknown tag 'x'").faultString).toBe(
    `<class 'xmlrpc.client.ResponseError'>:ResponseError("unknown tag 'x'")`,
  );
});

test('errors of the program become what the caller can do about them', () => {
  const text = (code: ConstructorParameters<typeof AppError>[0], detail?: string) =>
    toFault(new AppError(code, detail)).faultString;
  expect(text('INVALID_ARGUMENT', 'percent 140')).toBe("<class 'ValueError'>:percent 140");
  expect(text('UNKNOWN_TARGET')).toBe("<class 'cobbler.cexceptions.CX'>:'No system or profile has that name.'");
  expect(text('RUN_OVER', 'over')).toBe("<class 'cobbler.cexceptions.CX'>:'over'");
  expect(text('NOT_ALLOWED', 'no')).toBe("<class 'cobbler.cexceptions.CX'>:'no'");
  expect(text('DATABASE_AWAY')).toContain('try again');
  expect(text('DATABASE_AWAY', 'the database is away')).toBe(
    "<class 'cobbler.cexceptions.CX'>:'the database is away; try again'",
  );
});

test('nobody outside sees the message of a bug', () => {
  for (const error of [
    new AppError('BUG', 'secret'),
    new Error('secret'),
    'secret',
    undefined,
    { message: 'secret' },
  ]) {
    expect(toFault(error).faultString).toBe(
      "<class 'cobbler.cexceptions.CX'>:'internal error, see the log of the server'",
    );
    expect(isInternal(error)).toBe(true);
  }
  expect(isInternal(cx('x'))).toBe(false);
  expect(isInternal(new AppError('UNKNOWN_RUN'))).toBe(false);
});

describeWithPython('Python', () => {
  test('quotes the same way', () => {
    const texts = [
      '',
      'a',
      "'",
      '"',
      `'"`,
      '\\',
      '\n\r\t\u0000\u001f\u007f\u0080\u00a0é\u00ad',
      '\u2028\u3000\ufeff\ue000\ufffe',
      '😀\u{e0001}\u{10ffff}',
      "it's \\ a 'x'",
    ];
    const run = spawnSync(
      'python3',
      ['-c', 'import json,sys; print(json.dumps([repr(t) for t in json.load(sys.stdin)]))'],
      { input: JSON.stringify(texts) },
    );
    expect(texts.map(pythonRepr)).toEqual(JSON.parse(run.stdout.toString()));
  });
});
