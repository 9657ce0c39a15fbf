import { readLog } from '../../../src/cli/answers';
import type { Event } from '../../../src/domain/event';
import { toEventStruct } from '../../../src/xmlrpc/methods/run-struct';
import { Double, struct } from '../../../src/xmlrpc/value';

const event = (detail: Event['detail']): Event => ({
  runId: '7',
  seq: 1,
  kind: 'clock-extended',
  source: 'kickwatch',
  occurredAt: 1_000_500,
  recordedAt: 1_000_500,
  claimedAt: null,
  detail,
});

test('an event goes out in names with underscores, its times in seconds', () => {
  const sent = toEventStruct(event({ packagesDone: 3, etaSeconds: 1.5, blindFrom: 990_000, blindTo: 1_000_500 }));
  expect(sent.detail).toEqual(
    struct({
      packages_done: 3,
      eta_seconds: new Double(1.5),
      blind_from: new Double(990),
      blind_to: new Double(1000.5),
    }),
  );
});

test('the command line tool reads back what the server said', () => {
  const wire = { kind: 'clock-extended', detail: { packages_done: 3, blind_from: 990, blind_to: 1000.5 } };
  expect(readLog([wire])[0]!.detail).toEqual({ packagesDone: 3, blindFrom: 990_000, blindTo: 1_000_500 });
});
