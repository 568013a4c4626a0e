import type { TreeAnswer, TreeQuery, TreeState } from '@allotree/contracts';
import { quotaOfLevels, RESOURCES, type GroupQuota, type Instant, type Level, type Resource } from '@allotree/domain';
import { notFound } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { BEFORE_STATES, STATES_IN_REACH, WHOLE_STATES } from './states-statement.js';
import { basisOf } from '../quotas/moment.js';
import { runPrepared } from '../quotas/prepared.js';
import { factsIn, noGroupThen, type FactsRow, type RecordedFacts } from '../quotas/recorded-quota.js';
import { TREE_IN_REACH, WHOLE_TREE } from './tree-statement.js';

type Item = TreeAnswer['items'][number];

/** A row that the statement returns. */
interface TreeRow extends FactsRow {
  readonly was_there: boolean;
  readonly total: number;
  readonly rows: readonly FoundRow[];
}

type FoundRow = Omit<Item, 'level' | 'status' | 'resources' | 'found'> & {
  readonly path: readonly string[];
  readonly states?: TreeState[];
  readonly endsAt?: string | null;
};

/** Which rows are asked for. */
export interface TreeRequest extends Omit<TreeQuery, 'at' | 'atLeast'> {
  readonly projectId: string;
  readonly at: Instant;
  /** The groups that the caller sees, each with everything below it; `null`: all. */
  readonly reach: readonly string[] | null;
}

/**
 * The rows of a tree at an instant.
 * @throws Problem where there was no such project or group then
 */
export async function treeAt(tx: EntityManager, request: TreeRequest): Promise<TreeAnswer> {
  const { projectId, at, reach, parentId } = request;
  const [row] = await rowsOf(tx, request);
  if (!row) throw notFound('project', projectId);
  const moment = { projectId, groupId: parentId ?? projectId, at, parameter: 'at' } as const;
  const recorded = factsIn(row, moment);
  if (!row.was_there) throw noGroupThen(moment);
  const levels = new Map(recorded.facts.levels.map((level) => [level.groupId, level]));
  return {
    ...basisOf(recorded, at),
    // Which groups are in reach depends on where they are today.
    final: recorded.isFinal && reach === null,
    total: row.total,
    items: row.rows.map(({ path, states, endsAt, ...shown }) => {
      const onPath = path.map((id) => levels.get(id)!);
      return {
        ...shown,
        level: path.length - 1,
        ...quotaIn(recorded, onPath.toReversed(), at),
        ...(states && { found: { states, endsAt: isoOrNull(endsAt), above: seenOf(onPath, reach).slice(0, -1) } }),
      };
    }),
  };
}

async function rowsOf(tx: EntityManager, request: TreeRequest): Promise<TreeRow[]> {
  const { projectId, at, reach, parentId, expanded, limit, offset, state, endingWithinDays } = request;
  const shown = [projectId, parentId ?? null, new Date(at).toISOString(), reach ?? [projectId]];
  const inReach = reach === null ? [] : [reach];
  if (state === undefined)
    return runPrepared(tx, reach === null ? WHOLE_TREE : TREE_IN_REACH, [
      ...shown,
      expanded,
      limit,
      offset,
      ...inReach,
    ]);
  await tx.query(BEFORE_STATES);
  const parameters = [...shown, state, limit, offset, endingWithinDays, ...inReach];
  return runPrepared(tx, reach === null ? WHOLE_STATES : STATES_IN_REACH, parameters);
}

const isoOrNull = (instant: string | null | undefined): string | null =>
  instant == null ? null : new Date(instant).toISOString();

/** Of a path from the root, the groups in reach. */
function seenOf(path: readonly Level[], reach: readonly string[] | null): { groupId: string; name: string }[] {
  const first = reach === null ? 0 : path.findIndex(({ groupId }) => reach.includes(groupId));
  return path.slice(first).map(({ groupId, name }) => ({ groupId, name }));
}

function quotaIn({ facts }: RecordedFacts, levels: readonly Level[], at: Instant): Pick<Item, 'status' | 'resources'> {
  const { status, resources } = quotaOfLevels({ ...facts, levels }, at)!;
  return { status, resources: Object.fromEntries(RESOURCES.map(shownOf(resources))) as Item['resources'] };
}

const shownOf =
  (resources: GroupQuota['resources']) =>
  (resource: Resource): readonly [Resource, Item['resources'][Resource]] => {
    const { limit, effectiveLimit, consumed, suspended } = resources[resource];
    return [resource, { limit, effectiveLimit, consumed, suspended }];
  };
