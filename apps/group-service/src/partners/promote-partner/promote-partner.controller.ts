import { Body, Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { DryRun, NoBody, PartnerDetails, type PreviewAnswer } from '@allotree/contracts';
import { accepted, Caller, Documented, Permit, preview } from '@allotree/platform';
import { PARTNER_EXAMPLE, Partners } from '../../partners.js';
import { PartnerPath } from '../../paths.js';
import { detailOf } from '../../refusals.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../../tokens.js';

/** P1: only the server administrator makes a distributor. */
@Controller('partners/:partnerId/promote')
export class PromotePartnerController {
  constructor(
    @Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler,
    private readonly partners: Partners,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'Make an independent partner a distributor; its site administrators become company administrators',
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
    const command = { type: 'PromotePartner', partnerId } as const;
    const outcome = caller.dryRun
      ? await this.handler.dryRun(partnerId, command, caller.context)
      : await this.handler.execute(partnerId, command, caller.context);
    const { events, revision } = accepted(outcome, detailOf);
    caller.answerRevision(revision);
    if (caller.dryRun) return preview(caller, events);
    return this.partners.show(partnerId);
  }
}
