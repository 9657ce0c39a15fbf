import type { Groups } from '../domain/rights';
import { parseIni } from './ini';
import { watchFile } from './watched-file';

/** The groups of Cobbler's `users.conf`: sections are groups, their keys the users. The file may change at any time. */
export interface UserGroups {
  /** The groups now; none when there is no such file, or it cannot be used. Never rejects. */
  read(): Promise<Groups>;
}

const NONE: Groups = new Map();

/** Watches the file; `warn` is told, again and again, when it cannot be used: nobody in it has rights then. */
export function createUserGroups(path: string, warn: (sentence: string) => void): UserGroups {
  const file = watchFile(
    path,
    (text): Groups => new Map([...parseIni(text)].map(([group, users]) => [group, new Set(users.keys())])),
  );
  return {
    async read() {
      try {
        const groups = await file.read();
        if (groups === null) warn(`There is no ${path}: only the administrator has rights.`);
        return groups ?? NONE;
      } catch (error) {
        warn(`${(error as Error).message} Only the administrator has rights until it can be used.`);
        return NONE;
      }
    },
  };
}
