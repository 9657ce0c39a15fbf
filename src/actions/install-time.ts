import type { Instant, TargetName } from '../domain/event';
import type { IntakePolicy } from '../domain/target';
import type { Store } from '../store/index';
import { createFindReported } from './find-reported';
import { internalCaller, type Intake } from './intake';
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
  log: LogSink;
  now(): Instant;
}

/** Machines of one profile looked through for the run of one of them. */
const MAX_MACHINES = 200;

/** Triggers and uploads, made to work together: a new install begins with the uploads of the last one read and gone. */
export function createInstallTime(deps: InstallTimeDeps): { uploads: UploadLog; triggers: TriggerDeps } {
  const { store, intake, log } = deps;
  const now = (): Instant => deps.now();
  const warn = createThrottle(log, now);

  async function findRun({ type, name, address }: TargetName): Promise<string | null> {
    if (type === null) return null;
    const runs = await store.runs.findLatest({ type, name }, type === 'system' ? 1 : MAX_MACHINES);
    return runs.find(({ target }) => type === 'system' || target.address === address)?.id ?? null;
  }

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
  const triggers: TriggerDeps = {
    findReported,
    record: deps.recordMessage,
    clearUploads: async (name, peer) => {
      if (deps.isAnamonEnabled()) await uploads.clear(name, peer);
    },
    warn,
  };
  return { uploads, triggers };
}
