import type { ProjectEventOf } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { columns } from './columns.js';

type Opened = ProjectEventOf<'ProjectOpened'>['data'];

/**
 * The tenants of the projects that begin among these events. Rows take their tenant from here, so every projection records
 * it before its first row of a project, whichever projection comes first; it is never removed.
 */
export async function rememberTenants(tx: EntityManager, events: readonly RecordedEvent[]): Promise<void> {
  const opened = events.filter(({ type }) => type === 'ProjectOpened').map(({ data }) => data as Opened);
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
