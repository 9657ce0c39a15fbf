import fc from 'fast-check';
import { isPhase, phaseBand } from '../../src/domain/phase';
import { explain, loadSamples, watch, type Arrival, type Sample } from './samples';

const SAMPLES = loadSamples();
const SHARES = [0.25, 0.5, 0.75];

function cut(files: Sample['files'], share: number): Sample['files'] {
  return files.map(({ name, lines }) => ({ name, lines: lines.slice(0, Math.floor(lines.length * share)) }));
}

describe.each(SAMPLES.map((sample) => [sample.name, sample] as const))('%s', (_, { files, phase, outcome, error }) => {
  const whole = explain(files);

  test('gets the verdict its lines support', () => {
    expect([whole.phase, whole.outcome]).toEqual([phase, outcome]);
    if (isPhase(whole.phase)) {
      const [low, high] = phaseBand(whole.phase);
      expect(whole.percent).toBeGreaterThanOrEqual(low);
      expect(whole.percent).toBeLessThanOrEqual(high);
    }
    if (error !== undefined) expect(whole.errors[0]!.text).toContain(error);
    expect(whole.errors.some(({ severity }) => severity === 'fatal')).toBe(outcome === 'failed');
  });

  test.each(SHARES)('cut at %f is never complete, and not failed unless it had failed', (share) => {
    const verdict = explain(cut(files, share));
    expect(verdict.outcome).not.toBe('complete');
    if (outcome !== 'failed') expect(verdict.outcome).not.toBe('failed');
    expect(verdict.outcome).not.toBe('aborted');
  });

  test('with every line twice gets the same verdict', () => {
    const verdict = explain(files.map(({ name, lines }) => ({ name, lines: lines.flatMap((line) => [line, line]) })));
    expect([verdict.phase, verdict.outcome]).toEqual([phase, outcome]);
  });

  test('watched as it arrives gets the same verdict, whichever file comes late', () => {
    for (const order of [files, [...files].reverse()]) {
      const arrivals = order.map(({ name, lines }): Arrival => ({ file: name, lines }));
      expect(watch(arrivals)).toEqual({ phase, outcome });
    }
  });

  test('watched as its files arrive beside each other gets the same verdict', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 400 })), { maxLength: 30 }), (turns) => {
        expect(watch(interleave(files, turns))).toEqual({ phase, outcome });
      }),
      { numRuns: 10 },
    );
  });
});

/** Deals the lines of the files out in turns of (which file, how many lines); what is left comes at the end. */
function interleave(files: Sample['files'], turns: readonly (readonly [number, number])[]): Arrival[] {
  const left = files.map(({ name, lines }) => ({ name, lines, at: 0 }));
  const arrivals: Arrival[] = [];
  for (const [which, many] of turns) {
    const file = left[which % left.length]!;
    arrivals.push({ file: file.name, lines: file.lines.slice(file.at, file.at + many) });
    file.at += many;
  }
  for (const { name, lines, at } of left) arrivals.push({ file: name, lines: lines.slice(at) });
  return arrivals.filter(({ lines }) => lines.length > 0);
}
