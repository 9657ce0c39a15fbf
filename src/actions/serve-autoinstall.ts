import { itemType } from '../domain/inventory';
import { textOf } from '../domain/item-value';
import { yumRepos } from '../domain/yum-repos';
import type { AnswerFetch, NoteAnswerFetch } from './note-answer-fetch';
import { readBlended, type ReadDeps } from './read-items';
import { readRepos } from './read-resources';
import type { Rendered, Renderer, RenderTarget } from './render-autoinstall';

/** Whose file is wanted; a system wins over a profile. Null for what was not said. */
export interface Wanted {
  profile: string | null;
  system: string | null;
}

/** Who fetches a file. */
export interface Fetcher {
  /** Address without port; null when it is not known. */
  peer: string | null;
  /** MAC addresses the installer names itself by. */
  macs: readonly string[];
  /** False for those who only ask whether it is there. */
  isWitness: boolean;
}

/** What serving takes. */
export interface ServeDeps extends ReadDeps {
  renderer: Renderer;
  /** A token for reports about the run of this system, for this caller; '' = none. */
  reportToken(system: string, peer: string | null): Promise<string>;
  note: NoteAnswerFetch;
}

/** The texts of Cobbler's `generate_*` methods and of its HTTP service, word by word. */
export interface AutoinstallService {
  /** Null when neither a profile nor a system was named. */
  autoinstall(wanted: Wanted, by: Fetcher): Promise<string | null>;
  /** @param name - checked. Null as above. */
  script(wanted: Wanted, name: string, by: Fetcher): Promise<string | null>;
  templateFile(type: 'profile' | 'system', name: string, path: string, by: Fetcher): Promise<string>;
  bootCfg(wanted: Wanted, by: Fetcher): Promise<string | null>;
  /** '' for what starts from an image or is not there; the menu when nothing was named. */
  ipxe(wanted: Wanted & { image: string | null }): Promise<string>;
  repoConfig(type: 'profile' | 'system', name: string): Promise<string>;
}

/** Names of scripts. The check closes CVE-2021-40323. */
export const SCRIPT_NAME = /^[A-Za-z0-9_.-]{1,255}$/;

/** Cobbler's HTTP service answers 500 for a text that holds it: an installer must not go on with half a file. */
const ERROR_MARK = '# *** ERROR ***';

/** Builds the service. A fetched answer file is evidence of the run of the machine that fetched it. */
export function createAutoinstallService(deps: ServeDeps): AutoinstallService {
  async function targetOf({ profile, system }: Wanted, by: Fetcher): Promise<RenderTarget | null> {
    if (system !== null) return { type: 'system', name: system, reportToken: await deps.reportToken(system, by.peer) };
    return profile === null ? null : { type: 'profile', name: profile, reportToken: '' };
  }

  async function note(target: RenderTarget, rendered: Rendered, by: Fetcher): Promise<void> {
    if (!by.isWitness || rendered.kind === 'no-item') return;
    const problem = rendered.kind === 'error' ? placeOf(rendered) : rendered.kind === 'no-file' ? 'it has none' : null;
    const fetch: AnswerFetch = { type: target.type, name: target.name, peer: by.peer, macs: by.macs, problem };
    await deps.note(fetch);
  }

  return {
    async autoinstall(wanted, by) {
      const target = await targetOf(wanted, by);
      if (!target) return null;
      const rendered = await deps.renderer.autoinstall(target);
      await note(target, rendered, by);
      if (rendered.kind === 'no-file') return describeError(`${target.type} ${target.name} has no answer file`);
      return rendered.kind === 'no-item' ? `# ${target.type} not found` : textOrError(rendered);
    },
    async script(wanted, name, by) {
      const target = await targetOf(wanted, by);
      if (!target) return null;
      const rendered = await deps.renderer.script(target, name);
      if (rendered.kind === 'no-item') return `# "${target.type}" named "${target.name}" not found`;
      return rendered.kind === 'no-file' ? `# script template "${name}" not found` : textOrError(rendered);
    },
    async templateFile(type, name, path, by) {
      const target = await targetOf({ profile: null, system: null, [type]: name }, by);
      const rendered = await deps.renderer.templateFile(target!, path);
      if (rendered.kind === 'no-item') return `# object not found: ${name}`;
      return rendered.kind === 'no-file' ? `# template path not found for specified ${type}` : textOrError(rendered);
    },
    async bootCfg(wanted, by) {
      const target = await targetOf(wanted, by);
      if (!target) return null;
      const rendered = await deps.renderer.bootCfg(target);
      return rendered.kind === 'no-item' ? `# ${target.type} not found` : textOrError(rendered);
    },
    async ipxe({ profile, system, image }) {
      if (system !== null) return deps.renderer.ipxe({ type: 'system', name: system });
      if (profile !== null) return deps.renderer.ipxe({ type: 'profile', name: profile });
      return image === null ? deps.renderer.ipxeMenu() : '';
    },
    async repoConfig(type, name) {
      const blended = await readBlended(deps, itemType(type), name);
      if (!blended) return `# object not found: ${name}`;
      return yumRepos(await readRepos(deps, blended), textOf(blended.http_server));
    },
  };
}

function textOrError(rendered: Rendered): string {
  switch (rendered.kind) {
    case 'text':
      return rendered.text;
    case 'error':
      return describeError(placeOf(rendered));
    default:
      return describeError('there is no such file');
  }
}

function placeOf({ template, line, sentence }: Extract<Rendered, { kind: 'error' }>): string {
  return line === null ? `${template}: ${sentence}` : `${template}, line ${line}: ${sentence}`;
}

/** Comments in every language of answer files and scripts. */
function describeError(why: string): string {
  const line = why.replace(/\s+/g, ' ').slice(0, 1_000);
  return `${ERROR_MARK}\n# This automatic OS installation file had errors that prevented it from being rendered correctly.\n# ${line}\n`;
}
