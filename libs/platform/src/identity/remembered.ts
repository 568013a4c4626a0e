/** How long a process can use cached memberships and groups after they have changed. */
export const REMEMBERED_MS = 2_000;
