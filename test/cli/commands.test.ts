import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { answerRuns, cx, fault, secondsAgo, startFakeServer, wireRun, type FakeServer } from './support/fake-server';
import { until } from '../support/until';
import { cli, startCli } from './support/run-cli';

let server: FakeServer;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-cli-'));
});

afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const RUNS = [
  wireRun({
    run_id: '1',
    system: 'web1',
    profile: 'web',
    status: 'finished',
    phase: 'complete',
    percent: 100,
    ended: secondsAgo(60),
    started: secondsAgo(1_000),
  }),
  wireRun({
    run_id: '2',
    system: 'web2',
    profile: 'web',
    percent: 45,
    percent_origin: 'reported',
    phase: 'packages',
    last_heard: secondsAgo(3),
  }),
  wireRun({
    run_id: '3',
    system: 'web3',
    status: 'failed',
    phase: 'storage',
    ended: secondsAgo(90),
    reason: 'no disk',
  }),
  wireRun({ run_id: '4', system: 'web4', phase: 'config' }),
];

/** The environment that finds the fake server, and keeps tokens in a folder of the test. */
function env(more: Record<string, string> = {}): Record<string, string> {
  return { KICKWATCH_URL: server.url, KICKWATCH_PASSWORD: 'right', XDG_CACHE_HOME: folder, ...more };
}

async function serve(methods: Parameters<typeof startFakeServer>[0] = {}): Promise<void> {
  server = await startFakeServer({ get_runs: answerRuns(RUNS), has_item: () => true, ...methods });
}

