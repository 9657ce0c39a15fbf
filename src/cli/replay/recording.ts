import { CliError } from '../cli-error';
import { findLogFiles, readLines } from '../read-lines';
import { createFrameReader, renderFrame, routeOf, stampOf, type Route } from './line-frames';
import { planSchedule, type Schedule } from './schedule';

/** Lines of all files together: an install that logs everything says some 20,000. */
const MAX_LINES = 1_000_000;

/** One recorded file. */
export interface RecordedFile {
  /** Bare name. */
  name: string;
  route: Route;
  lines: string[];
}

/**
 * Reads the files a command line names, whole.
 *
 * @param via - the way they all are to go; null: each as its installer would have sent it.
 * @throws CliError for files that cannot be read, and more than a million lines.
 */
export async function readRecording(given: readonly string[], via: Route | null): Promise<RecordedFile[]> {
  const files: RecordedFile[] = [];
  let count = 0;
  for (const { path, name } of await findLogFiles(given)) {
    const lines: string[] = [];
    for await (const line of readLines(path)) {
      lines.push(line);
      count += 1;
      if (count > MAX_LINES) throw new CliError(`The logs have more than ${MAX_LINES} lines; replay fewer of them.`);
    }
    files.push({ name, route: via ?? routeOf(name, lines), lines });
  }
  if (count === 0) throw new CliError('The logs are empty: there is nothing to replay.');
  return files;
}

/** One piece of a recording, as it goes out. */
export type Parcel =
  | { route: 'syslog'; frame: string }
  | { route: 'upload'; file: number; lines: number }
  | { route: 'webhook'; event: string };

/** A parcel and when it goes, milliseconds after the first. */
export interface TimedParcel {
  at: number;
  parcel: Parcel;
}

/**
 * What goes out when. Pure.
 *
 * @param options.host - the host that frames name; null: the one the file has is not known, `localhost`.
 * @param options.today - milliseconds since 1970, for times without a date.
 */
export function packRecording(
  files: readonly RecordedFile[],
  options: { speed: number; host: string | null; today: number },
): { parcels: TimedParcel[]; schedule: Schedule } {
  const schedule = planSchedule(
    files.map(({ lines }) => lines),
    options.speed,
  );
  const readers = files.map(({ name }) => createFrameReader(name));
  const parcels = schedule.lines.flatMap(({ file, line, at, time }): TimedParcel[] => {
    const { route, lines } = files[file]!;
    const text = lines[line]!;
    if (route === 'upload') return [{ at, parcel: { route, file, lines: line + 1 } }];
    if (text.trim() === '') return [];
    if (route === 'webhook') return text.startsWith('{') ? [{ at, parcel: { route, event: text } }] : [];
    const frame = renderFrame(readers[file]!(text), options.host ?? 'localhost', stampOf(time, options.today));
    return [{ at, parcel: { route, frame } }];
  });
  return { parcels, schedule };
}
