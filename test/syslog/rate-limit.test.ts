import { parseLine } from '../../src/syslog/frame';
import { createRateLimit, takeToken } from '../../src/syslog/rate-limit';

const LIMITS = {
  linesPerSecond: 1_000,
  lineBurst: 5_000,
  tellingPerSecond: 10_000,
  tellingBurst: 10_000,
  senders: 50_000,
};
const chatter = parseLine('<30>May 16 20:47:06 web1 udevd[1]: something');
const telling = parseLine('<27>May 16 20:47:06 web1 anaconda[1]: error');

function createLimit(limits: Partial<typeof LIMITS> = {}) {
  return createRateLimit({ ...LIMITS, ...limits }, (line) => line.severity! <= 3);
}

test('a hundred errors inside fifty thousand lines of chatter of one sender all get through', () => {
  const limit = createLimit();
  const counts = { taken: 0, 'chatter-lost': 0, 'telling-lost': 0 };
  let errors = 0;
  for (let n = 0; n < 50_100; n++) {
    const line = n % 501 === 250 ? telling : chatter;
    const admission = limit.admit('10.0.0.1', line, 1_000_000 + n / 50);
    counts[admission] += 1;
    if (line === telling && admission === 'taken') errors += 1;
  }
  expect(errors).toBe(100);
  expect(counts['telling-lost']).toBe(0);
  expect(counts.taken).toBeGreaterThan(5_900); // burst, and a second of it
  expect(counts.taken).toBeLessThan(6_200);
  expect(counts.taken + counts['chatter-lost']).toBe(50_100);
});

test('even what tells something has a bound', () => {
  const limit = createLimit();
  const admissions = Array.from({ length: 20_000 }, () => limit.admit('10.0.0.1', telling, 0));
  expect(admissions.filter((admission) => admission === 'taken')).toHaveLength(15_000);
  expect(admissions.filter((admission) => admission === 'telling-lost')).toHaveLength(5_000);
});

test('one sender that floods takes nothing from another', () => {
  const limit = createLimit();
  for (let n = 0; n < 6_000; n++) limit.admit('10.0.0.1', chatter, 0);
  expect(limit.admit('10.0.0.1', chatter, 0)).toBe('chatter-lost');
  expect(limit.admit('10.0.0.2', chatter, 0)).toBe('taken');
});

test('a sender below the rate never loses a line', () => {
  const limit = createLimit();
  for (let ms = 0; ms < 60_000; ms++) expect(limit.admit('10.0.0.1', chatter, ms)).toBe('taken');
});

test('tokens come back with time up to the burst, and a clock set back gives none', () => {
  const bucket = { tokens: 0, at: 10_000 };
  expect(takeToken(bucket, 10_000, 10, 20)).toBe(false);
  expect(takeToken(bucket, 10_100, 10, 20)).toBe(true);
  expect(takeToken(bucket, 10_100, 10, 20)).toBe(false);
  expect(takeToken(bucket, 5_000, 10, 20)).toBe(false);
  expect(takeToken(bucket, 5_100, 10, 20)).toBe(true);
  expect(takeToken(bucket, 1e9, 10, 20)).toBe(true);
  expect(bucket.tokens).toBe(19);
});

test('a bounded number of senders is remembered, the longest silent one is forgotten', () => {
  const limit = createLimit({ senders: 3, lineBurst: 1, linesPerSecond: 0 });
  for (const [at, peer] of ['a', 'b', 'c', 'a', 'd'].entries()) limit.admit(peer, chatter, at * 2_000);
  expect(limit.senders).toBe(3);
  expect(limit.admit('a', chatter, 10_000)).toBe('chatter-lost'); // still known
  expect(limit.admit('b', chatter, 10_000)).toBe('taken'); // was forgotten
  for (let n = 0; n < 10_000; n++) limit.admit(`10.0.${n >> 8}.${n & 255}`, chatter, 20_000);
  expect(limit.senders).toBe(3);
});
