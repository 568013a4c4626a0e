import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Email, Language, PlainName, TimeZone } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { deriveId, followUp } from '@allotree/event-sourcing';
import { CONFIGURATION, PG_POOL } from '@allotree/basics';
import { IdentityView, type ExternalIdentity, type LinkedUser } from '@allotree/identity';
import type pg from 'pg';
import type { GroupConfiguration } from '../../configuration.js';
import { userIdOf } from '../users.js';
import { Accounts, type KnownPerson } from './accounts.js';
import { Audit } from '../audit/audit.js';
import { contextOf } from '../visitor.js';

/**
 * Links users of an external issuer to people of this system: first by the address that the issuer has verified, then by
 * the issuer's subject. A user who is neither member nor administrator nor invited is unknown.
 */
@Injectable()
export class ExternalPeople implements OnModuleInit {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
    private readonly accounts: Accounts,
    private readonly audit: Audit,
    private readonly view: IdentityView,
  ) {}

  onModuleInit(): void {
    this.view.onFirstSight((identity) => this.introduce(identity));
  }

  private async introduce(identity: ExternalIdentity): Promise<LinkedUser | null> {
    const email = Email.safeParse(identity.email);
    // The administrator is known by its subject, never by its address.
    if (!email.success || emailKey(email.data) === emailKey(this.configuration.ADMIN_EMAIL)) return null;
    const person = (await this.accounts.known(email.data)) ?? (await this.invited(email.data));
    if (person === null || person.account?.active === false) return null;
    const user = { userId: person.userId, email: person.email };
    const { issuer, subject } = identity;
    // An address that the issuer gave to somebody else does not give away the account of who had it before.
    if (!(await this.view.link({ issuer, subject }, user))) {
      const facts = { issuer, subject };
      await this.audit.recordOfAccount({ action: 'identity_refused', actor: 'unknown', userId: user.userId, facts });
      return null;
    }
    await this.record(person, identity);
    return user;
  }

  private async record({ account, ...person }: KnownPerson, identity: ExternalIdentity): Promise<void> {
    const { issuer, subject } = identity;
    const { userId } = person;
    const commandId = deriveId(`${issuer}\n${subject}`, 'link');
    const context = contextOf(commandId, `user:${userId}`, null, undefined);
    if (account === null) {
      const named = await this.accounts.named(person);
      await this.accounts.open({ ...named, ...detailsOf(identity, named) }, context);
      await this.accounts.keepCredentials(this.pool, userId, null);
    }
    await this.accounts.run({ type: 'LinkIdentity', userId, issuer, subject }, followUp(context, 'identity'));
  }

  private async invited(email: string): Promise<KnownPerson | null> {
    const userId = userIdOf(email);
    const { rows } = await this.pool.query<{ name: string }>(
      `SELECT name FROM groups.invitation
       WHERE user_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()
       ORDER BY ordinal LIMIT 1`,
      [userId],
    );
    const [row] = rows;
    if (row === undefined) return null;
    return { userId, email, name: row.name, timeZone: 'UTC', language: 'en', account: null };
  }
}

/** The well-formed claims of the issuer. */
const detailsOf = (
  { name, timeZone, language }: ExternalIdentity,
  person: KnownPerson | Omit<KnownPerson, 'account'>,
) => ({
  name: PlainName.safeParse(name).data ?? person.name,
  timeZone: TimeZone.safeParse(timeZone).data ?? person.timeZone,
  language: Language.safeParse(language).data ?? person.language,
});
