import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ChangeMeRequest,
  ChangePasswordRequest,
  DryRun,
  Id,
  Me,
  selected,
  SessionList,
  SESSIONS,
  SessionsQuery,
  type PreviewAnswer,
} from '@allotree/contracts';
import { PG_POOL } from '@allotree/basics';
import {
  Caller,
  Documented,
  notFound,
  NotKept,
  preview,
  Problem,
  refuseReadOnlyChanges,
  SignedIn,
} from '@allotree/http';
import type pg from 'pg';
import { z } from 'zod';
import { Accounts, type Account } from '../accounts.js';
import { GuardedSignIn } from '../../sessions/guarded-sign-in.js';
import { OwnAccess } from '../own-access.js';
import { PasswordChanges } from '../password-changes.js';
import { Sessions } from '../../sessions/sessions.js';
import { Visitor } from '../../visitor.js';

const SessionPath = z.object({ sessionId: Id });
type SessionPath = z.infer<typeof SessionPath>;

const example = {
  userId: '0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
  email: 'ada@nordlicht.example',
  tenantIds: ['nordlicht'],
  serverAdministrator: false,
  permissions: ['projects:read', 'groups:read', 'quotas:read'],
  memberships: [
    {
      tenantId: 'nordlicht',
      partnerId: null,
      projectId: 'hafenblick',
      groupId: 'building-a',
      permissions: ['projects:read', 'groups:read', 'quotas:read'],
    },
  ],
  sessionId: 'f2f7a3c4-2a1d-4a5e-9d0c-3b1a2c4d5e6f',
  name: 'Ada Berg',
  timeZone: 'Europe/Berlin',
  language: 'de',
};

interface SessionRow {
  readonly sessionId: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: Date;
  readonly usedAt: Date;
  readonly expiresAt: Date;
}

/** What somebody sees and changes of themselves. */
@Controller('me')
export class MyAccountController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly signIn: GuardedSignIn,
    private readonly passwords: PasswordChanges,
    private readonly access: OwnAccess,
  ) {}

  @SignedIn()
  @Get()
  @Documented({ tag: 'Identity', summary: 'Show the signed-in user', response: { schema: Me, example } })
  async me(@Caller() { principal }: Caller): Promise<Me> {
    const facts = await this.accounts.facts(principal.userId);
    const { userId, email, serverAdministrator, sessionId } = principal;
    const { name = null, timeZone = null, language = null } = facts ?? {};
    const access = await this.access.of(principal);
    return { userId, email, serverAdministrator, ...access, sessionId, name, timeZone, language };
  }

  @SignedIn()
  @Patch()
  @Documented({
    tag: 'Identity',
    summary: 'Change your name, time zone or language',
    response: { schema: Me, example },
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  async change(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeMeRequest }) body: ChangeMeRequest,
    @Caller() caller: Caller,
  ): Promise<Me | PreviewAnswer> {
    const { name, timeZone, language } = body;
    await this.refuseOtherChanges(body, caller);
    const changes = { ...(name && { name }), ...(timeZone && { timeZone }), ...(language && { language }) };
    const command = { type: 'ChangeUserDetails', userId: caller.principal.userId, ...changes } as const;
    if (caller.dryRun) return preview(caller, await this.accounts.wouldRecord(command, caller.context));
    await this.accounts.run(command, caller.context);
    return this.me(caller);
  }

  /** Nothing but name, time zone and language can be changed here, and those not to none. */
  private async refuseOtherChanges({ timeZone, language, ...body }: ChangeMeRequest, caller: Caller): Promise<void> {
    const { userId, email, serverAdministrator, ...own } = await this.me(caller);
    refuseReadOnlyChanges(body, { userId, email, serverAdministrator });
    refuseReadOnlyChanges(
      { ...(timeZone === null && { timeZone }), ...(language === null && { language }) },
      { timeZone: own.timeZone, language: own.language },
    );
  }

  @NotKept()
  @SignedIn()
  @Post('password')
  @HttpCode(204)
  @Documented({
    tag: 'Identity',
    summary: 'Change your password; all your other sessions end',
    problems: ['VALIDATION', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async changePassword(
    @Body({ schema: ChangePasswordRequest }) { currentPassword, newPassword }: ChangePasswordRequest,
    @Caller() { principal }: Caller,
    @Visitor() visitor: Visitor,
  ): Promise<void> {
    const account = await this.ownAccount(principal.userId);
    await this.signIn.whose(account.email, currentPassword, visitor);
    await this.passwords.change(account, newPassword, visitor);
    await this.sessions.revoke(account.userId, null, principal.sessionId);
  }

  @SignedIn()
  @Get('sessions')
  @Documented({
    tag: 'Identity',
    summary: 'List your sessions, newest first',
    response: {
      schema: SessionList,
      example: {
        items: [
          {
            sessionId: example.sessionId,
            current: true,
            address: '192.0.2.17',
            userAgent: 'Mozilla/5.0',
            createdAt: '2026-06-01T08:00:00.000Z',
            lastUsedAt: '2026-06-01T09:10:00.000Z',
            expiresAt: '2026-07-01T08:00:00.000Z',
          },
        ],
      },
    },
    list: SESSIONS,
    problems: ['VALIDATION'],
  })
  async list(
    @Query({ schema: SessionsQuery }) query: SessionsQuery,
    @Caller() { principal }: Caller,
  ): Promise<SessionList> {
    const { rows } = await this.pool.query<SessionRow>(
      `SELECT session_id AS "sessionId", address, user_agent AS "userAgent", created_at AS "createdAt",
         used_at AS "usedAt", expires_at AS "expiresAt"
       FROM groups.session WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()
       ORDER BY created_at DESC LIMIT 200`,
      [principal.userId],
    );
    const items = rows.map(({ sessionId, address, userAgent, createdAt, usedAt, expiresAt }) => ({
      sessionId,
      current: sessionId === principal.sessionId,
      address,
      userAgent,
      createdAt: createdAt.toISOString(),
      lastUsedAt: usedAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    }));
    return { items: [...selected(items, query)] };
  }

  @SignedIn()
  @Delete('sessions/:sessionId')
  @HttpCode(204)
  @Documented({
    tag: 'Identity',
    summary: 'End one of your sessions',
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async end(
    @Param({ schema: SessionPath }) { sessionId }: SessionPath,
    @Caller() { principal }: Caller,
  ): Promise<void> {
    const ended = await this.sessions.revoke(principal.userId, [sessionId]);
    if (ended === 0) throw notFound('session', sessionId);
  }

  @SignedIn()
  @Delete('sessions')
  @HttpCode(204)
  @Documented({ tag: 'Identity', summary: 'End all your sessions except the current one' })
  async endOthers(@Caller() { principal }: Caller): Promise<void> {
    await this.sessions.revoke(principal.userId, null, principal.sessionId);
  }

  /** @throws Problem `FORBIDDEN`: the administrator's password is in the configuration, a machine has none */
  private async ownAccount(userId: string): Promise<Account> {
    const account = await this.accounts.byId(userId);
    if (account === null || account.passwordHash === null)
      throw new Problem('FORBIDDEN', 'This account has no password that can be changed here');
    return account;
  }
}
