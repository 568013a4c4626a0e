import { Injectable } from '@nestjs/common';
import type { ProjectEventOf } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { columns, isoOf } from '../../persistence/columns.js';
import { ProjectProjection, TENANT_RECORDED } from '../../persistence/project-projection.js';
import { publicJson } from '../../public-json.js';
import { projectEventOf, projectOfStream } from '../../streams.js';
import { USAGE_PERIODS_PROJECTION } from '../usage-periods.js';

const CLOSED = 'UsagePeriodClosed';
type Closed = ProjectEventOf<typeof CLOSED>;

/** The closed billing periods of every project. They never change. */
@Injectable()
export class UsagePeriodsProjection extends ProjectProjection {
  readonly name = USAGE_PERIODS_PROJECTION;
  readonly tables = [{ name: 'usage_period' }];
  readonly eventTypes = [CLOSED, TENANT_RECORDED];

  protected async write(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    const closed = events
      .filter(({ type }) => type === CLOSED)
      .map((recorded) => ({
        projectId: projectOfStream(recorded.streamName),
        ...(projectEventOf(recorded) as Closed).data,
      }));
    if (closed.length === 0) return;
    await tx.query(
      `INSERT INTO licensing.usage_period (project_id, until_at, from_at, period_id, interval, anchor_day, time_zone,
                                           payment_model, totals)
       SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::integer[],
                            $7::text[], $8::text[], $9::json[])
       ON CONFLICT DO NOTHING`,
      columns(
        closed,
        (row) => row.projectId,
        (row) => isoOf(row.until),
        (row) => isoOf(row.from),
        (row) => row.periodId,
        (row) => row.terms.interval,
        (row) => row.terms.anchorDay,
        (row) => row.terms.timeZone,
        (row) => row.paymentModel,
        (row) => JSON.stringify(publicJson(row.totals)),
      ),
    );
  }
}
