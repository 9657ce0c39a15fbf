import { createTurns, type Turned } from '../../src/syslog/turns';

/** A connection whose parts take their time: with 1 ms per part and turns of 1 ms each turn takes one or two. */
function slow(name: string, log: string[], partMs = 1): Turned {
  return {
    take(part) {
      const end = performance.now() + partMs;
      while (performance.now() < end);
      log.push(`${name} ${part.length}`);
    },
    finish: () => log.push(`${name} ends`),
    pause: () => log.push(`${name} paused`),
    resume: () => log.push(`${name} goes on`),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what fits into a turn is worked off at once', () => {
  const log: string[] = [];
  const a = slow('a', log, 0);
  const turns = createTurns(1_000);
  turns.offer(a, Buffer.alloc(100));
  turns.offer(a, Buffer.alloc(200));
  turns.close(a);
  expect(log).toEqual(['a 100', 'a 200', 'a ends']);
});

test('beyond the time of a turn connections wait, and go on in later ones with nothing lost', async () => {
  const log: string[] = [];
  const turns = createTurns(1);
  const [a, b] = [slow('a', log), slow('b', log)];
  turns.offer(a, Buffer.alloc(40_000));
  turns.offer(b, Buffer.alloc(20_000));
  turns.close(b);
  expect(log.filter((entry) => entry.endsWith('paused'))).toEqual(['a paused', 'b paused']);
  expect(log).not.toContain('b ends');
  for (let n = 0; n < 100 && !(log.includes('b ends') && log.includes('a goes on')); n++) await turn();
  const bytes = (name: string) =>
    log.reduce((sum, entry) => sum + (entry.startsWith(name) ? Number(entry.split(' ')[1]) || 0 : 0), 0);
  expect([bytes('a'), bytes('b')]).toEqual([40_000, 20_000]);
  expect(log.filter((entry) => /ends|goes on/.test(entry)).sort()).toEqual(['a goes on', 'b ends']);
  expect(log.findIndex((entry) => entry.startsWith('b 8192'))).toBeLessThan(log.indexOf('a goes on'));
});

test('draining works off everything that waits', () => {
  const log: string[] = [];
  const turns = createTurns(1);
  const a = slow('a', log);
  turns.offer(a, Buffer.alloc(40_000));
  turns.close(a);
  turns.drain();
  expect(log.at(-1)).toBe('a ends');
});
