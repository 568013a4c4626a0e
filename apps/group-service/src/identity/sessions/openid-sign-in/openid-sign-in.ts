import { Inject, Injectable } from '@nestjs/common';
import type { IssuedTokens } from '@allotree/contracts';
import { CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { Problem } from '@allotree/http';
import { Authentication, IdentityView, IssuerUnreachable, RefusedToken } from '@allotree/identity';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import type { GroupConfiguration } from '../../../configuration.js';
import type { Visitor } from '../../visitor.js';
import { GuardedSignIn } from '../guarded-sign-in.js';
import { Sessions, type SessionOwner } from '../sessions.js';
import { sealed, unsealed, type Attempt } from '../openid-attempt.js';
import { OpenIdProvider } from '../openid-provider.js';

/** Where a sign-in that has begun leads to, and what the browser has to keep until then. */
interface Begun {
  readonly location: string;
  readonly cookie: string;
}

/** A session, and the page to show. */
interface Finished {
  readonly tokens: IssuedTokens;
  readonly to: string;
}

/** Signs people in with the OpenID provider, by the same rules as its tokens are accepted. */
@Injectable()
export class OpenIdSignIn {
  constructor(
    @Inject(CONFIGURATION) private readonly settings: GroupConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly provider: OpenIdProvider,
    private readonly people: Authentication,
    private readonly view: IdentityView,
    private readonly guarded: GuardedSignIn,
    private readonly sessions: Sessions,
  ) {}

  /** @throws Problem `FORBIDDEN` where it is not offered; `OVERLOADED` while the provider does not answer */
  async begin(to: string): Promise<Begun> {
    if (!this.provider.isOffered)
      throw new Problem('FORBIDDEN', 'Sign-in with an OpenID provider is not set up: sign in with a password');
    const attempt = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), to };
    try {
      const location = await this.provider.signInPage(attempt);
      return { location, cookie: await sealed(attempt, this.settings.TOKEN_SECRET) };
    } catch (error) {
      return this.people.failed(error);
    }
  }

  /**
   * @param cookie the sealed attempt that the browser kept
   * @param query of the address that the provider sent the browser to
   * @returns `null`: refused; the log says why, beside the correlation id
   */
  async finish(cookie: string | null, query: string, visitor: Visitor): Promise<Finished | null> {
    try {
      return await this.guarded.guess(visitor, () => this.redeem(cookie, query, visitor));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return this.refused(error.message, visitor);
    }
  }

  private async redeem(cookie: string | null, query: string, visitor: Visitor): Promise<Finished | null> {
    const attempt = await this.attemptIn(cookie);
    if (typeof attempt === 'string') return this.refused(attempt, visitor);
    const owner = await this.ownerOf(query, attempt);
    if (typeof owner === 'string') return this.refused(owner, visitor);
    return { tokens: await this.sessions.open(owner, visitor, { method: 'openid' }), to: attempt.to };
  }

  private async attemptIn(cookie: string | null): Promise<Attempt | string> {
    if (!this.provider.isOffered) return 'OIDC_CLIENT_ID is not set';
    if (cookie === null) return 'the browser began no sign-in here, or used it already';
    return unsealed(cookie, this.settings.TOKEN_SECRET);
  }

  /** @returns who signs in, or why nobody does, for the log */
  private async ownerOf(query: string, attempt: Attempt): Promise<SessionOwner | string> {
    try {
      const identity = await this.provider.whoCameBack(query, attempt);
      const { principal, cause } = await this.people.whoIs(identity);
      if (principal === null) return `${cause} (subject ${identity.subject})`;
      if (this.view.isRefused(principal)) return 'the account is deactivated';
      const { userId, email, serverAdministrator } = principal;
      return { userId, email: email ?? '', serverAdministrator };
    } catch (error) {
      if (error instanceof RefusedToken || error instanceof IssuerUnreachable) return error.message;
      throw error;
    }
  }

  private refused(cause: string, { correlationId }: Visitor): null {
    const { OIDC_ISSUER: issuer } = this.settings;
    this.logger.info({ issuer, cause, reference: correlationId }, 'OpenID sign-in refused');
    return null;
  }
}
