import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FIXTURES = path.resolve(__dirname, '../../fixtures');

/**
 * Compares `actual` with a file under `fixtures/`. `GOLDEN_UPDATE=1` (npm run golden:update) writes the file instead:
 * read the difference before it is committed.
 */
export function expectGolden(file: string, actual: string): void {
  const full = path.join(FIXTURES, file);
  if (process.env.GOLDEN_UPDATE === '1') {
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, actual);
    return;
  }
  if (!existsSync(full)) throw new Error(`${file} is missing; npm run golden:update writes it.`);
  expect(actual).toBe(readFileSync(full, 'utf8'));
}
