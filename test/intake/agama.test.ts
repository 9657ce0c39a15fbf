import { explain } from './samples';
import type { LogVerdict } from '../../src/intake/log-verdict';

const read = (...events: unknown[]): LogVerdict =>
  explain([{ name: 'events.txt', lines: events.map((event) => JSON.stringify(event)) }]);

const stage = (name: string): unknown => ({ type: 'StageChanged', stage: name });
const step = (index: number): unknown => ({
  type: 'ProgressChanged',
  progress: { scope: 'manager', size: 3, steps: ['Vorbereiten', 'Software', 'Einrichten'], step: 'Software', index },
});

test.each([
  ['configuring', 'config', 'running'],
  ['installing', 'packages', 'running'],
  ['finished', 'complete', 'complete'],
])('stage %s is the phase %s', (name, phase, outcome) => {
  expect(read(stage(name))).toMatchObject({ phase, outcome, source: 'agama' });
});

test('the numbers of steps count, not their translated titles', () => {
  expect(read(stage('installing'), step(2))).toMatchObject({ phase: 'packages' });
  expect(read(stage('installing'), step(3))).toMatchObject({ phase: 'configure' });
});

test('a stage that failed ends the install, whatever comes then', () => {
  expect(read(stage('installing'), stage('failed'), stage('finished')).outcome).toBe('failed');
});

test('a question is waited on until it is answered', () => {
  const asked = [stage('installing'), step(2), { type: 'QuestionAdded', id: 7 }];
  expect(read(...asked)).toMatchObject({ outcome: 'blocked', question: 'the installer asks question 7 and waits' });
  expect(read(...asked, { type: 'QuestionAnswered', id: 7 }).outcome).toBe('running');
});

test('events of forms nobody knows, and words of success inside them, move nothing', () => {
  const odd = [
    { type: 'ProgressChanged' },
    { type: 'ProgressChanged', progress: { scope: { stage: 'finished' }, step: 'StageChanged finished' } },
  ];
  expect(read(stage('configuring'), ...odd, { type: 'IssuesChanged', stage: 'failed' })).toMatchObject({
    phase: 'config',
    outcome: 'running',
  });
});
