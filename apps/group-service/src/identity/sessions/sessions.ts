import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IssuedTokens } from '@allotree/contracts';
import { CONFIGURATION, inTransaction, PG_POOL } from '@allotree/basics';
import { Problem, type Principal } from '@allotree/http';
import { IdentityView, keyIdOf, refusedSession, signToken } from '@allotree/identity';
import type pg from 'pg';
import type { GroupConfiguration } from '../../configuration.js';
import { Accounts, commandIdOf } from '../accounts/accounts.js';
import { Audit } from '../audit/audit.js';
import { KnownNetworks } from './known-networks.js';
import { hashOf, newSecret } from '../secrets.js';
import { contextOf, type Visitor } from '../visitor.js';

/** The user of a session. */
export type SessionOwner = Pick<Principal, 'userId' | 'serverAdministrator'> & { readonly email: string };

interface SessionRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly email: string;
  readonly administrator: boolean;
  readonly credential: string | null;
  readonly is_over: boolean;
}

type RefreshRow = SessionRow & { readonly used_at: Date | null };

/** A token that ends with its session is not accepted for so long: until it would have expired, and a while. */
const MARGIN_SECONDS = 60;

/** The method of sessions that began at the OpenID provider. */
const OPENID = 'openid';
const isOfProvider = ({ credential }: Pick<SessionRow, 'credential'>): boolean =>
  credential?.startsWith(`${OPENID} `) === true;

const signInAgain = (): Problem => new Problem('UNAUTHENTICATED', 'The session has ended. Sign in again.');

/**
 * Sessions of users. A session has one refresh token at a time, which can be used once: a second use means that the token was
 * copied, and ends the session. Services accept access tokens without a lookup, so the end of a session is announced to all.
 */
