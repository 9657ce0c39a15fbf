import fc from 'fast-check';
import { AppError } from '../../src/domain/errors';
import type { EventDraft } from '../../src/domain/event';
import { PHASE_IDS } from '../../src/domain/phase';
import { parseMessage } from '../../src/intake';
import { STATUS_FIELDS, STATUS_STATES } from '../../src/intake/update-status';

const ARRIVED = Date.UTC(2026, 10, 22, 12, 0, 0);

function parse(status: unknown, by?: string): EventDraft[] {
  const parsed = parseMessage({
    transport: 'update-status',
    receivedAt: ARRIVED,
    peer: '192.0.2.7',
    target: { type: null, name: 'web1', address: '192.0.2.7' },
    hints: { status, ...(by !== undefined && { by }) },
    text: '',
  });
  expect(parsed?.source).toBe('update-status');
  return parsed!.drafts;
}

function refusal(status: unknown): string {
  try {
    parse(status);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('INVALID_ARGUMENT');
    return (error as AppError).message;
  }
  throw new Error('nothing was thrown');
}

test('an empty message is progress without news', () => {
  expect(parse({})).toEqual([
    {
      kind: 'progress-reported',
      target: { type: null, name: 'web1', address: '192.0.2.7' },
      source: 'update-status',
      receivedAt: ARRIVED,
      claimedAt: null,
      dedupeKey: null,
      runId: null,
      detail: { address: '192.0.2.7' },
    },
  ]);
});

test.each([
  ['started', 'install-started', { phase: 'config' }],
  ['progress', 'progress-reported', {}],
  ['heartbeat', 'heard', {}],
  ['waiting', 'waiting-reported', { question: 'the installer waits for an answer' }],
  ['error', 'install-failed', { error: { text: 'the client reported an error' } }],
  ['terminated', 'install-terminated', { reason: 'reported' }],
  ['finished', 'install-finished', {}],
  ['cancelled', 'run-cancelled', { reason: 'cancelled' }],
])('state %s becomes %s', (state, kind, detail) => {
  const [draft, ...others] = parse({ state });
  expect(others).toEqual([]);
  expect(draft!.kind).toBe(kind);
  expect(draft!.detail).toEqual({ address: '192.0.2.7', ...detail });
});

test('a full message keeps every field', () => {
  const [draft] = parse({
    state: 'progress',
    phase: 'packages',
    percent: 42.5,
    message: 'unpacking',
    eta_seconds: 300,
    event_id: 'a-1',
    occurred_at: 1_795_348_800.25,
    run_id: '17',
    kind: 'reinstall',
  });
  expect(draft).toMatchObject({
    claimedAt: 1_795_348_800_250,
    dedupeKey: 'event:a-1',
    runId: '17',
    detail: { phase: 'packages', percent: 42.5, message: 'unpacking', etaSeconds: 300, kind: 'reinstall' },
  });
});

test('a start in a phase of its own keeps that phase', () => {
  expect(parse({ state: 'started', phase: 'bootstrap' })[0]!.detail.phase).toBe('bootstrap');
});

test('phase complete means the install has finished', () => {
  expect(parse({ phase: 'complete', percent: 100 })[0]!.kind).toBe('install-finished');
});

test('an error that is not fatal does not end the run', () => {
  expect(parse({ state: 'error', error: 'one mirror is gone', fatal: false })[0]).toMatchObject({
    kind: 'error-reported',
    detail: { error: { text: 'one mirror is gone' } },
  });
});

test('an error beside progress does not end the run unless it says so', () => {
  expect(parse({ error: 'slow disk', percent: 10 })[0]).toMatchObject({
    kind: 'error-reported',
    detail: { percent: 10 },
  });
  expect(parse({ error: 'no disk', fatal: true })[0]!.kind).toBe('install-failed');
});

test('an error of state error is described by its message when it has no words of its own', () => {
  expect(parse({ state: 'error', message: 'disk gone' })[0]!.detail.error).toEqual({ text: 'disk gone' });
});

test('an error with the end is kept in front of the end', () => {
  const drafts = parse({ state: 'finished', error: 'two packages skipped', event_id: 'e' });
  expect(drafts.map((draft) => draft.kind)).toEqual(['error-reported', 'install-finished']);
  expect(drafts.map((draft) => draft.dedupeKey)).toEqual(['event:e:error', 'event:e']);
});

