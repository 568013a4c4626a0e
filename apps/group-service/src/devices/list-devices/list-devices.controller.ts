import { Controller, Get, Param, Query } from '@nestjs/common';
import { DEVICES, DevicesQuery, DevicePage, type DeviceItem, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { GroupPath } from '../../paths.js';
import { DeviceRow } from '../../persistence/entities.js';
import { Trees } from '../../groups/trees.js';
import { TREE_VIEW } from '../../views.js';

const show = ({ serialNumber, groupId, model, externalId, addedAt }: DeviceRow): DeviceItem => ({
  serialNumber,
  groupId,
  model,
  externalId,
  addedAt: addedAt.toISOString(),
});

const COLUMNS = columnsOf(DEVICES.filters);

@Controller('projects/:p/groups/:g/devices')
export class ListDevicesController {
  constructor(
    private readonly rows: TenantRows,
    private readonly trees: Trees,
    private readonly freshness: Freshness,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'List the devices of a group; ?externalId= finds one',
    response: {
      schema: DevicePage,
      example: {
        items: [
          {
            serialNumber: 'AA-12CD-000017',
            groupId: 'building-a',
            model: 'AA-12',
            externalId: 'ERP-4711',
            addedAt: '2026-06-01T08:00:00.000Z',
          },
        ],
        nextCursor: null,
      },
    },
    list: DEVICES,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('devices:read', { project: 'p', group: 'g' })
  @Get()
  async list(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DevicesQuery }) query: DevicesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<DeviceItem>> {
    await this.trees.groupIsThere(p, g);
    await this.freshness.of(TREE_VIEW);
    return this.rows.as(principal, 'devices:read', (tx) => {
      const rows = tx.createQueryBuilder(DeviceRow, 'row').where('row.projectId = :p AND row.groupId = :g', { p, g });
      if (query.externalId !== undefined) rows.andWhere('row.externalId = :externalId', query);
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }
}
