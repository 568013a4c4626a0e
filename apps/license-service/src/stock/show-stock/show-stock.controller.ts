import { Controller, Get, Param } from '@nestjs/common';
import { StockAnswer } from '@allotree/contracts';
import { stockOf } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { PartnerPath } from '../../paths.js';
import { publicObject } from '../../public-json.js';
import { Stocks } from '../stocks.js';

@Controller('partners/:partnerId/stock')
export class ShowStockController {
  constructor(private readonly stocks: Stocks) {}

  @Get()
  @Permit('stock:read', { partner: 'partnerId' })
  @Documented({
    tag: 'stock',
    summary: 'Get the stock of a partner',
    response: {
      schema: StockAnswer,
      example: {
        partnerId: 'partner-1',
        name: 'Nordlicht',
        kind: 'distributor',
        packages: [
          {
            packageId: '0b6c5a1e-6c1f-8f0f-a4ee-33f8b0a1c9d2',
            name: 'Plus 1000',
            from: null,
            units: { sip_number: 1000, mobile_app: 800, ukey2: 100 },
            features: ['siri'],
            validFrom: '2026-01-01T00:00:00.000Z',
            validUntil: '2027-01-01T00:00:00.000Z',
            sold: { sip_number: 200, mobile_app: 150, ukey2: 20 },
            issued: { sip_number: 120, mobile_app: 100, ukey2: 10 },
            available: { sip_number: 680, mobile_app: 550, ukey2: 70 },
            status: 'active',
          },
        ],
      },
    },
    problems: ['NOT_FOUND'],
  })
  async showStock(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Caller() caller: Caller,
  ): Promise<Record<string, unknown>> {
    const { stock, revision } = await this.stocks.look(partnerId, (state, now, revision) => {
      const stock = stockOf(state, now);
      return stock && { stock, revision };
    });
    caller.answerRevision(revision);
    return publicObject(stock);
  }
}
