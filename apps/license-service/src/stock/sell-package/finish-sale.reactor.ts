import { followUp } from '@allotree/event-sourcing';
import { Injectable } from '@nestjs/common';
import { decodePartnerStockEvent } from '@allotree/domain';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { Stocks } from '../stocks.js';
import { partnerOfStream } from '../../streams.js';
import { RECEIVE_STEP, receiptOf } from '../received-package.js';

/** Credits the buyer of every sale: what the request did already is found done, what a crash left over is finished. */
@Injectable()
export class FinishSaleReactor implements Reactor {
  readonly name = 'finish-sale';
  readonly categories = ['partner_stock'];
  readonly eventTypes = ['PackageSold'];

  constructor(private readonly stocks: Stocks) {}

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    for (const recorded of events) {
      if (recorded.type !== 'PackageSold') continue;
      const event = decodePartnerStockEvent(recorded.type, recorded.data);
      if (event.type !== 'PackageSold') continue;
      const receipt = receiptOf(partnerOfStream(recorded.streamName), event.data);
      await this.stocks.run(receipt, { context: followUp(recorded.metadata, RECEIVE_STEP), dryRun: false });
    }
  }
}
