/**
 * The session of this browser. The refresh token is in a cookie that no script can read; the access token is in the memory of the page
 * alone, so a reload asks for a new one.
 */
interface AccessToken {
  readonly value: string;
  /** By `performance.now()`, in ms. */
  readonly expiresAt: number;
}

interface TokenAnswer {
  /** `null`: the browser has no session. */
  readonly access_token: string | null;
  readonly expires_in: number;
}

const PATH = '/api/v1/auth/session';
/** A token is replaced so long before it expires. */
const MARGIN_MS = 30_000;

let token: AccessToken | null = null;
let isSignedOut = false;
const listeners = new Set<() => void>();

/** Calls back when the session ends, here or elsewhere. @returns what ends the subscription */
export function onSessionEnd(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function keep({ access_token: value, expires_in: seconds }: TokenAnswer): string | null {
  if (value === null) {
    forget();
    return null;
  }
  token = { value, expiresAt: performance.now() + seconds * 1_000 };
  isSignedOut = false;
  return value;
}

function forget(): void {
  const wasSignedIn = token !== null;
  token = null;
  isSignedOut = true;
  if (wasSignedIn) for (const listener of listeners) listener();
}

const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(path, {
    method: 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** @returns the problem of the answer, or `null` when signed in */
export async function signIn(email: string, password: string): Promise<unknown> {
  const answer = await post(PATH, { email, password });
  if (!answer.ok) return answer.json();
  keep((await answer.json()) as TokenAnswer);
  return null;
}

export async function signOut(): Promise<void> {
  const answer = await fetch(PATH, { method: 'DELETE' });
  forget();
  const { continueAt } = (await answer.json()) as { readonly continueAt?: string | null };
  // The session at the OpenID provider, which would let anybody in here again with one click.
  if (continueAt) window.location.assign(continueAt);
}

/** The token to send, a new one where it expires soon; `null`: nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  if (token !== null && token.expiresAt - performance.now() > MARGIN_MS) return token.value;
  return isSignedOut ? null : renewed(token);
}

/**
 * A refresh token can be used once, and all pages of the browser share it: one page at a time asks for the next.
 * @param used the token that expires or was refused
 */
export async function renewed(used: AccessToken | null = token): Promise<string | null> {
  return navigator.locks.request('allotree-session', async () => {
    if (token !== used && token !== null) return token.value;
    const answer = await post(`${PATH}/refresh`);
    if (answer.ok) return keep((await answer.json()) as TokenAnswer);
    if (answer.status === 401) forget();
    return null;
  });
}
