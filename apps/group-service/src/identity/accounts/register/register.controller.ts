import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import {
  ConfirmedRegistration,
  ConfirmRegistrationRequest,
  RegistrationRequest,
  StartedRegistration,
} from '@allotree/contracts';
import { inTransaction, PG_POOL } from '@allotree/basics';
import { Documented, Problem, Public } from '@allotree/http';
import type pg from 'pg';
import { AccountMails } from '../../mails/account-mails.js';
import { Accounts, type Account } from '../accounts.js';
import { GuardedSignIn } from '../../sessions/guarded-sign-in.js';
import { registrationKnownMail, registrationMail, withEnd } from '../../mails/mails.js';
import { Passwords } from '../passwords.js';
import { hashOf, newCode, newSecret } from '../../secrets.js';
import { Sessions } from '../../sessions/sessions.js';
import { Visitor } from '../../visitor.js';
import {
  CompleteRegistration,
  codeHashOf,
  type Joining,
  type PendingRegistration,
  type RegistrationDetails,
} from './complete-registration.js';

const GOOD_FOR_HOURS = 24;
/** Wrong codes per registration, because a code is short enough to guess. */
const TRIES = 5;

const notGood = (): Problem => new Problem('CODE_NOT_VALID');

interface StoredRegistration {
  readonly registrationId: string;
  readonly details: RegistrationDetails;
  readonly distributorId: string | null;
  readonly codeHash: Buffer | null;
  readonly confirmedAt: Date | null;
}

const pendingOf = ({ distributorId, codeHash, ...row }: StoredRegistration): PendingRegistration => ({
  ...row,
  joining: distributorId === null || codeHash === null ? null : { distributorId, codeHash },
});

