import type { AnswerOf } from '../../api/client.js';
import { dateOf, lastDayOf } from '../../parts/dates.js';
import type { Resource, Units } from '../../parts/limit-text.js';

export type Restriction = AnswerOf<'/api/v1/projects/{p}/groups/{g}/restriction'>;
export type Feature = Restriction['allotments'][number]['features'][number];
export type Reminder = NonNullable<Restriction['reminder']>;

/** One block "License" of the form. Terms are an instant as answered, or a date as entered, `YYYY-MM-DD`. */
export interface AllotmentEntry {
  /** `null`: it is new. */
  readonly allotmentId: string | null;
  readonly type: Restriction['allotments'][number]['type'];
  readonly units: Units;
  readonly features: readonly Feature[];
  readonly validFrom: string | null;
  readonly validUntil: string | null;
}

/** The entries of the form; only the server decides on them. */
export interface RestrictionEntry {
  readonly enabled: boolean;
  readonly poolMode: Restriction['poolMode'];
  readonly gracePeriodDays: number;
  readonly allotments: readonly AllotmentEntry[];
  readonly reminder: Reminder | null;
}

export const entryOf = ({
  enabled,
  poolMode,
  gracePeriodDays,
  allotments,
  reminder,
}: Restriction): RestrictionEntry => ({
  enabled,
  poolMode,
  gracePeriodDays,
  allotments: allotments.map(({ allotmentId, type, units, features, validFrom, validUntil }) => ({
    allotmentId,
    type,
    units,
    features,
    validFrom,
    validUntil,
  })),
  reminder,
});

export const NEW_ALLOTMENT: AllotmentEntry = {
  allotmentId: null,
  type: 'plus',
  units: { sip_number: 0, mobile_app: 0, ukey2: 0 },
  features: [],
  validFrom: null,
  validUntil: null,
};

export const NEW_REMINDER: Reminder = { daysBefore: [30, 7], recurrence: 'once', recipients: 'administrators' };

/** The body of the request. */
export const requestOf = ({ allotments, ...settings }: RestrictionEntry) => ({
  ...settings,
  allotments: allotments.map(({ allotmentId, features, ...allotment }) => ({
    ...allotment,
    features: [...features],
    ...(allotmentId !== null && { allotmentId }),
  })),
});

/** R1: `null` is the largest. */
export const hasTooManyApps = ({ units: { sip_number: numbers, mobile_app: apps } }: AllotmentEntry): boolean =>
  numbers !== null && (apps === null || apps > numbers);

const isDate = (term: string): boolean => !term.includes('T');

export const firstDay = (from: string | null, timeZone: string): string | null =>
  from === null || isDate(from) ? from : dateOf(from, timeZone);

export const lastDay = (until: string | null, timeZone: string): string | null =>
  until === null || isDate(until) ? until : lastDayOf(until, timeZone);

export const withAllotment = (
  entry: RestrictionEntry,
  index: number,
  change: Partial<AllotmentEntry>,
): RestrictionEntry => ({
  ...entry,
  allotments: entry.allotments.map((each, at) => (at === index ? { ...each, ...change } : each)),
});

/**
 * Takes from the newest allotments until they add up to no more than this many; apps never exceed the numbers (R1).
 */
export function reducedTo(entry: RestrictionEntry, resource: Resource, available: number): RestrictionEntry {
  let excess = entry.allotments.reduce((sum, { units }) => sum + (units[resource] ?? 0), 0) - available;
  const allotments = [...entry.allotments].reverse().map((allotment) => {
    const units = allotment.units[resource];
    // Unlimited shrinks to what there is.
    const taken = units === null ? 0 : Math.min(units, Math.max(0, excess));
    const left = units === null ? available : units - taken;
    excess -= taken;
    const after: Units = { ...allotment.units, [resource]: left };
    const apps = after.mobile_app;
    const isOver = resource === 'sip_number' && (apps === null || apps > left);
    return { ...allotment, units: isOver ? { ...after, mobile_app: left } : after };
  });
  return { ...entry, allotments: allotments.reverse() };
}

/** Lets every allotment that ends later, or never, end at an instant. */
export const endingWith = (entry: RestrictionEntry, until: string, timeZone: string): RestrictionEntry => {
  const last = lastDayOf(until, timeZone);
  const isLater = (end: string | null): boolean => end === null || lastDay(end, timeZone)! > last;
  return {
    ...entry,
    allotments: entry.allotments.map((each) => (isLater(each.validUntil) ? { ...each, validUntil: until } : each)),
  };
};

/** Entries as they can be saved over another state: licenses that are not there any more become new ones. */
export const over = (current: RestrictionEntry, entry: RestrictionEntry): RestrictionEntry => {
  const known = new Set(current.allotments.map(({ allotmentId }) => allotmentId));
  const allotments = entry.allotments.map((each) =>
    known.has(each.allotmentId) ? each : { ...each, allotmentId: null },
  );
  return { ...entry, allotments };
};

/** Whether two entries are the same for the server. */
export const isSame = (one: RestrictionEntry, other: RestrictionEntry): boolean =>
  JSON.stringify(requestOf(one)) === JSON.stringify(requestOf(other));
