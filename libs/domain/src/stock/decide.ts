import { accept, refuse, type Decision, type Instant } from '../decision.js';
import { endOfDay, startOfDay } from '../calendar.js';
import { refuseName, tidyName } from '../names.js';
import { exceeds } from '../limits.js';
import { RESOURCES, type Term, type Units } from '../words.js';
import type { PackagePart, PartnerStockCommand, PartnerStockCommandOf } from './commands.js';
import type { PackageContent, PartnerStockEvent, PartnerStockEventOf, PartnerStockEventType } from './events.js';
import type { PartnerStockRefusal } from './refusals.js';
import {
  availableUnits,
  contentOf,
  sameContent,
  type Departure,
  type PartnerStockState,
  type StockPackage,
  type StockPartner,
} from './state.js';

type StockDecision = Decision<PartnerStockEvent, PartnerStockRefusal>;

/** Commands that a closed partner refuses. Packages sold to it before still reach it. */
const TRADE: ReadonlySet<PartnerStockCommand['type']> = new Set(['RecordPackage', 'SellPackage', 'IssueUnits']);

/** Decides a command on a partner's stock (L3, L4, R1). `state` is unchanged. */
export function decidePartnerStock(state: PartnerStockState, command: PartnerStockCommand): StockDecision {
  // Time in a stream never runs backwards (U5). Terms are checked at the command's own instant, so that a clock
  // that was ahead once does not end every package of the partner.
  const at = Math.max(command.now, state.lastAt ?? command.now);
  if (command.type === 'OpenStock') return openStock(state, command, at);
  const { partner, closedReason } = state;
  if (!partner) return refuse({ code: 'NOT_FOUND', what: 'partner', id: command.partnerId });
  if (closedReason !== null && TRADE.has(command.type))
    return refuse({ code: 'PARTNER_CLOSED', partnerId: partner.partnerId, reason: closedReason });
  switch (command.type) {
    case 'PromotePartner':
      return promotePartner(partner, at);
    case 'CloseStock':
      return closeStock(state, partner, { reason: command.reason, at });
    case 'ClosePartnerBelow':
      return closePartnerBelow(state, command, at);
    case 'AddPartnerBelow':
      return addPartnerBelow(state, command, at);
    case 'RecordPackage':
      return recordPackage(state, command, at);
    case 'SellPackage':
      return sellPackage(state, command, at);
    case 'ReceivePackage':
      return receivePackage(state, command, at);
    case 'IssueUnits':
      return issueUnits(state, command, at);
  }
}

const happened = <Type extends PartnerStockEventType>(
  type: Type,
  at: Instant,
  data: PartnerStockEventOf<Type>['data'],
): StockDecision => accept([{ type, at, data } as unknown as PartnerStockEvent]);

const invalid = (field: string, message: string): PartnerStockRefusal => ({ code: 'VALIDATION', field, message });

function openStock(state: PartnerStockState, command: PartnerStockCommandOf<'OpenStock'>, at: Instant): StockDecision {
  if (state.partner) return accept([]);
  const { partnerId, tenantId, kind, name, parentPartnerId } = command;
  return happened('StockOpened', at, { partnerId, tenantId, kind, name, parentPartnerId });
}

function promotePartner({ partnerId, kind }: StockPartner, at: Instant): StockDecision {
  return kind === 'distributor' ? accept([]) : happened('PartnerPromoted', at, { partnerId, kind: 'distributor' });
}

/** Records the units left, which stay in the stock. */
function closeStock(
  { closedReason, packages }: PartnerStockState,
  { partnerId }: StockPartner,
  { reason, at }: { readonly reason: string; readonly at: Instant },
): StockDecision {
  if (closedReason !== null) return accept([]);
  const left = [...packages.values()].map((stocked) => ({
    packageId: stocked.packageId,
    units: availableUnits(stocked),
  }));
  return happened('StockClosed', at, { partnerId, reason, left });
}

function closePartnerBelow(
  { below }: PartnerStockState,
  { belowPartnerId: partnerId, reason }: PartnerStockCommandOf<'ClosePartnerBelow'>,
  at: Instant,
): StockDecision {
  const buyer = below.get(partnerId);
  if (!buyer || buyer.closedReason !== undefined) return accept([]);
  return happened('PartnerClosedBelow', at, { partnerId, reason });
}

