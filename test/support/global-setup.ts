import { embeddedTemplate, makeServerTemplate } from './template';

/** Runs once before all test files: makes the migrated database they copy. Workers inherit the environment. */
export default async function globalSetup(): Promise<void> {
  const url = process.env.TEST_DATABASE_URL;
  if (url === undefined || url === '') process.env.KICKWATCH_TEST_FOLDER = await embeddedTemplate();
  else process.env.KICKWATCH_TEST_DATABASE = await makeServerTemplate(url);
}
