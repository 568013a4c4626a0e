import { hash, verify } from '@node-rs/argon2';

/** `Algorithm.Argon2id`: a const enum of the library, which isolated modules cannot read. */
const ARGON2ID = 2;

/** The Argon2id hash of a password, with its own salt (19 MiB, 2 passes, as OWASP recommends). */
export const hashPassword = (password: string): Promise<string> =>
  hash(password, { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 });

export const verifyPassword = async (passwordHash: string, password: string): Promise<boolean> => {
  try {
    return await verify(passwordHash, password);
  } catch {
    return false;
  }
};
