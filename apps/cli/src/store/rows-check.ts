import type { ProjectState } from '@allotree/domain';
import { categoryOf } from '@allotree/event-sourcing';
import type pg from 'pg';
import { AGGREGATES } from './aggregates.js';
import { exists } from './database-checks.js';
import type { Finding } from './finding.js';
import { groupsOfTree } from './comparable-state.js';
import type { StreamCheck } from './stream-check.js';

/** Rows of a read model that follow from the state of one stream. */
interface RowsOfStream {
  readonly table: string;
  /** The schema and name of the checkpoint up to which the rows are written. */
  readonly checkpoint: readonly [schema: string, name: string];
  readonly sql: string;
  /** The rows as the state has them, as `sql` returns them; `null`: it has none to compare. */
  rows(state: never): readonly Readonly<Record<string, unknown>>[] | null;
}

const CHECKED: Readonly<Record<string, RowsOfStream>> = {
  group_tree: {
    table: 'groups.group_node',
    checkpoint: ['groups', 'tree_view'],
    sql: 'SELECT group_id AS id, name, type, parent_id AS parent FROM groups.group_node WHERE project_id = $1',
    rows: (state: { closedReason: string | null }) =>
      state.closedReason === null ? groupsOfTree(AGGREGATES.get('group_tree')!.snapshot!.encode(state as never)) : null,
  },
  project: {
    table: 'licensing.license',
    checkpoint: ['licensing', 'license-view'],
    sql: `SELECT license_id AS id, type, sip_number::text, mobile_app::text, ukey2::text,
            (extract(epoch FROM valid_until) * 1000)::bigint::text AS until FROM licensing.license WHERE project_id = $1 AND type <> 'basic'`,
    rows: ({ licenses, totals }: ProjectState) =>
      totals.project === null || totals.closedReason !== null
        ? null
        : [...licenses.entries()].map(([id, { type, units, validUntil }]) => ({
            id,
            type,
            sip_number: textOf(units.sip_number),
            mobile_app: textOf(units.mobile_app),
            ukey2: textOf(units.ukey2),
            until: textOf(validUntil),
          })),
  },
};

const textOf = (value: number | null): string | null => (value === null ? null : String(value));

/** Compares rows of read models with the states of their streams, where their projections have reached the last event. */
export class RowsCheck {
  private constructor(
    private readonly client: pg.Client,
    private readonly reached: ReadonlyMap<string, bigint>,
  ) {}

  static async of(client: pg.Client): Promise<RowsCheck> {
    const reached = new Map<string, bigint>();
    for (const {
      checkpoint: [schema, name],
    } of Object.values(CHECKED)) {
      if (!(await exists(client, `${schema}.checkpoint`))) continue;
      const { rows } = await client.query<{ position: string }>(
        `SELECT position FROM ${schema}.checkpoint WHERE name = $1`,
        [name],
      );
      if (rows[0] !== undefined) reached.set(name, BigInt(rows[0].position));
    }
    return new RowsCheck(client, reached);
  }

  async findingsOf({ streamName, state, last }: StreamCheck): Promise<Finding[]> {
    const checked = CHECKED[categoryOf(streamName)];
    if (checked === undefined || state === undefined || last === null) return [];
    if ((this.reached.get(checked.checkpoint[1]) ?? 0n) < last.position) return [];
    const expected = checked.rows(state as never);
    if (expected === null) return [];
    const id = streamName.slice(streamName.indexOf('-') + 1);
    const { rows } = await this.client.query<Readonly<Record<string, unknown>>>(checked.sql, [id]);
    const differing = difference(expected, rows);
    if (differing.length === 0) return [];
    const named = differing.slice(0, 3).join(', ');
    const message = `${differing.length} rows of ${checked.table} differ from the events: ${named}`;
    return [{ stream: streamName, eventId: null, code: 'ROWS_DIFFER', message }];
  }
}

type Row = Readonly<Record<string, unknown>>;

const lineOf = (row: Row): string =>
  JSON.stringify(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)));

/** The ids of rows that only one side has, or that differ. */
function difference(expected: readonly Row[], rows: readonly Row[]): string[] {
  const [one, other] = [expected, rows].map((side) => new Map(side.map((row) => [lineOf(row), String(row['id'])])));
  const only = (side: ReadonlyMap<string, string>, against: ReadonlyMap<string, string>): string[] =>
    [...side].filter(([line]) => !against.has(line)).map(([, id]) => id);
  return [...new Set([...only(one!, other!), ...only(other!, one!)])].sort();
}
