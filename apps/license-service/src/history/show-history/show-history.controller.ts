import { Controller, Get, Param, Query } from '@nestjs/common';
import { HISTORY, HistoryAnswer, HistoryQuery, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { applyFilter } from '@allotree/read-models';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { endOf, startOf } from '../../dates.js';
import { Freshness } from '../../freshness.js';
import { ProjectPath } from '../../paths.js';
import { HistoryEntryEntity } from '../../persistence/entities.js';
import { Projects } from '../../projects.js';

/** Groups and everything below them, also what was removed. */
const BELOW = `
  SELECT place.group_id FROM licensing.license_group place
  WHERE place.project_id = :projectId AND place.path && CAST(:accessibleGroups AS text[])`;

const COLUMNS = {
  eventId: 'entry.eventId',
  at: 'entry.at',
  recordedAt: 'entry.recordedAt',
  actor: 'entry.actor',
  correlationId: 'entry.correlationId',
  what: 'entry.eventType',
  groupId: 'entry.groupId',
};

@Controller('projects/:p/history')
export class ShowHistoryController {
  constructor(
    private readonly rows: TenantRows,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Get()
  @Permit('history:read', { within: 'p' })
  @Documented({
    tag: 'history',
    summary: 'Who did what to the licensing of a project or one of its groups, newest first',
    description: 'Dates are days in the time zone of the project; `to` is the end of its day.',
    response: {
      schema: HistoryAnswer,
      example: {
        items: [
          {
            eventId: '8b7f0f0e-6f55-5d0e-9b8e-1c7f5d5c2a10',
            at: '2026-06-01T08:00:00.000Z',
            recordedAt: '2026-06-01T08:00:00.012Z',
            actor: 'user:administrator',
            correlationId: '7f0c2f6e9d0b4a4e8f5d3c1b2a190807',
            what: 'GroupChanged',
            groupId: 'group-1',
            details: {},
            before: { parentId: 'project-1', type: 'building', name: 'House A' },
            after: { parentId: 'project-1', type: 'building', name: 'Building A' },
          },
        ],
        nextCursor: null,
      },
    },
    list: HISTORY,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async showHistory(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: HistoryQuery }) query: HistoryQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<object>> {
    const { timeZone } = await this.projects.project(p);
    const accessibleGroups = await this.permissionChecker.groupsWithin(principal, 'history:read', p);
    await this.freshness.of(['history'], p);
    const rows = await this.rows.as(principal, 'history:read', async (tx) => {
      const entries = entriesOf(tx, p, query, timeZone);
      if (accessibleGroups !== null)
        entries.andWhere(`entry.groupId IN (${BELOW})`, { projectId: p, accessibleGroups });
      // One row more than requested shows whether there is a next page.
      const found = await entries.limit(query.limit + 1).getMany();
      return accessibleGroups === null ? found : withoutNeighbors(tx, found, p, accessibleGroups);
    });
    const items = rows.slice(0, query.limit);
    const last = items.at(-1);
    return {
      items: items.map(shown),
      nextCursor: rows.length > query.limit && last ? `${last.position}.${last.ordinal}` : null,
    };
  }
}

/** A transfer names the other group and the reason only to users who can see that group as well. */
async function withoutNeighbors(
  tx: EntityManager,
  entries: readonly HistoryEntryEntity[],
  projectId: string,
  accessibleGroups: readonly string[],
): Promise<HistoryEntryEntity[]> {
  const groupsOf = ({ details }: HistoryEntryEntity): unknown[] => {
    const { fromGroupId, toGroupId } = details as Record<string, unknown>;
    return [fromGroupId, toGroupId];
  };
  const transfers = entries.filter(({ eventType }) => eventType === 'AllotmentsTransferred');
  if (transfers.length === 0) return [...entries];
  const accessible: { group_id: string }[] = await tx.query(
    `SELECT group_id FROM licensing.license_group
     WHERE project_id = $1 AND group_id = ANY($2::text[]) AND path && $3::text[]`,
    [projectId, transfers.flatMap(groupsOf), accessibleGroups],
  );
  const seen = new Set<unknown>(accessible.map(({ group_id }) => group_id));
  return entries.map((entry) => {
    if (!transfers.includes(entry) || groupsOf(entry).every((groupId) => seen.has(groupId))) return entry;
    const { units } = entry.details as Record<string, unknown>;
    return Object.assign(entry, { details: { units } });
  });
}

function entriesOf(
  tx: EntityManager,
  projectId: string,
  query: HistoryQuery,
  zone: string,
): SelectQueryBuilder<HistoryEntryEntity> {
  const { groupId, from, to, cursor } = query;
  const isAscending = query.orderBy.direction === 'asc';
  const entries = tx
    .createQueryBuilder(HistoryEntryEntity, 'entry')
    .where('entry.projectId = :projectId', { projectId })
    .orderBy('entry.position', isAscending ? 'ASC' : 'DESC')
    .addOrderBy('entry.ordinal', isAscending ? 'ASC' : 'DESC');
  applyFilter(entries, query.filter, COLUMNS);
  if (groupId !== undefined) entries.andWhere('entry.groupId = :groupId', { groupId });
  if (from !== undefined) entries.andWhere('entry.at >= :from', { from: new Date(startOf(from, zone, 'from')) });
  const end = to === undefined ? null : endOf(to, zone, 'to');
  if (end !== null) entries.andWhere('entry.at < :to', { to: new Date(end) });
  if (cursor !== undefined)
    entries.andWhere(
      `(entry.position, entry.ordinal) ${isAscending ? '>' : '<'} (:position, :ordinal)`,
      placeOf(cursor),
    );
  return entries;
}

function placeOf(cursor: string): { position: string; ordinal: number } {
  const [, position, ordinal] = /^(\d{1,18})\.(\d{1,9})$/.exec(cursor) ?? [];
  if (position === undefined || ordinal === undefined)
    throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  return { position, ordinal: Number(ordinal) };
}

const shown = ({ eventType, at, recordedAt, ...entry }: HistoryEntryEntity): object => ({
  eventId: entry.eventId,
  at: at.toISOString(),
  recordedAt: recordedAt.toISOString(),
  actor: entry.actor,
  correlationId: entry.correlationId,
  what: eventType,
  groupId: entry.groupId,
  details: entry.details,
  before: entry.before,
  after: entry.after,
});
