import { createTaskRunner, type TaskKind, type TaskRunner } from '../../src/actions/run-tasks';
import { AppError } from '../../src/domain/errors';
import { MAX_TASK_LINES } from '../../src/domain/task';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/until';

const MINUTE = 60_000;
let database: TestDatabase;
let now: number;
let ids: number;
let errors: unknown[];
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  now = Date.UTC(2026, 10, 22, 13, 16, 1, 500);
  ids = 0;
  errors = [];
});

/** A task that goes on until it is let go. */
function gate(): { run: TaskKind['run']; open(result: boolean): void; begun: Promise<void> } {
  let open: (result: boolean) => void = () => undefined;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const done = new Promise<boolean>((resolve) => (open = resolve));
  return {
    begun,
    open,
    run({ signal }) {
      begin();
      return Promise.race([
        done,
        new Promise<boolean>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
      ]);
    },
  };
}

const taskKind = (run: TaskKind['run'], extra: Partial<TaskKind> = {}): TaskKind => ({
  role: 'sync',
  displayName: () => 'Sync',
  isRepeatable: false,
  limitMs: 60 * MINUTE,
  run,
  ...extra,
});

function startRunner(kind: TaskKind, server = 'one'): TaskRunner {
  return createTaskRunner({
    store: createStore(database.knex),
    kinds: [kind],
    triggers: null,
    server,
    newId: () => (++ids).toString(16).padStart(32, '0'),
    now: () => now,
    log: { info: () => undefined, warn: () => undefined, error: (_s: string, data?: unknown) => errors.push(data) },
  });
}

const store = () => createStore(database.knex).tasks;
const stateOf = async (id: string) => (await store().find(id))?.state;
const logOf = async (id: string) => (await store().readLines(id)).map(({ level, text }) => `${level} ${text}`);
const ended = (id: string) => until('the task ends', async () => (await stateOf(id)) !== 'running');

test('a task is running until it is done, then complete, and its log says so from the first moment to the last', async () => {
  const { run, open, begun } = gate();
  const runner = startRunner(taskKind(run));
  const id = await runner.start('sync', {}, 'jane');
  expect(id).toBe('2026-11-22_131601_Sync_00000000000000000000000000000001');
  expect(await logOf(id)).toEqual([`INFO start_task(sync); event_id(${id})`]);
  expect(await stateOf(id)).toBe('running');
  await runner.step();
  await begun;
  expect(await stateOf(id)).toBe('running');
  open(true);
  await ended(id);
  expect(await stateOf(id)).toBe('complete');
  expect((await logOf(id)).at(-1)).toBe('INFO ### TASK COMPLETE ###');
});

test.each<[string, TaskKind['run'], string]>([
  ['answers false', () => Promise.resolve(false), 'ERROR The task failed.'],
  [
    'says why it cannot be done',
    () => Promise.reject(new AppError('TOOL_MISSING', 'rsync is not installed on this server.')),
    'ERROR rsync is not installed on this server.',
  ],
])('a task that %s is failed', async (_what, run, line) => {
  const runner = startRunner(taskKind(run));
  const id = await runner.start('sync', {}, null);
  await runner.step();
  await ended(id);
  expect(await stateOf(id)).toBe('failed');
  expect((await logOf(id)).slice(-2)).toEqual([line, 'ERROR ### TASK FAILED ###']);
  expect(errors).toEqual([]);
});

test('the cause of a mistake of the server stays in its own log', async () => {
  const runner = startRunner(taskKind(() => Promise.reject(new Error('secret detail'))));
  const { ok, error } = await runner.runNow('sync', {}, null);
  expect([ok, error]).toEqual([false, 'The server made a mistake; its log says which.']);
  expect(errors).toHaveLength(1);
});

