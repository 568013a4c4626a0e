import { Body, Controller, Delete, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, NoBody, RotatedJoinCode, type AuditAction, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, NotKept, Permit, preview } from '@allotree/http';
import { PartnerPath } from '../../paths.js';
import { Partners } from '../partners.js';
import { Audit } from '../../identity/audit/audit.js';
import { JoinCodes } from '../join-codes.js';

/** P1. */
@Controller('partners/:partnerId/join-code')
export class RotateJoinCodeController {
  constructor(
    private readonly codes: JoinCodes,
    private readonly partners: Partners,
    private readonly audit: Audit,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'Create a new join code of a distributor; it is shown only in this response',
    description:
      'A partner that registers with the code requests to join the distributor. The previous code becomes invalid.',
    response: {
      status: 201,
      schema: RotatedJoinCode,
      example: { joinCode: 'c2hvd24gaGVyZSBhbmQgbmV2ZXIgYWdhaW4' },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PARTNER_CLOSED'],
    dryRun: true,
  })
  @NotKept()
  @Permit('partners:manage', { partner: 'partnerId' })
  @Post()
  async rotate(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
  ): Promise<RotatedJoinCode | PreviewAnswer> {
    if (caller.dryRun) {
      await this.codes.demandDistributor(partnerId);
      return preview(caller, [{ type: 'join_code_rotated', data: { partnerId } }]);
    }
    const joinCode = await this.codes.rotate(partnerId);
    await this.record('join_code_rotated', partnerId, caller);
    return { joinCode };
  }

  @Documented({
    tag: 'Partners',
    summary: 'Revoke the join code of a distributor: no new requests to join until a new code is created',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @HttpCode(204)
  @Delete()
  async revoke(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    await this.partners.partner(partnerId);
    if (caller.dryRun) return preview(caller, [{ type: 'join_code_revoked', data: { partnerId } }]);
    await this.codes.revoke(partnerId);
    await this.record('join_code_revoked', partnerId, caller);
    return undefined;
  }

  private async record(action: AuditAction, partnerId: string, { context }: Caller): Promise<void> {
    const { tenantId } = await this.partners.partner(partnerId);
    await this.audit.record({ action, actor: context.actor, tenantId, userId: null, facts: { partnerId } });
  }
}
