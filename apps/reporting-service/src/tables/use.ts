import { RESOURCES, type Resource } from '@allotree/domain';
import { insertRows } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { Origin } from './stored-event.js';

/** Units in use in a group and everything below it. */
export interface Use {
  readonly inForce: number;
  readonly suspended: number;
}

interface Step extends Origin, Use {}

/** The use of one resource in a group. */
export interface UseKey {
  readonly projectId: string;
  readonly groupId: string;
  readonly resource: Resource;
}

/** The use of a resource in a group as a batch changed it. */
export interface ChangedUse extends UseKey {
  readonly tenantId: string | null;
  /** Units in force before the batch, and since when; `null`: there were none ever. */
  readonly before: number;
  readonly since: number | null;
  /** Units in force from each instant on; instants ascend. */
  readonly steps: readonly { readonly at: number; readonly units: number }[];
}

interface Line {
  readonly key: UseKey;
  before: Use;
  /** Since when there was as much before the batch; `null`: there was none ever. */
  since: number | null;
  readonly steps: Step[];
}

const NOTHING: Use = { inForce: 0, suspended: 0 };
const COLUMNS = {
  tenant_id: 'text',
  project_id: 'text',
  group_id: 'text',
  resource: 'text',
  at: 'timestamptz',
  in_force: 'integer',
  suspended: 'integer',
  position: 'bigint',
};
const KEY = ['project_id', 'group_id', 'resource', 'at'];

interface StepRow {
  readonly project_id: string;
  readonly group_id: string;
  readonly resource: Resource;
  readonly in_force: number;
  readonly suspended: number;
  readonly at: Date;
}

/** The use of the groups that a batch of events touches: read once, changed in memory, written once. */
export class UseSteps {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly tx: EntityManager) {}

  /** Reads the use of all resources in these groups. */
  async load(groups: Iterable<Pick<UseKey, 'projectId' | 'groupId'>>): Promise<void> {
    for (const group of groups)
      for (const resource of RESOURCES) {
        const key = { ...group, resource };
        const id = idOf(key);
        if (!this.lines.has(id)) this.lines.set(id, { key, before: NOTHING, since: null, steps: [] });
      }
    const keys = [...this.lines.values()].map(({ key }) => key);
    const rows: StepRow[] = await this.tx.query(
      `SELECT given.project_id, given.group_id, given.resource, step.in_force, step.suspended, step.at
       FROM unnest($1::text[], $2::text[], $3::text[]) AS given (project_id, group_id, resource)
       CROSS JOIN LATERAL (
         SELECT in_force, suspended, at FROM ${REPORTING}.usage_step step
         WHERE step.project_id = given.project_id AND step.group_id = given.group_id AND step.resource = given.resource
         ORDER BY step.at DESC LIMIT 1) AS step`,
      [
        keys.map(({ projectId }) => projectId),
        keys.map(({ groupId }) => groupId),
        keys.map(({ resource }) => resource),
      ],
    );
    for (const { project_id, group_id, resource, in_force, suspended, at } of rows) {
      const line = this.lines.get(idOf({ projectId: project_id, groupId: group_id, resource }));
      if (line) Object.assign(line, { before: { inForce: in_force, suspended }, since: at.getTime() });
    }
  }

  /** The use at this point of the batch. */
  of(key: UseKey): Use {
    const line = this.line(key);
    return line.steps.at(-1) ?? line.before;
  }

  /** Adds to the use in each of the groups. */
  add(groupIds: Iterable<string>, { projectId, resource }: Omit<UseKey, 'groupId'>, change: Use, origin: Origin): void {
    const { at, position, tenantId } = origin;
    for (const groupId of groupIds) {
      const line = this.line({ projectId, groupId, resource });
      const last = line.steps.at(-1) ?? line.before;
      if (line.steps.at(-1)?.at === at) line.steps.pop();
      const inForce = last.inForce + change.inForce;
      line.steps.push({ at, position, tenantId, inForce, suspended: last.suspended + change.suspended });
    }
  }

  /** Writes the new steps. @returns what changed */
  async write(): Promise<readonly ChangedUse[]> {
    const changed = [...this.lines.values()].filter(({ steps }) => steps.length > 0);
    const rows = changed.flatMap(({ key: { projectId, groupId, resource }, steps }) =>
      steps.map(({ at, inForce, suspended, position, tenantId }) => ({
        tenant_id: tenantId,
        project_id: projectId,
        group_id: groupId,
        resource,
        at: new Date(at),
        in_force: inForce,
        suspended,
        position: position.toString(),
      })),
    );
    await insertRows(this.tx, `${REPORTING}.usage_step`, COLUMNS, rows, { key: KEY, keep: [] });
    return changed.map(({ key, before, since, steps }) => ({
      ...key,
      tenantId: steps.at(-1)?.tenantId ?? null,
      before: before.inForce,
      since,
      steps: steps.map(({ at, inForce }) => ({ at, units: inForce })),
    }));
  }

  private line(key: UseKey): Line {
    const line = this.lines.get(idOf(key));
    if (!line) throw new Error(`the use of ${key.resource} in group ${key.groupId} was not loaded`);
    return line;
  }
}

const idOf = ({ projectId, groupId, resource }: UseKey): string => `${projectId}\n${groupId}\n${resource}`;
