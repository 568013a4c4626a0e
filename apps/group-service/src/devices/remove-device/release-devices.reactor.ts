import { followUp } from '@allotree/event-sourcing';
import { groupTreeAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { Devices } from '../devices.js';

/** Releases the serial numbers of devices that left their tree: taken out one by one, or with a group that was removed. */
export const releaseDevices = (devices: Devices): Reactor => ({
  name: 'release_devices',
  categories: [groupTreeAggregate.category],
  eventTypes: ['DeviceRemoved'],
  async handle(events) {
    for (const { type, data, metadata } of events) {
      const event = groupTreeAggregate.decode(type, data);
      if (event.type !== 'DeviceRemoved') continue;
      await devices.release(event.data.serialNumber, event.data.claimId, followUp(metadata, 'release'));
    }
  },
});
