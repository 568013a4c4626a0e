/**
 * The secret of a link in a mail is behind the `#`. It is taken out of the address bar before anything else of the page runs, and kept in
 * the memory of the page alone: no history, referrer, log or storage has it.
 */
const PATHS: ReadonlySet<string> = new Set(['/password', '/invitations', '/registrations']);

const isLinkPage = (): boolean => PATHS.has(window.location.pathname.replace(/\/$/, ''));

function taken(): string | null {
  const { hash, pathname } = window.location;
  if (!isLinkPage() || hash.length < 2) return null;
  window.history.replaceState(null, '', pathname);
  return hash.slice(1);
}

let secret = taken();

// Another link that is opened in the same tab changes nothing but the part behind the #.
window.addEventListener('hashchange', () => {
  if (isLinkPage() && window.location.hash.length > 1) window.location.reload();
});

/** The secret of the link by which this page was opened; `null`: there was none, or it is used up. */
export const linkSecret = (): string | null => secret;

export function forgetLinkSecret(): void {
  secret = null;
}
