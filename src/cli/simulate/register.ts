import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { CliError } from '../cli-error';
import { isWireStruct, type WireValue } from '../wire';
import { machineName, type Machine } from './fleet';

/** What a simulation needs at the server, by name. */
export const SIM_DISTRO = 'sim-distro';
export const SIM_PROFILE = 'sim-profile';
const SIM_SYSTEM = /^sim-\d{4,}$/;

/** Beginning of the folder with the kernel and initrd of the simulated distro. */
const FOLDER_PREFIX = 'kickwatch-simulate-';

type OnProgress = (done: number, total: number) => void;

/** Names of the items of a type. */
export async function listNames(client: Client, type: string): Promise<string[]> {
  const names = await client.call('get_item_names', [type]);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

/**
 * Registers the machines at the server with a planned run each, and the distro and profile for them when they are
 * missing. What is there already is brought up to date.
 *
 * @returns the report token of each machine.
 */
export function registerFleet(
  client: Client,
  machines: readonly Machine[],
  options: { profile: string; onProgress: OnProgress },
): Promise<Map<string, string>> {
  const described = machines.map(({ name, mac, script }) => {
    return { name, mac, comment: `simulated machine (${script.personality})` };
  });
  return registerMachines(client, described, options);
}

/** As {@link registerFleet}, for machines of any kind. */
export async function registerMachines(
  client: Client,
  machines: readonly { name: string; mac: string; ip?: string; comment: string }[],
  options: { profile: string; onProgress: OnProgress },
): Promise<Map<string, string>> {
  await requireProfile(client, options.profile);
  const tokens = new Map<string, string>();
  await inParallel(machines, options.onProgress, async ({ name, mac, ip, comment }) => {
    const info = {
      name,
      profile: options.profile,
      netboot_enabled: true,
      comment,
      interfaces: { eth0: { mac_address: mac, ...(ip !== undefined && { ip_address: ip }) } },
    };
    const answer = await client.ask('register_system', [info]);
    if (isWireStruct(answer) && typeof answer['report_token'] === 'string' && answer['report_token'] !== '~') {
      tokens.set(name, answer['report_token']);
    }
  });
  return tokens;
}

async function requireProfile(client: Client, profile: string): Promise<void> {
  if ((await listNames(client, 'profile')).includes(profile)) return;
  if (profile !== SIM_PROFILE) {
    throw new CliError(`The server has no profile "${profile}".`, {
      hints: ['Name one that exists, or leave --profile out: then one is made.'],
    });
  }
  if (!(await listNames(client, 'distro')).includes(SIM_DISTRO)) await makeDistro(client);
  await makeItem(client, 'profile', { name: SIM_PROFILE, distro: SIM_DISTRO, comment: 'of kickwatch simulate' });
}

/** A distro must name files that exist on the server: small ones are made, which works on the server's own machine. */
async function makeDistro(client: Client): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), FOLDER_PREFIX));
  const kernel = path.join(folder, 'vmlinuz');
  const initrd = path.join(folder, 'initrd.img');
  await Promise.all(
    [kernel, initrd].map((file) => writeFile(file, 'not bootable: a stand-in of kickwatch simulate\n')),
  );
  try {
    await makeItem(client, 'distro', {
      name: SIM_DISTRO,
      kernel,
      initrd,
      arch: 'x86_64',
      breed: 'redhat',
      comment: 'of kickwatch simulate',
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (!(error instanceof ServerFault)) throw error;
    throw new CliError(`The server does not take the simulated distro: ${error.message}`, {
      hints: ['It needs files on the server: run this there, or name a profile that exists with --profile.'],
      cause: error,
    });
  }
}

async function makeItem(client: Client, type: string, fields: Record<string, WireValue>): Promise<void> {
  const handle = await client.ask(`new_${type}`, []);
  for (const [field, value] of Object.entries(fields)) {
    await client.ask(`modify_${type}`, [handle, field, value]);
  }
  await client.ask(`save_${type}`, [handle]);
}

/** What was taken away. */
export interface Cleaned {
  systems: number;
  /** True when distro and profile of the simulation are gone too. */
  profile: boolean;
}

/** Removes everything simulations have registered. Their runs stay in the log, as every run does. */
export async function cleanUp(client: Client, onProgress: OnProgress): Promise<Cleaned> {
  const systems = (await listNames(client, 'system')).filter((name) => SIM_SYSTEM.test(name));
  await inParallel(systems, onProgress, async (name) => {
    await client.ask('remove_system', [name]);
  });
  const hasProfile = (await listNames(client, 'profile')).includes(SIM_PROFILE);
  if (hasProfile) await client.ask('remove_profile', [SIM_PROFILE]);
  if ((await listNames(client, 'distro')).includes(SIM_DISTRO)) {
    const distro = await client.ask('get_distro', [SIM_DISTRO]);
    await client.ask('remove_distro', [SIM_DISTRO]);
    if (isWireStruct(distro)) await removeFolderOf(distro['kernel']);
  }
  return { systems: systems.length, profile: hasProfile };
}

/** Removes the folder made for the distro, and no other: it must lie in the temporary folder under our name. */
async function removeFolderOf(kernel: WireValue | undefined): Promise<void> {
  if (typeof kernel !== 'string') return;
  const folder = path.dirname(path.resolve(kernel));
  const isOurs = path.dirname(folder) === path.resolve(os.tmpdir()) && path.basename(folder).startsWith(FOLDER_PREFIX);
  if (isOurs) await rm(folder, { recursive: true, force: true });
}

/** Names among the machines the server does not know. */
export async function findMissing(client: Client, machines: readonly Machine[]): Promise<string[]> {
  const known = new Set(await listNames(client, 'system'));
  return machines.map(({ name }) => name).filter((name) => !known.has(name));
}

/** Calls on their way at a time. */
const PARALLEL = 16;

/** Does something for all, a few at a time; the first failure ends it. */
export async function inParallel<T>(
  all: readonly T[],
  onProgress: OnProgress,
  work: (each: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let done = 0;
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    while (next < all.length && !hasFailed) {
      const each = all[next++]!;
      try {
        await work(each);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      done += 1;
      onProgress(done, all.length);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(PARALLEL, all.length) }, worker));
  const failed = workers.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The first and last of the names a fleet of this size has, for messages. */
export function nameRange(total: number): string {
  return total === 1 ? machineName(0) : `${machineName(0)} … ${machineName(total - 1)}`;
}