function addPartnerBelow(
  state: PartnerStockState,
  { belowPartnerId: partnerId, kind, name }: PartnerStockCommandOf<'AddPartnerBelow'>,
  at: Instant,
): StockDecision {
  if (state.below.has(partnerId)) return accept([]);
  return happened('PartnerJoinedBelow', at, { partnerId, kind, name });
}

function recordPackage(
  state: PartnerStockState,
  command: PartnerStockCommandOf<'RecordPackage'>,
  at: Instant,
): StockDecision {
  const { packageId, units } = command;
  const name = tidyName(command.name);
  const content = contentOf(command);
  const known = state.packages.get(packageId);
  if (known) return known.from === null && sameContent(known, content) ? accept([]) : refuse(taken('packageId'));
  if (state.partner?.kind !== 'distributor')
    return refuse(invalid('partnerId', 'packages are recorded on the stock of a distributor'));
  const refusal = unitsRefusal(units) ?? termRefusal(content, command.now);
  const refused = refuseName('name', name) ?? (refusal ? refuse(refusal) : null);
  return refused ?? happened('PackageRecorded', at, { packageId, name, ...content });
}

function sellPackage(
  state: PartnerStockState,
  command: PartnerStockCommandOf<'SellPackage'>,
  at: Instant,
): StockDecision {
  const { packageId, soldPackageId, toPartnerId } = command;
  const source = state.packages.get(packageId);
  if (!source) return refuse({ code: 'NOT_FOUND', what: 'package', id: packageId });
  const buyer = state.below.get(toPartnerId);
  if (!buyer) return refuse({ code: 'NOT_FOUND', what: 'partner', id: toPartnerId });
  if (buyer.kind === 'distributor')
    return refuse(invalid('toPartnerId', 'packages are sold to dealers and management companies'));
  const content = partOf(source, command);
  const known = state.departures.get(soldPackageId);
  if (known)
    return alreadySo(known, { packageId, to: { kind: 'partner', id: toPartnerId }, ...content }, 'soldPackageId');
  if (buyer.closedReason !== undefined)
    return refuse({ code: 'PARTNER_CLOSED', partnerId: toPartnerId, reason: buyer.closedReason });
  const refusal = partRefusal(source, content, command.now);
  if (refusal) return refuse(refusal);
  return happened('PackageSold', at, { packageId, soldPackageId, toPartnerId, name: source.name, ...content });
}

function receivePackage(
  state: PartnerStockState,
  command: PartnerStockCommandOf<'ReceivePackage'>,
  at: Instant,
): StockDecision {
  if (state.packages.has(command.packageId)) return accept([]);
  const { packageId, name, fromPartnerId, fromPackageId } = command;
  // The seller has been debited already, so the package must arrive; nothing is checked.
  const content = contentOf(command);
  return happened('PackageReceived', at, { packageId, name, fromPartnerId, fromPackageId, ...content });
}

function issueUnits(
  state: PartnerStockState,
  command: PartnerStockCommandOf<'IssueUnits'>,
  at: Instant,
): StockDecision {
  const { packageId, licenseId, projectId, timeZone, externalId } = command;
  const stocked = state.packages.get(packageId);
  if (!stocked) return refuse({ code: 'NOT_FOUND', what: 'package', id: packageId });
  const source = inZone(stocked, timeZone);
  const content = partOf(source, command);
  const known = state.departures.get(licenseId);
  if (known) return alreadySo(known, { packageId, to: { kind: 'project', id: projectId }, ...content }, 'licenseId');
  const refusal = partRefusal(source, content, command.now);
  if (refusal) return refuse(refusal);
  const packageValidUntil = source.validUntil;
  const named = externalId === undefined ? {} : { externalId };
  return happened('UnitsIssued', at, { packageId, licenseId, projectId, ...content, packageValidUntil, ...named });
}

const taken = (field: string): PartnerStockRefusal => invalid(field, 'was used for something else');

