import { joinRequestAggregate } from '@allotree/domain';
import { followUp, type Reactor } from '@allotree/event-sourcing';
import type { JoinRequests } from '../join-requests.js';

/** Registers the partner of an approved request after a crash. */
export const finishJoining = (requests: JoinRequests): Reactor => ({
  name: 'finish_joining',
  categories: [joinRequestAggregate.category],
  eventTypes: ['JoinApproved'],
  async handle(events) {
    for (const { type, data, metadata } of events) {
      const event = joinRequestAggregate.decode(type, data);
      if (event.type === 'JoinApproved')
        await requests.register(event.data.requestId, followUp(metadata, 'register partner'));
    }
  },
});