@Injectable()
export class Sessions {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
    private readonly accounts: Accounts,
    private readonly audit: Audit,
    private readonly view: IdentityView,
    private readonly networks: KnownNetworks,
  ) {}

  /** Signs somebody in who has proven who it is. @param how and in which tenant a membership began just now, if one did */
  async open(
    owner: SessionOwner,
    visitor: Visitor,
    { method, newTenantId = null }: { readonly method: string; readonly newTenantId?: string | null },
  ): Promise<IssuedTokens> {
    const { userId, email, serverAdministrator } = owner;
    const sessionId = randomUUID();
    const refreshToken = newSecret();
    await inTransaction(this.pool, async (tx) => {
      await tx.query(
        `INSERT INTO groups.session
           (session_id, user_id, email, administrator, credential, address, user_agent, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))`,
        [
          sessionId,
          userId,
          email,
          serverAdministrator,
          this.credential(method, serverAdministrator),
          visitor.address,
          visitor.userAgent,
          this.configuration.SESSION_DAYS,
        ],
      );
      await addToken(tx, sessionId, refreshToken);
      await this.networks.add(userId, visitor, tx);
      const facts = { sessionId, method };
      await this.audit.recordOfAccount(
        { action: 'signed_in', actor: `user:${userId}`, userId, newTenantId, visitor, facts },
        tx,
      );
    });
    return this.tokens({ ...owner, sessionId }, refreshToken);
  }

  /** New tokens for a refresh token. @throws Problem `UNAUTHENTICATED` */
  async refresh(refreshToken: string, visitor: Visitor): Promise<IssuedTokens> {
    const next = newSecret();
    const row = await inTransaction(this.pool, (tx) => this.useToken(tx, refreshToken, next));
    if (row === null) throw signInAgain();
    if (row.used_at !== null) {
      await this.endStolen(row, visitor);
      throw signInAgain();
    }
    const { session_id: sessionId, user_id: userId, email, administrator } = row;
    return this.tokens({ userId, email, serverAdministrator: administrator, sessionId }, next);
  }

  /** Ends the session of a refresh token. @returns whether it began at the OpenID provider; `null`: no session has this token */
  async revokeByToken(refreshToken: string): Promise<{ readonly isOfProvider: boolean } | null> {
    const { rows } = await this.pool.query<Pick<SessionRow, 'user_id' | 'session_id' | 'credential'>>(
      `SELECT session.user_id, session.session_id, session.credential FROM groups.refresh_token
       JOIN groups.session USING (session_id) WHERE token_hash = $1`,
      [hashOf(refreshToken)],
    );
    const [found] = rows;
    if (found === undefined) return null;
    await this.revoke(found.user_id, [found.session_id]);
    return { isOfProvider: isOfProvider(found) };
  }

  /**
   * Ends sessions of a user.
   * @param which all where none are named @param except one that goes on
   * @returns how many
   */
  async revoke(userId: string, which: readonly string[] | null = null, except: string | null = null): Promise<number> {
    const { rows } = await this.pool.query<{ session_id: string }>(
      `UPDATE groups.session SET revoked_at = now()
       WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()
         AND ($2::text[] IS NULL OR session_id = ANY ($2)) AND session_id IS DISTINCT FROM $3
       RETURNING session_id`,
      [userId, which, except],
    );
    await this.announce();
    return rows.length;
  }

  /** Announces ended sessions, including those that a killed process did not announce. */
  async announce(): Promise<void> {
    await this.announceFrom('session', 'session_id AS id, user_id, NULL AS tenant_id', 'session_id');
    await this.announceFrom('api_key', 'key_id AS id, key_id AS user_id, tenant_id', 'key_id');
  }

  private async announceFrom(table: string, columns: string, id: string): Promise<void> {
    const { rows } = await this.pool.query<{ id: string; user_id: string; tenant_id: string | null }>(
      `SELECT ${columns} FROM groups.${table}
       WHERE revoked_at IS NOT NULL AND announced_at IS NULL ORDER BY revoked_at LIMIT 1000`,
    );
    if (rows.length === 0) return;
    const seconds = this.configuration.TOKEN_LIFETIME_SECONDS + MARGIN_SECONDS;
    const until = new Date(Date.now() + seconds * 1_000).toISOString();
    await this.view.refuse(rows.map((row) => refusedSession(row.id, until)));
    for (const { id: sessionId, user_id: userId, tenant_id } of rows) {
      const context = contextOf(commandIdOf('revoke', sessionId), `user:${userId}`, tenant_id, undefined);
      await this.accounts.run({ type: 'RevokeSession', sessionId, userId, until }, context);
    }
    await this.pool.query(`UPDATE groups.${table} SET announced_at = now() WHERE ${id} = ANY ($1)`, [
      rows.map((row) => row.id),
    ]);
  }

  /** The session of a token, which is used by this; `null`: none, or over. Used before: `used_at` says when. */
  private async useToken(tx: pg.PoolClient, refreshToken: string, next: string): Promise<RefreshRow | null> {
    const { rows } = await tx.query<RefreshRow>(
      `SELECT session.*, refresh_token.used_at,
         session.revoked_at IS NOT NULL OR session.expires_at <= now() AS is_over
       FROM groups.refresh_token JOIN groups.session USING (session_id) WHERE token_hash = $1 FOR UPDATE`,
      [hashOf(refreshToken)],
    );
    const [row] = rows;
    if (row === undefined || row.is_over || !(await this.mayGoOn(row))) return null;
    if (row.used_at !== null) return row;
    await tx.query('UPDATE groups.refresh_token SET used_at = now() WHERE token_hash = $1', [hashOf(refreshToken)]);
    await tx.query('UPDATE groups.session SET used_at = now() WHERE session_id = $1', [row.session_id]);
    await addToken(tx, row.session_id, next);
    return row;
  }

  /**
   * The administrator whose password or subject was changed signs in again; so does everybody where local accounts were switched off, or
   * the OpenID provider with which they signed in was replaced.
   */
  private async mayGoOn(session: SessionRow): Promise<boolean> {
    const { administrator, credential, email, user_id } = session;
    const { LOCAL_ACCOUNTS, ADMIN_EMAIL } = this.configuration;
    const isOpenId = isOfProvider(session);
    if (!isOpenId && !LOCAL_ACCOUNTS) return false;
    // Of a person who signed in by password it is null, as it was.
    if (credential !== this.credential(isOpenId ? OPENID : 'password', administrator)) return false;
    if (administrator) return email === ADMIN_EMAIL;
    return (await this.accounts.facts(user_id))?.active === true;
  }

  private async endStolen({ session_id: sessionId, user_id: userId }: RefreshRow, visitor: Visitor) {
    const facts = { sessionId };
    await this.audit.recordOfAccount({ action: 'refresh_token_reused', actor: 'unknown', userId, visitor, facts });
    await this.revoke(userId, [sessionId]);
  }

  /** What a session depends on besides the account. @param method by which it began */
  private credential(method: string, administrator: boolean): string | null {
    const { ADMIN_PASSWORD_HASH, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_ADMIN_SUBJECT } = this.configuration;
    if (method === OPENID) {
      const subject = administrator ? OIDC_ADMIN_SUBJECT : null;
      return `${OPENID} ${keyIdOf(JSON.stringify([OIDC_ISSUER, OIDC_CLIENT_ID, subject]))}`;
    }
    return administrator ? keyIdOf(ADMIN_PASSWORD_HASH) : null;
  }

  private async tokens(
    owner: SessionOwner & { readonly sessionId: string },
    refreshToken: string,
  ): Promise<IssuedTokens> {
    return { ...(await this.accessToken({ ...owner, tenantId: null, apiKey: null })), refresh_token: refreshToken };
  }

  /** @param end no token is valid beyond it, if there is one */
  async accessToken(principal: Principal, end: Date | null = null): Promise<IssuedTokens> {
    const { TOKEN_SECRET: secret, TOKEN_LIFETIME_SECONDS } = this.configuration;
    const left = end === null ? Infinity : Math.floor((end.getTime() - Date.now()) / 1_000);
    const lifetimeSeconds = Math.max(0, Math.min(TOKEN_LIFETIME_SECONDS, left));
    const access_token = await signToken(principal, { secret, lifetimeSeconds });
    return { access_token, token_type: 'Bearer', expires_in: lifetimeSeconds };
  }
}

const addToken = (tx: pg.PoolClient, sessionId: string, token: string): Promise<unknown> =>
  tx.query('INSERT INTO groups.refresh_token (token_hash, session_id) VALUES ($1, $2)', [hashOf(token), sessionId]);
