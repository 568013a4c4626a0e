import { StartError } from '@allotree/basics/start-error';
import pg from 'pg';

/**
 * Raised by a version that earlier versions cannot follow: it stores events that they do not know, or its migrations remove what they use.
 * `tools/going-back` demands it.
 */
export const GENERATION = 2;

const COMMENT = /^Allotree data of generation (\d+)$/;
const NOT_OWNER = '42501';

/**
 * Marks a schema as written by this generation, in its comment, which a backup contains.
 * @throws StartError when it was written by a later one; nothing has been changed then
 */
export async function claimGeneration(client: pg.Client, schema: string, generation = GENERATION): Promise<void> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1",
    [schema],
  );
  const written = Number(COMMENT.exec(rows[0]?.comment ?? '')?.[1] ?? 0);
  if (written > generation)
    throw new StartError(
      `the data in the schema ${schema} was written by a newer version that this one cannot follow. Start that version, or restore the backup made before the upgrade.`,
    );
  if (written === generation) return;
  const comment = pg.escapeLiteral(`Allotree data of generation ${generation}`);
  await client.query(`COMMENT ON SCHEMA ${pg.escapeIdentifier(schema)} IS ${comment}`).catch((error: unknown) => {
    // A schema that an administrator made and owns stays without the mark.
    if ((error as { readonly code?: string }).code !== NOT_OWNER) throw error;
  });
}
