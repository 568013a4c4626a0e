import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

/** Signatures with a public key only: with any other kind whoever can check a token can make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
const CLOCK_SKEW_SECONDS = 60;
const ANSWER_WITHIN_MS = 5_000;
/** Keys are asked for again at most so often for a key that is not known, and at least so often in any case. */
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

/** Somebody as an external issuer knows them. */
export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Only where the issuer says that it was verified. */
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

/** Why a token is refused: for the operator's log alone, the caller gets the same answer for every cause. */
export class RefusedToken extends Error {
  override readonly name = 'RefusedToken';
}

/** The issuer could not be asked for its keys: nothing can be said about its tokens. */
export class IssuerUnreachable extends Error {
  override readonly name = 'IssuerUnreachable';
}

export interface IssuerOptions {
  /** As it stands in the tokens, and where `/.well-known/openid-configuration` is found below. */
  readonly issuer: string;
  readonly audience: string;
  /** Waits so long at most between two looks at the keys for one that is not known. */
  readonly cooldownMs?: number;
}

/**
 * An OpenID provider whose tokens are accepted. Where its keys are it says itself (OpenID Connect Discovery); they are
 * fetched when they are first needed, and again when a token names one that is not among them.
 */
export class ExternalIssuer {
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(private readonly options: IssuerOptions) {}

  /** Whether a token says that it is from here; nothing is checked. */
  isFrom(token: string): boolean {
    return statedIssuer(token) === this.options.issuer;
  }

  /** Whom a token is about. @throws RefusedToken when it is forged, expired, or not for us; IssuerUnreachable */
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

  private knownKeys(): Promise<JWTVerifyGetKey> {
    this.keys ??= this.discover().catch((error: unknown) => {
      this.keys = undefined;
      throw error;
    });
    return this.keys;
  }

  private async discover(): Promise<JWTVerifyGetKey> {
    const address = `${this.options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await reach(address, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS), redirect: 'manual' });
    const found = Discovery.safeParse(await response.json().catch(() => null));
    if (!found.success || found.data.issuer !== this.options.issuer)
      throw new IssuerUnreachable(`${address} does not describe the issuer ${this.options.issuer}`);
    return createRemoteJWKSet(new URL(found.data.jwks_uri), {
      cooldownDuration: this.options.cooldownMs ?? COOLDOWN_MS,
      cacheMaxAge: KEYS_GOOD_FOR_MS,
      timeoutDuration: ANSWER_WITHIN_MS,
      [customFetch]: reach,
    });
  }
}

/** The `iss` that a token names, unverified; `null` where it is no JWT. */
export function statedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

/** Plain words for what operators meet most; the library's own for the rest. */
function causeOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer publishes no key with the kid of the token';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is wrong';
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim}: ${error.message}`;
  return error.message;
}

/** @throws IssuerUnreachable where nobody answers, or not with what was asked for */
async function reach(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init).catch((error: unknown) => {
    throw new IssuerUnreachable(`${address}: ${(error as Error).message}`);
  });
  if (response.status !== 200) throw new IssuerUnreachable(`${address} answered ${response.status}`);
  return response;
}

const identityOf = (
  issuer: string,
  { sub, email, email_verified, name, zoneinfo, locale }: z.infer<typeof Claims>,
): ExternalIdentity => ({
  issuer,
  subject: sub,
  email: email !== undefined && email_verified === true ? email : null,
  name: name ?? null,
  timeZone: zoneinfo ?? null,
  language: locale ?? null,
});
