/**
 * Real senders of syslog against the listener: Debian's rsyslogd, set up as anaconda sets it up, and busybox' syslogd,
 * which debian-installer has. Called by run.sh; prints a line per check and `N passed, N failed`; exit code 1 when one
 * failed. Each daemon has a configuration and sockets of its own in a temporary folder. What is not installed is skipped.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { SyslogLine } from '../../src/syslog/frame';
import { startListener, type TestListener } from '../syslog/start-listener';
import { until } from '../support/until';
import { claim, createChecks, run, start, type Checks } from './harness';

/** The whole run; nothing in it should need a tenth of this. */
const ALL_MS = 120_000;
/** Lines sent in one go. */
const MANY = 20_000;

async function main(): Promise<number> {
  const checks = createChecks();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-syslog-'));
  try {
    if (await isInstalled('rsyslogd', ['-v'])) await checkRsyslog(checks, folder);
    else process.stdout.write('skipped: syslog from rsyslogd: rsyslog is not installed\n');
    const why = await whyNoBusybox();
    if (why === null) await checkBusybox(checks, folder);
    else process.stdout.write(`skipped: syslog from busybox: ${why}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return checks.close();
}

async function checkRsyslog(checks: Checks, folder: string): Promise<void> {
  await withRsyslog(
    folder,
    (port) => `*.* @@127.0.0.1:${port}`,
    async (log, listener) => {
      await checks.check("rsyslogd as anaconda configures it (*.* @@host): anaconda's own lines", async () => {
        await log('anaconda', 'local1.info', 'Installing glibc (1/314)');
        const line = await theLine(listener, 'Installing glibc');
        same(line, { facility: 17, severity: 6, tag: 'anaconda', text: 'Installing glibc (1/314)' });
        claim(/^\d+$/.test(line.pid ?? ''), 'the process number is missing', line);
        claim(
          line.host !== null && /^[A-Z][a-z]{2} [ \d]\d [\d:]{8}$/.test(line.stamp ?? ''),
          'no host, no time',
          line,
        );
      });
      await checks.check(
        'rsyslogd cuts the tags of D-Bus modules, which are told from the text all the same',
        async () => {
          await log('org.fedoraproject.Anaconda.Modules.Network', 'daemon.info', 'INFO:anaconda.modules:ready');
          const line = await theLine(listener, 'INFO:anaconda.modules');
          same(line, { tag: 'org.fedoraproject.Anaconda.Modul', pid: null, text: 'INFO:anaconda.modules:ready' });
        },
      );
      await checks.check(
        'rsyslogd by TCP: lines in characters of all kinds, long ones, one with a line feed',
        async () => {
          const long = `long ${'ü'.repeat(3_000)} end`;
          await log('program', 'local1.err', 'Zażółć 🜛 gęślą');
          await log('program', 'local1.err', long);
          await log('program', 'local1.err', 'two\nlines');
          same(await theLine(listener, 'Zażółć'), { severity: 3, text: 'Zażółć 🜛 gęślą' });
          same(await theLine(listener, 'long '), { text: long });
          same(await theLine(listener, 'two'), { text: 'two#012lines' });
        },
      );
      await checks.check(`rsyslogd by TCP: ${MANY} lines at once, all there and in order`, async () => {
        const file = path.join(folder, 'many');
        await writeFile(file, Array.from({ length: MANY }, (_, n) => `line ${n}\n`).join(''));
        const before = listener.raws().length;
        await log('packaging', 'local1.info', null, file);
        await until('all lines', () => listener.raws().length >= before + MANY);
        const numbers = listener
          .raws()
          .slice(before)
          .map((raw) => Number(/line (\d+)$/.exec(raw)?.[1]));
        claim(
          numbers.every((number, n) => number === n),
          'not in order',
          numbers.slice(0, 50),
        );
      });
    },
  );
  await withRsyslog(
    folder,
    (port) => `*.* @127.0.0.1:${port}`,
    async (log, listener) => {
      await checks.check('rsyslogd by UDP (*.* @host)', async () => {
        await log('anaconda', 'local1.crit', 'Traceback (most recent call last):');
        const line = await theLine(listener, 'Traceback');
        same(line, { facility: 17, severity: 2, tag: 'anaconda', text: 'Traceback (most recent call last):' });
        claim(listener.listener.stats().received.udp > 0, 'not by UDP', listener.listener.stats());
      });
    },
  );
  const newer = (port: number): string =>
    `*.* action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="RSYSLOG_ForwardFormat")
     *.* action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" tcp_framing="octet-counted"
                template="RSYSLOG_SyslogProtocol23Format")`;
  await withRsyslog(folder, newer, async (log, listener) => {
    await checks.check('rsyslogd with ISO times, and with RFC 5424 and octet counts', async () => {
      await log('anaconda', 'local1.info', 'hello');
      await until('both lines', () => linesOf(listener).filter(({ text }) => text === 'hello').length === 2);
      const [one, two] = linesOf(listener).filter(({ text }) => text === 'hello');
      for (const line of [one!, two!]) {
        same(line, { facility: 17, severity: 6, tag: 'anaconda', text: 'hello' });
        claim(/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/.test(line.stamp ?? ''), 'no ISO time', line);
        claim(/^\d+$/.test(line.pid ?? '') && line.host !== null, 'no process number or host', line);
      }
      claim([one!, two!].filter(({ raw }) => raw.startsWith('<142>1 ')).length === 1, 'RFC 5424 is missing', [
        one,
        two,
      ]);
    });
  });
}

type Logger = (tag: string, priority: string, text: string | null, file?: string) => Promise<void>;

/** An rsyslogd with these forwarding rules, a way to log through it, and a listener it sends to. */
async function withRsyslog(
  folder: string,
  rules: (port: number) => string,
  work: (log: Logger, listener: TestListener) => Promise<void>,
): Promise<void> {
  const place = await mkdtemp(path.join(folder, 'rsyslog-'));
  const listener = await startListener({ limits: { lineBurst: 1_000_000 } });
  const [conf, socket] = [path.join(place, 'rsyslog.conf'), path.join(place, 'log')];
  await writeFile(
    conf,
    `global(workDirectory="${place}" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}")
${rules(listener.port)}
`,
  );
  const daemon = start('rsyslogd', ['-n', '-f', conf, '-i', path.join(place, 'pid')]);
  const log: Logger = async (tag, priority, text, file) => {
    const what = file === undefined ? ['--', text ?? ''] : ['--file', file];
    const ran = await run('logger', [
      '--socket',
      socket,
      '--size',
      '60k',
      '--tag',
      tag,
      '--id',
      '--priority',
      priority,
      ...what,
    ]);
    claim(ran.code === 0 && ran.output === '', 'logger failed', `${ran.output}\n${daemon.output()}`);
  };
  try {
    await until('rsyslogd is ready', async () => (await run('test', ['-S', socket])).code === 0);
    await work(log, listener);
  } finally {
    await daemon.stop();
    await listener.listener.stop();
  }
}

async function checkBusybox(checks: Checks, folder: string): Promise<void> {
  const listener = await startListener();
  try {
    await checks.check("busybox' syslogd -R, as debian-installer has it: no host, UDP", async () => {
      const script = path.join(__dirname, 'busybox-syslog.sh');
      const ran = await run('unshare', [...UNSHARE, 'sh', script, folder, `127.0.0.1:${listener.port}`]);
      claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
      await until('four lines', () => linesOf(listener).length === 4);
      const [menu, grub, ...packages] = linesOf(listener);
      same(menu!, {
        facility: 1,
        severity: 5,
        host: null,
        tag: 'main-menu',
        text: "INFO: Menu item 'pkgsel' selected",
      });
      same(grub!, { severity: 3, tag: 'grub-installer', pid: '77', text: 'error: Running grub-install failed.' });
      same(packages[1]!, { tag: 'in-target', text: 'Setting up grüb' });
      claim(/^[A-Z][a-z]{2} [ \d]\d [\d:]{8}$/.test(menu!.stamp ?? ''), 'no time', menu);
    });
  } finally {
    await listener.listener.stop();
  }
}

/** A mount namespace; as another user than root with a user namespace around it. */
const UNSHARE = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

async function whyNoBusybox(): Promise<string | null> {
  if (!(await isInstalled('busybox', ['syslogd', '--help'], 'Usage: syslogd'))) return 'busybox is not installed';
  return (await isInstalled('unshare', [...UNSHARE, 'true'])) ? null : 'no mount namespace can be made (unshare)';
}

async function isInstalled(command: string, args: string[], says?: string): Promise<boolean> {
  const ran = await run(command, args, 10_000).catch(() => null);
  return ran !== null && (says === undefined ? ran.code === 0 : ran.output.includes(says));
}

const linesOf = (listener: TestListener): SyslogLine[] => listener.batches.flat().flatMap(({ lines }) => lines);

async function theLine(listener: TestListener, begin: string): Promise<SyslogLine> {
  return until(`a line that begins with ${begin}`, () => linesOf(listener).find(({ text }) => text.startsWith(begin)));
}

function same(line: SyslogLine, expected: Partial<SyslogLine>): void {
  for (const [name, value] of Object.entries(expected)) {
    claim(line[name as keyof SyslogLine] === value, `${name} is not ${JSON.stringify(value)}`, line);
  }
}

const watchdog = setTimeout(() => {
  process.stderr.write(`The checks did not end within ${ALL_MS / 1000} s.\n`);
  process.exit(1);
}, ALL_MS);
main()
  .then((code) => (process.exitCode = code))
  .catch((error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  })
  .finally(() => clearTimeout(watchdog));
