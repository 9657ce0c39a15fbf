import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { section, snippet } from '../snippets/support/run-shell';
import { claim, run, type Checks } from './harness';

/** What a whole kickstart has besides ours. */
const KICKSTART = `url --url=http://mirror.example.com/el9
rootpw --lock
lang en_US.UTF-8
keyboard us
timezone UTC
zerombr
clearpart --all
autopart
%packages
@core
%end
`;
/** Every release whose kickstart language is still met in the field and has %onerror. */
const RELEASES = ['RHEL7', 'RHEL8', 'RHEL9', 'RHEL10', 'F41'];

/** Cheetah itself renders the folder as Cobbler would: snippets from the folder, undefined names left alone. */
const RENDER = `
import sys
from Cheetah.Template import Template
root, name, system = sys.argv[1:]
values = {"http_server": "kickwatch:25151", "profile_name": "web"}
if system:
    values["system_name"] = system
def render(name):
    with open(root + "/" + name) as file:
        return str(Template(source=file.read(), searchList=[values]))
values["SNIPPET"] = lambda name: render(name[len("kickwatch/"):])
sys.stdout.write(render(name))
`;

/** The shipped snippets, read by the programs they are written for. */
export async function checkSnippets(checks: Checks, bin: string): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-snippets-'));
  const tool = (name: string): string => path.join(bin, name);
  const keep = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const render = async (name: string, system: string): Promise<string> => {
    const ran = await run(tool('python'), ['-c', RENDER, path.resolve('snippets'), name, system]);
    claim(ran.code === 0, 'Cheetah does not render it', ran.output);
    return ran.output;
  };
  const whole = await snippet('kickstart/kickwatch.ks');

  await checks.check('shellcheck has nothing against the shell code', async () => {
    const files = [
      await keep('kickwatch.sh', await snippet('kickwatch.sh')),
      await keep('install.sh', await snippet('firstboot/install.sh')),
    ];
    for (const name of ['pre', 'onerror', 'post']) files.push(await keep(`${name}.sh`, section(whole, name)));
    const ran = await run(tool('shellcheck'), ['--shell=sh', ...files]);
    claim(ran.code === 0, 'it complains', ran.output);
  });

  for (const release of RELEASES) {
    await checks.check(`ksvalidator takes the sections for ${release}`, async () => {
      const ran = await run(tool('ksvalidator'), ['-v', release, await keep('whole.ks', KICKSTART + whole)]);
      claim(ran.code === 0 && !/deprecated|error/i.test(ran.output), 'it complains', ran.output);
    });
  }

  await checks.check("Cobbler's template engine fills the snippets, with a system and without", async () => {
    for (const system of ['web1', '']) {
      const text = await render('kickstart/kickwatch.ks', system);
      claim(
        text.includes(`kw_server='kickwatch:25151'\nkw_system='${system}'\nkw_profile='web'\n`),
        'not filled',
        text,
      );
      claim(!/\$SNIPPET|@@|^#(?:raw|if|else|end)/m.test(text), 'something is left', text);
      const ran = await run('sh', ['-n', await keep('rendered.sh', section(text, 'post'))]);
      claim(ran.code === 0, 'it is no shell script', ran.output);
      const valid = await run(tool('ksvalidator'), ['-v', 'RHEL9', await keep('rendered.ks', KICKSTART + text)]);
      claim(valid.code === 0, 'it is no kickstart', valid.output);
    }
  });

  await rm(folder, { recursive: true, force: true });
}
