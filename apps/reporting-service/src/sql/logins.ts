import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { REPORTING } from '../tokens.js';
import { ANALYST_ROLE } from './analysis-schema.js';

/** Who may ask in SQL. */
export interface Login {
  readonly login: string;
  /** `null`: every tenant. */
  readonly tenantId: string | null;
  readonly validUntil: Date;
}

export interface NewLogin extends Login {
  /** Shown once; the database keeps a verifier of it. */
  readonly password: string;
}

/** Something is missing that an operator can provide; the message says what. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible';
}

const CONNECTIONS = 3;
const STATEMENT_TIMEOUT = '60s';
const IDLE_TIMEOUT = '5min';
const ENDS_WITHIN_MS = 5_000;
const INSUFFICIENT_PRIVILEGE = '42501';
const SCRAM_ITERATIONS = 4_096;

/** The verifier of SCRAM-SHA-256 (RFC 5803), so that the password itself reaches neither the server nor its logs. */
function verifierOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** The logins of people who ask in SQL, in the database of the reporting service. */
export class Logins {
  constructor(private readonly client: pg.Client) {}

  /**
   * Creates a login that reads the rows of one tenant for a number of days.
   * @param tenantId `null`: of every tenant
   * @throws NotPossible where the tenant is unknown or this user may not create roles
   */
  async grant(tenantId: string | null, days: number, now: Date): Promise<NewLogin> {
    await this.checkReady();
    if (tenantId !== null) await this.checkTenant(tenantId);
    const login = `allotree_analyst_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(24).toString('base64url');
    const validUntil = new Date(now.getTime() + days * 86_400_000);
    const role = pg.escapeIdentifier(login);
    const until = pg.escapeLiteral(validUntil.toISOString());
    await this.client.query('BEGIN');
    try {
      await this.client.query(`
        CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS INHERIT
          PASSWORD ${pg.escapeLiteral(verifierOf(password))} CONNECTION LIMIT ${CONNECTIONS} VALID UNTIL ${until} IN ROLE ${ANALYST_ROLE};
        ALTER ROLE ${role} SET search_path = analysis;
        ALTER ROLE ${role} SET default_transaction_read_only = on;
        ALTER ROLE ${role} SET statement_timeout = '${STATEMENT_TIMEOUT}';
        ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '${IDLE_TIMEOUT}';`);
      await this.client.query(`INSERT INTO ${REPORTING}.analyst (login, tenant_id, valid_until) VALUES ($1, $2, $3)`, [
        login,
        tenantId,
        validUntil,
      ]);
      await this.client.query('COMMIT');
    } catch (error) {
      await this.client.query('ROLLBACK');
      throw error;
    }
    return { login, tenantId, validUntil, password };
  }

  async list(): Promise<readonly Login[]> {
    const { rows } = await this.client.query<{ login: string; tenant_id: string | null; valid_until: Date }>(
      `SELECT login, tenant_id, valid_until FROM ${REPORTING}.analyst ORDER BY created_at, login`,
    );
    return rows.map(({ login, tenant_id: tenantId, valid_until: validUntil }) => ({ login, tenantId, validUntil }));
  }

  /**
   * Removes a login and ends its sessions.
   * @throws NotPossible where there is no such login
   */
  async revoke(login: string): Promise<void> {
    const { rowCount } = await this.client.query(`DELETE FROM ${REPORTING}.analyst WHERE login = $1`, [login]);
    if (rowCount === 0) throw new NotPossible(`there is no login ${login}`);
    const role = pg.escapeIdentifier(login);
    await this.client.query(`ALTER ROLE ${role} NOLOGIN`);
    try {
      const sessions = 'SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity WHERE usename = $1';
      await this.client.query(sessions, [login, ENDS_WITHIN_MS]);
    } catch (error) {
      // Not everybody may end sessions. From now on they see no rows.
      if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    }
    await this.client.query(`DROP ROLE ${role}`);
  }

  private async checkReady(): Promise<void> {
    const { rows } = await this.client.query<{ is_there: boolean; has_role: boolean; may_create: boolean }>(
      `SELECT to_regclass('${REPORTING}.analyst') IS NOT NULL AND to_regnamespace('analysis') IS NOT NULL AS is_there,
         EXISTS (SELECT FROM pg_roles WHERE rolname = '${ANALYST_ROLE}') AS has_role,
         (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_create`,
    );
    if (rows[0]?.is_there !== true)
      throw new NotPossible(
        'this database has no tables of the past: start the reporting service of this version once',
      );
    if (!rows[0].has_role || !rows[0].may_create)
      throw new NotPossible(
        'the user of the connection may not create roles: give it CREATEROLE, restart the reporting service, and try again',
      );
  }

  private async checkTenant(tenantId: string): Promise<void> {
    const { rowCount } = await this.client.query(`SELECT FROM ${REPORTING}.event WHERE tenant_id = $1 LIMIT 1`, [
      tenantId,
    ]);
    if (rowCount === 0) throw new NotPossible(`there is no event of a tenant ${tenantId}`);
  }
}
