import { hash } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTHeaderParameters } from 'jose';
import { PermissionName } from '@allotree/contracts';
import { z } from 'zod';
import type { Principal } from '@allotree/http';

/** The `iss` of access tokens made here. */
export const OWN_ISSUER = 'allotree';
const AUDIENCE = 'allotree-api';
const ALGORITHM = 'HS256';

const Claims = z.object({
  sub: z.string().min(1),
  email: z.string().nullable(),
  tenant: z.string().nullable(),
  sid: z.string().min(1).nullable(),
  adm: z.boolean(),
  key: z.string().min(1).optional(),
  perms: z.array(PermissionName).optional(),
  by: z.string().min(1).optional(),
  exp: z.number(),
});

export interface SigningOptions {
  /** At least 32 characters. */
  readonly secret: string;
  readonly lifetimeSeconds: number;
  /** Milliseconds since 1970; default: the system's time. */
  readonly now?: number;
}

export interface VerifyingOptions {
  readonly secret: string;
  /** The secret before the last change: tokens signed with it stay valid until they expire. */
  readonly previousSecret?: string | undefined;
  readonly now?: number;
}

/** The key bytes of a secret. */
export const signingKey = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** Identifies a secret without revealing it: which of two a token was signed with. */
export const keyIdOf = (secret: string): string => hash('sha256', `key id\n${secret}`, 'hex').slice(0, 16);

/** An access token for a principal, valid for `lifetimeSeconds`. */
export async function signToken(
  { userId, email, tenantId, serverAdministrator, sessionId, apiKey }: Principal,
  { secret, lifetimeSeconds, now = Date.now() }: SigningOptions,
): Promise<string> {
  const issuedAt = Math.floor(now / 1_000);
  const by = apiKey?.madeBy === undefined ? {} : { by: apiKey.madeBy };
  const key = apiKey === null ? {} : { key: apiKey.keyId, perms: apiKey.permissions, ...by };
  return new SignJWT({ email, tenant: tenantId, sid: sessionId, adm: serverAdministrator, ...key })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keyIdOf(secret) })
    .setIssuer(OWN_ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(signingKey(secret));
}

export interface VerifiedToken {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The principal of a token, or `null` when it is forged, expired, for another audience, or malformed. Only HS256 is accepted. */
export async function verifyToken(token: string, options: VerifyingOptions): Promise<VerifiedToken | null> {
  try {
    const { payload } = await jwtVerify(token, keyOf(options), {
      algorithms: [ALGORITHM],
      issuer: OWN_ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(options.now ?? Date.now()),
    });
    const claims = Claims.safeParse(payload);
    return claims.success ? verified(claims.data) : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

const keyOf =
  ({ secret, previousSecret }: VerifyingOptions) =>
  ({ kid }: JWTHeaderParameters): Uint8Array => {
    const known = [secret, ...(previousSecret === undefined ? [] : [previousSecret])];
    const one = known.find((candidate) => keyIdOf(candidate) === kid);
    if (one === undefined) throw new errors.JWKSNoMatchingKey();
    return signingKey(one);
  };

function verified({ sub, email, tenant, sid, adm, key, perms, by, exp }: z.infer<typeof Claims>): VerifiedToken | null {
  const isKey = key !== undefined;
  // A machine is never an administrator, and its permissions and its id come together.
  if (isKey !== (perms !== undefined) || (isKey && adm)) return null;
  return {
    principal: {
      userId: sub,
      email,
      // Earlier versions named a tenant in tokens of people.
      tenantId: isKey ? tenant : null,
      serverAdministrator: adm,
      sessionId: sid,
      apiKey:
        key === undefined || perms === undefined
          ? null
          : { keyId: key, permissions: perms, ...(by === undefined ? {} : { madeBy: by }) },
    },
    expiresAt: exp * 1_000,
  };
}
