import { AS_IS, fields, instant, orNull, timedEventCodec, type StoredBy } from '../stored-events.js';
import type { PartnerStockEvent, PartnerStockEventOf, PartnerStockEventType } from './events.js';

type Payload<Type extends PartnerStockEventType> = PartnerStockEventOf<Type>['data'];

const content = {
  units: AS_IS,
  features: AS_IS,
  validFrom: instant,
  validUntil: orNull(instant),
  validFromDate: AS_IS,
  validUntilDate: AS_IS,
} as const;

/** The stored form of the events of a partner's stock; the payload includes `at`. */
export const partnerStockCodec = timedEventCodec<PartnerStockEvent>("a partner's stock")({
  StockOpened: AS_IS,
  PartnerJoinedBelow: AS_IS,
  PartnerPromoted: AS_IS,
  StockClosed: AS_IS,
  PartnerClosedBelow: AS_IS,
  PackageRecorded: fields<Payload<'PackageRecorded'>>()({ packageId: AS_IS, name: AS_IS, ...content }),
  PackageSold: fields<Payload<'PackageSold'>>()({
    packageId: AS_IS,
    soldPackageId: AS_IS,
    toPartnerId: AS_IS,
    name: AS_IS,
    ...content,
  }),
  PackageReceived: fields<Payload<'PackageReceived'>>()({
    packageId: AS_IS,
    name: AS_IS,
    fromPartnerId: AS_IS,
    fromPackageId: AS_IS,
    ...content,
  }),
  UnitsIssued: fields<Payload<'UnitsIssued'>>()({
    packageId: AS_IS,
    licenseId: AS_IS,
    projectId: AS_IS,
    packageValidUntil: orNull(instant),
    externalId: AS_IS,
    ...content,
  }),
});

export type StoredPartnerStockEvent = StoredBy<typeof partnerStockCodec>;
export const encodePartnerStockEvent = partnerStockCodec.encode;
export const decodePartnerStockEvent = partnerStockCodec.decode;
