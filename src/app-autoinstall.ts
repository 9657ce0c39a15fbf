import path from 'node:path';
import type { SenderBinder } from './actions/bind-senders';
import type { Intake } from './actions/intake';
import type { InventoryDeps } from './actions/inventory-deps';
import { createNoteAnswerFetch } from './actions/note-answer-fetch';
import { findItemNames, readBlended } from './actions/read-items';
import { readClasses } from './actions/read-resources';
import { readEvents } from './actions/read-events';
import { createRenderer, type Rendered } from './actions/render-autoinstall';
import type { ReportTokens } from './actions/report-tokens';
import { createAutoinstallService, SCRIPT_NAME } from './actions/serve-autoinstall';
import { chooseFolder, createTemplateFolder, type TemplateFolder } from './actions/template-folder';
import { findTemplateUsers } from './actions/template-use';
import type { Config } from './config';
import { isDict, textOf } from './domain/item-value';
import { itemType } from './domain/inventory';
import { isOver } from './domain/run';
import { DEFAULT_SETTINGS, SETTINGS } from './domain/settings';
import type { CobblerServiceDeps } from './http/cobbler-service';
import { renderSnippet, type Snippets } from './http/snippets';
import { tryRender } from './templates';
import { SECRET_SETTINGS } from './xmlrpc/methods/settings';
import { type AutoinstallMethodDeps, orNone } from './xmlrpc/methods/autoinstall';
import { valueError } from './xmlrpc/fault';
import { redact } from './xmlrpc/item-wire';

/** How young a background task must be for the HTTP service to tell of it, as with Cobbler. */
const SHOWN_EVENTS_MS = 30_000;

/** What answer files take. */
export interface AppAutoinstallDeps {
  config: Pick<Config, 'dataDir' | 'publicUrl' | 'intakePolicy'>;
  inventory: InventoryDeps;
  intake: Intake;
  binder: SenderBinder;
  reportTokens: ReportTokens;
  isTrusted(peer: string): boolean;
  /** Where the server listens, as others reach it. */
  ownUrl(): string;
  /** What comes with the program. */
  shipped: { snippets: Snippets; templates: Snippets };
  warn(key: string, sentence: string, fields?: Record<string, unknown>): void;
}

/** Answer files: their folders, what is made of them, and Cobbler's service that hands them out. */
export interface AppAutoinstall {
  methods: Omit<AutoinstallMethodDeps, 'authorize'>;
  service: Omit<
    CobblerServiceDeps,
    'describeFault' | keyof Pick<CobblerServiceDeps, 'runTriggers' | 'disableNetboot' | 'noteProfileInstalled'>
  >;
  folders: { templates: string; snippets: string };
  /** The answer file of a profile or system, as installers get it but without a report token. */
  render(type: 'profile' | 'system', name: string): Promise<Rendered>;
}

