import { CliError, EXIT } from './cli-error';
import type { Terminal } from './terminal';

/** Longest password that is read, in characters. */
const MAX_LENGTH = 1024;
const [ENTER, RETURN, INTERRUPT, END, BACKSPACE, DELETE] = ['\n', '\r', '\u0003', '\u0004', '\b', '\u007f'];

/**
 * A new password: asked for twice on a terminal, unseen; else the first line of standard input. Never an argument, which
 * everybody on the machine could read.
 *
 * @throws CliError when both are not the same, or nothing comes.
 */
export async function readNewPassword(terminal: Terminal): Promise<string> {
  if (!terminal.stdin.isTTY) return readLine(terminal);
  const first = await ask(terminal, 'Password: ');
  if (first === (await ask(terminal, 'Again: '))) return first;
  throw new CliError('These were two different passwords; nothing was changed.');
}

async function readLine({ stdin }: Terminal): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MAX_LENGTH) break;
  }
  const line = text.split('\n')[0]!.replace(/\r$/, '');
  if (line !== '' && line.length <= MAX_LENGTH) return line;
  throw new CliError(line === '' ? 'No password came.' : `The password is longer than ${MAX_LENGTH} characters.`, {
    hints: ['Type it when asked, or send it on standard input:  kickwatch user add alice < file'],
    exitCode: EXIT.usage,
  });
}

/** One line typed at a terminal that shows nothing of it. */
function ask({ stdin, stderr }: Terminal, prompt: string): Promise<string> {
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const done = (): void => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off('data', take);
      stderr.write('\n');
    };
    function take(chunk: string): void {
      for (const character of chunk) {
        if (character === ENTER || character === RETURN) {
          done();
          return resolve(typed.join(''));
        }
        if (character === INTERRUPT || character === END) {
          done();
          return reject(new CliError('No password was given; nothing was changed.'));
        }
        if (character === BACKSPACE || character === DELETE) typed = typed.slice(0, -1);
        else if (typed.length < MAX_LENGTH) typed.push(character);
      }
    }
    stdin.on('data', take);
  });
}
