/** The outcome in the words of `phases.json`. */
export type Outcome = 'running' | 'blocked' | 'stalled' | 'failed' | 'aborted' | 'complete';

/** One thing the logs say. `line` counts from 1, `time` is as printed; null when there is none. */
export interface LogFact {
  kind: string;
  phase: string | null;
  percent: number | null;
  text: string | null;
  file: string;
  line: number | null;
  time: string | null;
  installer: string | null;
  /** Where else it is said: the same phase, the same words. At most ten. */
  also: { file: string; line: number | null; time: string | null }[];
}

/** An error the logs tell of; `severity`: fatal ends the install, error is kept, blocked waits for a human, warning was got over. */
export interface LogError {
  text: string;
  line: number | null;
  file: string | null;
  severity: 'fatal' | 'error' | 'blocked' | 'warning';
  context: string[];
}

/** What a set of log files says of one install. */
export interface LogVerdict {
  /** null when no line tells. */
  phase: string | null;
  percent: number;
  outcome: Outcome;
  /** Most telling first. */
  errors: LogError[];
  question: string | null;
  /** Name of the installer; null when nobody was recognised. */
  source: string | null;
  facts: LogFact[];
  /** First and last time in the files: ISO 8601 where they carry dates, else as printed; null without any. */
  started: string | null;
  ended: string | null;
  lines: number;
}
