import { LICENSING_EVENTS, GROUPS_EVENTS, type GroupsEvent, type LicensingEvent } from '@allotree/contracts';
import { REPORTING } from '../tokens.js';
import { accountIdOf } from './account.js';
import type { Rows } from './rows.js';

const TYPES = [
  'allotree.partner-registered.v1',
  'allotree.project-created.v1',
  'allotree.package-recorded.v1',
  'allotree.package-sold.v1',
  'allotree.license-granted.v1',
  'allotree.billing-terms-set.v1',
  'allotree.usage-period-closed.v1',
] as const;

/** Positions that one step looks at. */
const STEP = 5_000n;

const NEXT = `
  SELECT position, id, type, at, tenant_id, data FROM ${REPORTING}.event
  WHERE position > $1 AND position <= $2 AND type = ANY ($3) ORDER BY position`;

interface EventRow {
  readonly position: string;
  readonly id: string;
  readonly type: (typeof TYPES)[number];
  readonly at: Date;
  readonly tenant_id: string | null;
  readonly data: unknown;
}

type Known = Extract<GroupsEvent | LicensingEvent, { type: (typeof TYPES)[number] }>;

/** Whether the temporal tables are ahead. */
export const IS_BEHIND = `
  SELECT FROM ${REPORTING}.billing_position AS reached, ${REPORTING}.tables_position AS tables
  WHERE reached.position < tables.position`;

/**
 * Keeps the accounts and the billing periods of projects up to the temporal tables, event by event. Repeating a step changes nothing.
 * @returns whether there is more
 */
export async function followEvents(rows: Rows): Promise<boolean> {
  const [place] = await rows.query<{ position: string }>(
    `SELECT position FROM ${REPORTING}.billing_position FOR UPDATE SKIP LOCKED`,
  );
  if (!place) return false;
  const [tables] = await rows.query<{ position: string }>(`SELECT position FROM ${REPORTING}.tables_position`);
  const [from, end] = [BigInt(place.position), BigInt(tables?.position ?? '0')];
  if (end <= from) return false;
  const until = end < from + STEP ? end : from + STEP;
  const events = await rows.query<EventRow>(NEXT, [from.toString(), until.toString(), TYPES]);
  const closes: Close[] = [];
  for (const row of events) await follow(rows, row, closes);
  await insertCloses(rows, closes);
  await rows.query(`UPDATE ${REPORTING}.billing_position SET position = $1`, [until.toString()]);
  return until < end;
}

const shapes: Readonly<Record<string, { safeParse(data: unknown): { success: boolean; data?: unknown } }>> = {
  ...GROUPS_EVENTS,
  ...LICENSING_EVENTS,
};

async function follow(rows: Rows, row: EventRow, closes: Close[]): Promise<void> {
  const parsed = shapes[row.type]!.safeParse(row.data);
  if (!parsed.success) return;
  const { type, data } = { type: row.type, data: parsed.data } as Known;
  switch (type) {
    case 'allotree.partner-registered.v1':
      return addAccount(rows, {
        tenantId: data.tenantId,
        sellerId: data.parentPartnerId,
        buyerKind: 'partner',
        buyerId: data.partnerId,
        partnerId: data.partnerId,
        isDirect: true,
      });
    case 'allotree.project-created.v1':
      await rows.query(NEXT_PERIOD_UNKNOWN, [data.partnerId]);
      return addAccount(rows, {
        tenantId: data.tenantId,
        sellerId: data.partnerId,
        buyerKind: 'project',
        buyerId: data.projectId,
        partnerId: data.partnerId,
        isDirect: true,
      });
    case 'allotree.package-recorded.v1':
      return bill(rows, accountIdOf(null, data.partnerId), row.at);
    case 'allotree.package-sold.v1':
      return followSale(rows, row, { sellerId: data.partnerId, buyerId: data.toPartnerId });
    case 'allotree.license-granted.v1':
      if (data.source.kind === 'package')
        await followIssue(rows, row, { sellerId: data.source.partnerId, buyerId: data.projectId });
      return;
    case 'allotree.billing-terms-set.v1':
      return followTerms(rows, row, data);
    case 'allotree.usage-period-closed.v1':
      closes.push({ row, data });
  }
}

/** The months of a partner are in the zone of its first project. */
const NEXT_PERIOD_UNKNOWN = `
  WITH RECURSIVE above AS (
    SELECT $1::text AS partner_id
    UNION
    SELECT parent.seller_id FROM above JOIN ${REPORTING}.account parent
      ON parent.buyer_kind = 'partner' AND parent.buyer_id = above.partner_id AND parent.is_direct WHERE parent.seller_id IS NOT NULL)
  UPDATE ${REPORTING}.account SET next_until = NULL WHERE next_until IS NOT NULL AND buyer_kind = 'partner' AND buyer_id = ANY (ARRAY(SELECT partner_id FROM above))`;

interface NewAccount {
  readonly tenantId: string | null;
  readonly sellerId: string | null;
  readonly buyerKind: 'partner' | 'project';
  readonly buyerId: string;
  readonly partnerId: string;
  readonly isDirect: boolean;
}