test('who cancels is named', () => {
  expect(parse({ state: 'cancelled', message: 'wrong profile' }, 'anna')[0]!.detail).toMatchObject({
    reason: 'wrong profile',
    by: 'anna',
  });
});

test.each([null, '~'])('%p stands for "not given"', (nothing) => {
  const fields = Object.fromEntries(STATUS_FIELDS.map((field) => [field, nothing]));
  expect(parse(fields)).toEqual(parse({}));
});

test.each([
  ['2026-11-22T11:59:30Z', -30_000],
  ['20261122T11:59:30', -30_000],
  ['2026-11-22T12:59:30+01:00', -30_000],
  ['2026-11-22 11:59:30.5', -29_500],
  [1_795_348_800, 0],
])('occurred_at %p is read', (value, difference) => {
  expect(parse({ occurred_at: value })[0]!.claimedAt! - ARRIVED).toBe(difference);
});

test.each([
  [{ percent: 140 }, 'status field percent is 140; it must be a number from 0 to 100.'],
  [{ percent: -1 }, 'status field percent is -1; it must be a number from 0 to 100.'],
  [{ percent: '50' }, 'status field percent is "50"; it must be a number from 0 to 100.'],
  [{ percent: true }, 'status field percent is true; it must be a number from 0 to 100.'],
  [{ percent: NaN }, 'status field percent is NaN; it must be a number from 0 to 100.'],
  [{ phase: 'lunch' }, `status field phase is "lunch"; it must be one of ${PHASE_IDS.join(', ')}.`],
  [{ phase: 'toString' }, `status field phase is "toString"; it must be one of ${PHASE_IDS.join(', ')}.`],
  [{ state: 'done' }, `status field state is "done"; it must be one of ${STATUS_STATES.join(', ')}.`],
  [{ state: {} }, `status field state is a struct; it must be one of ${STATUS_STATES.join(', ')}.`],
  [{ message: { a: 1 } }, 'status field message is a struct; it must be a string.'],
  [{ message: 5 }, 'status field message is 5; it must be a string.'],
  [{ error: ['x'] }, 'status field error is an array; it must be a string.'],
  [{ error: new Uint8Array(2) }, 'status field error is binary data; it must be a string.'],
  [{ fatal: 'no' }, 'status field fatal is "no"; it must be a boolean.'],
  [{ eta_seconds: -5 }, 'status field eta_seconds is -5; it must be a number from 0 to 31536000.'],
  [{ event_id: '' }, 'status field event_id is ""; it must be a string of 1 to 200 characters.'],
  [{ event_id: 'a\u0000b' }, 'status field event_id is "a b"; it must be a string of 1 to 200 characters.'],
  [
    { occurred_at: 'yesterday' },
    'status field occurred_at is "yesterday"; it must be a dateTime or seconds since 1970, between the years 2000 and 2100.',
  ],
  [
    { occurred_at: 1_795_348_800_000 },
    'status field occurred_at is 1795348800000; it must be a dateTime or seconds since 1970, between the years 2000 and 2100.',
  ],
  [
    { kind: 'party' },
    'status field kind is "party"; it must be one of install, reinstall, virt, image, upgrade, other.',
  ],
  [{ percnt: 5 }, `status has no field "percnt"; allowed are ${STATUS_FIELDS.join(', ')}.`],
  [{ __proto__: null, constructor: 1 }, `status has no field "constructor"; allowed are ${STATUS_FIELDS.join(', ')}.`],
  ['installing', 'status must be a struct, not "installing".'],
  [null, 'status must be a struct, not null.'],
  [[], 'status must be a struct, not an array.'],
])('%p is refused in one sentence', (status, sentence) => {
  expect(refusal(status)).toBe(sentence);
});

test('fatal without an error is refused', () => {
  expect(refusal({ state: 'finished', fatal: true })).toContain('status field fatal');
});

test('text is stored without control characters and cut when it is too long', () => {
  const [draft] = parse({ message: `a\u0000b\u001b[31m${'x'.repeat(9_000)}` });
  expect(draft!.detail.message).toMatch(/^a b \[31mx+…$/);
  expect(draft!.detail.message).toHaveLength(4_000);
});

test('any struct is either understood or refused with INVALID_ARGUMENT', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...STATUS_FIELDS, 'other'), fc.anything({ withNullPrototype: true })),
      (status) => {
        try {
          for (const draft of parse(status)) expect(JSON.parse(JSON.stringify(draft))).toEqual(draft);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
