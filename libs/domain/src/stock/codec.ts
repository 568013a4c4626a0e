import type { Instant } from '../decision.js';
import type { PackageContent, PartnerStockEvent, PartnerStockEventOf, PartnerStockEventType } from './events.js';

/** The stored form of a value: every instant an ISO 8601 UTC string. */
type Stored<Value> = {
  [Key in keyof Value]: Key extends 'validFrom' | 'validUntil' | 'packageValidUntil'
    ? null extends Value[Key]
      ? string | null
      : string
    : Value[Key];
};

/** The payload of each event as it lies in the store, and its explicit type string. */
export type StoredPartnerStockEvent = {
  [Type in PartnerStockEventType]: {
    readonly type: Type;
    readonly data: { readonly at: string } & Stored<PartnerStockEventOf<Type>['data']>;
  };
}[PartnerStockEventType];

const iso = (instant: Instant): string => new Date(instant).toISOString();
const isoOrNull = (instant: Instant | null): string | null => (instant === null ? null : iso(instant));
const instantOf = (stored: string): Instant => Date.parse(stored);
const instantOrNull = (stored: string | null): Instant | null => (stored === null ? null : instantOf(stored));

const storeTerm = <Content extends PackageContent>(content: Content) => ({
  ...content,
  validFrom: iso(content.validFrom),
  validUntil: isoOrNull(content.validUntil),
});

const restoreTerm = <Content extends { validFrom: string; validUntil: string | null }>(content: Content) => ({
  ...content,
  validFrom: instantOf(content.validFrom),
  validUntil: instantOrNull(content.validUntil),
});

/** Domain event to stored event. A breaking change of a payload gets the type `<Type>.v2` here and a bridge below. */
export function encodePartnerStockEvent(event: PartnerStockEvent): StoredPartnerStockEvent {
  const at = iso(event.at);
  switch (event.type) {
    case 'StockOpened':
      return { type: event.type, data: { at, ...event.data } };
    case 'PartnerJoinedBelow':
      return { type: event.type, data: { at, ...event.data } };
    case 'PartnerPromoted':
      return { type: event.type, data: { at, ...event.data } };
    case 'StockClosed':
      return { type: event.type, data: { at, ...event.data } };
    case 'PartnerClosedBelow':
      return { type: event.type, data: { at, ...event.data } };
    case 'PackageRecorded':
      return { type: event.type, data: { at, ...storeTerm(event.data) } };
    case 'PackageSold':
      return { type: event.type, data: { at, ...storeTerm(event.data) } };
    case 'PackageReceived':
      return { type: event.type, data: { at, ...storeTerm(event.data) } };
    case 'UnitsIssued': {
      const packageValidUntil = isoOrNull(event.data.packageValidUntil);
      return { type: event.type, data: { at, ...storeTerm(event.data), packageValidUntil } };
    }
  }
}

/** Stored event to domain event. Throws on a type this version does not know. */
export function decodePartnerStockEvent(type: string, data: unknown): PartnerStockEvent {
  const stored = { type, data } as StoredPartnerStockEvent;
  const at = instantOf(stored.data.at);
  switch (stored.type) {
    case 'StockOpened':
      return { type: stored.type, at, data: withoutAt(stored.data) };
    case 'PartnerJoinedBelow':
      return { type: stored.type, at, data: withoutAt(stored.data) };
    case 'PartnerPromoted':
      return { type: stored.type, at, data: withoutAt(stored.data) };
    case 'StockClosed':
      return { type: stored.type, at, data: withoutAt(stored.data) };
    case 'PartnerClosedBelow':
      return { type: stored.type, at, data: withoutAt(stored.data) };
    case 'PackageRecorded':
      return { type: stored.type, at, data: restoreTerm(withoutAt(stored.data)) };
    case 'PackageSold':
      return { type: stored.type, at, data: restoreTerm(withoutAt(stored.data)) };
    case 'PackageReceived':
      return { type: stored.type, at, data: restoreTerm(withoutAt(stored.data)) };
    case 'UnitsIssued': {
      const packageValidUntil = instantOrNull(stored.data.packageValidUntil);
      return { type: stored.type, at, data: { ...restoreTerm(withoutAt(stored.data)), packageValidUntil } };
    }
    default:
      throw new Error(`Unknown event type in a partner's stock: ${type}`);
  }
}

function withoutAt<Payload extends { at: string }>({ at: _at, ...data }: Payload): Omit<Payload, 'at'> {
  return data;
}
