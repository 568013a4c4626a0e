import { Controller, Get, Param, Query } from '@nestjs/common';
import { GroupPage, GROUPS, GroupsQuery, type GroupItem, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import type { EntityManager } from 'typeorm';
import { Freshness } from '../../freshness.js';
import { ProjectPath } from '../../paths.js';
import { GroupRow } from '../../persistence/entities.js';
import { Trees } from '../trees.js';
import { TREE_VIEW } from '../../views.js';

/** Groups and everything below them. */
const BELOW = `
  WITH RECURSIVE below AS (
    SELECT unnest(CAST(:accessibleGroups AS text[])) AS group_id
    UNION
    SELECT child.group_id FROM groups.group_node child JOIN below ON child.parent_id = below.group_id
    WHERE child.project_id = :p
  ) SELECT group_id FROM below`;

const HAS_CHILDREN = `EXISTS (SELECT FROM groups.group_node child
  WHERE child.project_id = row.projectId AND child.parent_id = row.groupId)`;
const COLUMNS = columnsOf(GROUPS.filters, { hasChildren: HAS_CHILDREN });

@Controller('projects/:p/groups')
export class ListGroupsController {
  constructor(
    private readonly rows: TenantRows,
    private readonly trees: Trees,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Groups',
    summary:
      'List all groups of the project, or the children of one group (?parentId=), in order of creation; ?externalId= finds one',
    response: {
      schema: GroupPage,
      example: {
        items: [
          {
            groupId: 'building-a',
            parentId: 'hafenblick',
            type: 'building',
            name: 'Building A',
            externalId: 'ERP-4711',
            hasChildren: true,
          },
        ],
        nextCursor: null,
      },
    },
    list: GROUPS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('groups:read', { within: 'p' })
  @Get()
  async list(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: GroupsQuery }) query: GroupsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<GroupItem>> {
    const { parentId } = query;
    if (parentId !== undefined)
      await this.permissionChecker.demand(principal, 'groups:read', { kind: 'group', projectId: p, groupId: parentId });
    await this.trees.groupIsThere(p, parentId ?? p);
    await this.freshness.of(TREE_VIEW);
    const accessibleGroups = await this.permissionChecker.groupsWithin(principal, 'groups:read', p);
    return this.rows.as(principal, 'groups:read', (tx) => pageOfGroups(tx, p, query, accessibleGroups));
  }
}

/** @param accessibleGroups the groups of which those below are shown; `null`: all */
async function pageOfGroups(
  tx: EntityManager,
  p: string,
  query: GroupsQuery,
  accessibleGroups: readonly string[] | null,
): Promise<PageOf<GroupItem>> {
  const { parentId, externalId } = query;
  const rows = tx.createQueryBuilder(GroupRow, 'row').where('row.projectId = :p', { p });
  if (parentId !== undefined) rows.andWhere('row.parentId = :parentId', { parentId });
  if (externalId !== undefined) rows.andWhere('row.externalId = :externalId', { externalId });
  if (parentId === undefined && accessibleGroups !== null)
    rows.andWhere(`row.groupId IN (${BELOW})`, { p, accessibleGroups });
  applyFilter(rows, query.filter, COLUMNS);
  const page = await pageOfRows(rows, query, (row) => row);
  const parents = await parentsAmong(
    tx,
    p,
    page.items.map((row) => row.groupId),
  );
  return {
    items: page.items.map(({ groupId, parentId, type, name, externalId }) => ({
      groupId,
      parentId,
      type,
      name,
      externalId,
      hasChildren: parents.has(groupId),
    })),
    nextCursor: page.nextCursor,
  };
}

/** Which of these groups have groups below them. */
async function parentsAmong(tx: EntityManager, projectId: string, groupIds: readonly string[]): Promise<Set<string>> {
  const found: { id: string }[] = await tx.query(
    `SELECT id FROM unnest($2::text[]) AS id
       WHERE EXISTS (SELECT FROM groups.group_node child WHERE child.project_id = $1 AND child.parent_id = id)`,
    [projectId, groupIds],
  );
  return new Set(found.map(({ id }) => id));
}
