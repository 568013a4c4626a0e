import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, NoBody, PartnerDetails, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { PARTNER_EXAMPLE, Partners } from '../partners.js';
import { PartnerPath } from '../../paths.js';

const documented = (summary: string, postpaidAllowed: boolean) => ({
  tag: 'Partners',
  summary,
  response: { schema: PartnerDetails, example: { ...PARTNER_EXAMPLE, postpaidAllowed } },
  problems: ['VALIDATION', 'NOT_FOUND', 'PARTNER_CLOSED', 'STALE_REVISION'] as const,
  idempotent: true,
  revised: true,
  dryRun: true,
});

/** L1: the server administrator decides which partners can make postpaid projects. */
@Controller('partners/:partnerId')
export class PermitPostpaidController {
  constructor(private readonly partners: Partners) {}

  @Documented(documented('Allow a partner to create postpaid projects', true))
  @Permit('system:manage')
  @HttpCode(200)
  @Post('allow-postpaid')
  allow(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
  ): Promise<PartnerDetails | PreviewAnswer> {
    return this.permit(partnerId, true, caller);
  }

  @Documented(
    documented('Withdraw the permission to create postpaid projects; existing projects are unaffected', false),
  )
  @Permit('system:manage')
  @HttpCode(200)
  @Post('withdraw-postpaid')
  withdraw(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
  ): Promise<PartnerDetails | PreviewAnswer> {
    return this.permit(partnerId, false, caller);
  }

  private async permit(partnerId: string, allowed: boolean, caller: Caller): Promise<PartnerDetails | PreviewAnswer> {
    const events = await this.partners.run({ type: 'PermitPostpaid', partnerId, allowed }, caller);
    if (caller.dryRun) return preview(caller, events);
    return this.partners.show(partnerId);
  }
}
