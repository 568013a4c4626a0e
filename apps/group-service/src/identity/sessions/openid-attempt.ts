import { hkdfSync } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { z } from 'zod';

/** A sign-in that has begun at the OpenID provider. */
const Attempt = z.object({
  /** Comes back in the address, so that the answer belongs to this browser. */
  state: z.string(),
  /** Comes back in the ID token, so that the token belongs to this attempt. */
  nonce: z.string(),
  /** Proves to the provider that who began redeems the code (PKCE). */
  verifier: z.string(),
  /** The page to show afterwards. */
  to: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

/** How long somebody can take to sign in at the provider. */
export const ATTEMPT_SECONDS = 600;

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

const keyOf = (secret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', 'attempts to sign in with OpenID', 32));

/** An attempt for a cookie: it can neither be read nor changed there, and any replica can open it. */
export const sealed = (attempt: Attempt, secret: string, now = new Date()): Promise<string> =>
  new EncryptJWT(attempt)
    .setProtectedHeader(ALGORITHMS)
    .setExpirationTime(Math.floor(now.getTime() / 1_000) + ATTEMPT_SECONDS)
    .encrypt(keyOf(secret));

/** @returns the attempt; or why the text is not one that still counts, for the log */
export async function unsealed(text: string, secret: string): Promise<Attempt | string> {
  try {
    const { payload } = await jwtDecrypt(text, keyOf(secret), {
      keyManagementAlgorithms: [ALGORITHMS.alg],
      contentEncryptionAlgorithms: [ALGORITHMS.enc],
      requiredClaims: ['exp'],
    });
    return Attempt.parse(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return `the sign-in took longer than ${ATTEMPT_SECONDS / 60} minutes`;
    if (error instanceof errors.JOSEError) return 'the cookie of the attempt was not made here';
    throw error;
  }
}
