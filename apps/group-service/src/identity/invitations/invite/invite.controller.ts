import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  CreatedInvitations,
  DryRun,
  Id,
  InvitationItem,
  InvitationPage,
  INVITATIONS,
  InvitationsQuery,
  InviteRequest,
  type PageOf,
  type PreviewAnswer,
} from '@allotree/contracts';
import { groupOf, projectFactsOf } from '@allotree/domain';
import { PG_POOL } from '@allotree/basics';
import { notFound, Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { checkGrant, PermissionChecker, TenantRows } from '@allotree/identity';
import type pg from 'pg';
import { z } from 'zod';
import { GroupPath } from '../../../paths.js';
import { InvitationRow } from '../../../persistence/identity-entities.js';
import { Trees } from '../../../groups/trees.js';
import { userIdOf } from '../../users.js';
import { Audit } from '../../audit/audit.js';
import { SendInvitations, type InvitedPlace } from './send-invitations.js';

const InvitationPath = GroupPath.extend({ invitationId: Id });
type InvitationPath = z.infer<typeof InvitationPath>;

const example = {
  invitationId: 'f2f7a3c4-2a1d-4a5e-9d0c-3b1a2c4d5e6f',
  groupId: 'unit-1',
  email: 'kim@example.com',
  name: 'Kim Larsen',
  role: 'concierge',
  status: 'open',
  invitedAt: '2026-06-01T08:00:00.000Z',
  expiresAt: '2026-06-08T08:00:00.000Z',
  acceptedAt: null,
};

const statusOf = ({ acceptedAt, revokedAt, expiresAt }: InvitationRow): InvitationItem['status'] => {
  if (acceptedAt !== null) return 'accepted';
  if (revokedAt !== null) return 'revoked';
  return expiresAt.getTime() <= Date.now() ? 'expired' : 'open';
};

const show = (row: InvitationRow): InvitationItem => {
  const { invitationId, groupId, email, name, role, invitedAt, expiresAt, acceptedAt } = row;
  const instants = { invitedAt: invitedAt.toISOString(), expiresAt: expiresAt.toISOString() };
  const status = statusOf(row);
  return {
    invitationId,
    groupId,
    email,
    name,
    role,
    status,
    ...instants,
    acceptedAt: acceptedAt?.toISOString() ?? null,
  };
};

/** `statusOf` in SQL. */
const STATUS = `CASE WHEN row.acceptedAt IS NOT NULL THEN 'accepted' WHEN row.revokedAt IS NOT NULL THEN 'revoked'
  WHEN row.expiresAt <= :now THEN 'expired' ELSE 'open' END`;
const COLUMNS = columnsOf(INVITATIONS.filters, { status: STATUS });

/** Invitations by mail; the invited become members when they accept. */
@Controller('projects/:p/groups/:g/invitations')
export class InviteController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly rows: TenantRows,
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
    private readonly audit: Audit,
    private readonly invitations: SendInvitations,
  ) {}

  @Documented({
    tag: 'Invitations',
    summary: 'Invite people to a group by mail; an open invitation of the same person is replaced',
    response: { status: 201, schema: CreatedInvitations, example: { invitations: [example] } },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PROJECT_CLOSED', 'RATE_LIMITED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @Post()
  async invite(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: InviteRequest }) { invitations }: InviteRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedInvitations | PreviewAnswer> {
    const place = await this.place(p, g);
    const userIds = invitations.map(({ email }) => userIdOf(email));
    const again = userIds.findIndex((userId, index) => userIds.indexOf(userId) < index);
    if (again !== -1) throw Problem.validation(`invitations[${again}].email`, 'is listed twice in this request');
    for (const role of new Set(invitations.map((one) => one.role)))
      await checkGrant(this.permissionChecker, caller.principal, role, { kind: 'group', projectId: p, groupId: g });
    const ids = await this.invitations.send(place, invitations, caller);
    if (caller.dryRun) return this.wouldInvite(place, invitations, caller);
    const rows = await this.rows.as(caller.principal, 'members:manage', (tx) =>
      tx
        .createQueryBuilder(InvitationRow, 'row')
        .where('row.invitationId = ANY (:ids)', { ids })
        .orderBy('row.ordinal')
        .getMany(),
    );
    return { invitations: rows.map(show) };
  }

  @Documented({
    tag: 'Invitations',
    summary: 'List the invitations to a group, newest first',
    response: { schema: InvitationPage, example: { items: [example], nextCursor: null } },
    list: INVITATIONS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('members:read', { project: 'p', group: 'g' })
  @Get()
  async list(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: InvitationsQuery }) query: InvitationsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<InvitationItem>> {
    await this.trees.groupIsThere(p, g);
    return this.rows.as(principal, 'members:read', (tx) => {
      const rows = tx
        .createQueryBuilder(InvitationRow, 'row')
        .where('row.projectId = :p AND row.groupId = :g', { p, g });
      applyFilter(rows.setParameter('now', new Date()), query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Invitations',
    summary: 'Send an open invitation again with a new link; the old link becomes invalid',
    response: { schema: InvitationItem, example },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PROJECT_CLOSED', 'RATE_LIMITED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @HttpCode(200)
  @Post(':invitationId/resend')
  async resend(
    @Param({ schema: InvitationPath }) { p, g, invitationId }: InvitationPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<InvitationItem | PreviewAnswer> {
    const { email, name, role } = await this.open({ p, g, invitationId }, caller);
    await checkGrant(this.permissionChecker, caller.principal, role, { kind: 'group', projectId: p, groupId: g });
    const place = await this.place(p, g);
    const [id] = await this.invitations.send(place, [{ email, name, role }], caller);
    if (caller.dryRun) return this.wouldInvite(place, [{ email, role }], caller);
    return this.rows.as(caller.principal, 'members:manage', async (tx) =>
      show(await tx.findOneByOrFail(InvitationRow, { invitationId: id as string })),
    );
  }

  @Documented({
    tag: 'Invitations',
    summary: 'Revoke an open invitation; its link becomes invalid',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete(':invitationId')
  async revoke(
    @Param({ schema: InvitationPath }) { p, g, invitationId }: InvitationPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const { tenantId, userId } = await this.open({ p, g, invitationId }, caller);
    const facts = { invitationId, projectId: p, groupId: g };
    if (caller.dryRun) return preview(caller, [{ type: 'invitation_revoked', data: facts }]);
    const { rowCount } = await this.pool.query(
      `UPDATE groups.invitation SET revoked_at = now()
       WHERE invitation_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL`,
      [invitationId],
    );
    if (rowCount === 0) throw notFound('invitation', invitationId);
    await this.audit.record({ action: 'invitation_revoked', actor: caller.context.actor, tenantId, userId, facts });
    return undefined;
  }

  private wouldInvite(
    { projectId, groupId }: InvitedPlace,
    invited: readonly Pick<InviteRequest['invitations'][number], 'email' | 'role'>[],
    caller: Caller,
  ): PreviewAnswer {
    const lines = invited.map(({ email, role }) => ({ type: 'invited', data: { projectId, groupId, email, role } }));
    return preview(caller, lines);
  }

  /** @throws Problem `NOT_FOUND`: not here, or not open any more */
  private async open({ p, g, invitationId }: InvitationPath, { principal }: Caller): Promise<InvitationRow> {
    await this.trees.groupIsThere(p, g);
    const row = await this.rows.as(principal, 'members:manage', (tx) =>
      tx.findOneBy(InvitationRow, { invitationId, projectId: p, groupId: g }),
    );
    if (row === null || row.acceptedAt !== null || row.revokedAt !== null) throw notFound('invitation', invitationId);
    return row;
  }

  /** @throws Problem `NOT_FOUND`, `PROJECT_CLOSED` */
  private async place(projectId: string, groupId: string): Promise<InvitedPlace> {
    const place = await this.trees.look(projectId, (state) => {
      const group = groupOf(state, groupId);
      const project = projectFactsOf(state);
      return group && project && { project: project.name, tenantId: project.tenantId, group: group.name };
    });
    if (place === null) throw notFound('group', groupId);
    await this.trees.isOpen(projectId);
    return { projectId, groupId, ...place };
  }
}
