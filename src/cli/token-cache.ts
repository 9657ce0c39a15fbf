import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Session tokens kept between calls, by server and user. */
export interface TokenCache {
  read(key: string): Promise<string | null>;
  write(key: string, token: string | null): Promise<void>;
}

/**
 * Tokens in one JSON file with mode 0600, replaced as a whole. A cache that cannot be read or written is as good as
 * empty: logging in again is all it costs.
 *
 * @param file - null keeps nothing.
 */
export function createTokenCache(file: string | null): TokenCache {
  if (file === null) return { read: () => Promise.resolve(null), write: () => Promise.resolve() };
  return {
    read: async (key) => (await readAll(file))[key] ?? null,
    async write(key, token) {
      const { [key]: _replaced, ...rest } = await readAll(file);
      const fresh = `${file}.${process.pid}`;
      try {
        await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
        await writeFile(fresh, JSON.stringify(token === null ? rest : { ...rest, [key]: token }), { mode: 0o600 });
        await rename(fresh, file);
      } catch {
        await rm(fresh, { force: true }).catch(() => undefined);
      }
    },
  };
}

async function readAll(file: string): Promise<Record<string, string>> {
  try {
    const all: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof all !== 'object' || all === null) return {};
    return Object.fromEntries(Object.entries(all).filter(([, token]) => typeof token === 'string'));
  } catch {
    return {};
  }
}
