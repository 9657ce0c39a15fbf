import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPath, runShell, SHELLS, snippet, TOOLS } from './support/run-shell';

interface Call {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let url: string;
let calls: Call[];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      calls.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      response.end('True');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => (calls = []));

async function run(tool: string, commands: string, env: Record<string, string> = {}): Promise<void> {
  const tools = createPath(tool);
  const script = `${await snippet('kickwatch.sh', { url, system: env['KW_PROFILE'] ? '' : 'web1' })}\n${commands}\n`;
  const outcome = await runShell(SHELLS[0]!, script, { path: tools.folder, env });
  tools.remove();
  expect(outcome).toEqual({ code: 0, stdout: '', stderr: '', isCutOff: false });
}

describe.each(TOOLS)('with %s', (tool) => {
  test('a token is sent where there is one, and only there', async () => {
    await run(tool, 'kw_start; kw_status state=heartbeat');
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    calls = [];
    await run(tool, 'kw_start; kw_status state=heartbeat', { KW_TOKEN: 'abc.DEF-1~2+3/4=' });
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Bearer abc.DEF-1~2+3/4='));
    calls = [];
    await run(tool, 'kw_start', { KW_TOKEN: 'a"\nb' });
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('a text arrives as it is, whatever stands in it, as one form field', async () => {
    const text = `a=1&b=2;c+d%20 "e" 'f' <g> \\h $i #j @k {l} \`m\``;
    await run(tool, 'kw_status "phase=post" "message=$TEXT"', { TEXT: text });
    const form = new URLSearchParams(calls[0]!.body);
    expect(Object.fromEntries(form)).toEqual({ event_id: expect.any(String), phase: 'post', message: text });
    expect(calls[0]).toMatchObject({ method: 'POST', url: '/v1/status/web1' });
    expect(calls[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  test('a profile is called one', async () => {
    await run(tool, 'kw_start; kw_nopxe; kw_error oh', { KW_PROFILE: 'web' });
    expect(calls.map((call) => call.url)).toEqual([
      '/cblr/svc/op/trig/mode/pre/profile/web',
      '/cblr/svc/op/nopxe/profile/web',
      '/v1/status/profile:web',
    ]);
  });
});