async function addAccount(rows: Rows, account: NewAccount): Promise<void> {
  const { tenantId, sellerId, buyerKind, buyerId, partnerId, isDirect } = account;
  await rows.query(
    `INSERT INTO ${REPORTING}.account (account_id, tenant_id, seller_kind, seller_id, buyer_kind, buyer_id, partner_id, is_direct)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      accountIdOf(sellerId, buyerId),
      tenantId,
      sellerId === null ? 'vendor' : 'partner',
      sellerId,
      buyerKind,
      buyerId,
      partnerId,
      isDirect,
    ],
  );
}

/** Something of this instant is billed in an account. */
async function bill(rows: Rows, accountId: string, at: Date): Promise<void> {
  await rows.query(
    `UPDATE ${REPORTING}.account SET billed_from = least(billed_from, $2) WHERE account_id = $1 AND next_until IS NULL`,
    [accountId, at],
  );
}

interface Sides {
  readonly sellerId: string;
  readonly buyerId: string;
}

async function followSale(rows: Rows, { at, tenant_id }: EventRow, { sellerId, buyerId }: Sides): Promise<void> {
  const buyer = { buyerKind: 'partner', buyerId, partnerId: buyerId } as const;
  await addAccount(rows, { tenantId: tenant_id, sellerId, ...buyer, isDirect: false });
  await bill(rows, accountIdOf(sellerId, buyerId), at);
}

/** A partner above that of the project can issue, too. */
async function followIssue(rows: Rows, { tenant_id }: EventRow, { sellerId, buyerId }: Sides): Promise<void> {
  const [project] = await rows.query<{ partner_id: string }>(
    `SELECT partner_id FROM ${REPORTING}.account WHERE buyer_id = $1 AND buyer_kind = 'project' LIMIT 1`,
    [buyerId],
  );
  const partnerId = project?.partner_id ?? sellerId;
  const buyer = { buyerKind: 'project', buyerId, partnerId } as const;
  await addAccount(rows, { tenantId: tenant_id, sellerId, ...buyer, isDirect: false });
}

/** From its first period on, a project is billed in its own accounts and in those of all partners above it. */
const BILL_UPWARDS = `
  WITH RECURSIVE above AS (
    SELECT partner_id FROM ${REPORTING}.account WHERE buyer_kind = 'project' AND buyer_id = $1
    UNION
    SELECT parent.seller_id FROM above JOIN ${REPORTING}.account parent
      ON parent.buyer_kind = 'partner' AND parent.buyer_id = above.partner_id AND parent.is_direct WHERE parent.seller_id IS NOT NULL)
  UPDATE ${REPORTING}.account SET billed_from = least(billed_from, $2)
  WHERE buyer_id = ANY (ARRAY(SELECT $1 UNION ALL SELECT partner_id FROM above)) AND (buyer_kind = 'project' OR is_direct)
    AND next_until IS NULL AND (billed_from IS NULL OR billed_from > $2)`;

async function followTerms(
  rows: Rows,
  { position, tenant_id }: EventRow,
  data: Extract<Known, { type: 'allotree.billing-terms-set.v1' }>['data'],
): Promise<void> {
  await rows.query(
    `INSERT INTO ${REPORTING}.billing_terms
       (tenant_id, project_id, effective_from, interval, anchor_day, anchor_month, time_zone, position)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (project_id, effective_from) DO UPDATE SET interval = excluded.interval, anchor_day = excluded.anchor_day,
       anchor_month = excluded.anchor_month, time_zone = excluded.time_zone, position = excluded.position`,
    [
      tenant_id,
      data.projectId,
      data.effectiveFrom,
      data.interval,
      data.anchorDay,
      data.anchorMonth,
      data.timeZone,
      position,
    ],
  );
  await rows.query(BILL_UPWARDS, [data.projectId, data.effectiveFrom]);
}

interface Close {
  readonly row: EventRow;
  readonly data: Extract<Known, { type: 'allotree.usage-period-closed.v1' }>['data'];
}

/** Thousands of projects close at one midnight: all of a step in one statement. */
async function insertCloses(rows: Rows, closes: readonly Close[]): Promise<void> {
  if (closes.length === 0) return;
  const column = <Value>(value: (close: Close) => Value): Value[] => closes.map(value);
  await rows.query(
    `INSERT INTO ${REPORTING}.billing_period (tenant_id, project_id, from_at, until_at, period_id, event_id, position,
       interval, anchor_day, time_zone, payment_model, totals)
     SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[],
       $8::text[], $9::integer[], $10::text[], $11::text[], $12::jsonb[]) ON CONFLICT DO NOTHING`,
    [
      column(({ row }) => row.tenant_id),
      column(({ data }) => data.projectId),
      column(({ data }) => data.from),
      column(({ data }) => data.until),
      column(({ data }) => data.periodId),
      column(({ row }) => row.id),
      column(({ row }) => row.position),
      column(({ data }) => data.interval),
      column(({ data }) => data.anchorDay),
      column(({ data }) => data.timeZone),
      column(({ data }) => data.paymentModel),
      column(({ data }) => JSON.stringify(data.totals)),
    ],
  );
}
