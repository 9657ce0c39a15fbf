import { createFrameReader, renderFrame, routeOf, stampOf } from '../../../src/cli/replay/line-frames';
import { timeOfLine } from '../../../src/intake/line-time';
import { parseLine } from '../../../src/syslog/frame';

/** What a server's listener makes of a line of a file. */
function received(
  file: string,
  line: string,
): { tag: string; text: string; severity: number | null; host: string | null } {
  const frame = renderFrame(createFrameReader(file)(line), 'web1', 'May 16 20:47:06');
  const { tag, text, severity, host } = parseLine(frame);
  return { tag, text, severity, host };
}

test.each([
  ['anaconda.log', '20:47:06,412 INFO anaconda: /sbin/anaconda 21', 'anaconda', '/sbin/anaconda 21', 6],
  ['packaging.log', '20:47:09,915 INFO packaging: configuring base repo', 'packaging', 'configuring base repo', 6],
  [
    'anaconda.log',
    '05:00:06,773 ERR payload.manager: no such repo',
    'anaconda',
    'anaconda: payload.manager: no such repo',
    3,
  ],
  ['program.log', '05:00:06,249 INF program: Running... true', 'anaconda', 'program: Running... true', 6],
  ['anaconda.log', '20:50:56,592 WARNING : no kickstart', 'anaconda', 'no kickstart', 4],
  ['sys.log', '20:47:06,633 NOTICE kernel:Linux version 3', 'kernel', 'Linux version 3', 5],
  ['syslog', 'Apr 11 00:57:11 main-menu[123]: (process:1): x', 'main-menu', '(process:1): x', 6],
  ['tcp514.log', '<139>May 16 20:47:06 localhost anaconda[1491]: broken', 'anaconda', 'broken', 3],
])('%s: %s goes as its installer sends it', (file, line, tag, text, severity) => {
  expect(received(file, line)).toEqual({ tag, text, severity, host: 'web1' });
});

test('the lines of a call stack go with the tag of the line before them', () => {
  const read = createFrameReader('anaconda.log');
  read('20:47:06,412 ERROR anaconda: Traceback (most recent call last):');
  expect(read('  File "x.py", line 1')).toMatchObject({ tag: 'anaconda', text: '  File "x.py", line 1' });
});

test.each([
  ['anaconda.log', '20:47:06,412 INFO anaconda: x', 'syslog'],
  ['syslog', 'Apr 11 00:57:11 main-menu[123]: x', 'syslog'],
  ['journal.txt', 'Jul 24 15:20:51 ubuntu-server kernel: x', 'syslog'],
  ['events.jsonl', '{"name": "subiquity/Install", "description": "x", "event_type": "start"}', 'webhook'],
  ['install.log', 'Installing setup-2.5.58-7.el5.noarch', 'upload'],
  ['ks-script-x.log', 'Removing password for user root.', 'upload'],
])('%s goes by the way its installer has', (file, line, route) => {
  expect(routeOf(file, [line])).toBe(route);
});

test('frames carry the recorded time, on the day of the replay where it has no date', () => {
  const today = Date.UTC(2026, 10, 5, 12);
  expect(stampOf(timeOfLine('05:00:06,824 INF main: x'), today)).toBe('Nov  5 05:00:06');
  expect(stampOf(timeOfLine('May 16 20:47:06 localhost x: y'), today)).toBe('May 16 20:47:06');
  expect(stampOf(timeOfLine('2020-10-31T05:00:24Z INFO x'), today)).toBe('Oct 31 05:00:24');
  expect(stampOf(null, today)).toBe('Nov  5 12:00:00');
});
