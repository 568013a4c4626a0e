import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ReconciliationAnswer } from '@allotree/contracts';
import { RESOURCES, type Instant } from '@allotree/domain';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { Account } from './account.js';
import type { TotalsText } from './project-statements.js';

type Project = ReconciliationAnswer['projects'][number];
type Totals = Project['resources'][number]['control'];

const TOTALS = ['open', 'close', 'peak', 'peakAt', 'unitMs', 'entitledMs', 'unlimitedMs', 'overageMs'];

interface PeriodRow {
  readonly project_id: string;
  readonly period_id: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly status: Project['status'];
  readonly event_id: string;
  readonly diverges_at: Date | null;
  readonly ours: TotalsText | null;
  readonly totals: TotalsText;
}

/** The most periods of projects in one answer; those that are held come first. */
const MAX_PERIODS = 1_000;

/** The projects whose use is billed in an account. */
const PROJECTS = `
  WITH RECURSIVE below AS (
    SELECT $1::text AS partner_id WHERE $2 = 'partner'
    UNION
    SELECT child.buyer_id FROM below JOIN ${REPORTING}.account child
      ON child.seller_id = below.partner_id AND child.buyer_kind = 'partner' AND child.is_direct),
  project AS (
    SELECT buyer_id AS project_id FROM ${REPORTING}.account
    WHERE buyer_kind = 'project' AND is_direct AND (seller_id IN (SELECT partner_id FROM below) OR ($2 = 'project' AND buyer_id = $1)))`;

/** Of a period; without one, the last of each project, and those that are held. */
const PERIODS = `
  ${PROJECTS}
  SELECT period.* FROM project JOIN ${REPORTING}.billing_period period USING (project_id)
  WHERE CASE WHEN $3::timestamptz IS NULL
    THEN period.status <> 'agreed' OR NOT EXISTS (SELECT FROM ${REPORTING}.billing_period later
      WHERE later.project_id = period.project_id AND later.from_at > period.from_at)
    ELSE period.from_at <= $3 AND $3 < period.until_at END
  ORDER BY period.status = 'agreed', period.project_id, period.from_at LIMIT ${MAX_PERIODS}`;

/** Both computations of what an account bills. */
@Injectable()
export class Reconciliation {
  constructor(@InjectDataSource(REPORTING) private readonly dataSource: DataSource) {}

  /** @param at an instant of the period; `null`: the last one of each project, and all that are held */
  async of({ accountId, buyerKind, buyerId }: Account, at: Instant | null): Promise<ReconciliationAnswer> {
    const rows: PeriodRow[] = await this.dataSource.query(PERIODS, [
      buyerId,
      buyerKind,
      at === null ? null : new Date(at),
    ]);
    return { accountId, projects: rows.map(projectOf) };
  }
}

const projectOf = (row: PeriodRow): Project => ({
  projectId: row.project_id,
  periodId: row.period_id,
  from: row.from_at.toISOString(),
  until: row.until_at.toISOString(),
  status: row.status,
  eventId: row.event_id,
  divergesAt: row.diverges_at?.toISOString() ?? null,
  resources: RESOURCES.map((resource) => {
    const [ours, control] = [row.ours?.[resource] ?? null, row.totals[resource]!];
    const differences = ours === null ? [] : TOTALS.filter((name) => !isSame(name, ours, control));
    return { resource, ours: ours as Totals | null, control: control as Totals, differences };
  }),
});

/** Instants can be written in several ways. */
const isSame = (name: string, ours: TotalsText[string], control: TotalsText[string]): boolean =>
  name === 'peakAt'
    ? Date.parse(String(ours[name])) === Date.parse(String(control[name]))
    : String(ours[name]) === String(control[name]);
