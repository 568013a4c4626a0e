import { Controller, Get, Param, Query } from '@nestjs/common';
import { MEMBERS, MembersQuery, MemberPage, type MemberItem, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfNamedRows } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { GroupPath } from '../../paths.js';
import { MemberRow } from '../../persistence/entities.js';
import { Trees } from '../../groups/trees.js';
import { TREE_VIEW } from '../../views.js';

const show = ({ memberId, userId, groupId, email, name, role, externalId, addedAt }: MemberRow): MemberItem => ({
  memberId,
  userId,
  groupId,
  email,
  name,
  role,
  externalId,
  addedAt: addedAt.toISOString(),
});

const COLUMNS = columnsOf(MEMBERS.filters);

@Controller('projects/:p/groups/:g/members')
export class ListMembersController {
  constructor(
    private readonly rows: TenantRows,
    private readonly trees: Trees,
    private readonly freshness: Freshness,
  ) {}

  @Documented({
    tag: 'Members',
    summary: 'List the members of a group; ?externalId= finds one',
    response: {
      schema: MemberPage,
      example: {
        items: [
          {
            memberId: 'member-1',
            userId: 'user-1',
            groupId: 'unit-1',
            email: 'kim@example.com',
            name: 'Kim Larsen',
            role: 'user',
            externalId: 'ERP-4711',
            addedAt: '2026-06-01T08:00:00.000Z',
          },
        ],
        nextCursor: null,
      },
    },
    list: MEMBERS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('members:read', { project: 'p', group: 'g' })
  @Get()
  async list(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: MembersQuery }) query: MembersQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<MemberItem>> {
    await this.trees.groupIsThere(p, g);
    await this.freshness.of(TREE_VIEW);
    return this.rows.as(principal, 'members:read', (tx) => {
      const rows = tx.createQueryBuilder(MemberRow, 'row').where('row.projectId = :p AND row.groupId = :g', { p, g });
      if (query.externalId !== undefined) rows.andWhere('row.externalId = :externalId', query);
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfNamedRows(rows, query, show);
    });
  }
}
