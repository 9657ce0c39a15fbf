import type { Instant, TargetName } from '../domain/event';
import type { RunState } from '../domain/run';
import type { IntakePolicy } from '../domain/target';
import type { Store } from '../store/index';
import { createFindReported } from './find-reported';
import { internalCaller, type Intake } from './intake';
import { createEventReports, type EventReports } from './report-events';
import type { RecordMessage } from './record-message';
import type { TriggerDeps } from './run-install-triggers';
import { createThrottle, type LogSink } from './throttled-log';
import { createUploadLog, type UploadLog } from './upload-log';

/** What the calls of installers take. */
export interface InstallTimeDeps {
  store: Store;
  intake: Intake;
  recordMessage: RecordMessage;
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
  dataDir: string;
  /** Cobbler's setting `anamon_enabled`. */
  isAnamonEnabled(): boolean;
  /** Scripts of administrators, for later. */
  runInstallScripts?: TriggerDeps['runScripts'];
  log: LogSink;
  now(): Instant;
}

/** Machines of one profile looked through for the run of one of them. */
const MAX_MACHINES = 200;

/** What installers call. */
export interface InstallTime {
  uploads: UploadLog;
  triggers: TriggerDeps;
  events: EventReports;
}

/** All of them made to work together: a new install begins with the uploads of the last one read and gone. */
export function createInstallTime(deps: InstallTimeDeps): InstallTime {
  const { store, intake, log } = deps;
  const now = (): Instant => deps.now();
  const warn = createThrottle(log, now);

  async function findState({ type, name, address }: TargetName): Promise<RunState | null> {
    if (type === null) return null;
    const runs = await store.runs.findLatest({ type, name }, type === 'system' ? 1 : MAX_MACHINES);
    return runs.find(({ target }) => type === 'system' || target.address === address)?.state ?? null;
  }
  const findRun = async (target: TargetName): Promise<string | null> => (await findState(target))?.runId ?? null;

  const findReported = createFindReported({
    findTargets: (names) => store.inventory.findTargets(names),
    policy: deps.policy,
    isTrusted: (peer) => deps.isTrusted(peer),
    findRun,
  });
  const uploads = createUploadLog({
    dataDir: deps.dataDir,
    isEnabled: () => deps.isAnamonEnabled(),
    findReported,
    findRun,
    // Who may report was asked when the bytes came; they may be read much later.
    async submit(drafts) {
      const results = await intake.submit({ caller: internalCaller(), drafts });
      return results.map(({ run }) => ({ runId: run?.runId ?? null }));
    },
    uploads: store.uploads,
    log,
    now,
  });
  const clearUploads = async (name: string, peer: string | null): Promise<void> => {
    if (deps.isAnamonEnabled()) await uploads.clear(name, peer);
  };
  const triggers: TriggerDeps = {
    findReported,
    record: deps.recordMessage,
    clearUploads,
    warn,
    runScripts: deps.runInstallScripts,
  };
  const events = createEventReports({
    findReported,
    findRun: findState,
    submit: (drafts, caller) => intake.submit({ caller, drafts }),
    takeLog: (piece) => uploads.takeLog(piece),
    clearLogs: clearUploads,
    warn,
    now,
  });
  return { uploads, triggers, events };
}
