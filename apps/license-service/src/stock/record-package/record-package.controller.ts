import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { CreatedPackage, DryRun, RecordPackageRequest } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { enteredDates, termOf } from '../../dates.js';
import { PartnerPath } from '../../paths.js';
import { Stocks } from '../stocks.js';

@Controller('partners/:partnerId/packages')
export class RecordPackageController {
  constructor(
    private readonly stocks: Stocks,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Permit('packages:record', { partner: 'partnerId' })
  @Documented({
    tag: 'stock',
    summary: 'Record a package on the stock of a distributor',
    description:
      'Dates stay dates: days in UTC while the package is in stock, days of the project where it is issued. `null` units are unlimited. `?dryRun=true` shows what would be recorded.',
    body: {
      name: 'Plus 1000',
      units: { sip_number: 1000, mobile_app: 800, ukey2: 100 },
      features: ['remote_door_opening', 'siri'],
      validFrom: '2026-01-01',
      validUntil: '2026-12-31',
    },
    response: { status: 201, schema: CreatedPackage, example: { packageId: '0b6c5a1e-6c1f-8f0f-a4ee-33f8b0a1c9d2' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'PARTNER_CLOSED', 'SIP_BELOW_MOBILE'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async recordPackage(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: RecordPackageRequest }) body: RecordPackageRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    // Registered or closed a moment ago, that may still be on its way.
    await this.stocks.partner(partnerId);
    const packageId = caller.newId('package');
    const { name, units, features } = body;
    const { validFrom, validUntil } = termOf(body, 'UTC');
    const content = {
      name,
      units,
      features,
      validFrom: validFrom ?? this.clock.now(),
      validUntil,
      ...enteredDates(body),
    };
    const done = await this.stocks.run({ type: 'RecordPackage', partnerId, packageId, ...content }, caller);
    return answerTo(caller, reply, done, { packageId });
  }
}
