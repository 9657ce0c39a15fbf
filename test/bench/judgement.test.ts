import { scoreRules, type Scores } from '../../bench/judgement/figures';
import { makeLabelledRuns, type LabelledRun } from '../../bench/judgement/fleet';
import { judgeRuns, type Judged } from '../../bench/judgement/judge';
import { FATES } from '../../src/cli/simulate/play-install';

// What docs/judgement.md promises of 1,000 runs of twelve profiles, on 150 runs of three, after 150 others have taught: an
// installer that counts, one that is silent for long, and images.
const PROFILES = ['web', 'ubuntu', 'kiosk'];
const SEED = 21;

const TAUGHT = 150;

let labels: LabelledRun[];
let judged: Judged;
let scores: Scores;
beforeAll(async () => {
  labels = makeLabelledRuns(2 * TAUGHT, SEED, PROFILES);
  judged = withoutTeachers(await judgeRuns(labels, { learns: true, seed: SEED }));
  scores = scoreRules(judged);
});

function withoutTeachers({ runs, checks }: Judged): Judged {
  const teachers = new Set(labels.slice(0, TAUGHT));
  return { runs: runs.slice(TAUGHT), checks: checks.filter(({ label }) => !teachers.has(label)) };
}

test('the labelled set has every trouble, and is the same for the same seed', () => {
  const fates = new Set(judged.runs.map(({ label }) => label.fate));
  expect([...fates].sort()).toEqual([...FATES].sort());
  expect(makeLabelledRuns(2 * TAUGHT, SEED, PROFILES)).toEqual(labels);
});

test('fewer than one healthy run of two hundred is called stalled', () => {
  expect(scores.falseStalls).toBeLessThan(0.005);
});

test('machines that fall silent are found, three times sooner than after 100 minutes', () => {
  expect(scores.silentFound).toBe(1);
  expect(scores.silentMedian).toBeLessThan(100 / 3);
  expect(scores.silentP90).toBeLessThan(100 / 3);
});

test('machines that only crawl are called late', () => {
  expect(scores.crawlersFound).toBe(1);
});

test('failures fail, second starts begin new runs, questions are shown', () => {
  expect([scores.failedAsPlayed, scores.restartedAsPlayed, scores.questionsShown]).toEqual([1, 1, 1]);
});

test('the range of the time left holds the truth in four of five looks, and is narrower than what is left', () => {
  expect(scores.covered).toBeGreaterThanOrEqual(0.8);
  expect(scores.widthShare).toBeLessThan(1);
  expect(scores.known).toBeGreaterThan(0.8);
});

test('folding the logs again judges no run differently', () => {
  expect(scores.foldAgain).toBe(1);
});

test('the same runs judged by constants are found out later, and nothing is known of their time left', async () => {
  const constant = scoreRules(withoutTeachers(await judgeRuns(labels, { learns: false, seed: SEED })));
  expect(constant.silentMedian).toBeGreaterThan(scores.silentMedian);
  expect(constant.crawlersMedian).toBeGreaterThan(scores.crawlersMedian);
  expect(constant.known).toBe(0);
});
