import { CliError, EXIT } from '../cli-error';
import type { Client } from '../client';
import { print, printJson } from '../terminal';
import { plainLine } from '../text-width';
import { pause } from '../watch';
import type { WireValue } from '../wire';
import type { GrammarContext } from './grammar-context';

/** Time between two looks at a task: short at first, as most are done at once. */
const FIRST_LOOK_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** What get_task_status says. */
interface TaskStatus {
  startedAt: number;
  name: string;
  state: string;
}

/**
 * Follows a background task to its end: prints its log as it grows, and ends with an error when it failed. Ctrl-c stops
 * the looking, not the task.
 *
 * @param answer - what the call that started the task answered: its id.
 */
export async function followTask(
  context: GrammarContext,
  client: Client,
  answer: WireValue,
  json: boolean,
): Promise<void> {
  const { terminal, manner } = context;
  if (typeof answer !== 'string') {
    throw new CliError('The server started no background task: it answered no id.');
  }
  const isCobbler = manner === 'cobbler';
  if (!json) print(terminal, `task started: ${answer}`);
  const { signal } = context.untilInterrupted();
  let shown = 0;
  let log = '';
  for (let wait = FIRST_LOOK_MS, first = true; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS), first = false) {
    const status = readTaskStatus(await client.call('get_task_status', [answer]));
    if (first && isCobbler) print(terminal, `task started (id=${status.name}, time=${pythonTime(status.startedAt)})`);
    log = readLog(await client.call('get_event_log', [answer]));
    const isOver = status.state === 'complete' || status.state === 'failed';
    // A line that is still being written is left for the next look.
    const end = isOver ? log.length : log.lastIndexOf('\n') + 1;
    if (!json && end > shown) for (const line of logLines(log.slice(shown, end))) print(terminal, line);
    shown = Math.max(shown, end);
    if (isOver) return finish(context, answer, status, json ? log : null);
    await pause(wait, signal);
    if (signal.aborted) {
      throw new CliError(`${status.name} goes on without being watched.`, { hints: [`Its number is ${answer}`] });
    }
  }
}

function finish(context: GrammarContext, id: string, { name, state }: TaskStatus, log: string | null): void {
  const { terminal, manner } = context;
  const isFailed = state === 'failed';
  if (isFailed) context.exitCode = EXIT.error;
  if (log !== null) return printJson(terminal, { task: id, name, state, log: logLines(log) });
  if (manner === 'cobbler') return print(terminal, isFailed ? '!!! TASK FAILED !!!' : '*** TASK COMPLETE ***');
  const { colors } = terminal;
  print(terminal, isFailed ? colors.red(`${name} failed.`) : colors.green(`${name} is complete.`));
}

function readTaskStatus(value: WireValue): TaskStatus {
  const [startedAt, name, state] = Array.isArray(value) ? value : [];
  if (typeof name !== 'string' || typeof state !== 'string') {
    throw new CliError('The server answered get_task_status with something else than a task.');
  }
  return { startedAt: typeof startedAt === 'number' ? startedAt : 0, name, state };
}

/** `?` stands for a log there is not, or not yet. */
function readLog(value: WireValue): string {
  return typeof value === 'string' && value !== '?' ? value : '';
}

/** Lines without `[ID] DATE - LEVEL | `, and without the marks of the end, for which the state speaks. */
function logLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => plainLine(line.replace(/^\[[^\]]{0,200}\] [^|]{1,40} - [A-Z]{1,10} \| /, '')))
    .filter((line) => line !== '' && !/^### TASK (?:COMPLETE|FAILED) ###$/.test(line));
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Local time as C's asctime writes it. */
function pythonTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = String(at.getDate()).padStart(2, ' ');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${DAYS[at.getDay()]!} ${MONTHS[at.getMonth()]!} ${day} ${time} ${at.getFullYear()}`;
}