/** L1, P1: self-registration of a partner. */
@Controller('registrations')
export class RegisterController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly mails: AccountMails,
    private readonly signIn: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly completion: CompleteRegistration,
  ) {}

  @Public()
  @Post()
  @HttpCode(202)
  @Documented({
    tag: 'Registration',
    summary: 'Register a partner; a mail with a confirmation link is sent to the address',
    description:
      'The response is the same whether or not the address has an account; only the mail differs. With `joinCode`, the partner is created when the distributor approves.',
    response: {
      status: 202,
      schema: StartedRegistration,
      example: { registrationId: 'a3f0c2d4-1b2c-4d3e-9f40-51a2b3c4d5e6', expiresAt: '2026-06-02T08:00:00.000Z' },
    },
    problems: ['VALIDATION', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async register(
    @Body({ schema: RegistrationRequest }) { joinCode, ...details }: RegistrationRequest,
    @Visitor() visitor: Visitor,
  ): Promise<StartedRegistration> {
    this.signIn.wantLocalAccounts();
    const joining = await this.completion.joining(joinCode, visitor);
    const mayWrite = await this.mails.mayWriteTo(details.email, visitor);
    const registrationId = randomUUID();
    const account = await this.accounts.byEmail(details.email);
    const expiresAt = await this.keep({ registrationId, details, joining, account, mayWrite });
    return { registrationId, expiresAt: expiresAt.toISOString() };
  }

  @Public()
  @Post('confirm')
  @HttpCode(200)
  @Documented({
    tag: 'Registration',
    summary: 'Confirm the address and set a password; creates the partner, its administrator, project and trial',
    description:
      'A registration with a join code creates a request to the distributor instead, with the `joinRequestId`. A second confirmation returns the same response without a session and does not change the password.',
    response: {
      schema: ConfirmedRegistration,
      example: {
        partnerId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6',
        projectId: '7d1f0c7e-52c1-8b7a-9a52-0c1d2e3f4a5b',
        joinRequestId: null,
        userId: '0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
        session: {
          access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl',
          token_type: 'Bearer',
          expires_in: 900,
          refresh_token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u',
        },
      },
    },
    problems: ['VALIDATION', 'CODE_NOT_VALID', 'FORBIDDEN', 'RATE_LIMITED'],
  })
  async confirm(
    @Body({ schema: ConfirmRegistrationRequest }) body: ConfirmRegistrationRequest,
    @Visitor() visitor: Visitor,
  ): Promise<ConfirmedRegistration> {
    this.signIn.wantLocalAccounts();
    const registrationId = await this.signIn.guess(visitor, () => this.find(body));
    if (registrationId === null) throw notGood();
    const passwordHash = await this.passwords.choose(body.password, await this.emailOf(registrationId));
    const done = await this.completion.complete(await this.pending(registrationId), visitor);
    const { owner, tenantId, partnerId, projectId, joinRequestId } = done;
    const signsIn = await inTransaction(this.pool, (tx) =>
      this.confirmed(tx, registrationId, { userId: owner.userId, passwordHash }),
    );
    const how = { method: 'registration', newTenantId: tenantId };
    const session = signsIn ? await this.sessions.open(owner, visitor, how) : null;
    return { partnerId, projectId, joinRequestId, userId: owner.userId, session };
  }

  private async pending(registrationId: string): Promise<PendingRegistration> {
    const { rows } = await this.pool.query<StoredRegistration>(
      `SELECT registration_id AS "registrationId", wish AS "details", distributor_id AS "distributorId",
         join_code_hash AS "codeHash", confirmed_at AS "confirmedAt"
       FROM groups.registration WHERE registration_id = $1`,
      [registrationId],
    );
    const [row] = rows;
    if (row === undefined) throw notGood();
    return pendingOf(row);
  }

  /**
   * Records the confirmation, once, and the password. An account that has a password by now keeps it.
   * @returns whether the link signs in to the account: the first time, and with a password that was chosen with it
   */
  private async confirmed(
    tx: pg.PoolClient,
    registrationId: string,
    { userId, passwordHash }: { readonly userId: string; readonly passwordHash: string },
  ): Promise<boolean> {
    const { rowCount } = await tx.query(
      'UPDATE groups.registration SET confirmed_at = now() WHERE registration_id = $1 AND confirmed_at IS NULL',
      [registrationId],
    );
    const isChosen = await this.accounts.keepCredentials(tx, userId, passwordHash);
    return rowCount === 1 && isChosen;
  }

  private async keep(registration: {
    readonly registrationId: string;
    readonly details: RegistrationDetails;
    readonly joining: Joining | null;
    readonly account: Account | null;
    readonly mayWrite: boolean;
  }): Promise<Date> {
    const { registrationId, details, joining, account, mayWrite } = registration;
    const [token, code] = [newSecret(), newCode()];
    const { email, name, language } = details;
    const mail = account
      ? registrationKnownMail({ email, name, language: account.language })
      : registrationMail(
          { email, name, language },
          { token, code, partner: details.partnerName, project: details.objectName },
        );
    // A code is short: without a mail that carries it, it would only be there to be guessed.
    const isConfirmable = mayWrite && account === null;
    const expiresAt = await inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<{ expires_at: Date }>(
        `INSERT INTO groups.registration
           (registration_id, wish, distributor_id, join_code_hash, token_hash, code_hash, tries_left, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(hours => $8)) RETURNING expires_at`,
        [
          registrationId,
          JSON.stringify(details),
          joining?.distributorId ?? null,
          joining?.codeHash ?? null,
          isConfirmable ? hashOf(token) : null,
          isConfirmable ? codeHashOf(registrationId, code) : null,
          TRIES,
          GOOD_FOR_HOURS,
        ],
      );
      const { expires_at: end } = rows[0] as { expires_at: Date };
      await this.mails.put(tx, [mayWrite ? withEnd(mail, end) : null]);
      return end;
    });
    this.mails.handOverSoon();
    return expiresAt;
  }

  private async emailOf(registrationId: string): Promise<string> {
    const { rows } = await this.pool.query<{ email: string }>(
      `SELECT wish ->> 'email' AS email FROM groups.registration WHERE registration_id = $1`,
      [registrationId],
    );
    const [row] = rows;
    if (row === undefined) throw notGood();
    return row.email;
  }

  /** The registration a token or code belongs to. A wrong code uses up a try, for good. */
  private async find({ token, registrationId, code }: ConfirmRegistrationRequest): Promise<string | null> {
    if (token !== undefined) {
      const { rows } = await this.pool.query<{ registration_id: string }>(
        'SELECT registration_id FROM groups.registration WHERE token_hash = $1 AND expires_at > now()',
        [hashOf(token)],
      );
      return rows[0]?.registration_id ?? null;
    }
    const { rows } = await this.pool.query<{ is_right: boolean | null }>(
      `UPDATE groups.registration SET tries_left = tries_left - (code_hash IS DISTINCT FROM $2)::integer
       WHERE registration_id = $1 AND expires_at > now() AND tries_left > 0
       RETURNING code_hash = $2 AS is_right`,
      [registrationId, codeHashOf(registrationId ?? '', code ?? '')],
    );
    return rows[0]?.is_right === true ? (registrationId ?? null) : null;
  }
}
