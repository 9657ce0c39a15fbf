import type { ItemValue } from '../../domain/item-value';
import { isDict } from '../../domain/item-value';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { inParallel } from '../simulate/register';
import { WireDouble, type WireStruct, type WireValue } from '../wire';
import { dropAttribute, fileFieldsOf, type Plan, type Step } from './plan';
import { IMPORTED_TYPES, type Remark } from './old-site';

/** How a plan is carried out. */
export interface ApplyOptions {
  /** Kernels and initrds are named though the server has no such files. */
  forcePaths: boolean;
  signal: AbortSignal;
  onProgress(text: string): void;
}

/** What became of the steps. */
export interface Applied {
  remarks: Remark[];
  /** Steps that were carried out; those missing were refused, or not reached. */
  done: Set<Step>;
  isInterrupted: boolean;
}

/**
 * Takes out of the plan the paths of files the server does not have. It is asked by editing an item that is never saved.
 */
export async function dropMissingFiles(client: Client, plan: Plan): Promise<void> {
  const steps = plan.steps.filter((step) => fileFieldsOf(step).length > 0);
  await inParallel(
    steps,
    () => undefined,
    async (step) => {
      const handle = await client.ask(`new_${step.type.name}`, []);
      for (const field of fileFieldsOf(step)) {
        const why = await refusal(client, step, handle, field, step.attributes[field]!);
        if (why !== null) leaveOut(plan.remarks, step, field, why);
      }
    },
  );
}

/** Carries out the steps, parents first, each in one call that takes effect as a whole. */
export async function applyPlan(client: Client, plan: Plan, options: ApplyOptions): Promise<Applied> {
  const applied: Applied = { remarks: [], done: new Set(), isInterrupted: false };
  for (const type of IMPORTED_TYPES) {
    const steps = plan.steps.filter((step) => step.type === type && step.action !== 'same');
    let written = 0;
    for (const level of new Set(steps.map((step) => step.level).sort((a, b) => a - b))) {
      const batch = steps.filter((step) => step.level === level);
      await inParallel(
        batch,
        () => options.onProgress(`wrote ${++written} of ${steps.length} ${type.plural}`),
        async (step) => {
          if (options.signal.aborted) applied.isInterrupted = true;
          else await applyStep(client, step, options, applied);
        },
      );
    }
  }
  return applied;
}

async function applyStep(client: Client, step: Step, options: ApplyOptions, applied: Applied): Promise<void> {
  try {
    await write(client, step, options);
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    const before = applied.remarks.length;
    await dropRefused(client, step, options, applied.remarks);
    const isMended = applied.remarks.length > before;
    if (!isMended || !(await tryAgain(client, step, options))) {
      const why = isMended ? 'the server refuses it, also without what is left out' : error.message;
      applied.remarks.push({ what: 'refused', type: step.type.name, name: step.name, field: null, why });
      return;
    }
  }
  applied.done.add(step);
}

async function tryAgain(client: Client, step: Step, options: ApplyOptions): Promise<boolean> {
  if (step.action === 'same') return true;
  try {
    await write(client, step, options);
    return true;
  } catch (error) {
    if (error instanceof ServerFault) return false;
    throw error;
  }
}

async function write(client: Client, { type, name, action, attributes }: Step, options: ApplyOptions): Promise<void> {
  const sent: WireStruct = { ...(toWire(attributes) as WireStruct), name };
  if (options.forcePaths && type.fields.some((field) => field.isFile)) sent['force_paths'] = true;
  await client.ask('xapi_object_edit', [type.name, name, action, sent]);
}

/** Tries the values of a refused item one by one, on an item that is never saved, and leaves out those that are refused. */
async function dropRefused(client: Client, step: Step, options: ApplyOptions, remarks: Remark[]): Promise<void> {
  const handle = await client.ask(`new_${step.type.name}`, []);
  await refusal(client, step, handle, 'name', step.name);
  // What an item inherits decides on what it may hold: names of other items first, as the server writes them.
  const unforced = Object.keys(step.attributes).filter((field) => field !== 'name' && !isForced(step, field, options));
  const isAbove = (field: string): number => (step.type.parents.includes(field) ? 0 : 1);
  for (const field of unforced.sort((a, b) => isAbove(a) - isAbove(b))) {
    const why = await refusal(client, step, handle, field, step.attributes[field]!);
    if (why !== null) leaveOut(remarks, step, field, why);
  }
}

function isForced(step: Step, field: string, { forcePaths }: ApplyOptions): boolean {
  return forcePaths && fileFieldsOf(step).includes(field);
}

function leaveOut(remarks: Remark[], step: Step, field: string, why: string): void {
  dropAttribute(step, field);
  remarks.push({ what: 'left out', type: step.type.name, name: step.name, field, why });
}

/** Why the server refuses a value of an unsaved item; null when it takes it. */
async function refusal(
  client: Client,
  { type }: Step,
  handle: WireValue,
  field: string,
  value: ItemValue,
): Promise<string | null> {
  try {
    await client.ask(`modify_${type.name}`, [handle, field, toWire(value)]);
    return null;
  } catch (error) {
    if (error instanceof ServerFault) return error.message;
    throw error;
  }
}

/** A value as the client sends it: fractions and numbers beyond 32 bits as doubles. */
export function toWire(value: ItemValue): WireValue {
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : new WireDouble(String(value));
  }
  if (Array.isArray(value)) return value.map(toWire);
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toWire(entry)]));
}
