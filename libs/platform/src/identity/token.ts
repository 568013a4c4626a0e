import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Principal } from './principal.js';

const ISSUER = 'allotree';
const AUDIENCE = 'allotree-api';
const ALGORITHM = 'HS256';

const Claims = z.object({
  sub: z.string().min(1),
  email: z.string(),
  role: z.literal('server_administrator'),
  tenant: z.string().nullable(),
  exp: z.number(),
});

export interface TokenOptions {
  /** At least 32 characters. */
  readonly secret: string;
  /** Milliseconds since 1970; the system's time where none is given. */
  readonly now?: number;
}

/** The bytes a secret signs with. */
export const signingKey = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** An access token for a principal, good for `lifetimeSeconds`. */
export async function signToken(
  principal: Principal,
  options: TokenOptions & { readonly lifetimeSeconds: number },
): Promise<string> {
  const issuedAt = Math.floor((options.now ?? Date.now()) / 1_000);
  return new SignJWT({ email: principal.email, role: principal.role, tenant: principal.tenantId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(principal.userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + options.lifetimeSeconds)
    .sign(signingKey(options.secret));
}

export interface VerifiedToken {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What a token says, or `null` when it is forged, expired, for somebody else, or no token. Only HS256 is accepted. */
export async function verifyToken(token: string, options: TokenOptions): Promise<VerifiedToken | null> {
  try {
    const { payload } = await jwtVerify(token, signingKey(options.secret), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(options.now ?? Date.now()),
    });
    const claims = Claims.safeParse(payload);
    if (!claims.success) return null;
    const { sub, email, role, tenant, exp } = claims.data;
    return { principal: { userId: sub, email, role, tenantId: tenant }, expiresAt: exp * 1_000 };
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
