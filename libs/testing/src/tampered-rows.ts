/** `ProjectionChecks` of libs/service. */
interface Checks {
  isVerifiable(name: string): boolean;
  begin(kind: 'rebuild' | 'verify', name: string): Promise<{ readonly ended: Promise<void> } | null>;
  latest(): Promise<ReadonlyMap<string, Found>>;
}

interface Found {
  readonly status: string;
  readonly error: string | null;
  readonly differences: readonly { readonly table: string; readonly missing: number }[];
}

interface Tampered {
  readonly checks: Checks;
  readonly schema: string;
  /** The projections with the tables that can be built beside. */
  readonly projections: Readonly<Record<string, readonly { readonly name: string; readonly where?: string }[]>>;
  query(sql: string): Promise<unknown>;
}

/**
 * Verifies each projection, deletes one row of each of its tables, verifies and rebuilds it, and verifies it again.
 * @returns for each projection the result of each check; tables with the number of rows that were missing
 */
export async function tamperWith({ checks, schema, projections, query }: Tampered): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, tables] of Object.entries(projections)) {
    const check = async (kind: 'rebuild' | 'verify'): Promise<unknown> => {
      await (
        await checks.begin(kind, name)
      )?.ended;
      const result = (await checks.latest()).get(name);
      if (result === undefined || result.error !== null) throw new Error(`${kind} of ${name}: ${result?.error}`);
      return result.status === 'equal'
        ? 'equal'
        : Object.fromEntries(result.differences.map(({ table, missing }) => [table, missing]));
    };
    const untouched = await check('verify');
    for (const { name: table, where = 'true' } of tables)
      await query(
        `DELETE FROM ${schema}.${table} WHERE ctid = (SELECT max(ctid) FROM ${schema}.${table} WHERE ${where})`,
      );
    found[name] = [untouched, await check('verify'), await check('rebuild'), await check('verify')];
  }
  return found;
}

/** The result of `tamperWith` for a projection that is found and mended. */
export const mended = (schema: string, tables: readonly { readonly name: string }[]): unknown => {
  const missing = Object.fromEntries(tables.map(({ name }) => [`${schema}.${name}`, 1]));
  return ['equal', missing, missing, 'equal'];
};
