import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, NoBody, PartnerDetails, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { PARTNER_EXAMPLE, Partners } from '../partners.js';
import { PartnerPath } from '../../paths.js';

/** P1: only the server administrator makes a distributor. */
@Controller('partners/:partnerId/promote')
export class PromotePartnerController {
  constructor(private readonly partners: Partners) {}

  @Documented({
    tag: 'Partners',
    summary: 'Promote an independent partner to distributor; its site administrators become company administrators',
    response: {
      schema: PartnerDetails,
      example: PARTNER_EXAMPLE,
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PARTNER_CLOSED', 'PARTNER_NOT_INDEPENDENT', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('system:manage')
  @HttpCode(200)
  @Post()
  async promote(
    @Param({ schema: PartnerPath }) path: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
  ): Promise<PartnerDetails | PreviewAnswer> {
    const { partnerId } = path;
    const events = await this.partners.run({ type: 'PromotePartner', partnerId }, caller);
    if (caller.dryRun) return preview(caller, events);
    return this.partners.show(partnerId);
  }
}
