import { autoinstallData, fillPlaceholders } from '../domain/autoinstall-data';
import { BOOTCFG_TEMPLATE, ipxeMenu, ipxeScript } from '../domain/boot-config';
import { itemType } from '../domain/inventory';
import { INHERIT, isDict, type ItemData, textOf } from '../domain/item-value';
import type { RenderOptions, RenderResult, RenderWarning, TemplateLanguage } from '../templates';
import { listItemPages, readBlended, type ReadDeps } from './read-items';
import { readRepos } from './read-resources';
import type { TemplateFolder } from './template-folder';

/** What rendering takes. */
export interface RenderDeps extends ReadDeps {
  /** Answer files: `sample.ks`. */
  templates: TemplateFolder;
  snippets: TemplateFolder;
  /** What `op/script` gives out: `preseed_late_default`. */
  scripts: TemplateFolder;
  /** What Jinja2's `include` finds besides snippets. */
  jinjaIncludes: TemplateFolder;
  /** A shipped snippet ready for use outside of Cheetah, placeholders filled; null when there is none of that name. */
  fillShipped(name: string, values: { url: string; system: string | null; profile: string | null }): string | null;
  render(source: string, options: RenderOptions): RenderResult;
  /** Host and port by which machines reach this server, where the setting `server` does not say; null = nobody knows. */
  publicHost(): string | null;
  now(): number;
  /** From 0 up to 1. */
  random(): number;
}

/** Whose file is rendered. */
export interface RenderTarget {
  type: 'profile' | 'system';
  name: string;
  /** A token that snippets report with; '' = none. */
  reportToken: string;
}

/** A file for an installer, or why there is none. */
export type Rendered =
  | { kind: 'text'; text: string; warnings: RenderWarning[] }
  | { kind: 'error'; template: string; line: number | null; sentence: string }
  /** The item itself is not there. */
  | { kind: 'no-item' }
  /** The item has no such file. */
  | { kind: 'no-file' };

/**
 * Steps of one rendering: 20 times what real answer files take, and at most some 50 ms for the worst we could write.
 * (Measured: 1,000,000 steps take 70 ms in an empty loop, 530 ms in one that fills a dict.)
 */
