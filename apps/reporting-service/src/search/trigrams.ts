import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** The part of an address that is compared: too many others have its domain. */
export const localPart = (email: string): string => `split_part(${email}, '@', 1)`;

/** The texts that similar ones are found by. */
const SIMILAR = {
  partner_version: ['name'],
  project_version: ['name'],
  group_version: ['name'],
  member_version: ['name', localPart('email')],
  device_version: ['serial_number'],
};

/** What finds similar texts. */
export interface Trigrams {
  /** Of the extension, as SQL writes it. */
  readonly schema: string;
  /** The indexes have the tenant beside the text. */
  readonly isByTenant: boolean;
}

/** In which the index of a table has the texts alone, or the tenant beside them, which another extension allows. */
const ALONE = 'similar';
const BY_TENANT = 'similar_in_tenant';

const schemaOf = (extension: string): string => `
  SELECT quote_ident(space.nspname) AS schema FROM pg_extension JOIN pg_namespace space ON space.oid = extnamespace
  WHERE extname = '${extension}'`;

const haveIndexes = (kind: string): string =>
  Object.keys(SIMILAR)
    .map((table) => `to_regclass('${REPORTING}.${table}_${kind}') IS NOT NULL`)
    .join(' AND ');

const TRIGRAMS = `
  SELECT extension.schema, ${haveIndexes(BY_TENANT)} AS is_by_tenant FROM (${schemaOf('pg_trgm')}) AS extension
  WHERE (${haveIndexes(BY_TENANT)}) OR (${haveIndexes(ALONE)})`;

/** @returns `null` where similar texts cannot be found: the extension or an index is missing */
export async function trigramsIn(rows: DataSource | EntityManager): Promise<Trigrams | null> {
  const [row]: { schema: string; is_by_tenant: boolean }[] = await rows.query(TRIGRAMS);
  return row === undefined ? null : { schema: row.schema, isByTenant: row.is_by_tenant };
}

/** @returns its schema; `null`: there is none, and it cannot be created */
async function extensionIn(tx: EntityManager, name: string): Promise<string | null> {
  await tx.query(`
    DO $extension$ BEGIN
      CREATE EXTENSION IF NOT EXISTS ${name} WITH SCHEMA ${REPORTING};
    EXCEPTION
      WHEN insufficient_privilege THEN NULL; -- an administrator creates it
      WHEN feature_not_supported OR undefined_file THEN NULL; -- this server does not have it
    END $extension$`);
  const [found]: { schema: string }[] = await tx.query(schemaOf(name));
  return found?.schema ?? null;
}

/**
 * Creates the extensions `pg_trgm` and `btree_gin`, and the indexes of similar texts. Not in a migration: an administrator can create an
 * extension later, and the next start adds the indexes.
 */
export async function prepareTrigrams(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree trigrams', 0))");
    if ((await trigramsIn(tx))?.isByTenant === true) return;
    const schema = await extensionIn(tx, 'pg_trgm');
    if (schema === null) return;
    const isByTenant = (await extensionIn(tx, 'btree_gin')) !== null;
    for (const [table, compared] of Object.entries(SIMILAR)) {
      const texts = compared.map((text) => `lower(${text}) ${schema}.gin_trgm_ops`);
      const [kind, columns] = isByTenant ? [BY_TENANT, ['tenant_id', ...texts]] : [ALONE, texts];
      await tx.query(
        `CREATE INDEX IF NOT EXISTS ${table}_${kind} ON ${REPORTING}.${table} USING gin (${columns.join(', ')}) WHERE until_at IS NULL`,
      );
      if (isByTenant) await tx.query(`DROP INDEX IF EXISTS ${REPORTING}.${table}_${ALONE}`);
    }
  });
}