describe('status', () => {
  test('shows those who need help first, and how to see more', async () => {
    await serve();
    const { code, out, err } = await cli(['status'], env());
    expect(err).toBe('');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('1 needs help · 2 installing · 1 finished');
    expect(lines.slice(3, 7).map((line) => line.split(/ +/)[0])).toEqual(['web3', 'web2', 'web4', 'web1']);
    expect(out).toContain('45 % reported');
    expect(out).toContain('kickwatch status web3');
  });

  test('says unknown where nothing is known, never a tilde', async () => {
    await serve();
    const { out } = await cli(['status'], env());
    expect(out.split('\n').find((line) => line.startsWith('web4'))).toContain('unknown');
    expect(out).not.toContain('~');
  });

  test('has colours on a terminal only, and none with NO_COLOR', async () => {
    await serve();
    const colour = /\x1b\[3\dm/;
    expect((await cli(['status'], env(), { tty: true })).out).toMatch(colour);
    expect((await cli(['status'], env({ NO_COLOR: '1' }), { tty: true })).out).not.toMatch(colour);
    expect((await cli(['status'], env())).out).not.toMatch(colour);
  });

  test('gives programs the keys of the API, null for unknown, and nothing but JSON', async () => {
    await serve();
    const { out } = await cli(['status', '--json'], env());
    const board = JSON.parse(out) as { need_help: number; runs: Record<string, unknown>[] };
    expect(board.need_help).toBe(1);
    expect(board.runs[0]).toMatchObject({
      need: 'failed',
      run_id: '3',
      system: 'web3',
      percent: null,
      reason: 'no disk',
    });
  });

  test('leaves out the failure of a system that is gone', async () => {
    await serve({ has_item: () => false });
    expect((await cli(['status'], env())).out).not.toContain('web3');
  });

  test('says how to see first runs when there are none', async () => {
    await serve({ get_runs: () => [] });
    expect((await cli(['status'], env())).out).toContain('kickwatch simulate --register');
  });

  test('of one system shows verdict, phases, errors with their context, and what to type next', async () => {
    const error = {
      at: secondsAgo(100),
      text: 'no disk was found',
      phase: 'storage',
      source: 'anamon',
      fatal: true,
      file: 'anaconda.log',
      line: 412,
      context: ['INF storage: scanning'],
    };
    const failed = {
      ...RUNS[2],
      errors: [error],
      started: secondsAgo(300),
      runs: { failed: 1, finished: 2 },
      planned: [],
    };
    const event = (seq: number, phase: string, ago: number): unknown => ({
      run_id: '3',
      seq,
      kind: seq === 1 ? 'install-started' : 'progress-reported',
      source: 'trigger',
      occurred_at: secondsAgo(ago),
      detail: { phase },
    });
    const events = [event(1, 'config', 300), event(2, 'storage', 200)];
    await serve({ get_status: () => failed, get_run_log: (_id: string, since: number) => events.slice(since) });
    const { out } = await cli(['status', 'web3'], env());
    expect(out).toMatch(/^web3 failed: no disk was found\n/);
    expect(out).toMatch(/Phases\n {2}config .*\n {2}storage /);
    expect(out).toContain('anaconda.log line 412');
    expect(out).toContain('| INF storage: scanning');
    expect(out).toContain('3 runs: 1 failed, 2 finished');
    expect(out).toContain('kickwatch log web3');
  });

  test('of a profile shows its machines by address', async () => {
    await serve({ get_status: () => ({ '10.0.0.7': RUNS[1] }) });
    expect((await cli(['status', 'web'], env())).out).toMatch(
      /1 machine installed by the name of profile web[^]*10\.0\.0\.7/,
    );
  });

  test('of an unknown name ends with an error that names what is close', async () => {
    await serve({
      get_status: (name: string) => {
        throw cx(`No system or profile is called "${name}".`);
      },
      get_item_names: (what: string) => (what === 'system' ? ['web1', 'db1'] : []),
    });
    const { code, out, err } = await cli(['status', 'wbe1'], env());
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('No system or profile is called "wbe1".');
    expect(err).toContain('Close to it: web1');
  });

  test('asks for a system called text as a system, not for the table of that name', async () => {
    await serve({ get_status: () => ({ ...RUNS[1], runs: {}, planned: [] }), get_run_log: () => [] });
    await cli(['status', 'text'], env());
    expect(server.calls.find(({ method }) => method === 'get_status')!.params[0]).toBe('system:text');
  });

  test('text from machines cannot take over the terminal', async () => {
    const evil = { ...RUNS[2], reason: 'no disk\u202e\u0085', runs: {}, planned: [] };
    await serve({ get_runs: answerRuns([evil]), get_status: () => evil, get_run_log: () => [] });
    for (const args of [['status'], ['status', 'web3'], ['runs']]) {
      expect((await cli(args, env())).out).not.toMatch(/[\u0085\u202e]/);
    }
  });
});

describe('status --watch', () => {
  test('writes a line per change to a pipe, says when the server is away and goes on when it is back', async () => {
    await serve();
    const port = Number(new URL(server.url).port);
    const running = startCli(['status', '--watch', '--interval', '0.2'], env());
    await until('web2 is told', () => /web2 {2}installing {2}packages {2}45 % reported/.test(running.out()));
    await server.close();
    await until('the loss is told', () => /reconnecting: No server answers/.test(running.err()));
    const further = { ...RUNS[1]!, percent: 60 };
    server = await startFakeServer({ get_runs: answerRuns([further]), has_item: () => true }, port);
    await until('web2 has gone on', () => /60 % reported/.test(running.out()));
    expect(running.err()).toMatch(/connected again/);
    expect(running.out().match(/web1/g)).toHaveLength(1);
    running.interrupt();
    expect((await running.outcome).code).toBe(0);
  });

  test('redraws a terminal in place and leaves the last picture standing', async () => {
    await serve();
    const running = startCli(['status', '--watch', '--interval', '0.2'], env(), { tty: true, columns: 120 });
    await until('two pictures', () => /q quits[^]*q quits/.test(running.out()));
    running.interrupt();
    const { out } = await running.outcome;
    expect(out).toContain('█████░░░░░░░');
    expect(out.slice(out.lastIndexOf('\x1b[?1049l'))).toContain('web3');
  });

  test('stops at once when told to, even while the server keeps it waiting', async () => {
    let looks = 0;
    await serve({
      get_runs: () => {
        if ((looks += 1) <= 7) return [];
        return new Promise(() => undefined); // the fake answers nothing until a promise is settled
      },
    });
    const running = startCli(['status', '--watch', '--interval', '0.2'], env());
    await until('the second look', () => looks > 7);
    running.interrupt();
    expect((await running.outcome).code).toBe(0);
  });

  test('ends with an error when there is no server to begin with', async () => {
    const { code, err } = await cli(['status', '--watch'], {
      KICKWATCH_URL: 'http://127.0.0.1:1',
      KICKWATCH_PASSWORD: 'x',
    });
    expect(code).toBe(1);
    expect(err).toContain('No server answers at http://127.0.0.1:1.');
    expect(err).toContain('npm start');
  });
});

describe('runs', () => {
  test('passes its filters on', async () => {
    await serve();
    const args = ['runs', '--system', 'web1', '--status', 'failed,finished', '--since', '1h', '--limit', '5', '--json'];
    const { out } = await cli(args, env());
    expect(JSON.parse(out)).toMatchObject([{ run_id: '1' }]);
    expect(server.calls.at(-1)!.params[0]).toMatchObject({ system: 'web1', status: ['failed', 'finished'], limit: 5 });
    expect((server.calls.at(-1)!.params[0] as { since: number }).since).toBeCloseTo(Date.now() / 1000 - 3_600, -1);
  });

  test('says so when nothing matches', async () => {
    await serve();
    expect((await cli(['runs', '--system', 'nobody'], env())).out).toBe('No run matches.\n');
  });
});

test.each([
  'unknown: fewer than five finished runs to learn from',
  'unknown: nearly all of 12 runs of profile web had left packages sooner',
])('time left says why it is %s', async (words) => {
  const answer = { ...RUNS[1], eta_origin: words, runs: {}, planned: [] };
  await serve({ get_status: () => answer, get_run_log: () => [] });
  expect((await cli(['status', 'web2'], env())).out).toContain(words);
});

test('the status of a machine shows both clocks, their limits and where those come from', async () => {
  const origin = 'learned from 23 runs of profile web';
  const clocks = {
    no_progress: { elapsed: 70, late_after: 300, stalled_after: 600, usual: '~', origin },
    total: { elapsed: 7_200, late_after: 1_200, stalled_after: '~', usual: 600, origin },
  };
  await serve({
    get_status: () => ({ ...RUNS[1], flags: ['late'], clocks, runs: {}, planned: [] }),
    get_run_log: () => [],
  });
  const { out } = await cli(['status', 'web2'], env());
  expect(out).toContain('No progress 70 s, late after 5 min, stalled after 10 min (learned from 23 runs of');
  expect(out).toContain('later than expected: in packages for 2 h, 12 times as long as usual');
});

describe('log', () => {
  const EVENTS = [
    { run_id: '2', seq: 1, kind: 'install-started', source: 'trigger', occurred_at: secondsAgo(60), detail: {} },
    {
      run_id: '2',
      seq: 2,
      kind: 'progress-reported',
      source: 'anamon',
      occurred_at: secondsAgo(30),
      detail: { phase: 'packages', packages_done: 3, packages_total: 9, message: 'Installing libgcc' },
    },
  ];
  const after = (_id: string, since: number): unknown => EVENTS.filter(({ seq }) => seq > since);

  test('tells a run event by event', async () => {
    await serve({ get_run: () => RUNS[1], get_run_log: after });
    const { out } = await cli(['log', '2'], env());
    expect(out).toMatch(/^web2, run 2: install of profile web, installing\n/);
    expect(out).toMatch(/started .*\(trigger\)\n/);
    expect(out).toMatch(/progress .*phase packages, 3 of 9 packages, Installing libgcc {2}\(anamon\)\n/);
  });

  test('gives programs one event per line', async () => {
    await serve({ get_status: () => ({ ...RUNS[1], runs: {}, planned: [] }), get_run_log: after });
    const { out } = await cli(['log', 'web2', '--json'], env());
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number });
    expect(events.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('follows a run until it ends', async () => {
    let asked = 0;
    const end = { ...EVENTS[0], seq: 3, kind: 'install-finished' };
    await serve({
      get_run: () => RUNS[1],
      get_run_log: (_id: string, since: number) =>
        ((asked += 1) > 2 ? [...EVENTS, end] : EVENTS).filter(({ seq }) => seq > since),
    });
    const { code, out } = await cli(['log', '2', '--follow', '--interval', '0.2'], env());
    expect(code).toBe(0);
    expect(out.match(/finished/g)).toHaveLength(1);
    expect(out.match(/libgcc/g)).toHaveLength(1);
  });

  test('of a profile with several machines asks which one', async () => {
    await serve({ get_status: () => ({ '10.0.0.1': RUNS[0], '10.0.0.2': RUNS[1] }) });
    const { code, err } = await cli(['log', 'web'], env());
    expect(code).toBe(1);
    expect(err).toContain('kickwatch log 2 (10.0.0.2)');
  });
});

describe('notify', () => {
  test('sends the state of one system to those named', async () => {
    await serve({
      get_status: () => ({ ...RUNS[1], runs: {}, planned: [] }),
      send_status: () => ({ contacts: ['alice', 'bob'], runs: 1 }),
    });
    const { out } = await cli(['notify', 'web2', '--to', 'alice,bob'], env());
    expect(out).toBe('On its way to alice, bob: how 1 system stands.\n');
    const call = server.calls.find(({ method }) => method === 'send_status')!;
    expect(call.params.slice(0, 2)).toEqual([{ system: 'web2' }, ['alice', 'bob']]);
  });

  test('test reaches every address of a contact', async () => {
    await serve({ send_test: () => ({ contacts: ['alice'], runs: 0 }) });
    const { out } = await cli(['notify', 'test', '--to', 'alice'], env());
    expect(out).toContain('every address of alice');
    expect(server.calls.at(-1)!.params[0]).toEqual(['alice']);
  });

  test('without a system wants to know which: nobody is told of everything by mistake', async () => {
    await serve();
    const { code, err } = await cli(['notify'], env());
    expect(code).toBe(2);
    expect(err).toContain('kickwatch notify --all');
  });

  test("from the server's own machine goes to the administrator when nobody is named", async () => {
    await serve({
      send_test: (contacts: string[]) => {
        if (contacts.length === 0) throw fault(`<class 'ValueError'>:No contact belongs to the user "<DIRECT>".`);
        return { contacts, runs: 0 };
      },
      get_item_names: () => ['admin', 'alice'],
    });
    expect((await cli(['notify', 'test'], env())).out).toContain('every address of admin');
  });

  test('of a profile points to the option for it', async () => {
    await serve({ get_status: () => ({}) });
    const { code, err } = await cli(['notify', 'web'], env());
    expect(code).toBe(1);
    expect(err).toContain('kickwatch notify --profile web');
  });

  test('to somebody unknown says who is known', async () => {
    await serve({
      send_test: () => {
        throw fault(`<class 'ValueError'>:No contact is called "eve".`);
      },
      get_item_names: () => ['admin', 'alice'],
    });
    const { code, err } = await cli(['notify', 'test', '--to', 'eve'], env());
    expect(code).toBe(1);
    expect(err).toContain('Contacts: admin, alice');
  });
});

describe('logging in', () => {
  test('happens once: the token is kept, readable for its owner only', async () => {
    await serve();
    await cli(['runs'], env());
    await cli(['runs'], env());
    expect(server.calls.filter(({ method }) => method === 'login')).toHaveLength(1);
    const file = path.join(folder, 'kickwatch', 'token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('right');
  });

  test('happens again when the server has forgotten the token', async () => {
    let known = '';
    await serve({
      login: () => (known = `${Math.random()}`.padEnd(36, 'x').slice(0, 36)),
      get_runs: (_criteria: unknown, token: string) => {
        if (token !== known) throw cx('invalid token');
        return [];
      },
    });
    await cli(['runs'], env());
    known = 'forgotten';
    expect((await cli(['runs'], env())).code).toBe(0);
    expect(server.calls.filter(({ method }) => method === 'login')).toHaveLength(2);
  });

  test('uses the shared secret of a server on this machine', async () => {
    writeFileSync(path.join(folder, 'web.ss'), 'right\n');
    await serve();
    const { code } = await cli(['runs'], { KICKWATCH_URL: server.url, DATA_DIR: folder, XDG_CACHE_HOME: folder });
    expect(code).toBe(0);
    expect(server.calls.find(({ method }) => method === 'login')!.params).toEqual(['', 'right']);
  });

  test('falls back to the password file when the secret is stale', async () => {
    writeFileSync(path.join(folder, 'web.ss'), 'stale');
    writeFileSync(path.join(folder, 'admin-password'), 'right\n');
    await serve();
    const { code } = await cli(['runs'], { KICKWATCH_URL: server.url, DATA_DIR: folder, XDG_CACHE_HOME: folder });
    expect(code).toBe(0);
    expect(server.calls.filter(({ method }) => method === 'login').at(-1)!.params).toEqual(['cobbler', 'right']);
  });

  test('never sends the secrets of this machine to another one', async () => {
    writeFileSync(path.join(folder, 'web.ss'), 'right');
    const elsewhere = { KICKWATCH_URL: 'http://kickwatch.invalid:25151', DATA_DIR: folder, XDG_CACHE_HOME: folder };
    const { code, err } = await cli(['runs'], elsewhere);
    expect(code).toBe(1);
    expect(err).not.toContain('web.ss');
  });

  test('refused says where the password is', async () => {
    await serve();
    const { code, err } = await cli(['runs', '--password', 'wrong'], env());
    expect(code).toBe(1);
    expect(err).toContain('refuses user cobbler (from --password)');
    expect(err).toContain('admin-password');
  });

  test('without any credentials says where they come from', async () => {
    await serve();
    const { code, err } = await cli(['runs'], { KICKWATCH_URL: server.url, XDG_CACHE_HOME: folder });
    expect(code).toBe(1);
    expect(err).toContain('KICKWATCH_PASSWORD');
  });

  test('with a token that is refused blames the token', async () => {
    await serve({
      get_runs: () => {
        throw cx('invalid token');
      },
    });
    const { code, err } = await cli(['runs'], env({ KICKWATCH_TOKEN: 'old', KICKWATCH_PASSWORD: '' }));
    expect(code).toBe(1);
    expect(err).toContain('KICKWATCH_TOKEN');
  });
});

describe('the command line itself', () => {
  test.each([
    [['frobnicate'], 'unknown command'],
    [['runs', '--limit', '0'], 'whole number from 1'],
    [['runs', '--status', 'sleeping'], 'Known are planned'],
    [['runs', '--since', 'yesterday'], 'Write it like'],
    [['simulate', '--failing', '200%'], 'Write it like 3'],
    [['simulate', '--systems', '2', '--failing', '3'], 'more than the 2'],
    [['status', '--url', 'nonsense'], 'is not the URL of a server'],
    [['log'], 'missing required argument'],
  ])('%j is wrong usage: exit code 2 and a sentence', async (args, sentence) => {
    const { code, err, out } = await cli(args);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(out).toBe('');
  });

  test('help and version are no errors', async () => {
    expect((await cli(['--help'])).code).toBe(0);
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  test('something else than Kickwatch at that address is told apart', async () => {
    await serve({ get_runs: () => 'hello' });
    const { code, err } = await cli(['status', 'x'], env({ KICKWATCH_URL: `${server.url}/nowhere` }));
    expect(code).toBe(1);
    expect(err).toContain('is not Kickwatch');
  });
});

describe('check-config', () => {
  test('shows the effective settings with secrets masked', async () => {
    const { code, out } = await cli(['check-config'], {
      SMTP_URL: 'smtp://me:hush@mail.example',
      ADMIN_PASSWORD: 'hush',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/SMTP_URL +smtp:\/\/me:\*+@mail\.example/);
    expect(out).not.toContain('hush');
  });

  test('names all faults at once and ends with 1', async () => {
    const { code, err } = await cli(['check-config'], { PORT: 'x', INTAKE_POLICY: 'y' });
    expect(code).toBe(1);
    expect(err).toMatch(/PORT [^]*INTAKE_POLICY /);
  });

  test('gives programs settings, warnings and faults', async () => {
    const { out } = await cli(['check-config', '--json'], { NOTIFY_EMAIL: 'a@example.org' });
    expect(JSON.parse(out)).toMatchObject({
      settings: { PORT: '25151', SMTP_URL: null },
      warnings: [expect.stringContaining('SMTP_URL')],
      faults: [],
    });
  });

  test('reads the settings file too', async () => {
    const file = path.join(folder, 'settings.yaml');
    writeFileSync(file, 'anamon_enabled: maybe\n');
    const { code, err } = await cli(['check-config'], { SETTINGS_FILE: file });
    expect(code).toBe(1);
    expect(err).toContain('anamon_enabled');
  });
});
