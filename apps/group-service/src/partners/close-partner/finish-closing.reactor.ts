import { partnerAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { FinishClosing } from './finish-closing.js';

/** Completes the closing of a partner after a crash. */
export const finishClosing = (closing: FinishClosing): Reactor => ({
  name: 'finish_closing',
  categories: [partnerAggregate.category],
  eventTypes: ['PartnerClosed'],
  async handle(events) {
    for (const { type, data, metadata } of events) {
      const event = partnerAggregate.decode(type, data);
      if (event.type === 'PartnerClosed') await closing.finish(event.data, metadata);
    }
  },
});
