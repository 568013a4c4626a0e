import {
  controlTotals,
  RESOURCES,
  sumOfSpans,
  unitsAt,
  type ResourceTotals,
  type Curve,
  type Instant,
  type LicenseType,
  type Limit,
  type Period,
  type Resource,
  type Span,
  type Trade,
  type Units,
} from '@allotree/domain';

export const ofEach = <Value>(value: (resource: Resource) => Value): Readonly<Record<Resource, Value>> => ({
  sip_number: value('sip_number'),
  mobile_app: value('mobile_app'),
  ukey2: value('ukey2'),
});

/** A license as it was known from `from` to `until`. */
export interface LicenseVersion {
  readonly licenseId: string;
  readonly type: LicenseType;
  /** The partner that issued it out of its stock; `null`: it was not bought. */
  readonly issuedBy: string | null;
  /** Of the event that made it so. */
  readonly eventId: string;
  readonly from: Instant;
  readonly until: Instant | null;
  readonly units: Units;
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
  /** Neither suspended nor revoked. */
  readonly isInForce: boolean;
  /** The version with which it was granted. */
  readonly isFirst: boolean;
}

/** The recorded facts about a project that its bill follows from. */
export interface ProjectFacts {
  readonly usage: Readonly<Record<Resource, Curve>>;
  /** In the order of their beginning. */
  readonly licenses: readonly LicenseVersion[];
}

const earlier = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

const spanOf = (license: LicenseVersion, resource: Resource, from: Instant): Span => ({
  from,
  until: earlier(license.until, license.validUntil),
  units: license.units[resource],
});

/** The capacity of the licenses, Basic ones included, as it was known at each instant (L5). */
const capacityOf = ({ licenses }: ProjectFacts, resource: Resource): Curve<Limit> =>
  sumOfSpans(
    licenses
      .filter(({ isInForce }) => isInForce)
      .map((license) => spanOf(license, resource, Math.max(license.from, license.validFrom))),
  );

/** The totals of a period as these facts give them. */
export const totalsOf = (facts: ProjectFacts, period: Period): Readonly<Record<Resource, ResourceTotals>> =>
  ofEach((resource) => controlTotals(facts.usage[resource], capacityOf(facts, resource), period));

const isBought = ({ type, issuedBy }: LicenseVersion): boolean => type === 'plus' && issuedBy !== null;

/**
 * The capacity of licenses that were bought, as it is known at an instant: one that begins before it was granted counts from its beginning
 * on (L3).
 */
export const entitledAsOf = (
  { licenses }: ProjectFacts,
  knownAt: Instant,
): Readonly<Record<Resource, Curve<Limit>>> => {
  const known = licenses.filter((license) => license.from < knownAt && license.isInForce && isBought(license));
  return ofEach((resource) =>
    sumOfSpans(
      known.map((license) => {
        const from = license.isFirst ? license.validFrom : Math.max(license.from, license.validFrom);
        return spanOf(license, resource, from);
      }),
    ),
  );
};

/** Licenses that were granted in a period with a beginning before it. */
export const lateLicenses = ({ licenses }: ProjectFacts, { from, until }: Period): readonly LicenseVersion[] =>
  licenses.filter(
    (license) =>
      license.isFirst && isBought(license) && from <= license.from && license.from < until && license.validFrom < from,
  );

const isIn = (at: Instant, { from, until }: Period): boolean => from <= at && at < until;

/**
 * The licenses that were granted or extended in a period.
 * @param seller who issued them; what was not bought is of the partner of the project
 * @param isPostpaid a postpaid project pays by use
 */
export function tradesIn(facts: ProjectFacts, period: Period, buyer: Buyer): Trade[] {
  const ofSeller = facts.licenses.filter(
    (license) => license.type !== 'basic' && (license.issuedBy ?? buyer.partnerId) === buyer.sellerId,
  );
  const before = new Map<string, LicenseVersion>();
  return ofSeller.flatMap((license): Trade[] => {
    const previous = before.get(license.licenseId);
    before.set(license.licenseId, license);
    if (!isIn(license.from, period)) return [];
    const trade = { eventId: license.eventId, projectId: buyer.projectId, units: license.units };
    const charge = !isBought(license) ? 'free' : buyer.isPostpaid ? 'by_use' : 'by_term';
    if (!previous) {
      const type = ofSeller.some((other) => isBeside(other, license)) ? 'add' : 'new';
      return [{ ...trade, type, charge, term: { from: license.validFrom, until: license.validUntil } }];
    }
    if (previous.validUntil === null || !isLater(license.validUntil, previous.validUntil)) return [];
    const term = { from: Math.max(previous.validUntil, license.from), until: license.validUntil };
    return [{ ...trade, type: 'extend', charge, term }];
  });
}

export interface Buyer {
  readonly projectId: string;
  /** Of the project. */
  readonly partnerId: string;
  readonly sellerId: string;
  readonly isPostpaid: boolean;
}

const isLater = (a: Instant | null, b: Instant): boolean => a === null || a > b;

/** Whether another license that was bought is in force when one is granted. */
const isBeside = (other: LicenseVersion, license: LicenseVersion): boolean =>
  other.licenseId !== license.licenseId &&
  isBought(other) &&
  other.isInForce &&
  other.from <= license.from &&
  (other.until === null || other.until > license.from) &&
  (other.validUntil === null || other.validUntil > license.from) &&
  !(other.from === license.from && other.eventId > license.eventId);

/** The first instant at which the facts differ in a period; `null`: they do not. */
export function divergenceOf(a: ProjectFacts, b: ProjectFacts, { from, until }: Period): Instant | null {
  const [ours, theirs] = [curvesOf(a), curvesOf(b)];
  const instants = [...ours, ...theirs].flatMap(({ steps }) => steps.map(({ at }) => at));
  const ascending = [...new Set([from, ...instants.filter((at) => from < at && at < until)])].sort((x, y) => x - y);
  const differsAt = (at: Instant): boolean =>
    ours.some((curve, index) => unitsAt(curve, at) !== unitsAt(theirs[index]!, at));
  return ascending.find(differsAt) ?? null;
}

const curvesOf = (facts: ProjectFacts): readonly Curve<Limit>[] =>
  RESOURCES.flatMap((resource): Curve<Limit>[] => [facts.usage[resource], capacityOf(facts, resource)]);
