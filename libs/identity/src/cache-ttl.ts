/** How long a process can use cached memberships and groups after they have changed. */
export const CACHE_TTL_MS = 2_000;

/**
 * Limits a cache to a number of entries. With `max`, it would take the memory for all of them at once: 30 MB for the caches of a process with
 * all services.
 */
export const atMost = (entries: number) => ({ maxSize: entries, sizeCalculation: () => 1 });
