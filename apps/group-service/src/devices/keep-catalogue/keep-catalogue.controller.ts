import { Body, Controller, Delete, Get, HttpCode, Put, Query } from '@nestjs/common';
import {
  CATALOGUE,
  CatalogueChange,
  CataloguePage,
  CatalogueQuery,
  CatalogueRequest,
  DryRun,
  type CataloguedDevice,
  type PageOf,
  type PreviewAnswer,
} from '@allotree/contracts';
import { serialKey } from '@allotree/domain';
import { Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import { DeviceCatalogue, type CatalogueEvent, type CodedDevice } from '../device-catalogue.js';
import { Freshness } from '../../freshness.js';
import { CataloguedDeviceRow } from '../../persistence/entities.js';
import { CATALOGUE_VIEW } from './catalogue-view.projection.js';

const show = ({ serialNumber, cataloguedAt }: CataloguedDeviceRow): CataloguedDevice => ({
  serialNumber,
  cataloguedAt: cataloguedAt.toISOString(),
});

const COLUMNS = columnsOf(CATALOGUE.filters);

/** A dry run shows no more of a code than the list does. */
const withoutCode = (event: CatalogueEvent) =>
  event.type === 'DeviceCatalogued' ? { type: event.type, data: { serialNumber: event.data.serialNumber } } : event;

/** @throws Problem `VALIDATION` for the second of two spellings of one serial number */
function requireEachOnce(devices: readonly CodedDevice[]): void {
  const seen = new Set<string>();
  devices.forEach(({ serialNumber }, index) => {
    const key = serialKey(serialNumber);
    if (seen.has(key)) throw Problem.validation(`devices[${index}].serialNumber`, 'is listed twice in this request');
    seen.add(key);
  });
}

/** L2: the devices the vendor sold. */
@Controller('device-catalogue')
export class KeepCatalogueController {
  constructor(
    private readonly catalogue: DeviceCatalogue,
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Add sold devices to the catalogue, with their claim codes',
    description:
      'Up to 1,000 devices per request, in addition to those already listed; a device that is already listed gets the new code. The first request opens the catalogue: from then on, a device can be registered only if it is listed and the request contains its code. Codes are stored as hashes.',
    response: { schema: CatalogueChange, example: { changed: 998, unchanged: 2 } },
    problems: ['VALIDATION'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('system:manage')
  @Put()
  async put(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CatalogueRequest }) { devices }: CatalogueRequest,
    @Caller() caller: Caller,
  ): Promise<CatalogueChange | PreviewAnswer> {
    requireEachOnce(devices);
    const events = await this.catalogue.put(devices, caller.context, caller.dryRun);
    if (caller.dryRun) return preview(caller, events.map(withoutCode));
    const changed = events.filter(({ type }) => type === 'DeviceCatalogued').length;
    return { changed, unchanged: devices.length - changed };
  }

  @Documented({
    tag: 'Devices',
    summary: 'List the devices of the catalogue, without claim codes',
    response: {
      schema: CataloguePage,
      example: {
        items: [{ serialNumber: 'AA-12CD-000017', cataloguedAt: '2026-06-01T08:00:00.000Z' }],
        nextCursor: null,
      },
    },
    list: CATALOGUE,
    problems: ['VALIDATION'],
  })
  @Permit('system:manage')
  @Get()
  async list(
    @Query({ schema: CatalogueQuery }) query: CatalogueQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<CataloguedDevice>> {
    await this.freshness.of(CATALOGUE_VIEW);
    return this.rows.as(principal, 'system:manage', (tx) => {
      const rows = tx.createQueryBuilder(CataloguedDeviceRow, 'row');
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Devices',
    summary: 'Close the catalogue: devices can be registered without a claim code again',
    description: 'The devices and their codes are kept. The next PUT opens the catalogue again.',
    problems: ['VALIDATION'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('system:manage')
  @HttpCode(204)
  @Delete()
  async close(
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const events = await this.catalogue.close(caller.context, caller.dryRun);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
