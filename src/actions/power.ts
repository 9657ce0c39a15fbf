import { AppError } from '../domain/errors';
import { type ItemData, textOf } from '../domain/item-value';
import type { ProgramResult, Programs } from './run-program';

/** What can be asked of the power of a machine. */
export const POWER_OPERATIONS = ['on', 'off', 'status', 'reboot'] as const;
export type PowerOperation = (typeof POWER_OPERATIONS)[number];

/** What power is switched with. */
export interface PowerDeps {
  programs: Programs;
  /** The values of a system; null when there is none of that name. */
  readSystem(name: string): Promise<ItemData | null>;
  /** Waits, or less when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What came of it: how the machine stands now, as far as it is known. */
export type PowerState = 'on' | 'off';

/** Times a management board is asked: they are slow, and refuse while somebody else is asking. */
const ATTEMPTS = 3;
const PAUSE_MS = 2_000;
/** Agents wait for the machine to have gone off, which takes a good minute on some. */
const LIMIT_MS = 120_000;
/** Exit status of a fence agent asked about a machine that is off. */
const FENCE_OFF = 2;

/** A program, and what it is given. `readState` tells how the machine stands, null when it failed. */
interface PowerCommand {
  file: string;
  args: string[];
  stdin: string;
  env: Record<string, string>;
  readState(result: ProgramResult): PowerState | null;
}

/**
 * Switches the power of a system, or asks for it. Uses the fence agent of its `power_type`, and `ipmitool` for IPMI
 * boards when there is no agent. Passwords go through standard input or the environment, never into arguments.
 *
 * @param log - Told what is done and what the program says, without the password.
 * @throws AppError UNKNOWN_TARGET, INVALID_ARGUMENT, TOOL_MISSING, or TOOL_FAILED after the third attempt.
 */
export async function switchPower(
  deps: PowerDeps,
  request: { system: string; operation: PowerOperation; signal?: AbortSignal; log(text: string): void },
): Promise<PowerState> {
  const { system, operation, signal, log } = request;
  const values = await deps.readSystem(system);
  if (!values) throw new AppError('UNKNOWN_TARGET', `There is no system ${system}.`);
  const board = readBoard(values);
  for (let attempt = 1; ; attempt++) {
    const command = await makeCommand(deps.programs, board, operation, async (command) => {
      return command.readState(await runCommand(deps.programs, command, signal));
    });
    const result = await runCommand(deps.programs, command, signal);
    const state = command.readState(result);
    if (state !== null) {
      log(`${system}: power ${operation === 'status' ? `is ${state}` : `${operation} done`}.`);
      return state;
    }
    const reason = board.hide(describe(result));
    log(`${system}: power ${operation} failed: ${reason}`);
    signal?.throwIfAborted();
    if (attempt === ATTEMPTS) {
      throw new AppError('TOOL_FAILED', `power ${operation} of ${system} failed ${ATTEMPTS} times: ${reason}`);
    }
    await deps.wait(PAUSE_MS, signal);
  }
}

/** The management board of a machine. */
interface Board {
  /** Name of the fence agent, without `fence_`. */
  agent: string;
  isLanplus: boolean;
  address: string;
  user: string;
  password: string;
  id: string;
  identityFile: string;
  options: string[];
  /** Text without the password. */
  hide(text: string): string;
}

const AGENT = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
const OPTION = /^[a-z][a-z0-9_-]{0,62}(=[^\s]{0,1000})?$/i;

function readBoard(values: ItemData): Board {
  const read = (name: string): string => {
    const value = textOf(values[name]);
    // One line of input is one option of the agent: a value with two lines would be two.
    if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
      throw new AppError('INVALID_ARGUMENT', `${name} holds control characters.`);
    }
    return value;
  };
  const type = read('power_type').replace(/^fence_/, '');
  if (type === '') throw new AppError('CONFLICT', 'no power type set for system');
  if (!AGENT.test(type)) throw new AppError('INVALID_ARGUMENT', 'power_type is not the name of a fence agent.');
  const options = read('power_options')
    .split(/[ ,]+/)
    .filter((word) => word !== '');
  const bad = options.find((word) => !OPTION.test(word));
  if (bad !== undefined)
    throw new AppError('INVALID_ARGUMENT', `power_options: "${bad}" is not of the form name=value.`);
  const password = read('power_pass');
  const isLanplus = type === 'ipmilanplus';
  return {
    agent: isLanplus ? 'ipmilan' : type,
    isLanplus,
    address: read('power_address'),
    user: read('power_user'),
    password,
    id: read('power_id'),
    identityFile: read('power_identity_file'),
    options,
    hide: (text) => (password === '' ? text : text.replaceAll(password, '********')),
  };
}

