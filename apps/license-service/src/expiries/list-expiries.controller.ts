import { Controller, Get, Param, Query } from '@nestjs/common';
import { ExpiriesAnswer, ExpiriesQuery, ProjectExpiriesQuery, type Expiry, type PageOf } from '@allotree/contracts';
import { Caller, Clock, Documented, Permit, Reach, type Principal } from '@allotree/platform';
import { endOf } from '../dates.js';
import { DUE_PROJECTION } from '../due/due-rows/due.projection.js';
import { Freshness } from '../freshness.js';
import { ProjectPath } from '../paths.js';
import { Projects } from '../projects.js';
import { EndsInSight, type Scope } from './ends-in-sight.js';

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
      validUntil: '2026-11-30T23:00:00.000Z',
      lastDay: '2026-11-30',
      daysLeft: 29,
    },
  ],
  nextCursor: null,
};
const PROJECTIONS = ['group-views', 'license-view', DUE_PROJECTION];

@Controller()
export class ListExpiriesController {
  constructor(
    private readonly ends: EndsInSight,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
    private readonly clock: Clock,
    private readonly reach: Reach,
  ) {}

  @Get('projects/:p/expiries')
  @Permit('licenses:read', { within: 'p' })
  @Documented({
    tag: 'expiries',
    summary: 'What ends in a project, soonest first',
    description: 'Allotments and licenses with an end still to come, up to `before` (a date: the end of that day).',
    response: { schema: ExpiriesAnswer, example: EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async listExpiriesOfProject(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: ProjectExpiriesQuery }) query: ProjectExpiriesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<Expiry>> {
    const { timeZone } = await this.projects.project(p);
    const extent = await this.reach.extent(principal, 'licenses:read');
    return this.list(principal, { projectId: p, extent }, query, timeZone);
  }

  @Get('expiries')
  @Permit('licenses:read')
  @Documented({
    tag: 'expiries',
    summary: 'What ends wherever one may see it, soonest first',
    response: { schema: ExpiriesAnswer, example: EXAMPLE },
    problems: ['VALIDATION'],
  })
  async listExpiries(
    @Query({ schema: ExpiriesQuery }) { tenantId, ...query }: ExpiriesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<Expiry>> {
    const extent = await this.reach.extent(principal, 'licenses:read');
    return this.list(principal, { extent, ...(tenantId === undefined ? {} : { tenantId }) }, query, 'UTC');
  }

  private async list(
    principal: Principal,
    scope: Scope,
    { before, limit, cursor }: ProjectExpiriesQuery,
    zone: string,
  ): Promise<PageOf<Expiry>> {
    const until = before === undefined ? null : endOf(before, zone, 'before');
    await this.freshness.of(PROJECTIONS);
    return this.ends.page({ ...scope, now: this.clock.now(), before: until, limit, cursor }, principal);
  }
}
