import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

/** Asymmetric signatures only: with a symmetric key, everyone who can verify a token can forge one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
const CLOCK_SKEW_SECONDS = 60;
const ANSWER_WITHIN_MS = 5_000;
/** The shortest time between two fetches of the keys for an unknown key, and the longest in any case. */
const COOLDOWN_MS = 5_000;
const KEYS_GOOD_FOR_MS = 10 * 60_000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

const Claims = z.object({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  name: z.string().optional(),
  zoneinfo: z.string().optional(),
  locale: z.string().optional(),
});

/** A person as known to an external issuer. */
export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Only where the issuer states that it is verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly timeZone: string | null;
  readonly language: string | null;
}

export interface VerifiedIdentity {
  readonly identity: ExternalIdentity;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Why a token is refused: for the operator's log only, because the caller gets the same answer for every cause. */
export class RefusedToken extends Error {
  override readonly name = 'RefusedToken';
}

/** The keys of the issuer could not be fetched, so its tokens cannot be verified. */
export class IssuerUnreachable extends Error {
  override readonly name = 'IssuerUnreachable';
}

export interface IssuerOptions {
  /** The `iss` of the tokens, and the base of `/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly audience: string;
  /** The shortest time between two fetches of the keys for an unknown one. */
  readonly cooldownMs?: number;
}

/**
 * An OpenID provider whose tokens are accepted. Its keys are discovered (OpenID Connect Discovery), fetched when first needed, and again
 * when a token names an unknown key.
 */
export class ExternalIssuer {
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(private readonly options: IssuerOptions) {}

  /** Whether a token claims to be from this issuer; nothing is verified. */
  isFrom(token: string): boolean {
    return statedIssuer(token) === this.options.issuer;
  }

  /** The identity in a token. @throws RefusedToken when it is forged, expired, or for another audience; IssuerUnreachable */
  async verify(token: string): Promise<VerifiedIdentity> {
    const { issuer, audience } = this.options;
    try {
      const { payload } = await jwtVerify(token, await this.knownKeys(), {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      const claims = Claims.safeParse(payload);
      if (!claims.success) throw new RefusedToken(`claim ${claims.error.issues[0]?.path.join('.') ?? ''} is malformed`);
      return { identity: identityOf(issuer, claims.data), expiresAt: claims.data.exp * 1_000 };
    } catch (error) {
      if (error instanceof errors.JWKSTimeout) throw new IssuerUnreachable(error.message);
      if (error instanceof errors.JOSEError) throw new RefusedToken(causeOf(error));
      throw error;
    }
  }

  /** The identity in claims that the issuer answered itself, such as those of its userinfo endpoint. @throws RefusedToken */
  identityIn(claims: unknown): ExternalIdentity {
    const found = Claims.omit({ exp: true }).safeParse(claims);
    if (!found.success) throw new RefusedToken(`claim ${found.error.issues[0]?.path.join('.') ?? ''} is malformed`);
    return identityOf(this.options.issuer, found.data);
  }

  private knownKeys(): Promise<JWTVerifyGetKey> {
    this.keys ??= this.discover().catch((error: unknown) => {
      this.keys = undefined;
      throw error;
    });
    return this.keys;
  }

  private async discover(): Promise<JWTVerifyGetKey> {
    const address = `${this.options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetchFrom(address, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS), redirect: 'manual' });
    const found = Discovery.safeParse(await response.json().catch(() => null));
    if (!found.success || found.data.issuer !== this.options.issuer)
      throw new IssuerUnreachable(`${address} does not describe the issuer ${this.options.issuer}`);
    return createRemoteJWKSet(new URL(found.data.jwks_uri), {
      cooldownDuration: this.options.cooldownMs ?? COOLDOWN_MS,
      cacheMaxAge: KEYS_GOOD_FOR_MS,
      timeoutDuration: ANSWER_WITHIN_MS,
      [customFetch]: fetchFrom,
    });
  }
}

/** The `iss` that a token names, unverified; `null` where it is not a JWT. */
export function statedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

/** Plain words for the most frequent causes; the library's own message for the rest. */
function causeOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer publishes no key with the kid of the token';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is wrong';
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim}: ${error.message}`;
  return error.message;
}

/** @throws IssuerUnreachable when there is no answer, or an unexpected one */
async function fetchFrom(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init).catch((error: unknown) => {
    throw new IssuerUnreachable(`${address}: ${(error as Error).message}`);
  });
  if (response.status !== 200) throw new IssuerUnreachable(`${address} answered ${response.status}`);
  return response;
}

const identityOf = (
  issuer: string,
  { sub, email, email_verified, name, zoneinfo, locale }: Omit<z.infer<typeof Claims>, 'exp'>,
): ExternalIdentity => ({
  issuer,
  subject: sub,
  email: email !== undefined && email_verified === true ? email : null,
  name: name ?? null,
  timeZone: zoneinfo ?? null,
  language: locale ?? null,
});
