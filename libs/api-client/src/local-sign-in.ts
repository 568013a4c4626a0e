import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A session that a running system leaves for the tools of this machine. Everyone who can read the file can use it. */
export interface LocalSignIn {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly accessToken: string;
  /** ISO 8601 */
  readonly expiresAt: string;
  /** Where the clocks of a cluster are moved: the address of each process. Absent: there are none, or it is one at `url`. */
  readonly clocks?: readonly string[];
}

/** Its file in the data folder, readable by the owner alone. */
export const SIGN_IN_FILE = 'local-sign-in.json';

/** The session in a data folder, or `null` if there is none or it has expired. */
export const readLocalSignIn = async (dataDir: string, now: number): Promise<LocalSignIn | null> => {
  const text = await readFile(join(resolve(dataDir), SIGN_IN_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const signIn = JSON.parse(text) as LocalSignIn;
  return Date.parse(signIn.expiresAt) > now ? signIn : null;
};
