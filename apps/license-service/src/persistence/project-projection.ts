import type { ProjectEventOf, ProjectEventType } from '@allotree/domain';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { columns } from './columns.js';

/** The type of event whose tenants are recorded: among the `eventTypes` of each of these projections. */
export const TENANT_RECORDED = 'ProjectOpened' satisfies ProjectEventType;

type Opened = ProjectEventOf<'ProjectOpened'>['data'];

/**
 * A projection whose rows belong to projects. Rows take their tenant from `licensing.project`, so each projection records
 * the tenants of new projects before its own rows, whichever projection comes first.
 */
export abstract class ProjectProjection<Prepared = unknown> implements Projection<Prepared> {
  abstract readonly name: string;
  readonly categories = ['project'];
  readonly batchSize = 2_000;

  async apply(events: readonly RecordedEvent[], tx: EntityManager, prepared: Prepared): Promise<void> {
    await recordTenants(tx, events);
    await this.write(events, tx, prepared);
  }

  /** Writes the rows of these events. */
  protected abstract write(events: readonly RecordedEvent[], tx: EntityManager, prepared: Prepared): Promise<void>;
}

/** The tenants of the projects that begin among these events; a tenant is never removed. */
async function recordTenants(tx: EntityManager, events: readonly RecordedEvent[]): Promise<void> {
  const opened = events.filter(({ type }) => type === TENANT_RECORDED).map(({ data }) => data as Opened);
  if (opened.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.project (project_id, tenant_id) SELECT * FROM unnest($1::text[], $2::text[]) AS row(p, t)
     ORDER BY p ON CONFLICT DO NOTHING`,
    columns(
      opened,
      (project) => project.projectId,
      (project) => project.tenantId,
    ),
  );
}
