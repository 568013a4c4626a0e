import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { PulledEvent } from '@allotree/contracts';
import { withTenants } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { EventFilter } from './event-filter.js';
import { pulledEvent, type EventRow } from './event-row.js';

/** A request with a filter looks at this many events of the caller's at most; a later one goes on after them. */
const SCANNED = 10_000;
/** Data of the events of a page, in bytes; a page has one event at least. */
const PAGE_BYTES = 4_000_000;

export interface EventsAsked {
  readonly filter: EventFilter;
  /** The position after which the page begins. */
  readonly after: bigint;
  readonly limit: number;
}

export interface Events {
  readonly items: readonly PulledEvent[];
  /** The position after which the next page begins. */
  readonly next: bigint;
  /** There may be more already. */
  readonly hasMore: boolean;
}

/** Parameters: $1 after, $2 up to, $3 rows, $4 types, and $5 the subject or the tenants. */
const RANGE = 'position > $1 AND position <= $2';
const COLUMNS = 'position, type, bytes';
const candidatesOf = ({ tenants, subject }: EventFilter): { readonly sql: string; readonly parameters: unknown[] } => {
  const from = (condition: string): string =>
    `SELECT ${COLUMNS} FROM ${REPORTING}.event WHERE ${RANGE} ${condition} ORDER BY position LIMIT $3`;
  if (subject !== null) return { sql: from('AND subject = $5'), parameters: [subject] };
  if (tenants === null) return { sql: from(''), parameters: [] };
  // One range of the index for each tenant.
  const own = `unnest($5::text[]) AS own (tenant)`;
  const sql = `SELECT ${COLUMNS} FROM ${own} CROSS JOIN LATERAL (${from('AND tenant_id = own.tenant')}) AS event ORDER BY position LIMIT $3`;
  return { sql, parameters: [tenants] };
};

/** The end of the table, and the tenant of a subject: it never changes. */
const HEAD = `
  SELECT coalesce((SELECT max(position) FROM ${REPORTING}.event), 0) AS head,
    (SELECT tenant_id FROM ${REPORTING}.event WHERE subject = $1 ORDER BY position LIMIT 1) AS tenant_id`;

interface Head {
  readonly head: string;
  readonly tenant_id: string | null;
}

interface Scan {
  readonly scanned: number;
  readonly last: string | null;
  readonly positions: readonly string[] | null;
  readonly sizes: readonly number[] | null;
}

/** Pages of the event log, in the order of positions. */
@Injectable()
export class EventPages {
  constructor(@InjectDataSource(REPORTING) private readonly dataSource: DataSource) {}

  /**
   * Positions become visible in their order, so nothing will ever appear before `next`. `null`: the position lies after the end.
   * O(limit), or with types O(SCANNED), however many events there are.
   */
  async page(asked: EventsAsked): Promise<Events | null> {
    const { filter, after } = asked;
    const [{ head: text, tenant_id: owner } = { head: '0', tenant_id: null }]: Head[] = await this.dataSource.query(
      HEAD,
      [filter.subject],
    );
    const head = BigInt(text);
    if (after > head) return null;
    // Rows of another tenant would be passed over one by one.
    const isForeign =
      filter.subject !== null && filter.tenants !== null && (owner === null || !filter.tenants.includes(owner));
    if (after === head || isForeign) return { items: [], next: head, hasMore: false };
    return withTenants(this.dataSource, filter.tenants, (tx) => read(tx, asked, head));
  }
}

async function read(tx: EntityManager, { filter, after, limit }: EventsAsked, head: bigint): Promise<Events> {
  const rows = filter.types === null ? limit : SCANNED;
  const { sql, parameters } = candidatesOf(filter);
  const [scan]: Scan[] = await tx.query(
    `WITH scanned AS MATERIALIZED (${sql}),
          matching AS (
            SELECT position, bytes FROM scanned WHERE $4::text[] IS NULL OR type = ANY ($4) ORDER BY position LIMIT ${limit})
     SELECT (SELECT count(*) FROM scanned)::integer AS scanned, (SELECT max(position) FROM scanned) AS last,
       array_agg(position ORDER BY position) AS positions, array_agg(bytes ORDER BY position) AS sizes FROM matching`,
    [after.toString(), head.toString(), rows, filter.types, ...parameters],
  );
  const found = scan?.positions ?? [];
  const taken = found.slice(0, fitting(scan?.sizes ?? []));
  const events: EventRow[] = await tx.query(
    `SELECT * FROM ${REPORTING}.event WHERE position = ANY ($1::bigint[]) ORDER BY position`,
    [taken],
  );
  return { items: events.map(pulledEvent), ...placeAfter({ taken, found, limit, rows, scan, head }) };
}

/** How many of the events, from the first, go on one page. */
function fitting(sizes: readonly number[]): number {
  let bytes = 0;
  const beyond = sizes.findIndex((size, index) => (bytes += size) > PAGE_BYTES && index > 0);
  return beyond === -1 ? sizes.length : beyond;
}

interface Read {
  readonly taken: readonly string[];
  readonly found: readonly string[];
  readonly limit: number;
  readonly rows: number;
  readonly scan: Scan | undefined;
  readonly head: bigint;
}

function placeAfter({ taken, found, limit, rows, scan, head }: Read): Pick<Events, 'next' | 'hasMore'> {
  const isCut = taken.length < found.length || taken.length === limit;
  const last = isCut ? taken.at(-1) : scan?.scanned === rows ? scan.last : null;
  return last == null ? { next: head, hasMore: false } : { next: BigInt(last), hasMore: true };
}
