import { Body, Controller, Delete, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  BrowserSession,
  BrowserSignInRequest,
  EndedSession,
  RefreshedSession,
  RefreshSessionRequest,
  type IssuedTokens,
} from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { Documented, Problem, Public } from '@allotree/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GroupConfiguration } from '../../../configuration.js';
import { Visitor } from '../../visitor.js';
import { GuardedSignIn } from '../guarded-sign-in.js';
import { OpenIdProvider } from '../openid-provider.js';
import { refuseOtherSites } from '../same-site.js';
import { Sessions } from '../sessions.js';
import { SESSION_COOKIE } from '../session-cookie.js';

const DAY_SECONDS = 86_400;
const example = { access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl', token_type: 'Bearer', expires_in: 900 };

/**
 * Sessions of browsers: the refresh token is in a cookie that scripts cannot read and that browsers send from pages of the same site
 * only; the access token is in the answer, for the memory of the page.
 */
@Controller('auth/session')
export class BrowserSessionController {
  constructor(
    private readonly signIn: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly provider: OpenIdProvider,
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
  ) {}

  @Public()
  @Post()
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Sign in from a browser',
    description: 'The refresh token is set as a cookie that scripts cannot read; POST /auth/session/refresh uses it.',
    body: { email: 'admin@allotree.local', password: 'correct horse battery staple' },
    response: { schema: BrowserSession, example },
    problems: ['VALIDATION', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async begin(
    @Body({ schema: BrowserSignInRequest }) { email, password }: BrowserSignInRequest,
    @Visitor() visitor: Visitor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BrowserSession> {
    refuseOtherSites(request);
    const owner = await this.signIn.whose(email, password, visitor);
    return this.keep(await this.sessions.open(owner, visitor, { method: 'password' }), request, reply);
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Get a new access token for the session of the browser',
    description: '`access_token` is `null` where the browser has no session. 401: its session has ended.',
    response: { schema: RefreshedSession, example },
    problems: ['VALIDATION', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async refresh(
    @Body({ schema: RefreshSessionRequest }) _body: unknown,
    @Visitor() visitor: Visitor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefreshedSession> {
    refuseOtherSites(request);
    const token = SESSION_COOKIE.valueIn(request);
    if (token === null) return { access_token: null, token_type: 'Bearer', expires_in: 0 };
    try {
      return this.keep(await this.sessions.refresh(token, visitor), request, reply);
    } catch (error) {
      if (error instanceof Problem && error.code === 'UNAUTHENTICATED') SESSION_COOKIE.drop(request, reply);
      throw error;
    }
  }

  @Public()
  @Delete()
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Sign out from a browser: end its session',
    description:
      '`continueAt`, where it is not `null`, is the page of the OpenID provider that ends the session there: the person signed in with it, and it announces such a page.',
    response: { schema: EndedSession, example: { continueAt: null } },
    problems: ['VALIDATION', 'FORBIDDEN'],
  })
  async end(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<EndedSession> {
    refuseOtherSites(request);
    const token = SESSION_COOKIE.valueIn(request);
    const ended = token === null ? null : await this.sessions.revokeByToken(token);
    SESSION_COOKIE.drop(request, reply);
    return { continueAt: ended?.isOfProvider === true ? await this.provider.signOutPage() : null };
  }

  private keep(
    { refresh_token: token, ...tokens }: IssuedTokens,
    request: FastifyRequest,
    reply: FastifyReply,
  ): BrowserSession {
    if (token !== undefined) SESSION_COOKIE.keep(request, reply, token, this.configuration.SESSION_DAYS * DAY_SECONDS);
    return tokens;
  }
}
