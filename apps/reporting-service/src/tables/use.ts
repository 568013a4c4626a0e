import type { Resource } from '@allotree/domain';
import { arrayOf } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { Origin } from './stored-event.js';

/** Units in use in a group and everything below it. */
export interface Use {
  readonly inForce: number;
  readonly suspended: number;
}

/** The use of a resource in a group from an instant on. */
export interface Step extends Pick<Origin, 'at' | 'position'>, Use {}

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
  /** From each instant on; instants ascend. */
  readonly steps: readonly Step[];
}

interface Line {
  readonly key: UseKey;
  tenantId: string | null;
  before: Use;
  /** Since when there was as much before the batch; `null`: there was none ever. */
  since: number | null;
  readonly steps: Step[];
}

const NOTHING: Use = { inForce: 0, suspended: 0 };
const KEY = 'project_id, group_id, resource, at';

/** A batch has many steps of few lines: what they have in common is sent once, and instants as numbers, which are read fastest. */
const INSERT = `
  INSERT INTO ${REPORTING}.usage_step (tenant_id, project_id, group_id, resource, at, in_force, suspended, position)
  SELECT tenant_id, project_id, group_id, resource, to_timestamp(ms / 1000.0), in_force, suspended, position
  FROM unnest($5::integer[], $6::bigint[], $7::integer[], $8::integer[], $9::bigint[]) AS step (line, ms, in_force, suspended, position)
  JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS line (tenant_id, project_id, group_id, resource, number)
    ON line.number = step.line`;

/** Steps to insert, as arrays of the same length. */
class StepColumns {
  private readonly lines: number[] = [];
  private readonly instants: number[] = [];
  private readonly inForce: number[] = [];
  private readonly suspended: number[] = [];
  private readonly positions: bigint[] = [];

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  /** @param line the number of the line, from 1 */
  add(line: number, { at, inForce, suspended, position }: Step): void {
    this.lines.push(line);
    this.instants.push(at);
    this.inForce.push(inForce);
    this.suspended.push(suspended);
    this.positions.push(position);
  }

  parameters(): string[] {
    return [this.lines, this.instants, this.inForce, this.suspended, this.positions].map((values) => arrayOf(values));
  }
}

interface StepRow {
  /** Of the key, from 1. */
  readonly place: string;
  readonly in_force: number;
  readonly suspended: number;
  readonly ms: number;
}

/** The use of the groups that a batch of events touches: read once, changed in memory, written once. */
export class UseSteps {
  /** By the project and the resource, and by the group. */
  private readonly lines = new Map<string, Map<string, Line>>();

  constructor(private readonly tx: EntityManager) {}

  /** Reads the use of these resources in these groups. */
  async load(keys: readonly UseKey[]): Promise<void> {
    for (const key of keys) {
      const of = scopeOf(key);
      const lines = this.lines.get(of) ?? new Map<string, Line>();
      this.lines.set(of, lines.set(key.groupId, { key, tenantId: null, before: NOTHING, since: null, steps: [] }));
    }
    if (keys.length === 0) return;
    const rows: StepRow[] = await this.tx.query(
      `SELECT given.place, step.in_force, step.suspended, extract(epoch FROM step.at)::double precision * 1000 AS ms
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (project_id, group_id, resource, place)
       CROSS JOIN LATERAL (
         SELECT in_force, suspended, at FROM ${REPORTING}.usage_step step
         WHERE step.project_id = given.project_id AND step.group_id = given.group_id AND step.resource = given.resource
         ORDER BY step.at DESC LIMIT 1) AS step`,
      [
        arrayOf(keys.map(({ projectId }) => projectId)),
        arrayOf(keys.map(({ groupId }) => groupId)),
        arrayOf(keys.map(({ resource }) => resource)),
      ],
    );
    for (const { place, in_force, suspended, ms } of rows) {
      const line = this.line(keys[Number(place) - 1]!);
      Object.assign(line, { before: { inForce: in_force, suspended }, since: Math.round(ms) });
    }
  }

  /** The use at this point of the batch. */
  of(key: UseKey): Use {
    const line = this.line(key);
    return line.steps.at(-1) ?? line.before;
  }

  /** Adds to the use in each of the groups. */
  add(groupIds: Iterable<string>, of: Omit<UseKey, 'groupId'>, change: Use, { at, position, tenantId }: Origin): void {
    const lines = this.lines.get(scopeOf(of));
    for (const groupId of groupIds) {
      const line = lines?.get(groupId);
      if (!line) throw notLoaded({ ...of, groupId });
      const { steps } = line;
      const newest = steps.at(-1);
      const last = newest ?? line.before;
      if (newest?.at === at) steps.pop();
      steps.push({
        at,
        position,
        inForce: last.inForce + change.inForce,
        suspended: last.suspended + change.suspended,
      });
      line.tenantId = tenantId;
    }
  }

  /** The changes of the batch in the order of the keys, so that neighbors in an index are written one after the other. */
  changes(): readonly ChangedUse[] {
    const lines = [...this.lines.values()].flatMap((ofGroups) => [...ofGroups.values()]);
    return lines
      .filter(({ steps }) => steps.length > 0)
      .sort((one, other) => inOrder(one.key, other.key))
      .map(({ key, tenantId, before, since, steps }) => ({ ...key, tenantId, before: before.inForce, since, steps }));
  }

  /** Writes the steps of these changes. */
  async write(changed: readonly ChangedUse[]): Promise<void> {
    const [replaced, added] = [new StepColumns(), new StepColumns()];
    changed.forEach(({ since, steps }, index) => {
      for (const step of steps) (step.at === since ? replaced : added).add(index + 1, step);
    });
    const lines = [
      arrayOf(changed.map(({ tenantId }) => tenantId)),
      arrayOf(changed.map(({ projectId }) => projectId)),
      arrayOf(changed.map(({ groupId }) => groupId)),
      arrayOf(changed.map(({ resource }) => resource)),
    ];
    if (!added.isEmpty) await this.tx.query(INSERT, [...lines, ...added.parameters()]);
    // A value that was stored for this very instant existed for no time.
    const values = 'in_force = excluded.in_force, suspended = excluded.suspended, position = excluded.position';
    const replacing = `${INSERT} ON CONFLICT (${KEY}) DO UPDATE SET ${values}`;
    if (!replaced.isEmpty) await this.tx.query(replacing, [...lines, ...replaced.parameters()]);
  }

  private line(key: UseKey): Line {
    const line = this.lines.get(scopeOf(key))?.get(key.groupId);
    if (!line) throw notLoaded(key);
    return line;
  }
}

const scopeOf = ({ projectId, resource }: Omit<UseKey, 'groupId'>): string => `${projectId}\n${resource}`;

const notLoaded = ({ resource, groupId }: UseKey): Error =>
  new Error(`the use of ${resource} in group ${groupId} was not loaded`);

/** That of the index. */
function inOrder(one: UseKey, other: UseKey): number {
  if (one.projectId !== other.projectId) return one.projectId < other.projectId ? -1 : 1;
  if (one.groupId !== other.groupId) return one.groupId < other.groupId ? -1 : 1;
  return one.resource < other.resource ? -1 : 1;
}
