import { readRun, readTarget } from '../../src/cli/answers';
import { rankClose } from '../../src/cli/look-up';
import { parseAmount, parseSince, parseSpan } from '../../src/cli/option-values';
import { faultSentence, toJson } from '../../src/cli/wire';
import { wireRun } from './support/fake-server';

test('a fault is shown as the sentence inside it', () => {
  expect(faultSentence(`<class 'cobbler.cexceptions.CX'>:'No run has the number "7".'`)).toBe(
    'No run has the number "7".',
  );
  expect(faultSentence(`<class 'ValueError'>:percent must be 0 to 100`)).toBe('percent must be 0 to 100');
  expect(faultSentence(`<class 'cobbler.cexceptions.CX'>:"it\\'s \\xe9\\n"`)).toBe(`it's é\n`);
  expect(faultSentence('something else')).toBe('something else');
});

test('what the API does not know is null for programs and unknown for people', () => {
  expect(toJson({ percent: '~', list: ['~', 1], text: 'x' })).toEqual({ percent: null, list: [null, 1], text: 'x' });
  expect(readRun(wireRun({ percent: '~', reason: '~' }) as never)).toMatchObject({ percent: null, reason: null });
});

test('a phase of a newer server does not break an older command line', () => {
  expect(readRun(wireRun({ phase: 'warp' }) as never).phase).toBe('pending');
});

test('an answer about a profile is told from one about a system', () => {
  const run = wireRun({ run_id: '3', profile: 'web' });
  expect(readTarget('web', { '10.0.0.1': run } as never)).toMatchObject({
    type: 'profile',
    runs: [{ address: '10.0.0.1' }],
  });
  expect(readTarget('web1', { ...run, runs: { finished: 2 }, planned: [] })).toMatchObject({
    type: 'system',
    counts: { finished: 2 },
  });
});

test('a system that was never installed has no run', () => {
  const answer = readTarget('web1', { ...wireRun({ run_id: '~', profile: 'web' }), runs: {}, planned: [] });
  expect(answer).toMatchObject({ type: 'system', run: null, profile: 'web' });
});

test('a mistyped name finds what was meant, nearest first', () => {
  const names = ['web1', 'web2', 'db1', 'sim-0001'];
  expect(rankClose('wbe1', names)).toEqual(['web1']);
  expect(rankClose('web', names)).toEqual(['web1', 'web2']);
  expect(rankClose('zzz', names)).toEqual([]);
});

test('spans and moments are read as people write them', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  expect([parseSpan('90'), parseSpan('15m'), parseSpan('2h')]).toEqual([90_000, 900_000, 7_200_000]);
  expect(parseSince('2h', now)).toBe(now - 7_200_000);
  expect(parseSince('2026-11-22T10:00:00Z', now)).toBe(now - 7_200_000);
  expect(parseSince('2026-11-22', now)).toBe(new Date(2026, 10, 22).getTime());
  expect(() => parseSince('yesterday', now)).toThrow('Write it like');
});

test('an amount of machines is a number or a share', () => {
  expect(parseAmount('3')).toEqual({ count: 3 });
  expect(parseAmount('20%')).toEqual({ share: 0.2 });
  expect(() => parseAmount('120%')).toThrow();
  expect(() => parseAmount('1.5')).toThrow();
});
