import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import type { Contact } from '../domain/notification';
import type { RunState } from '../domain/run';
import type { RequestedNotification } from '../store/notifications';
import type { RunCriteria } from '../store/runs';
import type { Store } from '../store/index';

/** What asking for messages needs. */
export interface SendDeps {
  store: Store;
  now(): Instant;
  newId(): string;
  /** Channels that the settings configure, most wanted first. */
  channels: readonly string[];
  /** Called when something is to be sent at once. */
  nudge?(): void;
}

/** Who was asked to be told, and of how many runs. */
export interface SendResult {
  contacts: string[];
  runs: number;
}

/** Runs looked through for the newest of each machine. */
const MAX_RUNS = 1_000;

/**
 * Tells contacts how matching machines stand now: the newest matching run of each. One message per contact, on its first
 * channel that is configured; no grouping, no waiting.
 *
 * @param contacts - names; empty means the caller's own contacts.
 * @param by - user who asks.
 * @throws AppError INVALID_ARGUMENT when nothing matches, a contact does not exist or cannot be reached.
 */
export async function sendStatus(
  deps: SendDeps,
  criteria: RunCriteria,
  contacts: readonly string[],
  by: string,
): Promise<SendResult> {
  const people = await findContacts(deps, contacts, by);
  const found = await deps.store.runs.find({ ...criteria, limit: MAX_RUNS });
  const newest = new Map<number, RunState>();
  for (const run of found) if (!newest.has(run.targetId)) newest.set(run.targetId, run.state);
  const runIds = [...newest.values()].slice(0, criteria.limit).map((run) => run.runId);
  if (runIds.length === 0) throw invalid('No run matches; nothing was sent.');
  const request = `on demand:${deps.newId()}`;
  await store(
    deps,
    people.map((contact) => ({
      request,
      contact: contact.name,
      channel: channelsOf(deps, contact)[0]!,
      reason: 'on demand',
      detail: { runIds, note: `Asked for by ${by}.` },
    })),
  );
  return { contacts: people.map((contact) => contact.name), runs: runIds.length };
}

/**
 * Sends a trial message to every address of the contacts, disabled ones too: one that arrives is enabled again.
 *
 * @throws AppError INVALID_ARGUMENT as `sendStatus`.
 */
export async function sendTest(deps: SendDeps, contacts: readonly string[], by: string): Promise<SendResult> {
  const people = await findContacts(deps, contacts, by);
  const request = `test:${deps.newId()}`;
  await store(
    deps,
    people.flatMap((contact) =>
      channelsOf(deps, contact).map((channel) => ({
        request,
        contact: contact.name,
        channel,
        reason: 'test' as const,
        detail: { note: `Sent by ${by}.` },
      })),
    ),
  );
  return { contacts: people.map((contact) => contact.name), runs: 0 };
}

async function findContacts(deps: SendDeps, names: readonly string[], by: string): Promise<Contact[]> {
  if (deps.channels.length === 0) {
    throw invalid('Nothing can be sent: neither SMTP_URL nor TWILIO_ACCOUNT_SID is set.');
  }
  const wanted = names.length > 0 ? [...new Set(names)] : await deps.store.contacts.findOfUser(by);
  if (wanted.length === 0) throw invalid(`No contact belongs to the user "${by}"; name whom to tell.`);
  const found = await deps.store.contacts.find(wanted);
  const missing = wanted.find((name) => !found.some((contact) => contact.name === name));
  if (missing !== undefined) throw invalid(`No contact is called "${missing}".`);
  const unreachable = found.find((contact) => channelsOf(deps, contact).length === 0);
  if (unreachable) {
    throw invalid(`The contact "${unreachable.name}" has no address for ${deps.channels.join(' or ')}.`);
  }
  return found;
}

function channelsOf(deps: SendDeps, contact: Contact): string[] {
  return deps.channels.filter((channel) => (contact.addresses[channel]?.length ?? 0) > 0);
}

async function store(deps: SendDeps, wanted: RequestedNotification[]): Promise<void> {
  await deps.store.notifications.request(wanted, deps.now());
  deps.nudge?.();
}

function invalid(sentence: string): AppError {
  return new AppError('INVALID_ARGUMENT', sentence);
}
