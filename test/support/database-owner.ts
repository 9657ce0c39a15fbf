import { createInterface } from 'node:readline';
import { connect } from '../../src/store/connect';

/**
 * A process that owns an embedded database: opens the folder of its argument, prints `ready`, then inserts one row per
 * line it reads and prints the number when it is committed. Tests kill it.
 */
async function main(): Promise<void> {
  const database = await connect({ databaseUrl: null, dataDir: process.argv[2]! });
  await database.knex.raw('create table if not exists kept (n int primary key)');
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    await database.knex('kept').insert({ n: Number(line) });
    process.stdout.write(`${line}\n`);
  }
  await database.close();
}

main().catch((error: Error) => {
  process.stdout.write(`error: ${error.message}\n`);
  process.exit(1);
});
