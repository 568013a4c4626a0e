import type { ProjectionTable } from '@allotree/event-sourcing';
import type { ShadowSession } from './shadow-session.js';

/** How the live rows of a table differ from those that its events give. */
export interface TableDifference {
  readonly table: string;
  /** Rows that should be there. */
  readonly missing: number;
  /** Rows with other contents. */
  readonly changed: number;
  /** Rows that should not be there. */
  readonly superfluous: number;
  /** The keys of the first of them, and nothing else of a row. */
  readonly keys: readonly Readonly<Record<string, string>>[];
}

const SHOWN_KEYS = 5;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const COLUMNS = `
  SELECT a.attname AS name, a.attidentity <> '' OR a.attgenerated <> '' AS made,
    a.attnum = ANY (coalesce(i.indkey, '')::int2[]) AS "isKey"
  FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
  WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

interface TableColumn {
  readonly name: string;
  /** By the database: an identity, or computed from the others. */
  readonly made: boolean;
  readonly isKey: boolean;
}

/** The rows of one table: live, and as the copy in a session has them. */
export class ComparedTable {
  private constructor(
    private readonly session: ShadowSession,
    private readonly table: ProjectionTable,
    private readonly live: string,
    private readonly key: readonly string[],
    private readonly columns: readonly string[],
  ) {}

  static async of(session: ShadowSession, schema: string, table: ProjectionTable): Promise<ComparedTable> {
    const live = `${schema}.${table.name}`;
    const columns = await session.live<TableColumn[]>(COLUMNS, [live]);
    const key = table.key ?? columns.filter(({ isKey }) => isKey).map(({ name }) => name);
    const written = columns.filter(({ made }) => !made).map(({ name }) => name);
    return new ComparedTable(session, table, live, key.map(quoted), written.map(quoted));
  }

  /** Compares by hashes of whole rows; `null`: they are equal. Until the transaction ends, `mend` knows the result. */
  async differences(): Promise<TableDifference | null> {
    const { key, table, session } = this;
    await session.live(`ANALYZE pg_temp."${table.name}"`);
    await session.live(`
      CREATE TEMPORARY TABLE "${this.differing}" ON COMMIT DROP AS
      SELECT ${key.map((column) => `coalesce(live.${column}, shadow.${column}) AS ${column}`).join(', ')},
        CASE WHEN live.hash IS NULL THEN 'missing' WHEN shadow.hash IS NULL THEN 'superfluous' ELSE 'changed' END AS finding
      FROM (${this.hashes(this.live)}) live FULL JOIN (${this.hashes(this.shadow)}) shadow USING (${key.join(', ')})
      WHERE live.hash IS DISTINCT FROM shadow.hash`);
    const counts = await session.live<{ finding: 'missing' | 'changed' | 'superfluous'; count: string }[]>(
      `SELECT finding, count(*) FROM pg_temp."${this.differing}" GROUP BY finding`,
    );
    if (counts.length === 0) return null;
    const count = { missing: 0, changed: 0, superfluous: 0 };
    for (const each of counts) count[each.finding] = Number(each.count);
    const keys = await session.live<Record<string, string>[]>(
      `SELECT ${key.map((column) => `${column}::text`).join(', ')} FROM pg_temp."${this.differing}"
       ORDER BY ${key.join(', ')} LIMIT ${SHOWN_KEYS}`,
    );
    return { table: this.live, ...count, keys };
  }

  /** Makes the live rows those of the copy; equal ones are not touched. */
  async mend(): Promise<void> {
    const columns = this.columns.join(', ');
    await this.session.live(
      `DELETE FROM ${this.live} live USING pg_temp."${this.differing}" differing
       WHERE ${this.same('live')} AND differing.finding <> 'missing'`,
    );
    await this.session.live(
      `INSERT INTO ${this.live} (${columns}) SELECT ${this.columns.map((column) => `shadow.${column}`).join(', ')}
       FROM ${this.shadow} shadow JOIN pg_temp."${this.differing}" differing ON ${this.same('shadow')}
       WHERE differing.finding <> 'superfluous'`,
    );
  }

  private get shadow(): string {
    return `pg_temp."${this.table.name}"`;
  }

  private get differing(): string {
    return `differing_${this.table.name}`;
  }

  private get where(): string {
    return this.table.where ?? 'true';
  }

  private same(rows: string): string {
    return this.key.map((column) => `${rows}.${column} = differing.${column}`).join(' AND ');
  }

  private hashes(rows: string): string {
    const contents = `hashtextextended(ROW(${this.columns.join(', ')})::text, 0)`;
    return `SELECT ${this.key.join(', ')}, ${contents} AS hash FROM ${rows} WHERE ${this.where}`;
  }
}
