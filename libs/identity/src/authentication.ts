import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { Problem, type Principal } from '@allotree/http';
import { CONFIGURATION, LOGGER } from '@allotree/basics';
import type { IdentityConfiguration } from './configuration.js';
import { atMost } from './cache-ttl.js';
import { IdentityView } from './identity-view.js';
import { ExternalIssuer, IssuerUnreachable, RefusedToken, statedIssuer, type ExternalIdentity } from './oidc.js';
import { OWN_ISSUER, verifyToken, type VerifiedToken } from './token.js';

const CACHED_TOKENS = 10_000;
/** After this time a token of the external issuer is verified again, with its current keys. */
const EXTERNAL_GOOD_FOR_MS = 5 * 60_000;

/** The server administrator of the configuration, by password or by OpenID. */
export const SERVER_ADMINISTRATOR = 'server-administrator';

/** Authenticates requests by an access token of this system or of the external issuer. */
@Injectable()
export class Authentication {
  /** Verified tokens by the header that carried them: on the hot path a token is a lookup, until it expires. */
  private readonly verified = new LRUCache<string, VerifiedToken>(atMost(CACHED_TOKENS));
  private readonly issuer: ExternalIssuer | null;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: IdentityConfiguration,
    private readonly view: IdentityView,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = configuration;
    this.issuer = issuer === undefined || audience === undefined ? null : new ExternalIssuer({ issuer, audience });
  }

  /** @throws Problem `UNAUTHENTICATED`; `OVERLOADED` while the keys of the external issuer cannot be fetched */
  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    const known = authorization === undefined ? undefined : this.verified.get(authorization);
    if (known !== undefined && known.expiresAt > Date.now()) return this.admitted(known.principal);
    return this.verify(authorization).then((principal) => this.admitted(principal));
  }

  private admitted(principal: Principal): Principal {
    const maker = principal.apiKey?.madeBy;
    const isRefused = this.view.isRefused(principal);
    // A key ends with the account of its creator.
    if (isRefused || (maker !== undefined && this.view.isRefused({ userId: maker, sessionId: null }))) throw notGood();
    return principal;
  }

  private async verify(authorization: string | undefined): Promise<Principal> {
    const token = bearerOf(authorization);
    const verified =
      this.issuer?.isFrom(token) === true ? await this.external(this.issuer, token) : await this.own(token);
    if (verified === null) throw notGood();
    this.verified.set(authorization ?? '', verified);
    return verified.principal;
  }

  private async own(token: string): Promise<VerifiedToken | null> {
    const { TOKEN_SECRET: secret, TOKEN_SECRET_PREVIOUS: previousSecret, OIDC_ISSUER } = this.configuration;
    const verified = await verifyToken(token, { secret, previousSecret });
    if (verified !== null || OIDC_ISSUER === undefined) return verified;
    const stated = statedIssuer(token);
    if (stated !== OWN_ISSUER)
      this.logRefusal('the token is not a JWT, or is from another issuer than OIDC_ISSUER', {
        stated: `${stated}`.slice(0, 300),
      });
    return null;
  }

  private async external(issuer: ExternalIssuer, token: string): Promise<VerifiedToken | null> {
    try {
      const verified = await issuer.verify(token);
      const { principal, cause } = await this.whoIs(verified.identity);
      if (principal === null) this.logRefusal(cause, { subject: verified.identity.subject });
      return principal && { principal, expiresAt: Math.min(verified.expiresAt, Date.now() + EXTERNAL_GOOD_FOR_MS) };
    } catch (error) {
      if (error instanceof RefusedToken) {
        this.logRefusal(error.message);
        return null;
      }
      return this.failed(error);
    }
  }

  /** Logs that the external issuer does not answer. @throws Problem `OVERLOADED`, or the error where it is another one */
  failed(error: unknown): never {
    if (!(error instanceof IssuerUnreachable)) throw error;
    this.logger.warn({ issuer: this.configuration.OIDC_ISSUER, cause: error.message }, 'OpenID provider unreachable');
    throw new Problem('OVERLOADED', 'The identity provider does not answer; try again shortly', {
      retryAfterSeconds: 5,
    });
  }

  /**
   * The person that a verified identity of the external issuer is here. The administrator is identified by the subject that the operator
   * configures: an address can pass to another person.
   * @returns the person, or why the identity is nobody here, for the log
   */
  async whoIs(identity: ExternalIdentity): Promise<Recognition> {
    const person = { tenantId: null, serverAdministrator: false, sessionId: null, apiKey: null };
    const { ADMIN_EMAIL, OIDC_ADMIN_SUBJECT } = this.configuration;
    const { subject, email } = identity;
    if (subject === OIDC_ADMIN_SUBJECT) {
      const administrator = { ...person, email: ADMIN_EMAIL, serverAdministrator: true };
      return { principal: { ...administrator, userId: SERVER_ADMINISTRATOR } };
    }
    const user = await this.view.userOf(identity);
    if (user !== null) return { principal: { ...person, userId: user.userId, email: user.email } };
    return { principal: null, cause: causeOf(email, ADMIN_EMAIL) };
  }

  private logRefusal(cause: string, facts: Readonly<Record<string, string>> = {}): void {
    this.logger.info({ ...facts, issuer: this.configuration.OIDC_ISSUER, cause }, 'OpenID token refused');
  }
}

/** Who an identity of the external issuer is here, or why it is nobody. */
export type Recognition =
  { readonly principal: Principal; readonly cause?: undefined } | { readonly principal: null; readonly cause: string };

/** Why a valid token of the issuer matches no user here. */
function causeOf(email: string | null, adminEmail: string): string {
  if (email === null) return 'the token carries no address with email_verified true';
  if (email.toLowerCase() === adminEmail.toLowerCase())
    return 'the address is ADMIN_EMAIL: set OIDC_ADMIN_SUBJECT to this subject to make it the server administrator';
  return 'nobody here has this address, or the account is deactivated or linked to another subject';
}

const notGood = (): Problem =>
  new Problem('UNAUTHENTICATED', 'The access token is invalid or has expired: get a new one');

function bearerOf(authorization: string | undefined): string {
  const token = /^Bearer ([^\s]{1,4096})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('UNAUTHENTICATED', 'Send an access token: Authorization: Bearer <token>');
  return token;
}
