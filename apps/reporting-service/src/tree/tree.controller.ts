import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { Id, TreeAnswer, TreeQuery } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Freshness } from '../freshness.js';
import { cacheIfFinal } from '../quotas/moment.js';
import { treeAt } from './recorded-tree.js';

const ProjectPath = z.object({ p: Id });
type ProjectPath = z.infer<typeof ProjectPath>;

const RESOURCE = { limit: 80, effectiveLimit: 80, consumed: 12, suspended: 0 };

@Controller('projects/:p/tree')
export class TreeController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read', { within: 'p' })
  @Documented({
    tag: 'reporting',
    summary: 'Get the rows of a tree as a screen shows them, now or at an instant',
    description:
      'The top of the tree that the caller sees, and below every group in `expanded` the groups directly below it; with `parentId` the groups directly below that one come first. Siblings are ordered by name, then by id; `offset` and `limit` select from all rows in sight, of which there are `total`. ' +
      'Callers see the groups where they hold the permission today, with everything below. Limits, use and status are those of `GET /projects/{p}/groups/{g}/quota/as-of`. With `final: true` the answer never changes, and can be kept. `descendantCount` ends at 100, which then means 100 or more: a count of everything below would take the longer the larger the tree is, for every row. ' +
      'With `state` the answer has the groups in any of these states instead, wherever they are in the tree (with `parentId`: below that group), the highest first, then by the names from the top; `found` says why and where. ' +
      '`at_limit`: as much of a resource is in use as the effective limit allows. `ending_soon`: what the group relies on ends within `endingWithinDays` days of the project (an allotment of its own; or its effective limit falls, or it loses a feature, with an allotment above it or a license). ' +
      'Both are about groups with a limit of their own, and the group at the top. `suspended`: units assigned at the group itself are suspended.',
    response: {
      schema: TreeAnswer,
      example: {
        at: '2026-06-03T14:30:00.000Z',
        basis: 'recorded',
        position: '4711',
        final: true,
        total: 1,
        items: [
          {
            groupId: 'building-a',
            parentId: 'hafenblick',
            name: 'Building A',
            type: 'building',
            level: 1,
            positionInSet: 1,
            setSize: 1,
            childCount: 2,
            descendantCount: 26,
            status: 'active',
            resources: { sip_number: RESOURCE, mobile_app: RESOURCE, ukey2: RESOURCE },
          },
        ],
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async show(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: TreeQuery }) query: TreeQuery,
    @Caller() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TreeAnswer> {
    await this.freshness.of(p, query.atLeast);
    const { parentId } = query;
    if (parentId !== undefined)
      await this.permissionChecker.demand(principal, 'quotas:read', { kind: 'group', projectId: p, groupId: parentId });
    const reach = await this.permissionChecker.groupsWithin(principal, 'quotas:read', p);
    const at = query.at === undefined ? this.clock.now() : Date.parse(query.at);
    const answer = await this.rows.as(principal, 'quotas:read', (tx) =>
      treeAt(tx, { ...query, projectId: p, at, reach }),
    );
    cacheIfFinal(reply, answer.final);
    return answer;
  }
}