function alreadySo(known: Departure, requested: Departure, field: string): StockDecision {
  const same =
    known.packageId === requested.packageId &&
    known.to.kind === requested.to.kind &&
    known.to.id === requested.to.id &&
    sameContent(known, requested);
  return same ? accept([]) : refuse(taken(field));
}

/** A package as it is worth where it is issued: its dates are days there, an instant is the same everywhere (E4). */
const inZone = (stocked: StockPackage, timeZone: string): StockPackage => ({
  ...stocked,
  validFrom: stocked.validFromDate === undefined ? stocked.validFrom : startOfDay(stocked.validFromDate, timeZone),
  validUntil: stocked.validUntilDate === undefined ? stocked.validUntil : endOfDay(stocked.validUntilDate, timeZone),
});

function partOf(source: StockPackage, part: PackagePart): PackageContent {
  const from = part.validFrom === null ? source : part;
  const until = part.validUntil === null ? source : part;
  return {
    units: part.units,
    features: part.features ?? source.features,
    validFrom: part.validFrom ?? source.validFrom,
    validUntil: part.validUntil ?? source.validUntil,
    ...(from.validFromDate === undefined ? {} : { validFromDate: from.validFromDate }),
    ...(until.validUntilDate === undefined ? {} : { validUntilDate: until.validUntilDate }),
  };
}

function partRefusal(source: StockPackage, content: PackageContent, at: Instant): PartnerStockRefusal | null {
  return (
    unitsRefusal(content.units) ??
    featureRefusal(source, content) ??
    outsidePackage(source, content, at) ??
    stockRefusal(source, content.units)
  );
}

/** R1, and at least one unit, because a feature alone would never run out. */
function unitsRefusal(units: Units): PartnerStockRefusal | null {
  if (RESOURCES.every((resource) => units[resource] === 0)) return invalid('units', 'name at least one unit');
  const { sip_number: sipNumber, mobile_app: mobileApp } = units;
  // No app is too many for unlimited numbers.
  return sipNumber !== null && exceeds(mobileApp, sipNumber)
    ? { code: 'SIP_BELOW_MOBILE', sipNumber, mobileApp }
    : null;
}

function termRefusal({ validFrom, validUntil }: Term, at: Instant): PartnerStockRefusal | null {
  if (validUntil === null) return null;
  if (validUntil <= validFrom) return invalid('validUntil', 'must be after validFrom');
  return validUntil <= at ? invalid('validUntil', 'must be in the future') : null;
}

function featureRefusal(source: StockPackage, { features }: PackageContent): PartnerStockRefusal | null {
  const missing = features.find((feature) => !source.features.includes(feature));
  return missing ? { code: 'FEATURE_NOT_AVAILABLE', feature: missing, packageId: source.packageId } : null;
}

/** The sides of a term that lie outside the package's. */
const sideOf = (tooEarly: boolean, pastEnd: boolean): 'start' | 'end' | 'both' => {
  if (tooEarly && pastEnd) return 'both';
  return tooEarly ? 'start' : 'end';
};

function outsidePackage(
  source: StockPackage,
  { validFrom, validUntil }: Term,
  at: Instant,
): PartnerStockRefusal | null {
  const { validUntil: end } = source;
  const pastEnd = end !== null && (end <= at || validFrom >= end || validUntil === null || validUntil > end);
  const tooEarly = validFrom < source.validFrom;
  if (pastEnd || tooEarly)
    return {
      code: 'PERIOD_OUTSIDE_PARENT',
      side: sideOf(tooEarly, pastEnd),
      requestedFrom: validFrom,
      requestedUntil: validUntil,
      limitedBy: { packageId: source.packageId, name: source.name, validFrom: source.validFrom, validUntil: end },
    };
  return termRefusal({ validFrom, validUntil }, at);
}

function stockRefusal(source: StockPackage, units: Units): PartnerStockRefusal | null {
  const left = availableUnits(source);
  const short = RESOURCES.find((resource) => exceeds(units[resource], left[resource]));
  if (!short) return null;
  const { packageId } = source;
  return { code: 'STOCK_EXHAUSTED', resource: short, requested: units[short], available: left[short], packageId };
}
