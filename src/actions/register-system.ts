import { AppError } from '../domain/errors';
import { completeValues, initialValues, itemType } from '../domain/inventory';
import { FieldError, isDict, type ItemData, type ItemValue } from '../domain/item-value';
import { RUN_KINDS, type RunKind, type RunState } from '../domain/run';
import { changeInventory, type InventoryDeps, type InventoryTransaction } from './inventory-deps';
import { createDraft, type Draft } from './item-draft';
import { storeItem } from './save-item';

/** Fields of the struct besides those of a system. */
const OWN_FIELDS = ['name', 'interfaces', 'users', 'kind', 'plan'];
/** Interfaces one system may register, as Cobbler's register_new_system. */
const MAX_INTERFACES = 63;
/** Users one call may name. */
const MAX_USERS = 100;

/** What registering came to. */
export interface Registered {
  system: string;
  created: boolean;
  /** The newest run of the system; null when none was planned and it never had one. */
  run: RunState | null;
}

/**
 * Registers a system or brings it up to date: the same call twice changes nothing the second time. Fields not named
 * keep their values; interfaces are merged by name. A planned run opens unless `plan` is false or a run is open.
 *
 * @param info - any field of a system, `interfaces` (name → fields), `users` (contacts to be told of this system),
 * `kind` of the run, `plan`.
 * @param options.mayUpdate - false refuses systems that exist already (callers without a session).
 * @throws AppError INVALID_ARGUMENT, NOT_ALLOWED; FieldError as saving the system does.
 */
export async function registerSystem(
  deps: InventoryDeps,
  info: ItemData,
  options: { by: string | null; mayUpdate: boolean },
): Promise<Registered> {
  const name = requireName(info.name);
  const users = readUsers(info.users);
  const interfaces = readInterfaces(info.interfaces);
  const plan = info.plan === undefined || info.plan === true;
  const kind = readKind(info.kind);
  const type = itemType('system');

  const created = await changeInventory(deps, async (tx) => {
    await tx.items.lockNames(type, [name]);
    const before = await tx.items.get(type, name, { lock: true });
    if (before && !options.mayUpdate) {
      throw new AppError('NOT_ALLOWED', `The system "${name}" exists already; a session is needed to change it.`);
    }
    const values = before
      ? completeValues(type.fields, before.values, deps.settings)
      : { ...initialValues(type.fields, deps.settings), netboot_enabled: false };
    const draft = createDraft(tx, type, values, []);
    if (!before) await write(draft, 'name', name);
    for (const [field, value] of Object.entries(info)) {
      if (!OWN_FIELDS.includes(field)) await write(draft, field, value);
    }
    for (const [part, fields] of Object.entries(interfaces)) await draft.writeParts(toPartKeys(part, fields));
    if (!before || draft.edits.length > 0) await storeItem(tx, { type, before, values: draft.values, by: options.by });
    await subscribeUsers(tx, name, users, options.by);
    if (plan) {
      const change = { system: name, netboot: 'unchanged', plan: kind ?? 'default', by: options.by } as const;
      await deps.onInventoryChange(tx.trx, [change]);
    }
    return before === null;
  });
  const [latest] = await deps.store.runs.findLatest({ type: 'system', name }, 1);
  return { system: name, created, run: latest?.state ?? null };
}

async function write(draft: Draft, field: string, value: ItemValue): Promise<void> {
  if (!(await draft.write(field, value))) {
    throw new AppError('INVALID_ARGUMENT', `A system has no field "${field}".`);
  }
}

function toPartKeys(part: string, fields: ItemData): ItemData {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${field}-${part}`, value]));
}

/** One subscription per user and system, by a name that makes a second call find it. */
async function subscribeUsers(
  tx: InventoryTransaction,
  system: string,
  users: readonly string[],
  by: string | null,
): Promise<void> {
  const type = itemType('subscription');
  for (const user of users) {
    const name = `${system}.${user}`;
    if (await tx.items.has(type, name)) continue;
    const draft = createDraft(tx, type, initialValues(type.fields, tx.deps.settings), []);
    const fields = { name, contact: user, scope_type: 'system', scope: system };
    for (const [field, value] of Object.entries(fields)) await write(draft, field, value);
    await storeItem(tx, { type, before: null, values: draft.values, by });
  }
}

function requireName(value: ItemValue | undefined): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('INVALID_ARGUMENT', 'info needs the name of the system as a string.');
}

function readUsers(value: ItemValue | undefined): string[] {
  if (value === undefined || value === null || value === '') return [];
  const users = typeof value === 'string' ? value.split(/\s+/) : value;
  if (!Array.isArray(users) || !users.every((user) => typeof user === 'string') || users.length > MAX_USERS) {
    throw new AppError('INVALID_ARGUMENT', `users must be an array of at most ${MAX_USERS} names of contacts.`);
  }
  return [...new Set(users)];
}

function readInterfaces(value: ItemValue | undefined): Record<string, ItemData> {
  if (value === undefined || value === null) return {};
  if (!isDict(value) || !Object.values(value).every(isDict)) {
    throw new AppError('INVALID_ARGUMENT', 'interfaces must be a struct of structs, by the name of the interface.');
  }
  if (Object.keys(value).length > MAX_INTERFACES) {
    throw new AppError('INVALID_ARGUMENT', `A system has at most ${MAX_INTERFACES} interfaces here.`);
  }
  return value as Record<string, ItemData>;
}

function readKind(value: ItemValue | undefined): RunKind | null {
  if (value === undefined) return null;
  const kind = RUN_KINDS.find((known) => known === value);
  if (kind === undefined) throw new FieldError('value', `kind must be one of ${RUN_KINDS.join(', ')}.`);
  return kind;
}
