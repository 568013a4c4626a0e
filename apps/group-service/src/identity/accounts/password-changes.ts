import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import type pg from 'pg';
import { AccountMails } from '../mails/account-mails.js';
import { Accounts, type Account } from './accounts.js';
import { Audit } from '../audit/audit.js';
import { passwordChangedMail } from '../mails/mails.js';
import { Passwords } from './passwords.js';
import type { Visitor } from '../visitor.js';

/** Changes the password of an account, with a mail to its owner and an entry in the audit trail. */
@Injectable()
export class PasswordChanges {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly mails: AccountMails,
    private readonly audit: Audit,
  ) {}

  async change(account: Account, password: string, visitor: Visitor): Promise<void> {
    const { userId } = account;
    const hash = await this.passwords.choose(password, account.email, 'newPassword');
    await this.accounts.setPassword(this.pool, userId, hash);
    await this.audit.recordOfAccount({ action: 'password_changed', actor: `user:${userId}`, userId, visitor });
    await this.mails.put(this.pool, [passwordChangedMail(account, new Date())]);
    this.mails.handOverSoon();
  }
}
