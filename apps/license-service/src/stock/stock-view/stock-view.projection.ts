import { Injectable } from '@nestjs/common';
import { decodePartnerStockEvent, type PackageContent, type PartnerStockEvent, type Units } from '@allotree/domain';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import { lastOf } from '@allotree/platform';
import type { EntityManager } from 'typeorm';
import { columns } from '../../persistence/columns.js';
import { StockPackageEntity, StockPartnerEntity } from '../../persistence/entities.js';
import { partnerOfStream } from '../../streams.js';

/** Partners and what they have in stock. */
@Injectable()
export class StockViewProjection implements Projection {
  readonly name = 'stock-view';
  readonly categories = ['partner_stock'];

  async apply(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    const changes = events.map((recorded) => ({
      partnerId: partnerOfStream(recorded.streamName),
      event: decodePartnerStockEvent(recorded.type, recorded.data),
    }));
    const partners = changes.flatMap(({ event }) => (event.type === 'StockOpened' ? [event.data] : []));
    await tx.upsert(StockPartnerEntity, lastOf(partners, ['partnerId']), ['partnerId']);
    for (const { partnerId, event } of changes)
      if (event.type === 'PartnerPromoted')
        await tx.update(StockPartnerEntity, { partnerId }, { kind: event.data.kind });
    const packages = await knownPackages(tx, changes);
    for (const { partnerId, event } of changes) {
      const key = keyOf(partnerId, packageIdOf(event));
      const row = applied(partnerId, packages.get(key), event);
      if (row) packages.set(key, row);
    }
    await tx.upsert(StockPackageEntity, [...packages.values()], ['partnerId', 'packageId']);
  }

  async reset(tx: EntityManager): Promise<void> {
    await tx.clear(StockPackageEntity);
    await tx.clear(StockPartnerEntity);
  }
}

interface Change {
  readonly partnerId: string;
  readonly event: PartnerStockEvent;
}

const keyOf = (partnerId: string, packageId: string | null): string => `${partnerId} ${packageId}`;

const packageIdOf = ({ data }: PartnerStockEvent): string | null => ('packageId' in data ? data.packageId : null);

async function knownPackages(tx: EntityManager, changes: readonly Change[]): Promise<Map<string, StockPackageEntity>> {
  const [partners, packages] = columns(
    changes.filter(({ event }) => packageIdOf(event) !== null),
    (change) => change.partnerId,
    (change) => packageIdOf(change.event),
  );
  const rows = await tx
    .createQueryBuilder(StockPackageEntity, 'package')
    .where('(package.partnerId, package.packageId) IN (SELECT * FROM unnest(:partners::text[], :packages::text[]))', {
      partners,
      packages,
    })
    .getMany();
  return new Map(rows.map((row) => [keyOf(row.partnerId, row.packageId), row]));
}

function applied(
  partnerId: string,
  row: StockPackageEntity | undefined,
  { type, data }: PartnerStockEvent,
): StockPackageEntity | null {
  switch (type) {
    case 'PackageRecorded':
      return received(partnerId, { ...data, from: null });
    case 'PackageReceived':
      return received(partnerId, { ...data, from: { partnerId: data.fromPartnerId, packageId: data.fromPackageId } });
    case 'PackageSold':
      return row ? sold(row, data.units) : null;
    case 'UnitsIssued':
      return row ? issued(row, data.units) : null;
    default:
      return null;
  }
}

type Received = PackageContent & {
  readonly packageId: string;
  readonly name: string;
  readonly from: { readonly partnerId: string; readonly packageId: string } | null;
};

const limit = (units: number | null): string | null => (units === null ? null : String(units));

const received = (partnerId: string, { packageId, name, from, units, ...content }: Received): StockPackageEntity =>
  Object.assign(new StockPackageEntity(), {
    partnerId,
    packageId,
    name,
    fromPartnerId: from?.partnerId ?? null,
    fromPackageId: from?.packageId ?? null,
    sipNumber: limit(units.sip_number),
    mobileApp: limit(units.mobile_app),
    ukey2: limit(units.ukey2),
    soldSipNumber: '0',
    soldMobileApp: '0',
    soldUkey2: '0',
    issuedSipNumber: '0',
    issuedMobileApp: '0',
    issuedUkey2: '0',
    features: [...content.features],
    validFrom: new Date(content.validFrom),
    validUntil: content.validUntil === null ? null : new Date(content.validUntil),
  });

/** `null` and anything is `null`: what is unlimited stays so. */
const sum = (one: string | null, other: number | null): string | null =>
  one === null || other === null ? null : String(BigInt(one) + BigInt(other));

const sold = (row: StockPackageEntity, units: Units): StockPackageEntity =>
  Object.assign(row, {
    soldSipNumber: sum(row.soldSipNumber, units.sip_number),
    soldMobileApp: sum(row.soldMobileApp, units.mobile_app),
    soldUkey2: sum(row.soldUkey2, units.ukey2),
  });

const issued = (row: StockPackageEntity, units: Units): StockPackageEntity =>
  Object.assign(row, {
    issuedSipNumber: sum(row.issuedSipNumber, units.sip_number),
    issuedMobileApp: sum(row.issuedMobileApp, units.mobile_app),
    issuedUkey2: sum(row.issuedUkey2, units.ukey2),
  });
