import type { Knex } from 'knex';
import { migrationSource } from './src/store/migrations';

/** For knex's own command line on a PostgreSQL server; `npm run migrate` does the same and knows the embedded one. */
const config: Knex.Config = {
  client: 'pg',
  migrations: { migrationSource },
};

export default config;
