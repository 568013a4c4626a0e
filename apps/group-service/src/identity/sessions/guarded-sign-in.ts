import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { emailKey } from '@allotree/domain';
import { CONFIGURATION } from '@allotree/basics';
import { Problem } from '@allotree/http';
import { SERVER_ADMINISTRATOR } from '@allotree/identity';
import type pg from 'pg';
import type { GroupConfiguration } from '../../configuration.js';
import { userIdOf } from '../users.js';
import { Accounts } from '../accounts/accounts.js';
import { Attempts, GUESSES_AT_ACCOUNT, GUESSES_FROM_ELSEWHERE, GUESSES_OF_NETWORK } from './attempts.js';
import { Audit } from '../audit/audit.js';
import { KnownNetworks } from './known-networks.js';
import { Passwords } from '../accounts/passwords.js';
import type { SessionOwner } from './sessions.js';
import { networkOf, type Visitor } from '../visitor.js';

/**
 * Checks credentials and limits guessing. Wrong guesses are counted per network, per account and network, and per account
 * over all networks without an earlier sign-in of it. An attacker cannot lock the owner out: the last count does not apply
 * to networks with an earlier sign-in or password reset. The same work is done for every address.
 */
@Injectable()
export class GuardedSignIn {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly attempts: Attempts,
    private readonly audit: Audit,
    private readonly networks: KnownNetworks,
  ) {}

  /** @throws Problem `FORBIDDEN` where people sign in elsewhere */
  wantLocalAccounts(): void {
    if (!this.configuration.LOCAL_ACCOUNTS)
      throw new Problem('FORBIDDEN', 'Password sign-in is disabled: sign in with the identity provider', {
        issuer: this.configuration.OIDC_ISSUER,
      });
  }

  isAdministrator(email: string): boolean {
    return sameText(emailKey(email), emailKey(this.configuration.ADMIN_EMAIL));
  }

  /** Whose e-mail and password these are. @throws Problem `UNAUTHENTICATED`, `RATE_LIMITED` */
  async whose(email: string, password: string, visitor: Visitor): Promise<SessionOwner> {
    this.wantLocalAccounts();
    const userId = this.isAdministrator(email) ? SERVER_ADMINISTRATOR : userIdOf(email);
    const owner = await this.guess(visitor, () => this.owner(email, password), { email, userId });
    if (owner !== null) return owner;
    await this.audit.recordOfAccount({ action: 'sign_in_failed', actor: 'unknown', userId, visitor });
    throw new Problem('UNAUTHENTICATED', 'The e-mail address or the password is wrong');
  }

  /** Somebody proved its address from here: guesses from elsewhere do not slow it down here any more. */
  trust(userId: string, visitor: Visitor, tx: pg.PoolClient): Promise<void> {
    return this.networks.add(userId, visitor, tx);
  }

  /**
   * Looks something secret up; what is not found counts as a guess.
   * @param at the account the guess is at, if it is at one
   * @throws Problem `RATE_LIMITED`
   */
  async guess<Found>(
    visitor: Pick<Visitor, 'address'>,
    look: () => Promise<Found | null>,
    at?: { readonly email: string; readonly userId: string },
  ): Promise<Found | null> {
    const network = networkOf(visitor.address);
    const counted = [`network ${network}`];
    await this.attempts.take(`network ${network}`, GUESSES_OF_NETWORK);
    const pair = at && `account ${network} ${emailKey(at.email)}`;
    if (pair !== undefined) await this.attempts.take(pair, GUESSES_AT_ACCOUNT);
    if (at !== undefined && !(await this.networks.has(at.userId, visitor))) {
      const elsewhere = `account from elsewhere ${emailKey(at.email)}`;
      await this.attempts.take(elsewhere, GUESSES_FROM_ELSEWHERE);
      counted.push(elsewhere);
    }
    const found = await look();
    if (found !== null) await this.attempts.wentWell(counted, pair === undefined ? [] : [pair]);
    return found;
  }

  private async owner(email: string, password: string): Promise<SessionOwner | null> {
    const { ADMIN_EMAIL, ADMIN_PASSWORD_HASH } = this.configuration;
    const isAdministrator = this.isAdministrator(email);
    const account = await this.accounts.byEmail(email);
    const passwordHash = isAdministrator ? ADMIN_PASSWORD_HASH : (account?.passwordHash ?? null);
    if (!(await this.passwords.fits(passwordHash, password))) return null;
    if (isAdministrator) return { userId: SERVER_ADMINISTRATOR, email: ADMIN_EMAIL, serverAdministrator: true };
    if (account === null || !account.active) return null;
    return { userId: account.userId, email: account.email, serverAdministrator: false };
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
