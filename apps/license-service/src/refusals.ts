import type {
  Binding,
  Feature,
  Instant,
  Limit,
  NamedPlace,
  PartnerStockRefusal,
  ProjectRefusal,
  Resource,
} from '@allotree/domain';

type Refusal = ProjectRefusal | PartnerStockRefusal;
type RefusalOf<Code extends Refusal['code']> = Extract<Refusal, { code: Code }>;

const iso = (instant: Instant): string => new Date(instant).toISOString();
const until = (instant: Instant | null): string => (instant === null ? '' : ` until ${iso(instant)}`);
const units = (limit: Limit, resource: Resource): string => `${limit ?? 'unlimited'} ${resource}`;
const whose = ({ groupId, name, userId }: Pick<Binding, 'groupId' | 'name' | 'userId'>): string => {
  if (userId !== undefined) return `the member ${userId} of ${name}`;
  return groupId === null ? `the licenses of ${name}` : name;
};

const from = (place: NamedPlace): string => {
  if (place.kind === 'vendor') return 'the server administrator';
  return place.kind === 'partner' ? `the partner ${place.partnerId}` : `the group ${place.name}`;
};

/** Two to three names, and how many more. */
const named = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

/**
 * The `detail` of a refusal in one or two sentences: the reason, and one thing to do. The facts are fields of the problem,
 * under the names of the refusal.
 */
const DETAILS: { readonly [Code in Refusal['code']]: (refusal: RefusalOf<Code>) => string } = {
  BATCH_REFUSED: ({ items }) =>
    `${items.length === 1 ? '1 item was' : `${items.length} items were`} refused, so nothing was recorded. Correct what "items" names and send the batch again`,
  LIMIT_EXCEEDED: limitExceeded,
  SIP_BELOW_MOBILE: ({ sipNumber, mobileApp }) =>
    `${units(mobileApp, 'mobile_app')} need as many sip_number, and there are ${sipNumber}: every app has a number of its own`,
  PERIOD_OUTSIDE_PARENT: periodOutsideParent,
  FEATURE_NOT_AVAILABLE: (refusal) =>
    'packageId' in refusal
      ? `The package ${refusal.packageId} does not have ${refusal.feature}: leave the feature out or take another package`
      : featureMissing(refusal.feature, refusal.limitedBy),
  DESCENDANTS_AFFECTED: descendantsAffected,
  EXTERNAL_ID_TAKEN: ({ kind, externalId, holderId }) =>
    holderId === null
      ? `The external id ${externalId} belongs to another ${kind} of the project: choose another one`
      : `The external id ${externalId} belongs to the ${kind} ${holderId}: choose another one, or remove it there first`,
  NO_SIP_NUMBER: () =>
    'A mobile app needs a sip_number in force at the same group that no other app is paired with: assign one first',
  SIP_NUMBER_IN_USE: ({ assignmentId, pairedWith }) =>
    `The number ${assignmentId} is paired with the app ${pairedWith}: release the app first`,
  LICENSE_EXPIRED: ({ resource, limitedBy }) =>
    `What ${whose(limitedBy)} had of ${resource} has ended${until(limitedBy.validUntil)}: extend it or add to it first`,
  CLOCK_BEHIND: ({ now, lastRecorded }) =>
    `It is ${iso(now)} here, and the last decision on the project is dated ${iso(lastRecorded)}: nothing that depends on the time is decided before the operator of the system has checked its clocks`,
  LICENSE_REVOKED: ({ licenseId }) => `The license ${licenseId} was revoked for good: grant another`,
  STOCK_EXHAUSTED: ({ resource, requested, available, packageId }) =>
    `${units(requested, resource)} were asked for, and the package ${packageId} has ${available} left: ask for less or take another package`,
  NOT_TRANSFERABLE: ({ reason }) => reason,
  TRIAL_ALREADY_USED: ({ licenseId }) =>
    `The project has already used its trial (${licenseId}): a server administrator may grant another`,
  TRIAL_TERM_FIXED: ({ validUntil }) =>
    `A trial starts now and ends ${validUntil === null ? 'after the usual time' : iso(validUntil)}: leave validFrom and validUntil out, or ask a server administrator for another term`,
  ISSUED_FROM_ABOVE: ({ licenseId, place }) =>
    `The license ${licenseId} was issued by ${from(place)}: ask an administrator there to change it`,
  SUSPENDED_FROM_ABOVE: ({ licenseId, place }) =>
    `The license ${licenseId} was suspended by ${from(place)}: ask an administrator there to reinstate it`,
  SET_FROM_ABOVE: ({ place }) =>
    `These limits were set by ${from(place)}: you can tighten them, and an administrator there can loosen them`,
  PERIOD_NOT_OVER: ({ periodId, until }) =>
    `The billing period ${periodId} ends at ${iso(until)} and is closed then: ask again afterwards`,
  PROJECT_CLOSED: ({ reason }) => `The project was closed (${reason}): it can be read, and nothing about it changes`,
  PARTNER_CLOSED: ({ partnerId, reason }) =>
    `The partner ${partnerId} was closed (${reason}): it buys, sells and issues nothing any more`,
  NOT_FOUND: ({ what, id }) => `There is no ${what} ${id} here`,
  VALIDATION: ({ field, message }) => `${field}: ${message}`,
};

