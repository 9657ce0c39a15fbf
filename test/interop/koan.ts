import path from 'node:path';
import type { TestServer } from '../support/server';
import type { Rpc } from '../support/rpc';
import { claim, run, type Checks, type Ran } from './harness';

/**
 * koan asks with TLS first and falls back when that is refused. A server that lets it wait costs every call that long;
 * the limit is far above what the two programs need on a busy machine and far below any time-out of theirs.
 */
const QUICK_MS = 20_000;

/** koan and cobbler-register as released. */
export async function checkKoan(checks: Checks, bin: string, server: TestServer, rpc: Rpc, token: string) {
  const place = ['--server', '127.0.0.1', '--port', String(server.port)];
  const koan = (...args: string[]): Promise<Ran> => run(path.join(bin, 'koan'), [...place, ...args]);
  const register = (...args: string[]): Promise<Ran> => run(path.join(bin, 'cobbler-register'), [...place, ...args]);
  const { check } = checks;

  for (const [list, names] of [
    ['distros', ['el9']],
    ['profiles', ['bare', 'web']],
    ['systems', ['db1', 'el83', 'web1']],
    ['images', []],
    ['repos', []],
  ] as const) {
    await check(`koan --list=${list} prints every name`, async () => {
      const ran = await koan(`--list=${list}`);
      claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
      const printed = ran.output.split('\n');
      for (const name of names) claim(printed.includes(name), `${name} is missing`, ran.output);
      claim(/at https:[^]*at http:/.test(ran.output), 'it did not ask with TLS first', ran.output);
      claim(ran.ms < QUICK_MS, `it took ${ran.ms} ms`, ran.output);
    });
  }

  await check('koan --display --system shows what the system is installed with', async () => {
    const ran = await koan('--display', '--system=web1');
    claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
    for (const line of [
      /name {2}: web1$/m,
      /profile {2}: web$/m,
      /distro {2}: el9$/m,
      /autoinst {2}: http:\/\/.*web1$/m,
    ]) {
      claim(line.test(ran.output), `no line like ${line.source}`, ran.output);
    }
  });

  await check('koan --display --profile shows kernel, initrd and kernel options', async () => {
    const ran = await koan('--display', '--profile=web');
    claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
    for (const line of [
      /name {2}: web$/m,
      /kernel {2}: .*vmlinuz/m,
      /initrd {2}: .*initrd/m,
      /kernel_options.*console=/m,
    ]) {
      claim(line.test(ran.output), `no line like ${line.source}`, ran.output);
    }
  });

  await check('koan --display of a profile without an answer file does not stumble', async () => {
    const ran = await koan('--display', '--profile=bare');
    claim(ran.code === 0 && /name {2}: bare$/m.test(ran.output), `exit code ${ran.code}`, ran.output);
  });

  await check('koan --display of a name nobody has says so', async () => {
    const ran = await koan('--display', '--system=nobody');
    claim(ran.code !== 0 && ran.output.includes('No entry/entries found'), `exit code ${ran.code}`, ran.output);
  });

  if (process.getuid?.() !== 0) {
    process.stdout.write('skipped: cobbler-register wants to be root\n');
    return;
  }
  await check('cobbler-register makes a system of the machine it runs on', async () => {
    const ran = await register('--fqdn', 'reg1.example.org', '--profile', 'web');
    claim(ran.code === 0 && ran.output.includes('registration successful'), `exit code ${ran.code}`, ran.output);
    const system = await rpc<Record<string, unknown>>('get_system', 'reg1.example.org', false, false, token);
    claim(system['profile'] === 'web', 'not stored as told', system);
    claim(system['netboot_enabled'] === false, 'a machine that runs must not be set to reinstall itself', system);
    claim(Object.keys(system['interfaces'] as object).length > 0, 'no interface', system);
  });

  await check('cobbler-register is told when the name is taken', async () => {
    const ran = await register('--fqdn', 'reg1.example.org', '--profile', 'web');
    claim(ran.code !== 0 && ran.output.includes('system name conflicts'), `exit code ${ran.code}`, ran.output);
  });

  await check('cobbler-register --batch lets a refusal pass', async () => {
    const ran = await register('--fqdn', 'reg1.example.org', '--profile', 'web', '--batch');
    claim(ran.code === 0 && ran.output.includes('ignoring because of --batch'), `exit code ${ran.code}`, ran.output);
  });

  await check('cobbler-register refuses a profile nobody has', async () => {
    const ran = await register('--fqdn', 'reg2.example.org', '--profile', 'nope');
    claim(ran.code !== 0 && ran.output.includes('no such remote profile'), `exit code ${ran.code}`, ran.output);
  });
}
