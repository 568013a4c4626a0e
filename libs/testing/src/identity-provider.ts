import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** Somebody who has an account at the provider. */
export interface ProviderAccount {
  readonly sub: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly name?: string;
}

export const AUDIENCE = 'allotree-console';
export const CLIENT_SECRET = 'the secret of the console, long enough';
const REDIRECT = 'https://console.example/signed-in';

export interface ProviderOptions {
  /** Where browsers may be sent back to, after signing in and after signing out. */
  readonly redirects?: readonly string[];
  readonly afterSignOut?: readonly string[];
  /** Names the address at the userinfo endpoint, not in ID tokens. */
  readonly claimsAtUserinfo?: boolean;
}

/** A real OpenID provider on a port of its own, with people who sign in there as in a browser. */
export class IdentityProvider {
  readonly accounts = new Map<string, ProviderAccount>();
  private server: Server | undefined;
  private key: JWK | undefined;
  issuer = '';

  private constructor(private readonly options: ProviderOptions) {}

  static async start(options: ProviderOptions = {}): Promise<IdentityProvider> {
    const provider = new IdentityProvider(options);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    provider.server = server;
    provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await provider.rotateKeys();
    return provider;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** From now on it signs with another key, and shows no other. */
  async rotateKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    this.key = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: 'RS256', use: 'sig' };
    const { redirects = [], afterSignOut = [], claimsAtUserinfo = false } = this.options;
    // It says that it is not made for production like this.
    const warnings = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const provider = new Provider(this.issuer, {
      jwks: { keys: [this.key] },
      clients: [
        {
          client_id: AUDIENCE,
          client_secret: CLIENT_SECRET,
          redirect_uris: [REDIRECT, ...redirects],
          post_logout_redirect_uris: [...afterSignOut],
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: claimsAtUserinfo,
      pkce: { required: () => false },
      cookies: { keys: ['the key of its cookies'] },
      findAccount: (_context: unknown, sub: string) => ({
        accountId: sub,
        claims: () => Promise.resolve({ ...this.accounts.get(sub), sub }),
      }),
    });
    warnings.mockRestore();
    const handle = provider.callback();
    this.server?.removeAllListeners('request').on('request', (request, response) => void handle(request, response));
  }

  /** Signs somebody in, page by page. @returns the ID token */
  async signIn(account: ProviderAccount): Promise<string> {
    const query = new URLSearchParams({
      client_id: AUDIENCE,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'openid email profile',
    });
    const page = await this.comeBack(`${this.issuer}/auth?${query.toString()}`, account);
    const code = new URL(page).searchParams.get('code') ?? '';
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${AUDIENCE}:${encodeURIComponent(CLIENT_SECRET)}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT }),
    });
    const tokens = (await response.json()) as { id_token?: string };
    if (tokens.id_token === undefined) throw new Error(`no ID token: ${JSON.stringify(tokens)}`);
    return tokens.id_token;
  }

  /** Signs somebody in where a client sent them, page by page. @returns the address of the client that the browser is sent to */
  async comeBack(address: string, account: ProviderAccount): Promise<string> {
    this.accounts.set(account.sub, account);
    const browser = new Browser();
    let page = await browser.open(address);
    for (const prompt of ['login', 'consent'])
      page = await browser.open(page, new URLSearchParams({ prompt, login: account.sub, password: 'x' }));
    return page;
  }

  /** A token as the provider could have signed it. */
  async sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const key = await importJWK(this.key as JWK, 'RS256');
    return new SignJWT({ iss: this.issuer, aud: AUDIENCE, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.key?.kid ?? '', ...header })
      .setIssuedAt()
      .sign(key);
  }

  /** The public keys. */
  async publicKey(): Promise<JWK> {
    const response = await fetch(`${this.issuer}/jwks`);
    return ((await response.json()) as { keys: JWK[] }).keys[0] as JWK;
  }
}

/** Follows redirects and keeps cookies. */
class Browser {
  private readonly cookies = new Map<string, string>();

  /** @returns the address of the page where it ends, or that is not of the provider */
  async open(address: string, form?: URLSearchParams): Promise<string> {
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';', 1)[0] ?? '').split('=');
      this.cookies.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) {
      if (response.status !== 200) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
      return address;
    }
    const location = new URL(next, address);
    return location.origin === new URL(address).origin ? this.open(location.href) : location.href;
  }
}
