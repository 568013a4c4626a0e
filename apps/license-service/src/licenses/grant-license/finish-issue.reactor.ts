import { followUp } from '@allotree/event-sourcing';
import { Injectable } from '@nestjs/common';
import { decodePartnerStockEvent } from '@allotree/domain';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { Projects } from '../../projects.js';
import { GRANT_STEP, grantOf, HOWEVER_LATE } from '../../stock/issued-license.js';
import { partnerOfStream } from '../../streams.js';

/** Grants every license that left a stock: what the request did already is found done, what a crash left over is finished. */
@Injectable()
export class FinishIssueReactor implements Reactor {
  readonly name = 'finish-issue';
  readonly categories = ['partner_stock'];
  readonly eventTypes = ['UnitsIssued'];

  constructor(private readonly projects: Projects) {}

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    for (const recorded of events) {
      if (recorded.type !== 'UnitsIssued') continue;
      const event = decodePartnerStockEvent(recorded.type, recorded.data);
      if (event.type !== 'UnitsIssued') continue;
      const grant = { ...grantOf(partnerOfStream(recorded.streamName), event.data), ...HOWEVER_LATE };
      await this.projects.run(event.data.projectId, grant, {
        context: followUp(recorded.metadata, GRANT_STEP),
        dryRun: false,
      });
    }
  }
}
