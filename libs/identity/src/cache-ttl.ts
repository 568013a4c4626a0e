/** How long a process can use cached memberships and groups after they have changed. */
export const CACHE_TTL_MS = 2_000;
