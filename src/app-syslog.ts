import { createSenderBinder, type SenderBinder } from './actions/bind-senders';
import type { Intake, CommitListener } from './actions/intake';
import { createLiveLogs, type LiveLogs } from './actions/keep-live-logs';
import { createSyslogIntake, type SyslogIntake } from './actions/take-syslog';
import type { Config } from './config';
import type { IntakePolicy } from './domain/target';
import { isTellingLine } from './intake/stream-reader';
import { isTrailTag } from './intake/sighting';
import type { Store } from './store/index';
import { createSyslogListener, type SyslogListener } from './syslog/listener';

/** What the live logs take. */
export interface AppSyslogDeps {
  config: Pick<Config, 'syslog' | 'tls' | 'dataDir'>;
  store: Store;
  intake: Intake;
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
  now(): number;
  warn(key: string, sentence: string, fields?: Record<string, unknown>): void;
}

/** Live logs: the sockets, and what becomes of their lines. */
export interface AppSyslog {
  listener: SyslogListener;
  intake: SyslogIntake;
  logs: LiveLogs;
  binder: SenderBinder;
  /** Is told of every commit. */
  onCommit: CommitListener;
}

/** Puts the listener and the intake of live logs together; nothing listens before `listener.start`. */
export function createAppSyslog(deps: AppSyslogDeps): AppSyslog {
  const { config, now, warn } = deps;
  const isTrusted = remembered(deps.isTrusted);
  const binder = createSenderBinder({ store: deps.store, now });
  const logs = createLiveLogs({ dataDir: config.dataDir, warn });
  const intake = createSyslogIntake({ ...deps, binder, isTrusted, logs });
  const listener = createSyslogListener({
    ...config.syslog,
    tls: config.tls,
    onLines: (batch) => intake.take(batch),
    isTelling: (line) => isTrailTag(line.tag) || isTellingLine(line),
    warn,
    now,
  });
  return { listener, intake, logs, binder, onCommit: (written) => binder.watch(written) };
}

/** Peers whose answer is remembered. */
const MAX_PEERS = 10_000;

/** The same answers, looked up once per peer: networks are compared for every batch of lines. */
function remembered(isTrusted: (peer: string) => boolean): (peer: string) => boolean {
  const answers = new Map<string, boolean>();
  return (peer) => {
    let answer = answers.get(peer);
    if (answer === undefined) {
      if (answers.size >= MAX_PEERS) answers.clear();
      answer = isTrusted(peer);
      answers.set(peer, answer);
    }
    return answer;
  };
}
