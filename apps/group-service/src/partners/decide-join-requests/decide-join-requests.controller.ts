import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApprovedJoin,
  DryRun,
  JOIN_REQUESTS,
  type JoinRequestItem,
  JoinRequestPage,
  JoinRequestsQuery,
  NoBody,
  type PageOf,
  type PreviewAnswer,
  RejectJoinRequest,
} from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { checkGrant, PermissionChecker, TenantRows } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { JoinRequestPath, PartnerPath } from '../../paths.js';
import { JoinRequestRow } from '../../persistence/entities.js';
import { JoinRequests } from '../join-requests.js';
import { JOIN_REQUEST_VIEW } from './join-request-view.projection.js';

const example: JoinRequestItem = {
  joinRequestId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6',
  kind: 'dealer',
  partnerName: 'Dahl Installations',
  projectName: 'Harbour Quay',
  administrator: { name: 'Ben Dahl', email: 'ben@dahl.example' },
  status: 'open',
  requestedAt: '2026-06-01T08:00:00.000Z',
  decidedAt: null,
};

const show = (row: JoinRequestRow): JoinRequestItem => ({
  joinRequestId: row.requestId,
  kind: row.kind,
  partnerName: row.partnerName,
  projectName: row.projectName,
  administrator: { name: row.administratorName, email: row.administratorEmail },
  status: row.status,
  requestedAt: row.requestedAt.toISOString(),
  decidedAt: row.decidedAt?.toISOString() ?? null,
});

const COLUMNS = columnsOf(JOIN_REQUESTS.filters, {
  joinRequestId: 'row.requestId',
  'administrator.name': 'row.administratorName',
  'administrator.email': 'row.administratorEmail',
});

/** P1: who registered with the join code of a distributor belongs to it when the distributor approves. */
@Controller('partners/:partnerId/join-requests')
export class DecideJoinRequestsController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly requests: JoinRequests,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'List the requests to join a distributor, newest first',
    response: { schema: JoinRequestPage, example: { items: [example], nextCursor: null } },
    list: JOIN_REQUESTS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @Get()
  async list(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: JoinRequestsQuery }) query: JoinRequestsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<JoinRequestItem>> {
    await this.freshness.of(JOIN_REQUEST_VIEW);
    return this.rows.as(principal, 'partners:manage', (tx) => {
      const rows = tx
        .createQueryBuilder(JoinRequestRow, 'row')
        .where('row.distributorId = :distributor', { distributor: partnerId });
      if (query.status !== undefined) rows.andWhere('row.status = :status', { status: query.status });
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Partners',
    summary: 'Approve a request to join: creates the partner, its administrator and its project with a trial',
    response: {
      schema: ApprovedJoin,
      example: { partnerId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6', projectId: '7d1f0c7e-52c1-8b7a-9a52-0c1d2e3f4a5b' },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PARTNER_CLOSED', 'JOIN_REQUEST_DECIDED', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @HttpCode(200)
  @Post(':joinRequestId/approve')
  async approve(
    @Param({ schema: JoinRequestPath }) { partnerId, joinRequestId }: JoinRequestPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
  ): Promise<ApprovedJoin | PreviewAnswer> {
    // P2: the partner's first administrator comes with it.
    await checkGrant(this.permissionChecker, caller.principal, 'site_administrator', { kind: 'partner', partnerId });
    const { request, events } = await this.requests.approve(joinRequestId, partnerId, caller);
    if (caller.dryRun) return preview(caller, events);
    return { partnerId: request.partnerId, projectId: request.project.projectId };
  }

  @Documented({
    tag: 'Partners',
    summary: 'Reject a request to join',
    problems: ['VALIDATION', 'NOT_FOUND', 'JOIN_REQUEST_DECIDED', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @HttpCode(204)
  @Post(':joinRequestId/reject')
  async reject(
    @Param({ schema: JoinRequestPath }) { partnerId, joinRequestId }: JoinRequestPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: RejectJoinRequest }) { reason }: RejectJoinRequest,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const command = { type: 'RejectJoin', requestId: joinRequestId, distributorId: partnerId, reason } as const;
    const { events, revision } = await this.requests.run(command, caller);
    caller.answerRevision(revision);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
