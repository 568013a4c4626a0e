import type { TreeAnswer, TreeQuery } from '@allotree/contracts';
import { quotaOfLevels, RESOURCES, type GroupQuota, type Instant, type Level, type Resource } from '@allotree/domain';
import { notFound } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { basisOf } from '../quotas/moment.js';
import { runPrepared } from '../quotas/prepared.js';
import { factsIn, noGroupThen, type FactsRow, type RecordedFacts } from '../quotas/recorded-quota.js';
import { TREE_IN_REACH, WHOLE_TREE } from './tree-statement.js';

type Item = TreeAnswer['items'][number];

/** A row that the statement returns. */
interface TreeRow extends FactsRow {
  readonly was_there: boolean;
  readonly total: number;
  readonly rows: readonly (Omit<Item, 'level' | 'status' | 'resources'> & { readonly path: readonly string[] })[];
}

/** Which rows are asked for. */
export interface TreeRequest extends Pick<TreeQuery, 'parentId' | 'expanded' | 'offset' | 'limit'> {
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
  const { projectId, at, reach, parentId, expanded, limit, offset } = request;
  const parameters = [
    projectId,
    parentId ?? null,
    new Date(at).toISOString(),
    reach ?? [projectId],
    expanded,
    limit,
    offset,
  ];
  const [row] = await (reach === null
    ? runPrepared<TreeRow>(tx, WHOLE_TREE, parameters)
    : runPrepared<TreeRow>(tx, TREE_IN_REACH, [...parameters, reach]));
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
    items: row.rows.map(({ path, ...shown }) => ({
      ...shown,
      level: path.length - 1,
      ...quotaIn(recorded, path.map((id) => levels.get(id)!).reverse(), at),
    })),
  };
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
