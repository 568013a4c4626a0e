import { createHash, randomBytes, randomInt } from 'node:crypto';

/** 256 random bits for a link. They cannot be guessed, so storing a plain hash is enough. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Eight digits for typing. */
export const newCode = (): string => String(randomInt(100_000_000)).padStart(8, '0');
