import type { Task } from '../domain/task';
import type { TaskStore } from '../store/tasks';

/** Longest name of a user that is kept as a reader. */
const MAX_USER = 100;

/**
 * Background tasks, oldest first. With a user: those the user has not seen as they stand now, which are seen then. The
 * empty user sees all and is not noted.
 */
export async function readEvents(tasks: Pick<TaskStore, 'list' | 'markRead'>, user: string): Promise<Task[]> {
  const reader = user.slice(0, MAX_USER);
  const found = await tasks.list(reader === '' ? null : reader);
  if (reader === '') return found;
  await tasks.markRead(
    found.map(({ id }) => id),
    reader,
  );
  return found.map((task) => ({ ...task, readBy: [...task.readBy, reader] }));
}
