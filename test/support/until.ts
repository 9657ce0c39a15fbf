/** Time between two looks, milliseconds: short beside anything waited for, long beside the cost of a look. */
const LOOK_EVERY_MS = 40;

/**
 * Looks again and again until `look` answers something truthy, and answers that. For conditions another process brings
 * about; the deadline is generous, since it only counts when something is broken.
 *
 * @param what - Names the condition in the error.
 * @throws Error when the time is over, and at once whatever `look` throws.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined | 0 | ''>;
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
