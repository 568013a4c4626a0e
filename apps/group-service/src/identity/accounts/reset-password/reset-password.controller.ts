import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ConfirmPasswordResetRequest, ResetPasswordRequest } from '@allotree/contracts';
import type { UserFacts } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';
import { inTransaction, PG_POOL } from '@allotree/basics';
import { Documented, Problem, Public } from '@allotree/http';
import type pg from 'pg';
import { AccountMails } from '../../mails/account-mails.js';
import { Accounts, type KnownPerson } from '../accounts.js';
import { Audit } from '../../audit/audit.js';
import { GuardedSignIn } from '../../sessions/guarded-sign-in.js';
import { passwordChangedMail, passwordResetMail, withEnd } from '../../mails/mails.js';
import { Passwords } from '../passwords.js';
import { hashOf, newSecret } from '../../secrets.js';
import { Sessions } from '../../sessions/sessions.js';
import { contextOf, Visitor } from '../../visitor.js';

const GOOD_FOR_HOURS = 1;

/** A forgotten password, or the first one of somebody who was made a member or administrator by address. */
@Controller('auth/password-resets')
export class ResetPasswordController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly mails: AccountMails,
    private readonly signIn: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  @Public()
  @Post()
  @HttpCode(202)
  @Documented({
    tag: 'Identity',
    summary: 'Request a mail with a link to set a password; the response is the same for every address',
    response: { status: 202, schema: ResetPasswordRequest, example: { email: 'ada@nordlicht.example' } },
    problems: ['VALIDATION', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async ask(
    @Body({ schema: ResetPasswordRequest }) { email }: ResetPasswordRequest,
    @Visitor() visitor: Visitor,
  ): Promise<ResetPasswordRequest> {
    this.signIn.wantLocalAccounts();
    const mayWrite = await this.mails.mayWriteTo(email, visitor);
    await this.keep(email, await this.person(email), { mayWrite, visitor });
    this.mails.handOverSoon();
    return { email };
  }

  @Public()
  @Post('confirm')
  @HttpCode(204)
  @Documented({
    tag: 'Identity',
    summary: 'Set a password with the token of the link; all sessions of the account end',
    problems: ['VALIDATION', 'CODE_NOT_VALID', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async confirm(
    @Body({ schema: ConfirmPasswordResetRequest }) { token, password }: ConfirmPasswordResetRequest,
    @Visitor() visitor: Visitor,
  ): Promise<void> {
    this.signIn.wantLocalAccounts();
    const email = await this.signIn.guess(visitor, () => this.emailOf(token));
    if (email === null) throw new Problem('CODE_NOT_VALID');
    const passwordHash = await this.passwords.choose(password, email);
    const person = await this.person(email);
    if (person === null) throw new Problem('CODE_NOT_VALID');
    const { account, ...user } = person;
    const { userId } = user;
    if (account === null) await this.open(await this.accounts.named(user), token, visitor);
    await inTransaction(this.pool, (tx) => this.use(tx, token, { person, passwordHash, visitor }));
    await this.sessions.revoke(userId);
    await this.audit.recordOfAccount({ action: 'password_changed', actor: `user:${userId}`, userId, visitor });
    this.mails.handOverSoon();
  }

  /** The same is written for everybody, so that it takes as long. */
  private async keep(
    email: string,
    person: KnownPerson | null,
    { mayWrite, visitor }: { readonly mayWrite: boolean; readonly visitor: Visitor },
  ): Promise<void> {
    const token = newSecret();
    const userId = person?.userId ?? null;
    await inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<{ expires_at: Date }>(
        `INSERT INTO groups.password_reset (token_hash, user_id, email, expires_at)
         VALUES ($1, $2, $3, now() + make_interval(hours => $4)) RETURNING expires_at`,
        // A token without a user cannot be used.
        [hashOf(token), mayWrite ? userId : null, person?.email ?? email, GOOD_FOR_HOURS],
      );
      const { expires_at: end } = rows[0] as { expires_at: Date };
      const mail = person === null || !mayWrite ? null : withEnd(passwordResetMail(person, token), end);
      await this.mails.put(tx, [mail]);
      const action = 'password_reset_requested';
      await this.audit.recordOfAccount({ action, actor: 'unknown', userId, visitor }, tx);
    });
  }

  /** `null` for the administrator, whose password is in the configuration. */
  private async person(email: string): Promise<KnownPerson | null> {
    if (this.signIn.isAdministrator(email)) return null;
    const person = await this.accounts.known(email);
    return person?.account?.active === false ? null : person;
  }

  private async emailOf(token: string): Promise<string | null> {
    const { rows } = await this.pool.query<{ email: string }>(
      'SELECT email FROM groups.password_reset WHERE token_hash = $1 AND user_id IS NOT NULL AND expires_at > now()',
      [hashOf(token)],
    );
    return rows[0]?.email ?? null;
  }

  /** The id of the commands follows from the token, so a repetition changes nothing. */
  private async open(user: UserFacts, token: string, { correlationId }: Visitor): Promise<void> {
    const commandId = deriveId(hashOf(token).toString('hex'), 'open');
    await this.accounts.open(user, contextOf(commandId, `user:${user.userId}`, null, correlationId));
  }

  /** A token can be used once: of several concurrent requests, one finds it. */
  private async use(
    tx: pg.PoolClient,
    token: string,
    { person: { userId, account }, passwordHash, visitor }: Use,
  ): Promise<void> {
    const { rowCount } = await tx.query(
      'DELETE FROM groups.password_reset WHERE token_hash = $1 AND user_id IS NOT NULL AND expires_at > now()',
      [hashOf(token)],
    );
    if (rowCount === 0) throw new Problem('CODE_NOT_VALID');
    await this.signIn.trust(userId, visitor, tx);
    if (account === null) {
      await this.accounts.keepCredentials(tx, userId, passwordHash);
    } else {
      await this.accounts.setPassword(tx, userId, passwordHash);
      await this.mails.put(tx, [passwordChangedMail(account, new Date())]);
    }
  }
}

/** How a token is used. */
interface Use {
  readonly person: KnownPerson;
  readonly passwordHash: string;
  readonly visitor: Visitor;
}
