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

const EXTENSION = `
  SELECT space.nspname AS schema FROM pg_extension JOIN pg_namespace space ON space.oid = extnamespace WHERE extname = 'pg_trgm'`;

/** The schema of the extension, once every index that needs it is there; `null`: similar texts cannot be found. */
export const TRIGRAMS = `
  SELECT (${EXTENSION} AND ${Object.keys(SIMILAR)
    .map((table) => `to_regclass('${REPORTING}.${table}_similar') IS NOT NULL`)
    .join(' AND ')})`;

/** @returns the schema as SQL writes it; `null`: similar texts cannot be found */
export async function trigramsIn(rows: DataSource | EntityManager): Promise<string | null> {
  const [row]: { schema: string | null }[] = await rows.query(`SELECT quote_ident((${TRIGRAMS})) AS schema`);
  return row?.schema ?? null;
}

const createExtension = (tx: EntityManager): Promise<unknown> =>
  tx.query(`
    DO $extension$ BEGIN
      CREATE EXTENSION pg_trgm WITH SCHEMA ${REPORTING};
    EXCEPTION
      WHEN insufficient_privilege THEN NULL; -- an administrator creates it
      WHEN feature_not_supported OR undefined_file THEN NULL; -- this server does not have it
    END $extension$`);

async function schemaOfExtension(tx: EntityManager): Promise<string | null> {
  const [found]: { schema: string }[] = await tx.query(
    `SELECT quote_ident(schema) AS schema FROM (${EXTENSION}) AS found`,
  );
  return found?.schema ?? null;
}

/**
 * Creates the extension `pg_trgm`, and the indexes of similar texts. Not in a migration: an administrator can create the extension later, and
 * the next start adds the indexes.
 */
export async function prepareTrigrams(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree trigrams', 0))");
    if ((await trigramsIn(tx)) !== null) return;
    if ((await schemaOfExtension(tx)) === null) await createExtension(tx);
    const schema = await schemaOfExtension(tx);
    if (schema === null) return;
    for (const [table, compared] of Object.entries(SIMILAR)) {
      const texts = compared.map((text) => `lower(${text}) ${schema}.gin_trgm_ops`).join(', ');
      await tx.query(
        `CREATE INDEX IF NOT EXISTS ${table}_similar ON ${REPORTING}.${table} USING gin (${texts}) WHERE until_at IS NULL`,
      );
    }
  });
}
