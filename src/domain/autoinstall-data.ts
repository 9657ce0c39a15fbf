import { flattenItem } from './inheritance';
import { ITEM_TYPES } from './inventory';
import { isDict, type ItemData, textOf } from './item-value';
import { isForYum } from './yum-repos';

/** Fields of everything that can be blended: a blend holds those of all types it went through. */
export const BLENDED_FIELDS = ITEM_TYPES.filter((type) => type.blends).flatMap((type) => type.fields);

/**
 * What a template of a system or profile is given: the blended item as readers on the wire get it, `autoinstall_meta` by
 * its own names, and texts that answer files put in: `yum_repo_stanza`, `yum_config_stanza`, `install_source_directory`,
 * `autoinstall_start`, `autoinstall_done` (the last two also under Cobbler 2's names).
 *
 * @param blended - not flattened.
 * @param repos - effective values of the repos it names.
 */
export function autoinstallData(
  kind: 'profile' | 'system' | 'image',
  blended: ItemData,
  repos: readonly ItemData[],
): ItemData {
  const meta = isDict(blended.autoinstall_meta) ? blended.autoinstall_meta : {};
  const server = textOf(blended.http_server);
  const name = textOf(blended.name);
  const svc = `http://${server}/cblr/svc/op`;
  const at = `${kind}/${encodeURIComponent(name)}`;
  const call = (path: string): string => `curl "${svc}/${path}" -o /dev/null\n`;
  const triggers = blended.run_install_triggers === true;
  const start = triggers ? call(`trig/mode/pre/${at}`) : '';
  const noPxe = kind === 'system' && blended.pxe_just_once === true ? call(`nopxe/${at}`) : '';
  const done = noPxe + (triggers ? call(`trig/mode/post/${at}`) : '');
  const data: ItemData = {
    ...flattenItem(BLENDED_FIELDS, blended),
    repo_data: [...repos],
    yum_repo_stanza: repoLines(blended, repos, server),
    yum_config_stanza:
      blended.yum_post_install_mirror === true
        ? `curl "${svc}/yum/${at}" --output /etc/yum.repos.d/cobbler-config.repo\n`
        : '',
    autoinstall_start: start,
    autoinstall_done: done,
    kickstart_start: start,
    kickstart_done: done,
    ...meta,
  };
  const tree = textOf(data.tree);
  if (URL.canParse(tree)) data.install_source_directory = new URL(tree).pathname;
  return data;
}

/** `repo --name=… --baseurl=…` for the kickstart: what a distro was made of, then the repos. */
function repoLines(blended: ItemData, repos: readonly ItemData[], server: string): string {
  const lines: string[] = [];
  const sources = Array.isArray(blended.source_repos) ? blended.source_repos : [];
  for (const source of sources) {
    const url = Array.isArray(source) ? textOf(source[1]) : '';
    if (url !== '') lines.push(`repo --name=source-${lines.length + 1} --baseurl=${url}`);
  }
  for (const repo of repos.filter(isForYum)) {
    const name = textOf(repo.name);
    const isLocal = repo.mirror_locally === true;
    const place = isLocal ? `http://${server}/cobbler/repo_mirror/${name}` : textOf(repo.mirror);
    const option = !isLocal && textOf(repo.mirror_type) !== 'baseurl' ? textOf(repo.mirror_type) : 'baseurl';
    const proxy = !isLocal && textOf(repo.proxy) !== '' ? ` --proxy=${textOf(repo.proxy)}` : '';
    lines.push(
      `repo --name=${name} --${['mirrorlist', 'metalink'].includes(option) ? option : 'baseurl'}=${place}${proxy}`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Longest name that is looked for between two `@@`. */
const PLACEHOLDER = /@@([A-Za-z_][A-Za-z0-9_]{0,99})@@/g;

/** `@@name@@`, as Cobbler puts it in after a template was rendered: texts, numbers and flags of the data; others stay. */
export function fillPlaceholders(text: string, data: ItemData): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    return value === undefined || value === null || typeof value === 'object' ? whole : textOf(value);
  });
}
