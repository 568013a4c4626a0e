import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import { Problem } from '../http/problem.js';
import { CONFIGURATION } from '../tokens.js';
import { IdentityView } from './identity-view.js';
import { ExternalIssuer, IssuerUnreachable, type ExternalIdentity } from './oidc.js';
import type { Principal } from './principal.js';
import { verifyToken, type VerifiedToken } from './token.js';

const CACHED_TOKENS = 10_000;
/** Then a token of the external issuer is checked again, with the keys it has by then. */
const EXTERNAL_GOOD_FOR_MS = 5 * 60_000;

/** The server administrator of the configuration, however he signs in. */
export const SERVER_ADMINISTRATOR = 'server-administrator';

/** Who sends a request: by an access token of ours, or by one of the external issuer. */
@Injectable()
export class Authentication {
  /** Verified tokens: on the hot path a token is a lookup, until it expires. */
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: CACHED_TOKENS });
  private readonly issuer: ExternalIssuer | null;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration,
    private readonly view: IdentityView,
  ) {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = configuration;
    this.issuer = issuer === undefined || audience === undefined ? null : new ExternalIssuer({ issuer, audience });
  }

  /** @throws Problem `UNAUTHENTICATED`; `OVERLOADED` while the external issuer cannot be asked for its keys */
  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    const token = bearerOf(authorization);
    const known = this.verified.get(token);
    if (known !== undefined && known.expiresAt > Date.now()) return this.admitted(known.principal);
    return this.verify(token).then((principal) => this.admitted(principal));
  }

  private admitted(principal: Principal): Principal {
    if (this.view.isRefused(principal)) throw notGood();
    return principal;
  }

  private async verify(token: string): Promise<Principal> {
    const verified =
      this.issuer?.isFrom(token) === true ? await this.external(this.issuer, token) : await this.own(token);
    if (verified === null) throw notGood();
    this.verified.set(token, verified);
    return verified.principal;
  }

  private own(token: string): Promise<VerifiedToken | null> {
    const { TOKEN_SECRET: secret, TOKEN_SECRET_PREVIOUS: previousSecret } = this.configuration;
    return verifyToken(token, { secret, previousSecret });
  }

  private async external(issuer: ExternalIssuer, token: string): Promise<VerifiedToken | null> {
    const verified = await issuer.verify(token).catch((error: unknown) => {
      if (!(error instanceof IssuerUnreachable)) throw error;
      throw new Problem('OVERLOADED', 'The identity provider does not answer; try again shortly', {
        retryAfterSeconds: 5,
      });
    });
    if (verified === null) return null;
    const principal = await this.principalOf(verified.identity);
    return principal && { principal, expiresAt: Math.min(verified.expiresAt, Date.now() + EXTERNAL_GOOD_FOR_MS) };
  }

  private async principalOf(identity: ExternalIdentity): Promise<Principal | null> {
    const person = { serverAdministrator: false, sessionId: null, apiKey: null };
    const { ADMIN_EMAIL } = this.configuration;
    if (identity.email?.toLowerCase() === ADMIN_EMAIL.toLowerCase()) {
      return { ...person, userId: SERVER_ADMINISTRATOR, email: ADMIN_EMAIL, tenantId: null, serverAdministrator: true };
    }
    const user = await this.view.userOf(identity);
    return user && { ...person, userId: user.userId, email: user.email, tenantId: user.tenantId };
  }
}

const notGood = (): Problem =>
  new Problem('UNAUTHENTICATED', 'The access token is not valid, or no longer: get a new one');

function bearerOf(authorization: string | undefined): string {
  const token = /^Bearer ([^\s]{1,4096})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('UNAUTHENTICATED', 'Send an access token: Authorization: Bearer <token>');
  return token;
}
