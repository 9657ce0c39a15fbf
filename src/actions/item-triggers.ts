import { FieldError } from '../domain/item-value';
import { triggerSentence, type Triggers } from './run-triggers';

/** An item is written (`add`, which an edit is as well) or removed. */
export interface TriggeredChange {
  verb: 'add' | 'delete';
  type: string;
  name: string;
}

/** A caller waits for the scripts before a change, and nothing else may depend on it then. */
const BEFORE_MS = 30_000;
/** Nobody waits for those after it. */
export const AFTER_MS = 300_000;

/** Scripts around changes of items. */
export interface ItemTriggers {
  /** @throws FieldError in Cobbler's words when a script refuses the change. */
  before(change: TriggeredChange): Promise<void>;
  /** The change is made: the scripts after it run in order, and nobody waits for them. */
  after(change: TriggeredChange): void;
}

/** `add/TYPE/pre`, `add/TYPE/post`, `delete/TYPE/pre`, `delete/TYPE/post` and `change`. */
export function createItemTriggers(triggers: Triggers): ItemTriggers {
  return {
    async before({ verb, type, name }) {
      const failure = await triggers.run({ directory: `${verb}/${type}/pre`, args: [name], timeoutMs: BEFORE_MS });
      if (failure) throw new FieldError('rule', triggerSentence(failure));
    },
    after({ verb, type, name }) {
      triggers.enqueue({ directory: `${verb}/${type}/post`, args: [name], timeoutMs: AFTER_MS });
      triggers.enqueue({ directory: 'change', args: [name], timeoutMs: AFTER_MS });
    },
  };
}

/** Makes a change with the scripts around it. `change` answers false when there was nothing to change. */
export async function withTriggers<T>(
  deps: { triggers?: ItemTriggers | undefined },
  change: TriggeredChange,
  make: () => Promise<T>,
): Promise<T> {
  if (!deps.triggers || change.name === '') return make();
  await deps.triggers.before(change);
  const result = await make();
  if (result !== false) deps.triggers.after(change);
  return result;
}
