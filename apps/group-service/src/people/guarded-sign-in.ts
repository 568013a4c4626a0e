import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Email } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { CONFIGURATION, Problem, SERVER_ADMINISTRATOR } from '@allotree/platform';
import type { GroupConfiguration } from '../configuration.js';
import { userIdOf } from '../users.js';
import { Accounts } from './accounts.js';
import { Attempts, GUESSES_AT_ACCOUNT, GUESSES_OF_NETWORK } from './attempts.js';
import { Audit } from './audit.js';
import { Passwords } from './passwords.js';
import type { SessionOwner } from './sessions.js';
import { networkOf, type Visitor } from './visitor.js';

/**
 * Checks who somebody is, against guessing. Wrong guesses are counted for the network they come from, and for the account
 * together with that network: nobody can lock somebody else out. Whoever asks, the same work is done.
 */
@Injectable()
export class GuardedSignIn {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly attempts: Attempts,
    private readonly audit: Audit,
  ) {}

  /** @throws Problem `FORBIDDEN` where people sign in elsewhere */
  wantLocalAccounts(): void {
    if (!this.configuration.LOCAL_ACCOUNTS)
      throw new Problem('FORBIDDEN', 'There are no passwords here: sign in with the identity provider', {
        issuer: this.configuration.OIDC_ISSUER,
      });
  }

  isAdministrator(email: string): boolean {
    return sameText(emailKey(email), emailKey(this.configuration.ADMIN_EMAIL));
  }

  /** Whose e-mail and password these are. @throws Problem `UNAUTHENTICATED`, `RATE_LIMITED` */
  async whose(email: string, password: string, visitor: Visitor): Promise<SessionOwner> {
    this.wantLocalAccounts();
    const pair = `account ${networkOf(visitor.address)} ${emailKey(email)}`;
    const owner = await this.guess(visitor, () => this.owner(email, password), pair);
    if (owner !== null) return owner;
    const userId = userIdOf(email);
    const account = await this.accounts.facts(userId);
    await this.audit.record({
      action: 'sign_in_failed',
      actor: 'unknown',
      tenantId: account?.tenantId ?? null,
      userId,
      visitor,
    });
    throw new Problem('UNAUTHENTICATED', 'The e-mail or the password is wrong');
  }

  /**
   * Looks something secret up; what is not found counts as a guess.
   * @param account what the guess is at besides, if it is at one
   * @throws Problem `RATE_LIMITED`
   */
  async guess<Found>(
    { address }: Pick<Visitor, 'address'>,
    look: () => Promise<Found | null>,
    account?: string,
  ): Promise<Found | null> {
    const network = `network ${networkOf(address)}`;
    await this.attempts.take(network, GUESSES_OF_NETWORK);
    if (account !== undefined) await this.attempts.take(account, GUESSES_AT_ACCOUNT);
    const found = await look();
    if (found !== null) await this.attempts.wentWell(network, account);
    return found;
  }

  private async owner(email: string, password: string): Promise<SessionOwner | null> {
    const { ADMIN_EMAIL, ADMIN_PASSWORD_HASH } = this.configuration;
    const isAdministrator = this.isAdministrator(email);
    // What looks like an address of ours and is written otherwise is another one.
    const account = Email.safeParse(email).success ? await this.accounts.byEmail(email) : null;
    const passwordHash = isAdministrator ? ADMIN_PASSWORD_HASH : (account?.passwordHash ?? null);
    if (!(await this.passwords.fits(passwordHash, password))) return null;
    if (isAdministrator)
      return { userId: SERVER_ADMINISTRATOR, email: ADMIN_EMAIL, tenantId: null, serverAdministrator: true };
    if (account === null || !account.active) return null;
    const { userId, tenantId } = account;
    return { userId, email: account.email, tenantId, serverAdministrator: false };
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