async function makeCommand(
  programs: Programs,
  board: Board,
  operation: PowerOperation,
  ask: (command: PowerCommand) => Promise<PowerState | null>,
): Promise<PowerCommand> {
  const agent = `fence_${board.agent}`;
  const file = await programs.find(agent);
  if (file !== null) return fenceCommand(file, board, operation);
  if (board.agent === 'ipmilan') {
    const ipmitool = await programs.find('ipmitool');
    if (ipmitool !== null) return ipmiCommand(ipmitool, board, operation, ask);
  }
  const also = board.agent === 'ipmilan' ? ', or the package ipmitool' : '';
  throw new AppError(
    'TOOL_MISSING',
    `${agent} is not installed on this server: install the package fence-agents (on Fedora and its kin ` +
      `fence-agents-${board.agent.replaceAll('_', '-')})${also}.`,
  );
}

/** Fence agents read `name=value` lines. These names are understood by all releases of them. */
function fenceCommand(file: string, board: Board, operation: PowerOperation): PowerCommand {
  const given: [string, string][] = [
    ['ipaddr', board.address],
    ['login', board.user],
    ['passwd', board.password],
    ['port', board.id],
    ['identity_file', board.identityFile],
    ['lanplus', board.isLanplus ? '1' : ''],
  ];
  const lines = [
    `action=${operation}`,
    ...given.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`),
    ...board.options,
  ];
  return {
    file,
    args: [],
    stdin: `${lines.join('\n')}\n`,
    env: {},
    readState({ code }) {
      if (operation === 'status') return code === 0 ? 'on' : code === FENCE_OFF ? 'off' : null;
      return code === 0 ? (operation === 'off' ? 'off' : 'on') : null;
    },
  };
}

/** ipmitool takes the password from the environment with -E. It cannot power-cycle a machine that is off. */
async function ipmiCommand(
  file: string,
  board: Board,
  operation: PowerOperation,
  ask: (command: PowerCommand) => Promise<PowerState | null>,
): Promise<PowerCommand> {
  const make = (verb: string): PowerCommand => ({
    file,
    args: [
      ...['-I', board.isLanplus ? 'lanplus' : 'lan', '-H', board.address],
      ...(board.user === '' ? [] : ['-U', board.user]),
      ...(board.password === '' ? [] : ['-E']),
      ...['chassis', 'power', verb],
    ],
    stdin: '',
    env: { IPMI_PASSWORD: board.password },
    readState({ code, stdout }) {
      if (code !== 0) return null;
      if (verb !== 'status') return verb === 'off' ? 'off' : 'on';
      return /\bis on\b/i.test(stdout) ? 'on' : /\bis off\b/i.test(stdout) ? 'off' : null;
    },
  });
  if (operation !== 'reboot') return make(operation);
  return make((await ask(make('status'))) === 'off' ? 'on' : 'cycle');
}

function runCommand(programs: Programs, command: PowerCommand, signal?: AbortSignal): Promise<ProgramResult> {
  const { file, args, stdin, env } = command;
  return programs.run({ file, args, stdin, env, timeoutMs: LIMIT_MS, ...(signal && { signal }) });
}

/** Why a program failed: the last it said, or how it ended. */
function describe({ code, isTimedOut, stdout, stderr, error }: ProgramResult): string {
  if (isTimedOut) return `it took longer than ${LIMIT_MS / 1000} seconds`;
  if (error !== null) return error;
  const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.trim().slice(0, 300) ?? '';
  return last === '' ? `exit status ${code}` : `${last} (exit status ${code})`;
}
