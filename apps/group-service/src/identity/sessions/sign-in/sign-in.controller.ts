import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { IssuedTokens, RevokeTokenRequest, TokenRequest } from '@allotree/contracts';
import { Documented, Public } from '@allotree/http';
import { ApiKeys } from '../../api-keys/api-keys.js';
import { GuardedSignIn } from '../guarded-sign-in.js';
import { Sessions } from '../sessions.js';
import { Visitor } from '../../visitor.js';

@Controller('auth')
export class SignInController {
  constructor(
    private readonly signIn: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly apiKeys: ApiKeys,
  ) {}

  @Public()
  @Post('token')
  @HttpCode(200)
  @Documented({
    tag: 'Identity',
    summary: 'Sign in with a password or an API key, or refresh a session',
    description:
      'Access tokens are valid for a few minutes. A refresh token can be used once; the response contains the next one. A second use ends the session.',
    body: { email: 'admin@allotree.local', password: 'correct horse battery staple' },
    response: {
      schema: IssuedTokens,
      example: {
        access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl',
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u',
      },
    },
    problems: ['VALIDATION', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async token(@Body({ schema: TokenRequest }) body: TokenRequest, @Visitor() visitor: Visitor): Promise<IssuedTokens> {
    switch (body.grant_type) {
      case 'refresh_token':
        return this.sessions.refresh(body.refresh_token, visitor);
      case 'client_credentials':
        return this.apiKeys.signIn(body.client_id, body.client_secret, visitor);
      default: {
        const owner = await this.signIn.whose(body.email, body.password, visitor);
        return this.sessions.open(owner, visitor, { method: 'password' });
      }
    }
  }

  @Public()
  @Post('revoke')
  @HttpCode(204)
  @Documented({
    tag: 'Identity',
    summary: 'Sign out: end the session of a refresh token',
    body: { token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u' },
    problems: ['VALIDATION'],
  })
  async revoke(@Body({ schema: RevokeTokenRequest }) { token }: RevokeTokenRequest): Promise<void> {
    await this.sessions.revokeByToken(token);
  }
}
