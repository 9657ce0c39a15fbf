import type { AutoinstallService, Fetcher, Wanted } from '../actions/serve-autoinstall';
import type { ServiceCall, ServiceOp } from './cobbler-service';

/** What the files for installers take. */
export interface FileOps {
  autoinstall: AutoinstallService;
  /** As Cobbler faults when nothing is named, and for a name of a script that may not be one. */
  checkText(text: string | null): string;
  checkScriptName(name: string): string;
  /** The systems that have these MAC addresses on record; where there are none of these, the one with the address. */
  findMachines(macs: readonly string[], peer: string): Promise<string[]>;
}

/** MAC addresses of one caller that are looked at; anaconda sends one per interface. */
const MAX_MACS = 32;
const MAC_HEADER = /^x-rhn-provisioning-mac-\d{1,3}$/;
/** `eth0 AA:BB:CC:DD:EE:FF`: an interface and its address. */
const MAC = /(?:^|\s)((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i;

/** Files rendered for profiles and systems, and finding out which system asks. */
export function fileOps(deps: FileOps): Record<string, ServiceOp> {
  const { autoinstall: service, checkText } = deps;
  const answers: ServiceOp = async ({ keys, request }) =>
    checkText(await service.autoinstall(wantedOf(keys), fetcherOf({ keys, request })));
  const ipxe: ServiceOp = async ({ keys }) => {
    const image = keys.get('image') ?? null;
    const mac = keys.get('mac');
    if (mac === undefined) return service.ipxe({ ...wantedOf(keys), image });
    const [system, ...more] = await deps.findMachines([mac.toLowerCase()], '?');
    return system === undefined || more.length > 0 ? '' : service.ipxe({ profile: null, system, image: null });
  };
  const find: ServiceOp = async (call) => {
    const wanted = wantedOf(call.keys);
    if (wanted.profile !== null || wanted.system !== null) return answers(call);
    const found = await autodetect(deps, call);
    if ('failure' in found) return `# autodetection ${found.failure}`;
    return checkText(await service.autoinstall({ profile: null, system: found.system }, fetcherOf(call)));
  };
  return {
    autoinstall: answers,
    ks: answers,
    find_autoinstall: find,
    findks: find,
    ipxe,
    gpxe: ipxe,
    bootcfg: async (call) => checkText(await service.bootCfg(wantedOf(call.keys), fetcherOf(call))),
    script: async (call) => {
      const name = new URLSearchParams(call.request.query).get('script') ?? '';
      return checkText(await service.script(wantedOf(call.keys), deps.checkScriptName(name), fetcherOf(call)));
    },
    async template(call) {
      const { profile, system } = wantedOf(call.keys);
      const path = call.keys.get('path');
      if (path === undefined) return '# must specify a template path';
      if (profile === null && system === null) return '# must specify profile or system name';
      const [type, name] = profile !== null ? (['profile', profile] as const) : (['system', system!] as const);
      return service.templateFile(type, name, unescapePath(path), fetcherOf(call));
    },
    async yum({ keys }) {
      const { profile, system } = wantedOf(keys);
      if (profile !== null) return service.repoConfig('profile', profile);
      return system === null ? '# must specify profile or system name' : service.repoConfig('system', system);
    },
    async autodetect(call) {
      const found = await autodetect(deps, call);
      return 'failure' in found ? found.failure : found.system;
    },
  };
}

function wantedOf(keys: ReadonlyMap<string, string>): Wanted {
  return { profile: keys.get('profile') ?? null, system: keys.get('system') ?? null };
}

function fetcherOf({ request }: ServiceCall): Fetcher {
  return {
    peer: request.peer === '?' ? null : request.peer,
    macs: macsOf(request),
    isWitness: request.method !== 'HEAD',
  };
}

/** Addresses that anaconda (`inst.ks.sendmac`) and cobbler's own clients name in headers, lower case. */
function macsOf({ headers }: ServiceCall['request']): string[] {
  const macs: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const mac = MAC_HEADER.test(name) && typeof value === 'string' ? MAC.exec(value.slice(0, 200))?.[1] : undefined;
    if (mac !== undefined && macs.length < MAX_MACS) macs.push(mac.toLowerCase());
  }
  return macs;
}

async function autodetect(deps: FileOps, { request }: ServiceCall): Promise<{ system: string } | { failure: string }> {
  const macs = macsOf(request);
  const [system, ...more] = await deps.findMachines(macs, request.peer);
  if (system === undefined) {
    const listed = macs.map((mac) => `'${mac}'`).join(', ');
    return { failure: `FAILED: no match (${request.peer},[${listed}])` };
  }
  return more.length > 0 ? { failure: 'FAILED: multiple matches' } : { system };
}

/** `_etc_motd` is /etc/motd, `_a__b` is /a_b. */
function unescapePath(path: string): string {
  return path.replace(/__|_/g, (found) => (found === '__' ? '_' : '/'));
}