const STEPS = 100_000;
/** Snippets and includes of one file. */
const MAX_SOURCES = 300;
/** Times a file is rendered anew because it asked for sources by names made up on the way. */
const MAX_PASSES = 12;
/** Names of snippets as they are written in sources: these are read ahead. */
const NAMED = /SNIPPET(?:::|\(\s{0,5}['"])([\w./-]{1,255})|\{%-?\s{0,5}include\s{1,5}['"]([\w./-]{1,255})['"]/g;
const SHIPPED = 'kickwatch/';
/** Shipped snippets that are templates themselves; the others are put in as they are. */
const IS_CHEETAH = /^kickwatch\/(?:kickwatch\.sh|kickstart\/|firstboot\/)/;

/** Renders what installers fetch. */
export interface Renderer {
  /** The answer file of a profile or system. */
  autoinstall(target: RenderTarget): Promise<Rendered>;
  /** A file of the folder of scripts. `name` is checked by the caller. */
  script(target: RenderTarget, name: string): Promise<Rendered>;
  /** The template whose destination in `template_files` is `path`. */
  templateFile(target: RenderTarget, path: string): Promise<Rendered>;
  /** ESXi's boot.cfg. */
  bootCfg(target: RenderTarget): Promise<Rendered>;
  /** iPXE's script; '' for an item that is not there, or starts from an image. */
  ipxe(target: Pick<RenderTarget, 'type' | 'name'>): Promise<string>;
  ipxeMenu(): Promise<string>;
}

/** Builds the renderer. Between two steps of reading others get their turn. */
export function createRenderer(deps: RenderDeps): Renderer {
  async function blend({ type, name }: Pick<RenderTarget, 'type' | 'name'>): Promise<ItemData | null> {
    const blended = await readBlended(deps, itemType(type), name);
    const host = blended && isLoopback(textOf(blended.server)) ? deps.publicHost() : null;
    return host === null ? blended : { ...blended, server: host.replace(/:\d+$/, ''), http_server: host };
  }

  async function dataOf(target: RenderTarget, blended: ItemData): Promise<ItemData> {
    const data = autoinstallData(target.type, blended, await readRepos(deps, blended));
    const server = textOf(blended.http_server);
    return {
      ...data,
      kickwatch_token: target.reportToken,
      kickwatch_at: `${target.type}/${target.name}`,
      kickwatch_host: /:\d+$/.test(server) ? server : `${server}:80`,
    };
  }

  /** The source of a snippet for this item: its own, its profile's, its distro's, everybody's. */
  async function findSnippet(name: string, data: ItemData, language: TemplateLanguage): Promise<string | null> {
    for (const [folder, owner] of [
      ['per_system', data.system_name],
      ['per_profile', data.profile_name],
      ['per_distro', data.distro_name],
    ] as const) {
      if (typeof owner !== 'string' || owner === '') continue;
      const own = await deps.snippets.find(`${folder}/${name}/${owner}`);
      if (own !== null) return own;
    }
    const found = await deps.snippets.find(name);
    if (!name.startsWith(SHIPPED) || found === null) return found ?? deps.jinjaIncludes.find(name);
    return (await asTemplate(name, found, data, language)) ?? found;
  }

  /** A shipped snippet that is no template in this language is put in as plain text. */
  async function asTemplate(
    name: string,
    found: string,
    data: ItemData,
    language: TemplateLanguage,
  ): Promise<string | null> {
    const isOwn = (await deps.snippets.isOwn(name)) || (language === 'cheetah' && IS_CHEETAH.test(name));
    if (isOwn) return found;
    const text = deps.fillShipped(name.slice(SHIPPED.length), {
      url: `http://${textOf(data.http_server)}`,
      system: typeof data.system_name === 'string' ? data.system_name : null,
      profile: typeof data.profile_name === 'string' ? data.profile_name : null,
    });
    if (text === null) return null;
    const filled = text.replaceAll('@@token@@', textOf(data.kickwatch_token));
    return language === 'cheetah' ? `#raw\n${filled}\n#end raw\n` : `{% raw %}${filled}{% endraw %}`;
  }

  async function renderText(name: string, source: string, data: ItemData): Promise<Rendered> {
    const defaultLanguage = deps.settings.default_template_type === 'jinja2' ? 'jinja2' : 'cheetah';
    const language = languageOf(source, defaultLanguage);
    const sources = new Map<string, string | null>();
    /** Reads sources and those they name in turn. */
    const load = async (wanted: Iterable<string>): Promise<void> => {
      const waiting = [...wanted];
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (sources.has(next) || sources.size >= MAX_SOURCES) continue;
        const text = await findSnippet(next, data, language);
        sources.set(next, text);
        if (text !== null) waiting.push(...namesIn(text));
      }
    };
    await load(namesIn(source));
    for (let pass = 1; ; pass += 1) {
      const asked = new Set<string>();
      const find = (wanted: string): string | null => {
        const known = sources.get(wanted);
        if (known === undefined) asked.add(wanted);
        return known ?? null;
      };
      const result = deps.render(source, {
        name,
        data,
        snippets: find,
        includes: (path) => find(insideOf(path)),
        functions: { sedesc: escapeForSed },
        now: new Date(deps.now()),
        random: () => deps.random(),
        defaultLanguage,
        limits: { steps: STEPS },
      });
      if (asked.size > 0 && pass < MAX_PASSES && sources.size < MAX_SOURCES) {
        await load(asked);
        continue;
      }
      if (!result.ok) return { kind: 'error', ...result.problem };
      return { kind: 'text', text: fillPlaceholders(result.text, data), warnings: result.warnings };
    }
  }

  /** `#include "/var/lib/cobbler/snippets/x"` is the snippet x. */
  function insideOf(path: string): string {
    const roots = [deps.snippets.dir, textOf(deps.settings.autoinstall_snippets_dir)];
    const root = roots.find((dir) => dir !== '' && path.startsWith(`${dir}/`));
    return root === undefined ? path : path.slice(root.length + 1);
  }

  /** A template named in an item: relative, or by a path inside the folder. */
  function templateName(named: string): string {
    const roots = [deps.templates.dir, textOf(deps.settings.autoinstall_templates_dir), '/var/lib/cobbler/kickstarts'];
    const root = roots.find((dir) => dir !== '' && named.startsWith(`${dir}/`));
    return root === undefined ? named : named.slice(root.length + 1);
  }

  async function render(target: RenderTarget, folder: TemplateFolder, name: string): Promise<Rendered> {
    const blended = await blend(target);
    if (!blended) return { kind: 'no-item' };
    const source = await folder.find(name);
    if (source === null) return { kind: 'no-file' };
    return renderText(name, source, await dataOf(target, blended));
  }

  return {
    async autoinstall(target) {
      const blended = await blend(target);
      if (!blended) return { kind: 'no-item' };
      const named = textOf(blended.autoinstall);
      if (named === '') return { kind: 'no-file' };
      const name = templateName(named);
      const source = await deps.templates.find(name);
      if (source === null) {
        const sentence = `there is no such template: write it (write_autoinstall_template), or name another one in the field autoinstall of ${target.type} ${target.name}`;
        return { kind: 'error', template: name, line: null, sentence };
      }
      return renderText(name, source, await dataOf(target, blended));
    },
    script: (target, name) => render(target, deps.scripts, name),
    async templateFile(target, path) {
      const blended = await blend(target);
      if (!blended) return { kind: 'no-item' };
      const files = isDict(blended.template_files) ? Object.entries(blended.template_files) : [];
      const source = files.find(([, destination]) => destination === path)?.[0];
      return source === undefined ? { kind: 'no-file' } : render(target, deps.templates, templateName(source));
    },
    async bootCfg(target) {
      const blended = await blend(target);
      if (!blended) return { kind: 'no-item' };
      return renderText('bootcfg', BOOTCFG_TEMPLATE, await dataOf(target, blended));
    },
    async ipxe(target) {
      const blended = await blend(target);
      return blended?.distro_name === undefined || blended.distro_name === 'N/A'
        ? ''
        : ipxeScript(target.type, blended);
    },
    async ipxeMenu() {
      const names: string[] = [];
      for await (const profiles of listItemPages(deps, itemType('profile'))) {
        const shown = profiles.filter(
          ({ enable_menu: own }) => (own === INHERIT ? deps.settings.enable_menu : own) === true,
        );
        names.push(...shown.map((profile) => textOf(profile.name)));
      }
      names.sort();
      return ipxeMenu(names, deps.publicHost() ?? textOf(deps.settings.server));
    },
  };
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\.[\d.]+|::1|\[::1\])$/.test(host);

function languageOf(source: string, otherwise: TemplateLanguage): TemplateLanguage {
  const named = /^#template=\s{0,20}(\w{1,20})/.exec(source)?.[1]?.toLowerCase();
  return named === 'jinja2' || named === 'cheetah' ? named : otherwise;
}

function namesIn(source: string): string[] {
  return [...source.matchAll(NAMED)].map((found) => found[1] ?? found[2]!);
}

/** As Cobbler's function of that name: for texts between the slashes of sed. */
const escapeForSed = (text: string): string => text.replace(/[\\/&.*[\]^$]/g, '\\$&');
