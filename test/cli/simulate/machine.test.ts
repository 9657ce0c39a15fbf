import fc from 'fast-check';
import { countMix, makeFleet } from '../../../src/cli/simulate/fleet';
import { PERSONALITIES, scriptMachine, type MachineScript, type Step } from '../../../src/cli/simulate/machine';
import { createRandom, shuffle } from '../../../src/cli/simulate/random';
import { phaseOrder } from '../../../src/domain/phase';
import { parseMessage } from '../../../src/intake';

const scripts = fc
  .record({ personality: fc.constantFrom(...PERSONALITIES), seed: fc.nat(), withTriggers: fc.boolean() })
  .map((given) => ({ ...given, script: scriptMachine(given.personality, given.seed, given) }));

/** The steps of each start of a machine. */
function turnsOf({ steps }: MachineScript): Step[][] {
  const turns: Step[][] = [];
  for (const step of steps) {
    if (step.isStart || turns.length === 0) turns.push([]);
    turns.at(-1)!.push(step);
  }
  // What was said before the first start belongs to it.
  return turns[0]?.[0]?.isStart ? turns : [[...turns[0]!, ...(turns[1] ?? [])], ...turns.slice(2)];
}

const ends = ({ say }: Step): boolean =>
  (say.kind === 'trigger' && say.mode === 'post') ||
  (say.kind === 'status' && (say.status.state === 'finished' || say.status.state === 'error'));

test('the same seed plays the same story', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PERSONALITIES), fc.nat(), (personality, seed) => {
      const options = { withTriggers: true };
      expect(scriptMachine(personality, seed, options)).toEqual(scriptMachine(personality, seed, options));
    }),
  );
});

test('time only goes forward', () => {
  fc.assert(
    fc.property(scripts, ({ script }) => {
      const times = script.steps.map(({ at }) => at);
      expect(times).toEqual([...times].sort((left, right) => left - right));
      expect(times[0]).toBeGreaterThan(0);
    }),
  );
});

test('within one start, phase and percent never go back', () => {
  fc.assert(
    fc.property(scripts, ({ script }) => {
      for (const turn of turnsOf(script)) {
        const said = turn.flatMap(({ say }) => (say.kind === 'status' ? [say.status] : []));
        const phases = said.flatMap(({ phase }) => (phase ? [phaseOrder(phase)] : []));
        const percents = said.flatMap(({ percent }) => (percent === undefined ? [] : [percent]));
        expect(phases).toEqual([...phases].sort((left, right) => left - right));
        expect(percents).toEqual([...percents].sort((left, right) => left - right));
        for (const percent of percents) expect(percent).toBeLessThan(100);
      }
    }),
  );
});

test('good, slow and pausing machines end once, failing ones with their error, silent and looping ones never', () => {
  fc.assert(
    fc.property(scripts, ({ personality, script }) => {
      const endings = script.steps.filter(ends);
      expect(endings).toHaveLength(personality === 'silent' || personality === 'looping' ? 0 : 1);
      if (personality === 'failing') expect(script.steps.at(-1)!.say).toMatchObject({ status: { state: 'error' } });
      if (script.expected.hasBooted) expect(script.steps.at(-1)!.say).toMatchObject({ mode: 'firstboot' });
    }),
  );
});

test('a looping machine starts three times, each time further than a boot that asks twice', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const script = scriptMachine('looping', seed, { withTriggers: true });
      const turns = turnsOf(script);
      expect(turns).toHaveLength(3);
      expect(script.expected.runs).toBe(3);
      for (const turn of turns) {
        const phases = turn.flatMap(({ say }) => (say.kind === 'status' && say.status.phase ? [say.status.phase] : []));
        expect(phases).toContain('packages');
      }
    }),
  );
});

test('machines that may not use triggers send status messages only', () => {
  fc.assert(
    fc.property(scripts, ({ withTriggers, script }) => {
      if (withTriggers) return;
      expect(script.steps.every(({ say }) => say.kind === 'status')).toBe(true);
      expect(script.expected.hasBooted).toBe(false);
    }),
  );
});

test('a slow machine takes longer than a good one of the same seed', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const last = (personality: 'good' | 'slow'): number =>
        scriptMachine(personality, seed, { withTriggers: false }).steps.at(-1)!.at;
      expect(last('slow')).toBeGreaterThan(last('good'));
    }),
  );
});

test('every status message a machine sends is one the server understands', () => {
  fc.assert(
    fc.property(scripts, ({ script }) => {
      for (const { say } of script.steps) {
        if (say.kind !== 'status') continue;
        const parsed = parseMessage({
          transport: 'update-status',
          receivedAt: 0,
          peer: '127.0.0.1',
          target: { type: null, name: 'sim-0001', address: null },
          hints: { status: { ...say.status, event_id: 'x' } },
          text: '',
        });
        expect(parsed?.drafts).toHaveLength(1);
      }
    }),
  );
});

test('without a wish, one in ten machines has each trouble', () => {
  expect(countMix(10, {})).toEqual({ good: 5, slow: 1, pausing: 1, silent: 1, failing: 1, looping: 1 });
  expect(countMix(3, {})).toEqual({ good: 3, slow: 0, pausing: 0, silent: 0, failing: 0, looping: 0 });
});

test('a wish is fulfilled to the machine, and the rest is good', () => {
  const mix = { failing: { count: 2 }, silent: { share: 0.2 } };
  expect(countMix(10, mix)).toEqual({ good: 6, slow: 0, pausing: 0, silent: 2, failing: 2, looping: 0 });
  expect(() => countMix(2, { failing: { count: 3 } })).toThrow('more than the 2');
});

test('a fleet has as many machines as asked for, each with a name and MAC of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), (total, seed) => {
      const fleet = makeFleet(total, {}, { seed, withTriggers: true });
      expect(fleet).toHaveLength(total);
      expect(new Set(fleet.map(({ name }) => name)).size).toBe(total);
      expect(new Set(fleet.map(({ mac }) => mac)).size).toBe(total);
      for (const { mac } of fleet) expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    }),
    { numRuns: 20 },
  );
});

test('chance is even enough and stays within its bounds', () => {
  const random = createRandom(7);
  const counts = [0, 0, 0, 0];
  for (let index = 0; index < 4_000; index++) counts[random.whole(0, 3)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  expect(shuffle([1, 2, 3, 4], createRandom(1)).sort()).toEqual([1, 2, 3, 4]);
});
