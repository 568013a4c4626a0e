import type { ProjectEventOf } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns, isoOf } from '../../persistence/columns.js';

interface Made {
  readonly projectId: string;
  readonly at: number;
  readonly data: ProjectEventOf<'AssignmentMade'>['data'];
  suspended: boolean;
}

interface Known {
  readonly projectId: string;
  readonly assignmentId: string;
}

interface Use {
  readonly project_id: string;
  readonly group_id: string;
  readonly resource: string;
  readonly consumed: number;
  readonly suspended: number;
}

/** What happens to assignments in a run of events, and to the use of their groups and all above. */
export class AssignmentRows {
  private readonly made = new Map<string, Made>();
  private readonly suspended = new Map<string, Known & { readonly suspended: boolean }>();
  private readonly released = new Map<string, Known>();

  make(projectId: string, { at, data }: ProjectEventOf<'AssignmentMade'>): void {
    this.made.set(keyOf(projectId, data.assignmentId), { projectId, at, data, suspended: false });
  }

  suspend(projectId: string, assignmentId: string, suspended: boolean): void {
    const key = keyOf(projectId, assignmentId);
    const made = this.made.get(key);
    if (made) made.suspended = suspended;
    else this.suspended.set(key, { projectId, assignmentId, suspended });
  }

  release(projectId: string, assignmentId: string): void {
    const key = keyOf(projectId, assignmentId);
    // Made and released in one run: it leaves no trace here.
    if (this.made.delete(key)) return;
    this.suspended.delete(key);
    this.released.set(key, { projectId, assignmentId });
  }

  async write(tx: EntityManager): Promise<void> {
    const made = [...this.made.values()];
    const use = [...made.map(useOf), ...(await this.writeSuspended(tx)), ...(await this.writeReleased(tx))];
    await insertMade(tx, made);
    await addUse(tx, use);
  }

  private async writeSuspended(tx: EntityManager): Promise<Use[]> {
    const rows = [...this.suspended.values()];
    if (rows.length === 0) return [];
    return returned(
      await tx.query(
        `WITH changed AS (
           UPDATE licensing.assignment AS known SET suspended = given.suspended
           FROM unnest($1::text[], $2::text[], $3::boolean[]) AS given(project_id, assignment_id, suspended)
           WHERE known.project_id = given.project_id AND known.assignment_id = given.assignment_id
             AND known.suspended <> given.suspended
           RETURNING known.project_id, known.group_id, known.resource, known.suspended
         )
         SELECT project_id, group_id, resource,
                CASE WHEN suspended THEN -1 ELSE 1 END AS consumed, CASE WHEN suspended THEN 1 ELSE -1 END AS suspended
         FROM changed`,
        columns(
          rows,
          (row) => row.projectId,
          (row) => row.assignmentId,
          (row) => row.suspended,
        ),
      ),
    );
  }

  private async writeReleased(tx: EntityManager): Promise<Use[]> {
    const rows = [...this.released.values()];
    if (rows.length === 0) return [];
    return returned(
      await tx.query(
        `WITH gone AS (
           DELETE FROM licensing.assignment AS known USING unnest($1::text[], $2::text[]) AS given(project_id, assignment_id)
           WHERE known.project_id = given.project_id AND known.assignment_id = given.assignment_id
           RETURNING known.project_id, known.group_id, known.resource, known.suspended
         )
         SELECT project_id, group_id, resource,
                CASE WHEN suspended THEN 0 ELSE -1 END AS consumed, CASE WHEN suspended THEN -1 ELSE 0 END AS suspended
         FROM gone`,
        columns(
          rows,
          (row) => row.projectId,
          (row) => row.assignmentId,
        ),
      ),
    );
  }
}

const keyOf = (projectId: string, assignmentId: string): string => `${projectId} ${assignmentId}`;

const returned = (rows: unknown): Use[] => rows as Use[];

const useOf = ({ projectId, data, suspended }: Made): Use => ({
  project_id: projectId,
  group_id: data.groupId,
  resource: data.resource,
  consumed: suspended ? 0 : 1,
  suspended: suspended ? 1 : 0,
});

async function insertMade(tx: EntityManager, rows: readonly Made[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.assignment (project_id, assignment_id, group_id, resource, label, holder, sip_assignment_id,
                                       suspended, assigned_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                          $8::boolean[], $9::timestamptz[])`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.data.assignmentId,
      (row) => row.data.groupId,
      (row) => row.data.resource,
      (row) => row.data.label,
      (row) => row.data.holder,
      (row) => row.data.sipAssignmentId,
      (row) => row.suspended,
      (row) => isoOf(row.at),
    ),
  );
}

/** Counts use at each group and at every group above it, in one statement. */
async function addUse(tx: EntityManager, use: readonly Use[]): Promise<void> {
  const rows = sumsOf(use);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.group_quota AS known (project_id, group_id, resource, restricted, consumed, suspended)
     SELECT used.project_id, ancestor, used.resource, false, sum(used.consumed), sum(used.suspended)
     FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[])
       AS used(project_id, group_id, resource, consumed, suspended)
     JOIN licensing.license_group place USING (project_id, group_id)
     CROSS JOIN LATERAL unnest(place.path) AS ancestor
     GROUP BY used.project_id, ancestor, used.resource
     ON CONFLICT (project_id, group_id, resource)
     DO UPDATE SET consumed = known.consumed + excluded.consumed, suspended = known.suspended + excluded.suspended`,
    columns(
      rows,
      (row) => row.project_id,
      (row) => row.group_id,
      (row) => row.resource,
      (row) => row.consumed,
      (row) => row.suspended,
    ),
  );
}

/** One row for a group and resource, without those that come to nothing. */
function sumsOf(use: readonly Use[]): Use[] {
  const sums = new Map<string, Use>();
  for (const row of use) {
    const key = `${row.project_id} ${row.group_id} ${row.resource}`;
    const sum = sums.get(key);
    sums.set(
      key,
      sum ? { ...sum, consumed: sum.consumed + row.consumed, suspended: sum.suspended + row.suspended } : row,
    );
  }
  return [...sums.values()].filter(({ consumed, suspended }) => consumed !== 0 || suspended !== 0);
}
