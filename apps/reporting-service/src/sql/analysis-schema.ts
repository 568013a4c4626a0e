import { createHash } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { FUNCTIONS, type SqlFunction } from './functions.js';
import { VIEWS, type View } from './views.js';

/** The role of everybody who asks in SQL; each person has a login that is a member of it. */
export const ANALYST_ROLE = 'allotree_analyst';

/** The tenants of the one who is logged in, which nobody can choose: `*` is all of them. */
const TENANTS = `
  CREATE FUNCTION analysis.tenants() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(coalesce(tenant_id, '*')), '{}') FROM ${REPORTING}.analyst
    WHERE login = session_user AND valid_until > now() $$;
  COMMENT ON FUNCTION analysis.tenants() IS 'The tenants whose rows this login sees; * is all of them.';`;

const viewOf = ({ name, comment, from, columns }: View): string => `
  CREATE VIEW analysis.${name} WITH (security_barrier) AS
  SELECT ${columns.map((each) => `${each.as ?? `row.${each.name}`} AS ${each.name}`).join(', ')}
  FROM ${REPORTING}.${from.includes(' row ') ? from : `${from} row`}
  WHERE row.tenant_id = ANY ((SELECT analysis.tenants())::text[]) OR '*' = ANY ((SELECT analysis.tenants())::text[]);
  COMMENT ON VIEW analysis.${name} IS ${pg.escapeLiteral(comment)};
  ${columns.map((each) => `COMMENT ON COLUMN analysis.${name}.${each.name} IS ${pg.escapeLiteral(each.comment)};`).join('\n')}`;

const functionOf = ({ name, comment, parameters, returns, body }: SqlFunction): string => `
  CREATE FUNCTION analysis.${name}(${parameters})
  RETURNS TABLE (${returns.map((each) => `${each.name} ${each.type}`).join(', ')}) LANGUAGE sql STABLE ROWS 10 AS $$${body}$$;
  COMMENT ON FUNCTION analysis.${name} IS ${pg.escapeLiteral(comment)};`;

/** Members of the role read everything of the schema, and nothing else of the database. */
const GRANTS = `
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA analysis FROM PUBLIC;
  GRANT USAGE ON SCHEMA analysis TO ${ANALYST_ROLE};
  GRANT SELECT ON ALL TABLES IN SCHEMA analysis TO ${ANALYST_ROLE};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA analysis TO ${ANALYST_ROLE};`;

const DEFINITION = [TENANTS, ...VIEWS.map(viewOf), ...FUNCTIONS.map(functionOf)].join('\n');
const OURS = 'The past, for people who ask in SQL.';
const COMMENT = `${OURS} Version ${createHash('sha256').update(DEFINITION).digest('hex').slice(0, 16)}.`;

/**
 * Creates the schema of views and functions, anew where it is that of another version: it holds no data. The role needs a user who can
 * create roles, or an administrator who has created it; without it only the owner can ask.
 */
export async function prepareAnalysis(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree analysis', 0))");
    const [found]: { comment: string | null }[] = await tx.query(
      "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = 'analysis'",
    );
    if (found && found.comment?.startsWith(OURS) !== true)
      throw new Error(
        'the database has a schema "analysis" of somebody else: rename it, or set REPORTING_DATABASE_URL',
      );
    if (found?.comment !== COMMENT)
      await tx.query(
        `DROP SCHEMA IF EXISTS analysis CASCADE; CREATE SCHEMA analysis; ${DEFINITION} COMMENT ON SCHEMA analysis IS ${pg.escapeLiteral(COMMENT)};`,
      );
    await tx.query(`
      DO $role$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ANALYST_ROLE}') THEN
          CREATE ROLE ${ANALYST_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
        END IF;
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL; -- another database's start was faster
        WHEN insufficient_privilege THEN NULL; -- an administrator creates it
      END $role$`);
    const [role]: { exists: boolean }[] = await tx.query(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ANALYST_ROLE}') AS exists`,
    );
    if (role?.exists === true) await tx.query(GRANTS);
  });
}
