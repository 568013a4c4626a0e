import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION } from '@allotree/basics';
import { publicUrl } from '@allotree/http';
import { ExternalIssuer, IssuerUnreachable, RefusedToken, type ExternalIdentity } from '@allotree/identity';
import * as client from 'openid-client';
import type { GroupConfiguration } from '../../configuration.js';
import type { Attempt } from './openid-attempt.js';

const ANSWER_WITHIN_SECONDS = 5;
/** The metadata of the provider is fetched again after this time. */
const KNOWN_FOR_MS = 10 * 60_000;
const SCOPE = 'openid email profile';
const CALLBACK = '/api/v1/auth/session/openid/callback';

interface Known {
  readonly configuration: Promise<client.Configuration>;
  readonly until: number;
}

/** Allotree as a client of the OpenID provider: the authorization code flow with PKCE, state and nonce. */
@Injectable()
export class OpenIdProvider {
  private known: Known | undefined;
  private readonly issuer: ExternalIssuer;

  constructor(@Inject(CONFIGURATION) private readonly settings: GroupConfiguration) {
    const { OIDC_ISSUER: issuer = '', OIDC_CLIENT_ID: audience = '' } = settings;
    this.issuer = new ExternalIssuer({ issuer, audience });
  }

  /** Whether people can sign in with it in a browser. */
  get isOffered(): boolean {
    return this.settings.OIDC_CLIENT_ID !== undefined;
  }

  /** The page of the provider where a person signs in. @throws IssuerUnreachable */
  async signInPage({ state, nonce, verifier }: Attempt): Promise<string> {
    const configuration = await this.configuration();
    return client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.address(CALLBACK),
      scope: SCOPE,
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).href;
  }

  /**
   * Who came back from the provider, by the same rules as a token of it.
   * @param query of the address that the provider sent the browser to
   * @throws RefusedToken, IssuerUnreachable
   */
  async whoCameBack(query: string, { state, nonce, verifier }: Attempt): Promise<ExternalIdentity> {
    const configuration = await this.configuration();
    const address = new URL(`${this.address(CALLBACK)}?${query}`);
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    };
    const tokens = await client.authorizationCodeGrant(configuration, address, checks).catch(refused);
    const { identity } = await this.issuer.verify(tokens.id_token ?? '');
    const { userinfo_endpoint: userinfo } = configuration.serverMetadata();
    // Some providers name the address at this endpoint alone.
    if (tokens.claims()?.['email'] !== undefined || userinfo === undefined) return identity;
    const claims = await client.fetchUserInfo(configuration, tokens.access_token, identity.subject).catch(refused);
    return this.issuer.identityIn(claims);
  }

  /** The page of the provider where its own session ends; `null`: it announces none, or does not answer. */
  async signOutPage(): Promise<string | null> {
    if (!this.isOffered) return null;
    try {
      const configuration = await this.configuration();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      const post_logout_redirect_uri = this.address('/sign-in');
      return client.buildEndSessionUrl(configuration, { post_logout_redirect_uri }).href;
    } catch (error) {
      if (error instanceof IssuerUnreachable) return null;
      throw error;
    }
  }

  private address(path: string): string {
    return `${publicUrl(this.settings)}${path}`;
  }

  private configuration(now = Date.now()): Promise<client.Configuration> {
    if (this.known !== undefined && this.known.until > now) return this.known.configuration;
    const known: Known = {
      until: now + KNOWN_FOR_MS,
      configuration: this.discover().catch((error: unknown) => {
        if (this.known === known) this.known = undefined;
        throw error;
      }),
    };
    this.known = known;
    return known.configuration;
  }

  private async discover(): Promise<client.Configuration> {
    const { OIDC_ISSUER = '', OIDC_CLIENT_ID = '', OIDC_CLIENT_SECRET = '' } = this.settings;
    const options = {
      timeout: ANSWER_WITHIN_SECONDS,
      // Ruled out in production by the settings.
      execute: OIDC_ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [],
    };
    const basic = client.ClientSecretBasic(OIDC_CLIENT_SECRET);
    const found = await client
      .discovery(new URL(OIDC_ISSUER), OIDC_CLIENT_ID, undefined, basic, options)
      .catch((error: unknown) => {
        throw new IssuerUnreachable(`${OIDC_ISSUER}: ${causeOf(error)}`);
      });
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = found.serverMetadata();
    if (methods.includes('client_secret_basic')) return found;
    const post = client.ClientSecretPost(OIDC_CLIENT_SECRET);
    const other = new client.Configuration(found.serverMetadata(), OIDC_CLIENT_ID, undefined, post);
    other.timeout = ANSWER_WITHIN_SECONDS;
    for (const setUp of options.execute) setUp(other);
    return other;
  }
}

const refused = (error: unknown): never => {
  throw new RefusedToken(causeOf(error));
};

/** The words of the library, and of what it met: `invalid_grant` or a connection that was refused. */
function causeOf(error: unknown): string {
  const { message, cause, error: code } = error as Error & { readonly error?: unknown };
  const words = [message, typeof code === 'string' ? code : null, cause instanceof Error ? cause.message : null];
  return words.filter((word) => word !== null && word !== '').join(': ');
}
