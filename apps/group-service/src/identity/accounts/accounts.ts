import { Inject, Injectable } from '@nestjs/common';
import type { UserCommand, UserDetails, UserEvent, UserFacts } from '@allotree/domain';
import { deriveId, followUp, type CommandContext } from '@allotree/event-sourcing';
import { PG_POOL } from '@allotree/basics';
import { accepted } from '@allotree/http';
import type pg from 'pg';
import { Freshness } from '../../freshness.js';
import { detailOf } from '../../refusals.js';
import { USER_HANDLER, type UserHandler } from '../../tokens.js';
import { userIdOf } from '../users.js';
import { GivenNames } from './given-names.js';
import { MEMBERSHIP_VIEW } from '../../views.js';

/** An account with its credentials. */
export interface Account extends UserFacts {
  readonly active: boolean;
  /** `null`: signs in with an identity provider. */
  readonly passwordHash: string | null;
}

/** A person with a known address: with an account, or only as a member or administrator so far. */
export interface KnownPerson extends UserDetails {
  readonly userId: string;
  readonly email: string;
  readonly account: Account | null;
}

type Database = pg.Pool | pg.PoolClient;

/** Accounts. The details of a person are in its stream, the credentials in a table. */
@Injectable()
export class Accounts {
  constructor(
    @Inject(USER_HANDLER) private readonly handler: UserHandler,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly freshness: Freshness,
    private readonly givenNames: GivenNames,
  ) {}

  /** @throws Problem when refused */
  async run(command: UserCommand, context: CommandContext): Promise<void> {
    accepted(await this.handler.execute(command.userId, command, context), detailOf);
  }

  /** The events of a command, without recording them. @throws Problem when refused */
  async wouldRecord(command: UserCommand, context: CommandContext): Promise<readonly UserEvent[]> {
    return accepted(await this.handler.dryRun(command.userId, command, context), detailOf).events;
  }

  async facts(userId: string): Promise<(UserFacts & { readonly active: boolean }) | null> {
    return this.handler.read(userId, ({ user, active }) => (user === null ? null : { ...user, active }));
  }

  async byId(userId: string): Promise<Account | null> {
    const { rows } = await this.pool.query<{ password_hash: string | null }>(
      'SELECT password_hash FROM groups.account WHERE user_id = $1',
      [userId],
    );
    const facts = await this.facts(userId);
    return rows[0] === undefined || facts === null ? null : { ...facts, passwordHash: rows[0].password_hash };
  }

  byEmail(email: string): Promise<Account | null> {
    return this.byId(userIdOf(email));
  }

  /**
   * The person with this address, if it has an account or is a member or administrator. Always waits for the newest
   * memberships, so that the time taken reveals nothing about the address.
   */
  async known(email: string): Promise<KnownPerson | null> {
    await this.freshness.of(MEMBERSHIP_VIEW);
    const userId = userIdOf(email);
    const account = await this.byId(userId);
    if (account !== null) {
      const { name, timeZone, language } = account;
      return { userId, email: account.email, name, timeZone, language, account };
    }
    const { rowCount } = await this.pool.query('SELECT FROM groups.access_membership WHERE user_id = $1 LIMIT 1', [
      userId,
    ]);
    if (rowCount === 0) return null;
    const details = { name: email.slice(0, email.lastIndexOf('@')), timeZone: 'UTC', language: 'en' };
    return { userId, email, ...details, account: null };
  }

  /** A person who gets an account now, under the name that somebody gave them, if anybody did. */
  async named<Person extends UserFacts>(person: Person): Promise<Person> {
    const name = await this.givenNames.of(person.userId);
    return name === null ? person : { ...person, name };
  }

  /** Creates an account with a confirmed address, without credentials. An existing account is unchanged. */
  async open(user: UserFacts, context: CommandContext): Promise<void> {
    await this.run({ type: 'RegisterUser', ...user }, followUp(context, 'register'));
    await this.run({ type: 'ConfirmUserEmail', userId: user.userId }, followUp(context, 'confirm'));
  }

  /**
   * Keeps the credentials of an account that was opened: a password, unless it has one.
   * @returns whether the password is now that of the account
   */
  async keepCredentials(tx: Database, userId: string, passwordHash: string | null): Promise<boolean> {
    const { rowCount } = await tx.query(
      `INSERT INTO groups.account AS known (user_id, password_hash, password_changed_at)
       VALUES ($1, $2, now())
       ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, password_changed_at = now()
         WHERE known.password_hash IS NULL AND excluded.password_hash IS NOT NULL`,
      [userId, passwordHash],
    );
    return rowCount === 1;
  }

  async setPassword(tx: Database, userId: string, passwordHash: string): Promise<void> {
    await tx.query('UPDATE groups.account SET password_hash = $2, password_changed_at = now() WHERE user_id = $1', [
      userId,
      passwordHash,
    ]);
    // Earlier requests to reset the password are settled.
    await tx.query('DELETE FROM groups.password_reset WHERE user_id = $1', [userId]);
  }
}

/** The id of a command that follows from something known by its id. */
export const commandIdOf = (what: string, id: string): string => deriveId(id, what);
