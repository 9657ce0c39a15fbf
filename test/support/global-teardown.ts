import { asSuperuser } from './template';

/** Runs once after all test files. The embedded template stays for the next run. */
export default async function globalTeardown(): Promise<void> {
  const url = process.env.TEST_DATABASE_URL;
  const name = process.env.KICKWATCH_TEST_DATABASE;
  if (url && name) await asSuperuser(url, (admin) => admin.raw('drop database if exists ?? with (force)', [name]));
}
