/** What a process has just used of memberships and groups goes on for so long there, at most, when it has changed. */
export const REMEMBERED_MS = 2_000;
