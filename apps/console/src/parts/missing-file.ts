/** Files of the console that the server did not have: it was updated after this page was opened, or the connection failed. */
const missing = new WeakSet<Error>();

window.addEventListener('vite:preloadError', ({ payload }) => missing.add(payload));

/** Whether an error is a part of the console that could not be loaded. The router reloads the page for such a part, but only once. */
export const isMissingFile = (error: unknown): boolean => error instanceof Error && missing.has(error);
