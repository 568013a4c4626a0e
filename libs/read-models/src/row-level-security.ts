import { TENANTS_SETTING } from '@allotree/basics';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** The role of queries on behalf of callers. It cannot log in, owns nothing, and sees rows of its tenants only. */
export const CALLER_ROLE = 'allotree_caller';

const POLICY = `(SELECT current_setting('${TENANTS_SETTING}', true)) = '*'
  OR tenant_id = ANY ((SELECT string_to_array(current_setting('${TENANTS_SETTING}', true), ','))::text[])`;

/**
 * Statements for a migration: rows of these tables, which have a `tenant_id`, are visible to and writable by their own tenant.
 * @param also further visible rows, as an SQL expression
 */
export const enableRowLevelSecurity = (schema: string, tables: readonly string[], also?: string): string =>
  tables
    .map(
      (table) => `
      ALTER TABLE ${schema}.${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY own_tenant ON ${schema}.${table} USING (${POLICY});
      ${also === undefined ? '' : `CREATE POLICY also_seen ON ${schema}.${table} FOR SELECT USING (${also});`}
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.${table} TO ${CALLER_ROLE};`,
    )
    .join('');

/** Undoes `enableRowLevelSecurity`, without `also`. */
export const disableRowLevelSecurity = (schema: string, tables: readonly string[]): string =>
  tables
    .map(
      (table) => `
      DROP POLICY own_tenant ON ${schema}.${table};
      ALTER TABLE ${schema}.${table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
      REVOKE ALL ON ${schema}.${table} FROM ${CALLER_ROLE};`,
    )
    .join('');

/** Statements for a migration: a row of these tables takes its tenant from the row that `key` names in another table. */
export const copyTenantFrom = (schema: string, tables: readonly string[], source: string, key: string): string => `
  CREATE FUNCTION ${schema}.tenant_of_${source}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.tenant_id := (SELECT source.tenant_id FROM ${schema}.${source} source WHERE source.${key} = NEW.${key});
    RETURN NEW;
  END $$;
  ${tables
    .map(
      (table) => `
      ALTER TABLE ${schema}.${table} ADD COLUMN tenant_id text;
      UPDATE ${schema}.${table} row SET tenant_id = source.tenant_id FROM ${schema}.${source} source WHERE source.${key} = row.${key};
      ALTER TABLE ${schema}.${table} ALTER COLUMN tenant_id SET NOT NULL;
      CREATE TRIGGER take_tenant BEFORE INSERT ON ${schema}.${table} FOR EACH ROW EXECUTE FUNCTION ${schema}.tenant_of_${source}();`,
    )
    .join('')}`;

/**
 * Creates the role of callers, once in a cluster of databases, grants it to this user and lets it use the schema. The user needs the right
 * to create roles, unless an administrator has created it before.
 */
export async function prepareCallerRole(client: pg.Client, schema: string): Promise<void> {
  await client.query(`
    DO $role$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${CALLER_ROLE}') THEN
        CREATE ROLE ${CALLER_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database's start was faster
    END $role$;
    DO $member$ BEGIN
      IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT ${CALLER_ROLE} TO %I', current_user);
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN NULL; -- an administrator made the role, and has let this user take it
    END $member$;`);
  await client.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${CALLER_ROLE}`);
}

/** Runs `work` in a transaction that sees and writes rows of these tenants only. `null`: of all, as the system itself. */
export const withTenants = <Result>(
  dataSource: DataSource,
  tenants: readonly string[] | null,
  work: (tx: EntityManager) => Promise<Result>,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
): Promise<Result> =>
  dataSource.transaction(isolation, async (tx) => {
    if (tenants !== null)
      await tx.query(`SELECT set_config('role', $1, true), set_config('${TENANTS_SETTING}', $2, true)`, [
        CALLER_ROLE,
        listOf(tenants),
      ]);
    return work(tx);
  });

/** An id that contains a comma or star would name more than one tenant. */
function listOf(tenants: readonly string[]): string {
  const odd = tenants.find((tenant) => !/^[\w-]+$/.test(tenant));
  if (odd !== undefined) throw new Error(`not a tenant id: ${odd}`);
  return tenants.join(',');
}
