import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CloseRequest, DryRun, PartnerDetails, type PreviewAnswer } from '@allotree/contracts';
import type { PartnerCommand } from '@allotree/domain';
import { Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import { checkRevoke, PermissionChecker } from '@allotree/identity';
import { PARTNER_EXAMPLE, Partners } from '../partners.js';
import { PartnerPath } from '../../paths.js';
import { BelowPartner } from './below-partner.js';
import { FinishClosing } from './finish-closing.js';

/** Nothing is deleted: a closed partner can be read, with its stock and its history. */
@Controller('partners/:partnerId/close')
export class ClosePartnerController {
  constructor(
    private readonly partners: Partners,
    private readonly below: BelowPartner,
    private readonly closing: FinishClosing,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'Close a partner permanently; it must have no open projects and no open partners below it',
    description:
      'A distributor can close the partners below it, the server administrator any partner. The stock remains, but the partner ' +
      'can no longer buy, sell or issue licenses. Its administrators lose their permissions there and in its projects; its ' +
      'join code and the API keys of its tenant are revoked. Closing a closed partner has no effect.',
    response: {
      schema: PartnerDetails,
      example: { ...PARTNER_EXAMPLE, status: 'closed', closedReason: 'The contract ended' },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PARTNER_NOT_EMPTY', 'STALE_REVISION', 'OVERLOADED'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @HttpCode(200)
  @Post()
  async close(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CloseRequest }) { reason }: CloseRequest,
    @Caller() caller: Caller,
  ): Promise<PartnerDetails | PreviewAnswer> {
    await this.demandAbove(partnerId, caller);
    const userIds = await this.administrators(partnerId, caller);
    await this.below.upToDate();
    const open = await this.below.open(partnerId);
    const memberships = await this.below.memberships(partnerId, userIds);
    const command: PartnerCommand = { type: 'ClosePartner', partnerId, reason, open, memberships };
    const events = await this.partners.run(command, caller);
    if (caller.dryRun) return preview(caller, events);
    for (const event of events)
      if (event.type === 'PartnerClosed') await this.closing.finish(event.data, caller.context);
    return this.partners.show(partnerId);
  }

  /** A partner is closed by people who manage partners at its parent, never by its own administrators. */
  private async demandAbove(partnerId: string, { principal }: Caller): Promise<void> {
    if (principal.serverAdministrator) return;
    const permission = 'partners:manage';
    const { parentPartnerId } = await this.partners.partner(partnerId);
    const above = parentPartnerId === null ? null : ({ kind: 'partner', partnerId: parentPartnerId } as const);
    const held = above && (await this.permissionChecker.permissionsAt(principal, above));
    if (held?.has(permission) !== true) throw new Problem('FORBIDDEN', undefined, { permission });
  }

  /** P2: the caller cannot revoke permissions it lacks. */
  private async administrators(partnerId: string, { principal }: Caller): Promise<readonly string[]> {
    const members = await this.partners.administrators(partnerId);
    for (const role of new Set(members.map((member) => member.role)))
      await checkRevoke(this.permissionChecker, principal, role, { kind: 'partner', partnerId });
    return members.map(({ userId }) => userId);
  }
}
