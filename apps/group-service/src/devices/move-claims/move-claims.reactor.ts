import { followUp, type Reactor, type RecordedEvent } from '@allotree/event-sourcing';
import { deviceAggregate, serialKey } from '@allotree/domain';
import type { Logger } from '@allotree/basics';
import type { Devices } from '../devices.js';

export const MOVE_DEVICE_CLAIMS = 'move_device_claims';

const PREFIX = `${deviceAggregate.category}-`;

/** Moves claims of earlier versions, kept under the serial number as typed, to the stream of the key (L2). */
export const moveDeviceClaims = (devices: Devices, logger: Logger): Reactor => {
  const move = async ({ streamName, type, data, metadata }: RecordedEvent): Promise<void> => {
    const event = deviceAggregate.decode(type, data);
    const stream = streamName.slice(PREFIX.length);
    if (event.type !== 'DeviceClaimed' || stream === serialKey(stream)) return;
    if (await devices.moveClaim(stream, event.data, followUp(metadata, 'move claim'))) return;
    const { serialNumber, projectId } = event.data;
    logger.warn({ serialNumber, projectId }, 'device is in two projects under two spellings of its serial number');
  };
  return {
    name: MOVE_DEVICE_CLAIMS,
    categories: [deviceAggregate.category],
    async handle(events) {
      for (const event of events) await move(event);
    },
  };
};
