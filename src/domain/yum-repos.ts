import { isDict, type ItemData, textOf } from './item-value';

/** How yum and dnf name a place of packages, by the repo's `mirror_type`. */
const PLACES: Readonly<Record<string, string>> = { baseurl: 'baseurl', mirrorlist: 'mirrorlist', metalink: 'metalink' };
/** Breeds whose repos yum and dnf cannot use. */
const OTHERS = new Set(['apt', 'rsync', 'wget']);

/**
 * The repos as a `yum.repos.d` file; '' when there are none for yum. A repo that is kept on this server is named by its
 * place there.
 *
 * @param repos - effective values.
 * @param httpServer - host, and port where it is another than 80.
 */
export function yumRepos(repos: readonly ItemData[], httpServer: string): string {
  return repos
    .filter(isForYum)
    .map((repo) => stanza(repo, httpServer))
    .join('\n');
}

/** True when yum and dnf can use the repo. */
export function isForYum(repo: ItemData): boolean {
  return !OTHERS.has(textOf(repo.breed));
}

function stanza(repo: ItemData, httpServer: string): string {
  const name = textOf(repo.name);
  const place = PLACES[textOf(repo.mirror_type)] ?? 'baseurl';
  const isLocal = repo.mirror_locally === true;
  const lines: Record<string, string> = {
    name,
    [isLocal ? 'baseurl' : place]: isLocal ? `http://${httpServer}/cobbler/repo_mirror/${name}` : textOf(repo.mirror),
    enabled: '1',
    // 0 stands for "not said": for dnf 99 is the lowest, and what it takes where nothing is said.
    priority: Number(repo.priority) > 0 ? textOf(repo.priority) : '99',
    gpgcheck: '0',
  };
  if (textOf(repo.proxy) !== '' && !isLocal) lines.proxy = textOf(repo.proxy);
  for (const [key, value] of Object.entries(isDict(repo.yumopts) ? repo.yumopts : {})) {
    if (/^[a-z_]{1,64}$/i.test(key)) lines[key] = textOf(value);
  }
  const written = Object.entries(lines).map(([key, value]) => `${key}=${value.replace(/\s+/g, ' ').trim()}\n`);
  return `[${name}]\n${written.join('')}`;
}

/** True when packages of a repo can be for machines of this architecture. `none` is for nobody, as in Cobbler. */
export function suitsArch(repoArch: string, arch: string): boolean {
  if (['', 'noarch', 'src'].includes(repoArch)) return true;
  const isIntel = (word: string): boolean => ['i386', 'x86', 'i686'].includes(word);
  return isIntel(repoArch) ? isIntel(arch) : repoArch === arch;
}