test('a task is worked on by one server only, and another one takes it over when that one died', async () => {
  const { run, begun } = gate();
  const first = startRunner(taskKind(run, { isRepeatable: true }), 'one');
  const second = startRunner(
    taskKind(() => Promise.resolve(true), { isRepeatable: true }),
    'two',
  );
  const id = await first.start('sync', {}, null);
  await first.step();
  await begun;
  now += 20_000;
  await second.step();
  expect(await stateOf(id)).toBe('running');
  // The first one says nothing more.
  now += 20_000;
  await second.step();
  await ended(id);
  expect(await stateOf(id)).toBe('complete');
  expect(await logOf(id)).toContainEqual(expect.stringContaining('it is begun again'));
  // What the first one still does changes nothing: it finds that the task is no longer its own.
  await first.step();
  await first.stop();
  expect(await stateOf(id)).toBe('complete');
});

test('a task that must not be done twice is failed when its server died', async () => {
  const { run, begun } = gate();
  const first = startRunner(taskKind(run));
  const id = await first.start('sync', {}, null);
  await first.step();
  await begun;
  // The same server, started again.
  const again = startRunner(taskKind(() => Promise.resolve(true)));
  await again.recover();
  await again.step();
  await ended(id);
  expect(await stateOf(id)).toBe('failed');
  expect(await logOf(id)).toContainEqual(expect.stringContaining('Start it again.'));
  await first.step();
  await first.stop();
});

test('a task that takes servers down is not begun for ever', async () => {
  const runner = startRunner(taskKind(() => Promise.resolve(true), { isRepeatable: true }));
  const id = await runner.start('sync', {}, null);
  await database.knex('tasks').update({ attempts: 3 });
  await runner.step();
  await ended(id);
  expect(await stateOf(id)).toBe('failed');
});

test('a server that is stopped leaves a task that may be begun again to the next one', async () => {
  const { run, begun } = gate();
  const first = startRunner(taskKind(run, { isRepeatable: true }), 'one');
  const id = await first.start('sync', {}, null);
  await first.step();
  await begun;
  await first.stop();
  expect(await stateOf(id)).toBe('running');
  const second = startRunner(
    taskKind(() => Promise.resolve(true), { isRepeatable: true }),
    'two',
  );
  await second.step();
  await ended(id);
  expect(await stateOf(id)).toBe('complete');
});

test('a log is bounded, and says how much was left out', async () => {
  const runner = startRunner(
    taskKind(({ log }) => {
      for (let line = 0; line < MAX_TASK_LINES + 7; line++) log(`line ${line}`);
      return Promise.resolve(true);
    }),
  );
  await runner.runNow('sync', {}, null);
  const [task] = await store().list();
  const lines = await logOf(task!.id);
  expect(lines.slice(-2)).toEqual(['WARNING 7 further lines were left out.', 'INFO ### TASK COMPLETE ###']);
});

test('a line of a log holds no control characters and no second line', async () => {
  const runner = startRunner(
    taskKind(({ log }) => {
      log('one\r\ntwo\u001b[31m red');
      return Promise.resolve(true);
    }),
  );
  await runner.runNow('sync', {}, null);
  const [task] = await store().list();
  expect(await logOf(task!.id)).toEqual(
    expect.arrayContaining(['INFO one', 'INFO two [31m red', 'INFO ### TASK COMPLETE ###']),
  );
});

test('who has seen a task sees it again when it ends', async () => {
  const { run, open } = gate();
  const runner = startRunner(taskKind(run));
  const id = await runner.start('sync', {}, null);
  await runner.step();
  await store().markRead([id], 'alice');
  expect(await store().list('alice')).toEqual([]);
  open(true);
  await ended(id);
  expect((await store().list('alice')).map((task) => task.id)).toEqual([id]);
});

test('more tasks than anybody could wait for are refused with a sentence', async () => {
  const runner = startRunner(taskKind(() => Promise.resolve(true)));
  for (let task = 0; task < 200; task++) await runner.start('sync', {}, null);
  await expect(runner.start('sync', {}, null)).rejects.toThrow('200 background tasks are waiting or running');
});
