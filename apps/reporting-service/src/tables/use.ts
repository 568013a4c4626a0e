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
export interface Step extends Origin, Use {}

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

interface StepOfLine {
  readonly line: number;
  readonly step: Step;
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
  private readonly lines = new Map<string, Line>();

  constructor(private readonly tx: EntityManager) {}

  /** Reads the use of these resources in these groups. */
  async load(keys: readonly UseKey[]): Promise<void> {
    for (const key of keys) this.lines.set(idOf(key), { key, before: NOTHING, since: null, steps: [] });
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

  /** The changes of the batch in the order of the keys, so that neighbors in an index are written one after the other. */
  changes(): readonly ChangedUse[] {
    return [...this.lines.entries()]
      .filter(([, { steps }]) => steps.length > 0)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { key, before, since, steps }]) => ({
        ...key,
        tenantId: steps.at(-1)?.tenantId ?? null,
        before: before.inForce,
        since,
        steps,
      }));
  }

  /** Writes the steps of these changes. */
  async write(changed: readonly ChangedUse[]): Promise<void> {
    const [replaced, added]: [StepOfLine[], StepOfLine[]] = [[], []];
    changed.forEach(({ since, steps }, index) => {
      for (const step of steps) (step.at === since ? replaced : added).push({ line: index + 1, step });
    });
    await this.insert(changed, added, '');
    // A value that was stored for this very instant existed for no time.
    const values = 'in_force = excluded.in_force, suspended = excluded.suspended, position = excluded.position';
    await this.insert(changed, replaced, `ON CONFLICT (${KEY}) DO UPDATE SET ${values}`);
  }

  private async insert(lines: readonly ChangedUse[], steps: readonly StepOfLine[], conflict: string): Promise<void> {
    if (steps.length === 0) return;
    await this.tx.query(`${INSERT} ${conflict}`, [
      arrayOf(lines.map(({ tenantId }) => tenantId)),
      arrayOf(lines.map(({ projectId }) => projectId)),
      arrayOf(lines.map(({ groupId }) => groupId)),
      arrayOf(lines.map(({ resource }) => resource)),
      arrayOf(steps.map(({ line }) => line)),
      arrayOf(steps.map(({ step }) => step.at)),
      arrayOf(steps.map(({ step }) => step.inForce)),
      arrayOf(steps.map(({ step }) => step.suspended)),
      arrayOf(steps.map(({ step }) => step.position)),
    ]);
  }

  private line(key: UseKey): Line {
    const line = this.lines.get(idOf(key));
    if (!line) throw new Error(`the use of ${key.resource} in group ${key.groupId} was not loaded`);
    return line;
  }
}

const idOf = ({ projectId, groupId, resource }: UseKey): string => `${projectId}\n${groupId}\n${resource}`;
