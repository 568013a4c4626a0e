import { followUp } from '@allotree/event-sourcing';
import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { CreatedPackage, DryRun, SellPackageRequest } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { enteredDates, termOf } from '../../dates.js';
import { PackagePath } from '../../paths.js';
import { Stocks } from '../stocks.js';
import { RECEIVE_STEP, receiptOf } from '../received-package.js';

@Controller('partners/:partnerId/packages/:packageId/sales')
export class SellPackageController {
  constructor(
    private readonly stocks: Stocks,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @Permit('stock:sell', { partner: 'partnerId' })
  @Documented({
    tag: 'stock',
    summary: 'Sell part of a package to a dealer or management company below',
    description: 'Features and term are those of the package where none are named. Dates are days in UTC.',
    body: { toPartnerId: 'partner-2', units: { sip_number: 200, mobile_app: 150, ukey2: 20 } },
    response: { status: 201, schema: CreatedPackage, example: { packageId: '3c1d8d6a-5f4c-8a36-9c5c-0a2c3b6f5e11' } },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PARTNER_CLOSED',
      'STOCK_EXHAUSTED',
      'PERIOD_OUTSIDE_PARENT',
      'FEATURE_NOT_AVAILABLE',
      'SIP_BELOW_MOBILE',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async sellPackage(
    @Param({ schema: PackagePath }) { partnerId, packageId }: PackagePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: SellPackageRequest }) body: SellPackageRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const soldPackageId = caller.newId('package');
    const { toPartnerId, units, features } = body;
    await this.permissionChecker.demand(caller.principal, 'partners:read', { kind: 'partner', partnerId: toPartnerId });
    // Who bought it must be known before anything leaves the stock: registered a moment ago, it may still be on its way.
    await this.stocks.partner(toPartnerId);
    const part = { units, features: features ?? null, ...termOf(body, 'UTC'), ...enteredDates(body) };
    const sale = { type: 'SellPackage', partnerId, packageId, soldPackageId, toPartnerId, ...part } as const;
    const done = await this.stocks.run(sale, caller);
    const sold = done.events.find((event) => event.type === 'PackageSold');
    if (!sold) return answerTo(caller, reply, done, { packageId: soldPackageId });
    // Both halves are tried by a dry run.
    const context = followUp(caller.context, RECEIVE_STEP);
    const received = await this.stocks.run(receiptOf(partnerId, sold.data), { context, dryRun: caller.dryRun });
    const events = [...done.events, ...received.events];
    return answerTo(caller, reply, { ...done, events }, { packageId: soldPackageId });
  }
}
