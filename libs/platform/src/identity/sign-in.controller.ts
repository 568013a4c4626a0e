import { timingSafeEqual } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { SignedIn, SignIn } from '@allotree/contracts';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import { Documented } from '../http/openapi.js';
import { Problem } from '../http/problem.js';
import { CONFIGURATION } from '../tokens.js';
import { verifyPassword } from './password.js';
import { Public } from './permit.js';
import { ownService, type Principal } from './principal.js';
import { signToken } from './token.js';

/** From one address, within one minute. */
const FAILED_ATTEMPTS = 10;
const WINDOW_MS = 60_000;

@Controller('auth')
export class SignInController {
  /** Failed attempts (and those still being checked) by address; forgotten with the window that began with the first. */
  private readonly attempts = new LRUCache<string, { count: number }>({
    max: 50_000,
    ttl: WINDOW_MS,
    noUpdateTTL: true,
  });

  constructor(@Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration) {}

  @Public()
  @Post('token')
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Sign in: an access token for an e-mail and a password',
    body: { email: 'admin@allotree.local', password: 'correct horse battery staple' },
    response: {
      schema: SignedIn,
      example: { access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl', token_type: 'Bearer', expires_in: 28_800 },
    },
    problems: ['VALIDATION', 'UNAUTHENTICATED', 'RATE_LIMITED'],
  })
  async token(@Body({ schema: SignIn }) body: SignIn, @Req() request: FastifyRequest): Promise<SignedIn> {
    const attempts = this.attemptsOf(request.ip);
    attempts.count += 1;
    const principal = await this.signIn(body);
    if (principal === null) throw new Problem('UNAUTHENTICATED', 'The e-mail or the password is wrong');
    attempts.count -= 1;
    const lifetimeSeconds = this.configuration.TOKEN_LIFETIME_SECONDS;
    const access_token = await signToken(principal, { secret: this.configuration.TOKEN_SECRET, lifetimeSeconds });
    return { access_token, token_type: 'Bearer', expires_in: lifetimeSeconds };
  }

  private attemptsOf(address: string): { count: number } {
    const attempts = this.attempts.get(address) ?? { count: 0 };
    if (attempts.count >= FAILED_ATTEMPTS) {
      const retryAfterSeconds = Math.ceil(this.attempts.getRemainingTTL(address) / 1_000);
      throw new Problem('RATE_LIMITED', 'Too many failed attempts from this address', { retryAfterSeconds });
    }
    this.attempts.set(address, attempts);
    return attempts;
  }

  /** The password is checked whoever asks, so that the time it takes does not tell whether the e-mail is known. */
  private async signIn({ email, password }: SignIn): Promise<Principal | null> {
    const { ADMIN_EMAIL, ADMIN_PASSWORD_HASH } = this.configuration;
    const passwordFits = await verifyPassword(ADMIN_PASSWORD_HASH, password);
    if (!sameText(email.toLowerCase(), ADMIN_EMAIL.toLowerCase()) || !passwordFits) return null;
    return ownService('server-administrator', ADMIN_EMAIL);
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
