import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ownService, signToken } from '@allotree/platform';
import type { DataFolder } from './data-folder.js';

/** A signed-in session that the process leaves for tools on this machine: whoever can read the folder may use it. */
export interface LocalSignIn {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly accessToken: string;
  /** ISO 8601 */
  readonly expiresAt: string;
}

/** Where it lies in the data folder, readable by the owner alone. */
export const SIGN_IN_FILE = 'local-sign-in.json';

/** The session a running process left in its data folder, or `null` when there is none that is still good. */
export const readLocalSignIn = async (dataDir: string, now: number): Promise<LocalSignIn | null> => {
  const text = await readFile(join(resolve(dataDir), SIGN_IN_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const signIn = JSON.parse(text) as LocalSignIn;
  return Date.parse(signIn.expiresAt) > now ? signIn : null;
};

const SIGN_IN_SECONDS = 3_600;

/**
 * Keeps a short-lived session of the administrator for tools of this machine in the data folder, renewed in time, until
 * `end()`.
 * @param url where the system answers
 */
export const keepSignIn = async (
  folder: DataFolder,
  url: string,
  { ADMIN_EMAIL, TOKEN_SECRET }: { readonly ADMIN_EMAIL: string; readonly TOKEN_SECRET: string },
): Promise<{ end(): Promise<void> }> => {
  const principal = ownService('local-tools', ADMIN_EMAIL);
  const leave = async (): Promise<void> => {
    const accessToken = await signToken(principal, { secret: TOKEN_SECRET, lifetimeSeconds: SIGN_IN_SECONDS });
    await folder.leaveSignIn({
      url,
      accessToken,
      expiresAt: new Date(Date.now() + SIGN_IN_SECONDS * 1_000).toISOString(),
    });
  };
  await leave();
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(
    () => {
      renewing = renewing.then(leave).catch(() => undefined);
    },
    (SIGN_IN_SECONDS / 2) * 1_000,
  );
  return {
    end: async () => {
      clearInterval(timer);
      await renewing;
      await folder.removeSignIn();
    },
  };
};
