import { followUp } from '@allotree/event-sourcing';
import { deviceAggregate } from '@allotree/domain';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { Problem } from '@allotree/http';
import type { Devices } from '../devices.js';

/** Brings a claimed device into its tree where the request did not get that far; a claim the tree refuses is released. */
export const finishAdding = (devices: Devices): Reactor => {
  const finish = async ({ type, data, metadata }: RecordedEvent): Promise<void> => {
    const event = deviceAggregate.decode(type, data);
    if (event.type !== 'DeviceClaimed' || (await devices.claimOf(event.data.serialNumber)) !== event.data.claimId)
      return;
    try {
      await devices.takeIn(event.data, followUp(metadata, 'take in'));
    } catch (error) {
      // The group was removed, which released the claim.
      if (!(error instanceof Problem)) throw error;
    }
  };
  return {
    name: 'finish_adding_devices',
    categories: [deviceAggregate.category],
    eventTypes: ['DeviceClaimed'],
    async handle(events) {
      for (const event of events) await finish(event);
    },
  };
};
