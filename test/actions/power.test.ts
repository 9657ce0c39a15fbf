import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { switchPower, type PowerOperation } from '../../src/actions/power';
import { createPrograms } from '../../src/actions/run-program';
import type { ItemData } from '../../src/domain/item-value';

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-power-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts a program on the PATH that notes its arguments, its input and IPMI_PASSWORD, then does `body`. */
async function program(name: string, body: string): Promise<void> {
  const file = path.join(folder, name);
  const note = `{ echo "args: $*"; echo "env: $IPMI_PASSWORD"; cat; } >> "${folder}/calls"`;
  await writeFile(file, `#!/bin/sh\n${note}\n${body}\n`);
  await chmod(file, 0o755);
}
const calls = () => readFile(path.join(folder, 'calls'), 'utf8');

const BOARD: ItemData = {
  power_type: 'ipmilanplus',
  power_address: '192.0.2.9',
  power_user: 'admin',
  power_pass: "s3cret 'x'; $(id)",
  power_id: '',
  power_options: 'power_wait=2',
  power_identity_file: '',
};

const power = (operation: PowerOperation, values: ItemData | null = BOARD) =>
  switchPower(
    {
      programs: createPrograms({ PATH: `${folder}:/usr/bin:/bin` }),
      readSystem: () => Promise.resolve(values),
      wait: () => Promise.resolve(),
    },
    { system: 'web1', operation, log: (line) => lines.push(line) },
  );

test('a fence agent is given everything on its standard input, the password too, and nothing as arguments', async () => {
  await program('fence_ipmilan', 'exit 0');
  expect(await power('reboot')).toBe('on');
  expect(await calls()).toBe(
    'args: \nenv: \naction=reboot\nipaddr=192.0.2.9\nlogin=admin\n' +
      "passwd=s3cret 'x'; $(id)\nlanplus=1\npower_wait=2\n",
  );
  expect(lines.join()).not.toContain('s3cret');
});

test.each<[number, 'on' | 'off']>([
  [0, 'on'],
  [2, 'off'],
])('an agent that ends with %d says that the machine is %s', async (status, state) => {
  await program('fence_apc', `exit ${status}`);
  expect(await power('status', { ...BOARD, power_type: 'apc' })).toBe(state);
});

test('a board that does not answer is asked three times, then the failure is told without the password', async () => {
  await program('fence_ipmilan', `echo "cannot log in with s3cret 'x'; \\$(id)" >&2; exit 1`);
  await expect(power('on')).rejects.toThrow(
    'power on of web1 failed 3 times: cannot log in with ******** (exit status 1)',
  );
  expect((await calls()).match(/action=on/g)).toHaveLength(3);
  expect(lines.join()).not.toContain('s3cret');
});

test('without the agent ipmitool is used, which reads the password from its environment', async () => {
  await program('ipmitool', 'echo "Chassis Power is off"; exit 0');
  expect(await power('reboot')).toBe('on');
  const said = await calls();
  expect(said).toContain('args: -I lanplus -H 192.0.2.9 -U admin -E chassis power status\n');
  // A machine that is off cannot be cycled.
  expect(said).toContain('args: -I lanplus -H 192.0.2.9 -U admin -E chassis power on\n');
  expect(said).toContain("env: s3cret 'x'; $(id)\n");
  expect(said.match(/args:[^\n]*s3cret/)).toBeNull();
});

test.each<[string, ItemData | null, string]>([
  ['there is no such system', null, 'There is no system web1.'],
  ['no power type is set', { ...BOARD, power_type: '' }, 'no power type set for system'],
  ['the agent is not installed', { ...BOARD, power_type: 'no_such' }, 'install the package fence-agents'],
  ['the type is no name', { ...BOARD, power_type: '../../bin/sh' }, 'not the name of a fence agent'],
  ['a value has a second line', { ...BOARD, power_user: 'x\naction=off' }, 'power_user holds control characters'],
  ['an option is none', { ...BOARD, power_options: '; rm' }, 'not of the form name=value'],
])('it is said so when %s', async (_what, values, sentence) => {
  await program('fence_ipmilan', 'exit 0');
  await expect(power('off', values)).rejects.toThrow(sentence);
});
