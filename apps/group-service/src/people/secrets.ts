import { createHash, randomBytes, randomInt } from 'node:crypto';

/** 256 random bits, fit for a link. Too many to guess, so a plain hash is enough to keep of it. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Eight digits somebody can type. */
export const newCode = (): string => String(randomInt(100_000_000)).padStart(8, '0');
