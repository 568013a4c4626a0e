import { deviceAggregate, serialKey } from '@allotree/domain';
import type { Projection } from '@allotree/event-sourcing';
import { insertRows, lastOf } from '@allotree/read-models';

export const CATALOGUE_VIEW = 'device_catalogue_view';

const COLUMNS = { serial_key: 'text', serial_number: 'text', catalogued_at: 'timestamptz', ordinal: 'bigint' };

/** The vendor's devices as rows, without their codes. A new code keeps a device where it is in the list. */
export const catalogueView: Projection = {
  name: CATALOGUE_VIEW,
  categories: [deviceAggregate.category],
  eventTypes: ['DeviceCatalogued'],
  async apply(events, tx) {
    const rows = events.flatMap(({ type, data, metadata, position }) => {
      const event = deviceAggregate.decode(type, data);
      if (event.type !== 'DeviceCatalogued') return [];
      const { serialNumber } = event.data;
      const place = { catalogued_at: metadata.recordedAt, ordinal: String(position) };
      return [{ serial_key: serialKey(serialNumber), serial_number: serialNumber, ...place }];
    });
    if (rows.length === 0) return;
    const upsert = { key: ['serial_key'], keep: ['ordinal', 'catalogued_at'] };
    await insertRows(tx, 'groups.catalogued_device', COLUMNS, lastOf(rows, ['serial_key']), upsert);
  },
  tables: [{ name: 'catalogued_device' }],
};