/** The `detail` of the problem a refusal is answered with. */
export function detailOf(refusal: Refusal): string {
  const detail = DETAILS[refusal.code] as (refusal: Refusal) => string;
  return detail(refusal);
}

function limitExceeded({ resource, requested, available, limitedBy, at }: RefusalOf<'LIMIT_EXCEEDED'>): string {
  const bound = `${whose(limitedBy)}: ${units(limitedBy.limit, resource)}${until(limitedBy.validUntil)}`;
  const free = available ?? 'unlimited';
  if (available === 0)
    return (
      `${requested ?? 'Unlimited'} ${resource} were asked for, and none are free from ${iso(at)}, limited by ${bound}. ` +
      `Release some there, or get more for ${whose(limitedBy)}`
    );
  return (
    `${requested ?? 'Unlimited'} ${resource} were asked for, ${free} at most are free from ${iso(at)}, limited by ${bound}. ` +
    `Ask for ${free} or fewer, or get more for ${whose(limitedBy)}`
  );
}

function periodOutsideParent(refusal: RefusalOf<'PERIOD_OUTSIDE_PARENT'>): string {
  const requestedEnd = refusal.requestedUntil === null ? 'without an end' : `until ${iso(refusal.requestedUntil)}`;
  if (!('requestedFrom' in refusal)) {
    const { limitedBy } = refusal;
    if (refusal.side === 'start' && limitedBy.validFrom !== undefined)
      return `The term starts too early for ${whose(limitedBy)}, which starts ${iso(limitedBy.validFrom)}${until(limitedBy.validUntil)}: start it then, or let that start earlier first`;
    return `A term ${requestedEnd} goes beyond ${whose(limitedBy)}, which ends ${limitedBy.validUntil === null ? 'there' : iso(limitedBy.validUntil)}: end it by then, or extend that first`;
  }
  const { name, validFrom, validUntil } = refusal.limitedBy;
  return `A term from ${iso(refusal.requestedFrom)} ${requestedEnd} is not inside that of the package ${name}, from ${iso(validFrom)}${until(validUntil)}: keep to its term or take another package`;
}

const featureMissing = (feature: Feature, limitedBy: Pick<Binding, 'groupId' | 'name'>): string =>
  `${whose(limitedBy)} ${limitedBy.groupId === null ? 'have' : 'has'} no ${feature}: switch it on there first, or leave it out`;

/** The `detail` where no `cascade` is taken: a group moves only where everything fits. */
export function relocationDetailOf(refusal: ProjectRefusal): string {
  if (refusal.code !== 'DESCENDANTS_AFFECTED') return detailOf(refusal);
  return `${lossesOf(refusal)}${lackOf(refusal)}. Make room at the new place first, or lower what the group and those below it use`;
}

function lackOf({ shortage }: RefusalOf<'DESCENDANTS_AFFECTED'>): string {
  if (!shortage) return '';
  const { resource, requested, available, limitedBy } = shortage;
  const bound = `${whose(limitedBy)}: ${units(limitedBy.limit, resource)}${until(limitedBy.validUntil)}`;
  return `: the group uses ${units(requested, resource)}, and ${available} at most are free, limited by ${bound}`;
}

function descendantsAffected(refusal: RefusalOf<'DESCENDANTS_AFFECTED'>): string {
  return `${lossesOf(refusal)}. Ask for it with cascade=true, or change those first`;
}

function lossesOf({ groups, suspensions }: RefusalOf<'DESCENDANTS_AFFECTED'>): string {
  const parts: string[] = [];
  if (groups.length > 0) parts.push(`${named(groups.map(({ name }) => name))} would lose part of their allotments`);
  const suspended = suspensions.reduce((total, { count }) => total + count, 0);
  if (suspended > 0) {
    const where = named([...new Set(suspensions.map(({ name }) => name))]);
    parts.push(`${suspended} in use would be suspended (${where})`);
  }
  return parts.join(', and ');
}