/** Puts rendering together: a site's own folders are used where they are. */
export async function createAppAutoinstall(deps: AppAutoinstallDeps): Promise<AppAutoinstall> {
  const { config, inventory, shipped } = deps;
  const { store, settings, now } = inventory;
  const { templates, snippets, ...others } = await openFolders(deps);
  const renderer = createRenderer({
    store,
    settings,
    templates,
    snippets,
    ...others,
    fillShipped: (name, values) => renderSnippet(shipped.snippets, name, values),
    render: tryRender,
    publicHost() {
      const { host, hostname } = new URL(config.publicUrl ?? deps.ownUrl());
      // Listening on this machine alone, the server is reached by a proxy that nobody told us of.
      return config.publicUrl === null && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname) ? null : host;
    },
    now,
    random: Math.random,
  });
  const service = createAutoinstallService({
    store,
    settings,
    renderer,
    reportToken,
    note: createNoteAnswerFetch({
      ...deps,
      findTargets: (names) => store.inventory.findTargets(names),
      submit: (drafts, caller) => deps.intake.submit({ caller, drafts }),
      now,
    }),
  });

  /** Under the policy `token` only the machine itself gets one: by an address the server knows it by, or a trusted one. */
  async function reportToken(system: string, peer: string | null): Promise<string> {
    if (config.intakePolicy !== 'token' || peer === null) return '';
    const [run] = await store.runs.findLatest({ type: 'system', name: system }, 1);
    if (!run || isOver(run.state)) return '';
    if (!deps.isTrusted(peer)) {
      const [binding] = await deps.binder.bind([{ address: peer, mac: null, host: null, isRelay: false }]);
      if (binding?.target.type !== 'system' || binding.target.name !== system) return '';
    }
    return deps.reportTokens.make(run.state.runId, now());
  }

  return {
    folders: { templates: templates.dir, snippets: snippets.dir },
    render: (type, name) => renderer.autoinstall({ type, name, reportToken: '' }),
    methods: { templates, snippets, service, findUsers: (name) => findTemplateUsers(inventory, name) },
    service: {
      autoinstall: service,
      checkText: orNone,
      checkScriptName(name) {
        if (!SCRIPT_NAME.test(name)) throw valueError('"name" handed to generate_script was not valid!');
        return name;
      },
      async findMachines(macs, peer) {
        const byMac = new Set((await store.senders.findByMac(macs)).values());
        if (byMac.size > 0) return [...byMac];
        return [...new Set((await store.senders.findByAddress([peer])).values())];
      },
      listNames: (type) => findItemNames(inventory, itemType(type), {}),
      settings: () => redact({ ...settings }, SECRET_SETTINGS),
      isDouble: (name) => SETTINGS[name]?.kind === 'double',
      async puppetNode(hostname) {
        const keys = { mac: null, ip: null, ipv6: null, dns_name: hostname.toLowerCase() };
        const [holder] = await store.inventory.findConflicts([keys], '');
        const blended = holder && (await readBlended(inventory, itemType('system'), holder.holder));
        if (!blended) return null;
        const classes = await readClasses(inventory, blended);
        const named = (item: (typeof classes)[number]): string => textOf(item.class_name) || textOf(item.name);
        return {
          classes:
            settings.puppet_parameterized_classes === true
              ? Object.fromEntries(classes.map((item) => [named(item), isDict(item.params) ? item.params : {}]))
              : classes.map(named),
          parameters: isDict(blended.mgmt_parameters) ? blended.mgmt_parameters : {},
          environment: textOf(blended.status),
        };
      },
      async events(user) {
        const tasks = await readEvents(store.tasks, user);
        return tasks
          .filter(({ createdAt }) => createdAt > now() - SHOWN_EVENTS_MS)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .map(({ id, createdAt, displayName, state }) => [id, createdAt / 1000, displayName, state]);
      },
    },
  };
}

/** Cobbler's own folders where they are there, else folders of the same names below DATA_DIR. */
async function openFolders({ config, inventory, shipped }: AppAutoinstallDeps): Promise<{
  templates: TemplateFolder;
  snippets: TemplateFolder;
  scripts: TemplateFolder;
  jinjaIncludes: TemplateFolder;
}> {
  const choose = (setting: string): Promise<string> =>
    chooseFolder(textOf(inventory.settings[setting]), textOf(DEFAULT_SETTINGS[setting]), config.dataDir);
  const templates = await choose('autoinstall_templates_dir');
  return {
    templates: createTemplateFolder({
      dir: templates,
      what: 'automatic installation template',
      shipped: shipped.templates.files,
    }),
    snippets: createTemplateFolder({
      dir: await choose('autoinstall_snippets_dir'),
      what: 'automated installation snippet',
      shipped: new Map([...shipped.snippets.files].map(([name, text]) => [`kickwatch/${name}`, text])),
    }),
    // Cobbler has no setting for it: beside the templates.
    scripts: createTemplateFolder({ dir: path.join(path.dirname(templates), 'scripts'), what: 'script' }),
    jinjaIncludes: createTemplateFolder({ dir: await choose('jinja2_includedir'), what: 'include' }),
  };
}
