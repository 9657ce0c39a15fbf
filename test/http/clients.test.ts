import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'xmlrpc';
import { describeWithPython } from '../xmlrpc/python-peer';
import { exchange } from './raw';
import { startHttp, TOKEN, type TestHttp } from './start-http';

const run = promisify(execFile);
const SCRIPT = join(__dirname, 'python-client.py');

const SEEN = {
  version: 3.307,
  echo: true,
  bytes: true,
  time: '20250131T13:14:15',
  i8: 7,
  big: 20_000,
  long: true,
  unknown: [1, `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'nope'"`],
  count: [1, "<class 'TypeError'>:CobblerXMLRPCInterface.who() missing 1 required positional argument: 'token'"],
  token: 'admin',
  broken: [1, "<class 'cobbler.cexceptions.CX'>:'internal error, see the log of the server'"],
  multicall: [3.307, 'a', '127.0.0.1'],
  methods: true,
  compressed: true,
};

let http: TestHttp;
afterEach(() => http.server.stop());

describeWithPython("Python's xmlrpc.client", () => {
  test('gets what it asks for', async () => {
    http = await startHttp();
    const { stdout } = await run('python3', [SCRIPT, `http://127.0.0.1:${http.port}/cobbler_api`]);
    expect(JSON.parse(stdout)).toEqual(SEEN);
  });

  test('gets it over TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kickwatch-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
      ],
      { stdio: 'ignore' },
    );
    http = await startHttp({
      host: 'localhost',
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
    });
    const { stdout } = await run('python3', [SCRIPT, `https://localhost:${http.port}/RPC2`, cert]);
    rmSync(folder, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({
      ...SEEN,
      multicall: [3.307, 'a', expect.stringMatching(/^(127\.0\.0\.1|::1)$/)],
    });
  });
});

describe('the xmlrpc package', () => {
  const ask = (method: string, ...params: unknown[]) =>
    new Promise<unknown>((resolve) => {
      createClient({ host: '127.0.0.1', port: http.port, path: '/RPC2' }).methodCall(
        method,
        params,
        (error, value: unknown) => resolve(error ? { fault: (error as { faultString?: string }).faultString } : value),
      );
    });

  test('gets what it asks for', async () => {
    http = await startHttp();
    expect(await ask('version')).toBe(3.307);
    const value = { text: 'käse <&> 😀', list: [1, true, ''], bytes: Buffer.from([0, 255]), struct: { a: {} } };
    expect(await ask('echo', value)).toEqual(value);
    expect(await ask('who', TOKEN)).toBe('admin');
    expect(await ask('nope')).toEqual({ fault: `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'nope'"` });
    expect(await ask('many', 5000)).toHaveLength(5000);
  });
});

test('plain HTTP on a TLS port is refused and harms nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kickwatch-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ],
    { stdio: 'ignore' },
  );
  http = await startHttp({ tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } });
  rmSync(folder, { recursive: true });
  await exchange(http.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await exchange(http.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
});
