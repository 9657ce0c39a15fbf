/**
 * Measures reads of a big inventory: pages, searches by what has an index and what has none, and whole lists, through
 * the methods of the API and their serializer, without sockets.
 *
 *     npx tsx bench/lists.ts [--systems 100000]
 *
 * On the PostgreSQL of DATABASE_URL, in a database made and dropped again, else on the embedded database.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Knex } from 'knex';
import { initialValues, itemType } from '../src/domain/inventory';
import { DEFAULT_SETTINGS } from '../src/domain/settings';
import { connect } from '../src/store/connect';
import { migrate } from '../src/store/migrate';
import type { XmlRpcValue } from '../src/xmlrpc/value';
import { startInventory } from '../test/support/inventory';
import { startItemServer } from '../test/support/item-server';
import { asSuperuser, withDatabase } from '../test/support/template';
import { serializeCall } from '../src/xmlrpc/codec';
import { fillInventory } from './inventory';
import { printTable, type Figure } from './table';

/** What is asked, and the most milliseconds an answer may take at 100,000 systems; null where only a person can say. */
const QUESTIONS: readonly { what: string; most: number | null; method: string; params: XmlRpcValue[] }[] = [
  { what: 'first page', most: 50, method: 'find_items_paged', params: ['system', null, 'name', 1, 25] },
  { what: 'page in the middle', most: 200, method: 'find_items_paged', params: ['system', null, 'name', 2000, 25] },
  { what: 'page by host name', most: 500, method: 'find_items_paged', params: ['system', null, 'hostname', 9, 25] },
  { what: 'one system', most: 20, method: 'get_system', params: ['bench00042'] },
  { what: 'one system, rendered', most: 50, method: 'get_system_as_rendered', params: ['bench00042'] },
  { what: 'by MAC address', most: 20, method: 'find_system', params: [{ mac_address: '52:54:00:00:10:10' }, true] },
  { what: 'by host name', most: 20, method: 'find_system', params: [{ hostname: 'bench00042.example.org' }] },
  { what: 'by comment (no index)', most: 500, method: 'find_system', params: [{ comment: 'c7' }] },
  { what: 'by pattern on the name', most: 500, method: 'find_system', params: [{ name: '*999' }] },
  { what: 'changed since', most: 20, method: 'get_systems_since', params: [2_000_000_000] },
  { what: 'names of all', most: null, method: 'get_item_names', params: ['system'] },
  { what: 'all of them', most: null, method: 'get_systems', params: [] },
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { systems: { type: 'string', default: '100000' } } });
  const systems = Number(values.systems);
  const serverUrl = process.env['DATABASE_URL'];
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bench-'));
  const name = `kickwatch_lists_${process.pid}`;
  if (serverUrl !== undefined) await asSuperuser(serverUrl, (admin) => admin.raw('create database ??', [name]));
  try {
    const databaseUrl = serverUrl === undefined ? null : withDatabase(serverUrl, name);
    const database = await connect({ databaseUrl, dataDir });
    try {
      await migrate(database.knex);
      await fill(database.knex, systems);
      const kind = databaseUrl === null ? 'embedded' : 'PostgreSQL';
      printTable(await measure(database.knex), [
        `${systems} systems, ${kind}, ${os.cpus().length} cores, Node ${process.version}`,
      ]);
    } finally {
      await database.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
    if (serverUrl !== undefined) {
      await asSuperuser(serverUrl, (admin) => admin.raw('drop database if exists ?? with (force)', [name]));
    }
  }
}

/** Systems with all their fields, as they are after a save. */
async function fill(knex: Knex, systems: number): Promise<void> {
  await fillInventory(knex, systems);
  for (const type of ['distro', 'profile', 'system'].map(itemType)) {
    const { interfaces: _interfaces, ...data } = initialValues(type.fields, DEFAULT_SETTINGS);
    await knex.raw(
      `update ${type.table} set mtime = 1000000000 + id, data = ?::jsonb
         || jsonb_build_object('comment', 'c' || (id % 1000), 'hostname', name || '.example.org')`,
      [JSON.stringify(data)],
    );
  }
  await knex.raw('vacuum analyze systems');
}

async function measure(knex: Knex): Promise<Figure[]> {
  const server = startItemServer(startInventory(knex));
  const figures: Figure[] = [];
  for (const { what, most, method, params } of QUESTIONS) {
    const call = serializeCall(method, params);
    if (most !== null) await server.pieces(call); // the first one reads what later ones find in memory
    const turns = monitorEventLoopDelay({ resolution: 5 });
    turns.enable();
    const from = performance.now();
    const length = await server.pieces(call);
    const ms = performance.now() - from;
    turns.disable();
    figures.push({
      what,
      figure: `${ms.toFixed(1)} ms`,
      ...(most !== null && { target: `< ${most} ms`, isMet: ms < most }),
      detail: `${(length / 1e6).toFixed(2)} MB, longest turn of the event loop ${(turns.max / 1e6).toFixed(0)} ms`,
    });
  }
  return figures;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
