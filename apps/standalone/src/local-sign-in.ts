import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

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
