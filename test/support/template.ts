import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import knex, { type Knex } from 'knex';
import { connect } from '../../src/store/connect';
import { migrate } from '../../src/store/migrate';

const ROOT = path.resolve(__dirname, '../..');
const PREFIX = `kickwatch-template-${os.userInfo().uid}-`;
const UNUSED_MS = 24 * 3_600_000;

/** Hash of everything that decides what a migrated, empty database looks like. */
function schemaHash(): string {
  const hash = createHash('sha256');
  const folder = path.join(ROOT, 'src/store/migrations');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(path.join(folder, name)));
  hash.update(readFileSync(path.join(ROOT, 'node_modules/@electric-sql/pglite/package.json')));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Folder of a migrated, closed, empty embedded database, to be copied. Made once per state of the migrations and kept
 * in the system's temporary folder; several test runs at once may ask for it.
 */
export async function embeddedTemplate(): Promise<string> {
  const folder = path.join(os.tmpdir(), PREFIX + schemaHash());
  if (existsSync(folder)) return folder;
  await removeOldTemplates();
  const draft = await mkdtemp(`${folder}-draft-`);
  try {
    const database = await connect({ databaseUrl: null, dataDir: draft });
    await migrate(database.knex);
    await database.close();
    // Appears whole or not at all; when another run was quicker, its folder stands and is just as good.
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function removeOldTemplates(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = path.join(os.tmpdir(), name);
    const found = await stat(folder).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > UNUSED_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** URL of another database on the same server. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Runs `work` with one connection to the server's maintenance database (create and drop database). */
export async function asSuperuser<T>(url: string, work: (admin: Knex) => Promise<T>): Promise<T> {
  const admin = knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  try {
    return await work(admin);
  } finally {
    await admin.destroy();
  }
}

/** Makes the migrated database on the server at `url` that test files clone; answers its name. */
export async function makeServerTemplate(url: string): Promise<string> {
  const name = `kickwatch_template_${process.pid}_${Date.now()}`;
  await asSuperuser(url, (admin) => admin.raw('create database ??', [name]));
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  await mkdir(dataDir, { recursive: true });
  const database = await connect({ databaseUrl: withDatabase(url, name), dataDir });
  try {
    await migrate(database.knex);
  } finally {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
  return name;
}
