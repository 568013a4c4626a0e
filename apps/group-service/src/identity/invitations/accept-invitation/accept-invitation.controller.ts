import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import {
  AcceptedAndSignedIn,
  AcceptedInvitation,
  AcceptInvitationRequest,
  InvitationPreview,
  InvitationToken,
} from '@allotree/contracts';
import { groupOf, projectFactsOf } from '@allotree/domain';
import { inTransaction, PG_POOL } from '@allotree/basics';
import { Caller, Documented, Public, SignedIn } from '@allotree/http';
import type pg from 'pg';
import { Trees } from '../../../groups/trees.js';
import { Accounts, commandIdOf } from '../../accounts/accounts.js';
import { GuardedSignIn } from '../../sessions/guarded-sign-in.js';
import { Invitations, invalidLink, type OpenInvitation } from '../invitations.js';
import { Passwords } from '../../accounts/passwords.js';
import { Sessions } from '../../sessions/sessions.js';
import { contextOf, Visitor } from '../../visitor.js';

const accepted = { projectId: 'hafenblick', groupId: 'unit-1', memberId: 'member-1', userId: 'user-1' };

@Controller()
export class AcceptInvitationController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly invitations: Invitations,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly signIn: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly trees: Trees,
  ) {}

  @Public()
  @Post('invitations/preview')
  @HttpCode(200)
  @Documented({
    tag: 'Invitations',
    summary: 'Show an invitation, by the token of its link',
    response: {
      schema: InvitationPreview,
      example: {
        email: 'kim@example.com',
        name: 'Kim Larsen',
        project: 'Hafenblick',
        group: 'Unit 1',
        role: 'concierge',
        hasPassword: false,
        expiresAt: '2026-06-08T08:00:00.000Z',
      },
    },
    problems: ['VALIDATION', 'CODE_NOT_VALID', 'PROJECT_CLOSED', 'RATE_LIMITED'],
  })
  async preview(
    @Body({ schema: InvitationToken }) { token }: InvitationToken,
    @Visitor() visitor: Visitor,
  ): Promise<InvitationPreview> {
    const invitation = await this.find(token, visitor);
    const { projectId, groupId, email, name, role, expiresAt, userId } = invitation;
    const { project, group } = await this.trees.look(projectId, (state) => ({
      project: projectFactsOf(state)?.name ?? '',
      group: groupOf(state, groupId)?.name ?? null,
    }));
    if (group === null) throw invalidLink();
    const account = await this.accounts.byId(userId);
    const hasPassword = account !== null && account.passwordHash !== null;
    return { email, name, project, group, role, hasPassword, expiresAt: expiresAt.toISOString() };
  }

  @Public()
  @Post('invitations/accept')
  @HttpCode(200)
  @Documented({
    tag: 'Invitations',
    summary: 'Accept an invitation and sign in, with a new password or that of the existing account',
    response: {
      schema: AcceptedAndSignedIn,
      example: {
        ...accepted,
        session: {
          access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl',
          token_type: 'Bearer',
          expires_in: 900,
          refresh_token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u',
        },
      },
    },
    problems: ['VALIDATION', 'CODE_NOT_VALID', 'PROJECT_CLOSED', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async accept(
    @Body({ schema: AcceptInvitationRequest }) body: AcceptInvitationRequest,
    @Visitor() visitor: Visitor,
  ): Promise<AcceptedAndSignedIn> {
    this.signIn.wantLocalAccounts();
    const invitation = await this.find(body.token, visitor);
    const account = await this.accounts.byId(invitation.userId);
    if (account !== null && account.passwordHash !== null) {
      // The account may be a moment old, of somebody who used the same link: then the link is used up.
      if ((await this.invitations.find(body.token)) === null) throw invalidLink();
      await this.signIn.whose(account.email, body.password, visitor);
      const answer = await inTransaction(this.pool, async (tx) =>
        this.invitations.accept(tx, await this.invitations.hold(tx, body.token), visitor),
      );
      return this.signedIn(answer, account, { tenantId: invitation.tenantId, visitor });
    }
    // The link proves the address.
    const passwordHash = await this.passwords.choose(body.password, invitation.email);
    const answer = await inTransaction(this.pool, async (tx) => {
      const held = await this.invitations.hold(tx, body.token);
      await this.open(tx, held, { ...body, passwordHash }, visitor);
      return this.invitations.accept(tx, held, visitor);
    });
    return this.signedIn(answer, account ?? invitation, { tenantId: invitation.tenantId, visitor });
  }

  @SignedIn()
  @Post('me/invitations')
  @HttpCode(200)
  @Documented({
    tag: 'Invitations',
    summary: 'Accept an invitation as the signed-in user',
    response: { schema: AcceptedInvitation, example: accepted },
    problems: ['VALIDATION', 'CODE_NOT_VALID', 'PROJECT_CLOSED', 'RATE_LIMITED'],
  })
  async acceptSignedIn(
    @Body({ schema: InvitationToken }) { token }: InvitationToken,
    @Caller() { principal }: Caller,
    @Visitor() visitor: Visitor,
  ): Promise<AcceptedInvitation> {
    const invitation = await this.find(token, visitor);
    // Somebody else's invitation is, for this one, none.
    if (invitation.userId !== principal.userId) throw invalidLink();
    return inTransaction(this.pool, async (tx) =>
      this.invitations.accept(tx, await this.invitations.hold(tx, token), visitor),
    );
  }

  private async find(token: string, visitor: Visitor): Promise<OpenInvitation> {
    const invitation = await this.signIn.guess(visitor, () => this.invitations.find(token));
    if (invitation === null) throw invalidLink();
    return invitation;
  }

  private async open(
    tx: pg.PoolClient,
    { invitationId, userId, email, name }: OpenInvitation,
    request: Omit<AcceptInvitationRequest, 'password'> & { readonly passwordHash: string },
    { correlationId }: Visitor,
  ): Promise<void> {
    const { timeZone, language, passwordHash } = request;
    const user = { userId, email, name: request.name ?? name, timeZone, language };
    const context = contextOf(commandIdOf('open', invitationId), `user:${userId}`, null, correlationId);
    await this.accounts.open(user, context);
    await this.accounts.keepCredentials(tx, userId, passwordHash);
  }

  private async signedIn(
    answer: AcceptedInvitation,
    { userId, email }: Pick<OpenInvitation, 'userId' | 'email'>,
    { tenantId, visitor }: { readonly tenantId: string; readonly visitor: Visitor },
  ): Promise<AcceptedAndSignedIn> {
    const owner = { userId, email, serverAdministrator: false };
    const how = { method: 'invitation', newTenantId: tenantId };
    return { ...answer, session: await this.sessions.open(owner, visitor, how) };
  }
}
