/** Lets steps about the same name run one after the other, those about different names side by side. */
export interface NameLocks {
  run<T>(name: string, step: () => Promise<T>): Promise<T>;
}

/** Locks that cost nothing while nobody waits. */
export function createNameLocks(): NameLocks {
  const last = new Map<string, Promise<unknown>>();
  return {
    async run(name, step) {
      const before = last.get(name) ?? Promise.resolve();
      const mine = before.then(step, step);
      last.set(name, mine);
      try {
        return await mine;
      } finally {
        if (last.get(name) === mine) last.delete(name);
      }
    },
  };
}
