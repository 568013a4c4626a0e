import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { OpenIdCallbackQuery, OpenIdSignInRequest, SignInMethods, StartedOpenIdSignIn } from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { Documented, Public } from '@allotree/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GroupConfiguration } from '../../../configuration.js';
import { Visitor } from '../../visitor.js';
import { SESSION_COOKIE } from '../session-cookie.js';
import { refuseOtherSites } from '../same-site.js';
import { ATTEMPT_SECONDS } from '../openid-attempt.js';
import { ATTEMPT_COOKIE } from './attempt-cookie.js';
import { OpenIdSignIn } from './openid-sign-in.js';

const DAY_SECONDS = 86_400;

/** Sign-in of browsers with the OpenID provider; the session is that of a sign-in by password. */
@Controller('auth')
export class OpenIdSignInController {
  constructor(
    private readonly signIn: OpenIdSignIn,
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
  ) {}

  @Public()
  @Get('sign-in-methods')
  @Documented({
    tag: 'Identity',
    summary: 'How people can sign in from a browser',
    response: { schema: SignInMethods, example: { password: true, openId: { label: 'Company account' } } },
  })
  methods(): SignInMethods {
    const { LOCAL_ACCOUNTS: password, OIDC_CLIENT_ID: clientId, OIDC_LABEL: label } = this.configuration;
    return { password, openId: clientId === undefined ? null : { label } };
  }

  @Public()
  @Post('session/openid')
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Begin to sign in from a browser with the OpenID provider',
    description:
      'The browser goes on at `location`, where the person signs in; the provider sends it back to GET /auth/session/openid/callback. A cookie holds the attempt for ten minutes. `to` is the page of the console to show afterwards.',
    body: { to: '/projects' },
    response: {
      schema: StartedOpenIdSignIn,
      example: { location: 'https://id.example.com/authorize?client_id=allotree-console&response_type=code' },
    },
    problems: ['VALIDATION', 'FORBIDDEN', 'OVERLOADED'],
  })
  async begin(
    @Body({ schema: OpenIdSignInRequest }) { to = '/' }: OpenIdSignInRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StartedOpenIdSignIn> {
    refuseOtherSites(request);
    const { location, cookie } = await this.signIn.begin(to);
    ATTEMPT_COOKIE.keep(request, reply, cookie, ATTEMPT_SECONDS);
    return { location };
  }

  @Public()
  @Get('session/openid/callback')
  @Documented({
    tag: 'Identity',
    summary: 'Where the OpenID provider sends the browser back to',
    description:
      'Leads to a page of the console: the one asked for, with the session in a cookie as after POST /auth/session; or the sign-in page with `refused`, the reference of the line in the log that says why.',
    response: {
      status: 303,
      description: 'Goes on at the page in `Location`',
      mediaType: 'text/plain',
      schema: z.string(),
      example: '/projects',
    },
    problems: ['VALIDATION'],
  })
  async finish(
    @Query({ schema: OpenIdCallbackQuery }) _query: OpenIdCallbackQuery,
    @Visitor() visitor: Visitor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const query = request.url.split('?')[1] ?? '';
    const finished = await this.signIn.finish(ATTEMPT_COOKIE.valueIn(request), query, visitor);
    // An attempt is over whatever came of it.
    ATTEMPT_COOKIE.drop(request, reply);
    const { refresh_token: token } = finished?.tokens ?? {};
    if (token !== undefined) SESSION_COOKIE.keep(request, reply, token, this.configuration.SESSION_DAYS * DAY_SECONDS);
    const reference = new URLSearchParams({ refused: visitor.correlationId ?? '' });
    const location = finished?.to ?? `/sign-in?${reference.toString()}`;
    void reply.status(303).headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    return location;
  }
}
