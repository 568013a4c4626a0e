import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  EXPIRIES,
  ExpiriesAnswer,
  ExpiriesQuery,
  ProjectExpiriesQuery,
  type EndsQuery,
  type Expiry,
  type PageOf,
} from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit, type Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { hasGroup } from '@allotree/domain';
import { endOf } from '../dates.js';
import { DUE_PROJECTION } from '../due/due-rows/due.projection.js';
import { Freshness } from '../freshness.js';
import { ProjectPath } from '../paths.js';
import { Projects } from '../projects.js';
import { UpcomingExpiries, type Wanted } from './upcoming-expiries.js';

const EXAMPLE = {
  items: [
    {
      projectId: 'project-1',
      projectName: 'Hafenblick',
      timeZone: 'Europe/Berlin',
      groupId: 'group-1',
      groupName: 'Building A',
      what: 'allotment',
      id: 'allotment-1',
      type: 'plus',
      units: { sip_number: 80, mobile_app: 60, ukey2: 5 },
      remaining: { sip_number: 0, mobile_app: 0, ukey2: 0 },
      validUntil: '2026-11-30T23:00:00.000Z',
      ownValidUntil: '2026-11-30T23:00:00.000Z',
      limitedBy: { groupId: 'group-1', licenseId: null, name: 'Building A' },
      lastDay: '2026-11-30',
      daysLeft: 29,
    },
    {
      projectId: 'project-1',
      projectName: 'Hafenblick',
      timeZone: 'Europe/Berlin',
      groupId: 'group-2',
      groupName: 'Unit 1',
      what: 'group',
      id: 'group-2',
      type: 'plus',
      units: { sip_number: 50, mobile_app: 40, ukey2: 5 },
      remaining: { sip_number: 0, mobile_app: 0, ukey2: 0 },
      validUntil: '2026-11-30T23:00:00.000Z',
      ownValidUntil: null,
      limitedBy: { groupId: 'group-1', licenseId: null, name: 'Building A' },
      lastDay: '2026-11-30',
      daysLeft: 29,
    },
  ],
  nextCursor: null,
};
const PROJECTIONS = ['group-views', 'license-view', DUE_PROJECTION];

const WHAT_IS_LISTED =
  'The ends in effect that are still to come, up to `before` (a date: the end of that day): allotments with an end of their own ' +
  '(`what: allotment`), licenses (`license`), and restricted groups whose limit falls with the end of something above them (`group`). ' +
  'A group without a restriction is listed where the caller is a member of it, or with `groupId`. `limitedBy` names whose end is binding. ' +
  'A page may hold fewer items than `limit`: go on until `nextCursor` is null.';

@Controller()
export class ListExpiriesController {
  constructor(
    private readonly ends: UpcomingExpiries,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
    private readonly clock: Clock,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Get('projects/:p/expiries')
  @Permit('licenses:read', { within: 'p' })
  @Documented({
    tag: 'expiries',
    summary: 'What ends in a project, soonest first',
    description: WHAT_IS_LISTED,
    response: { schema: ExpiriesAnswer, example: EXAMPLE },
    list: EXPIRIES,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async listExpiriesOfProject(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: ProjectExpiriesQuery }) { groupId, ...query }: ProjectExpiriesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<Expiry>> {
    const { timeZone } = await this.projects.project(p);
    if (groupId !== undefined) await this.seesGroup(principal, p, groupId);
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'licenses:read');
    return this.list(principal, { projectId: p, groupId, accessFilter }, query, timeZone);
  }

  @Get('expiries')
  @Permit('licenses:read')
  @Documented({
    tag: 'expiries',
    summary: 'List the upcoming ends in all accessible groups, soonest first',
    description: WHAT_IS_LISTED,
    response: { schema: ExpiriesAnswer, example: EXAMPLE },
    list: EXPIRIES,
    problems: ['VALIDATION'],
  })
  async listExpiries(
    @Query({ schema: ExpiriesQuery }) { tenantId, ...query }: ExpiriesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<Expiry>> {
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'licenses:read');
    return this.list(principal, { accessFilter, tenantId }, query, 'UTC');
  }

  /** @throws Problem `NOT_FOUND` */
  private async seesGroup(principal: Principal, projectId: string, groupId: string): Promise<void> {
    await this.permissionChecker.demand(principal, 'licenses:read', { kind: 'group', projectId, groupId });
    await this.projects.look(projectId, groupId, (state) => hasGroup(state, groupId) || null);
  }

  private async list(
    principal: Principal,
    scope: Pick<Wanted, 'accessFilter' | 'projectId' | 'tenantId' | 'groupId'>,
    { before, limit, cursor, filter }: EndsQuery,
    zone: string,
  ): Promise<PageOf<Expiry>> {
    const until = before === undefined ? null : endOf(before, zone, 'before');
    await this.freshness.of(PROJECTIONS);
    return this.ends.page({ ...scope, now: this.clock.now(), before: until, limit, cursor, filter }, principal);
  }
}
