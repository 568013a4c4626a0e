import { RESOURCES, type Reminder } from '@allotree/domain';
import type { CurrentAllotment, CurrentSection } from './current-project.js';
import type { RestrictionEntry } from './project-file.js';
import { isSameBorder, resolveWhen, type FirstDay } from './terms.js';

/** The request that puts a restriction of a file; allotments that exist keep their ids, in their order. */
export const requestOf = (wanted: RestrictionEntry, firstDay: FirstDay, current?: CurrentSection) => ({
  enabled: true,
  poolMode: wanted.poolMode,
  gracePeriodDays: wanted.gracePeriodDays,
  reminder: wanted.reminder,
  allotments: wanted.allotments.map((allotment, index) => ({
    ...allotment,
    features: [...allotment.features],
    allotmentId: current?.allotments[index]?.allotmentId,
    validFrom: resolveWhen(allotment.validFrom, firstDay),
    validUntil: resolveWhen(allotment.validUntil, firstDay),
  })),
});

export type SectionRequest = ReturnType<typeof requestOf>;

/** A section that limits nothing. */
export const NO_SECTION: SectionRequest = {
  enabled: false,
  poolMode: 'shared',
  gracePeriodDays: 0,
  reminder: null,
  allotments: [],
};

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((member) => other.includes(member));

const isSameReminder = (one: Reminder | null, other: Reminder | null): boolean => {
  if (one === null || other === null) return one === other;
  const isSameDays = isSameSet(one.daysBefore.map(String), other.daysBefore.map(String));
  return isSameDays && one.recurrence === other.recurrence && one.recipients === other.recipients;
};

/** Whether a restriction is the one of the file in every setting. */
export const isAlreadySo = (current: CurrentSection, wanted: RestrictionEntry, firstDay: FirstDay): boolean =>
  current.enabled &&
  current.poolMode === wanted.poolMode &&
  current.gracePeriodDays === wanted.gracePeriodDays &&
  isSameReminder(current.reminder, wanted.reminder) &&
  current.allotments.length === wanted.allotments.length &&
  requestOf(wanted, firstDay).allotments.every((allotment, index) =>
    isSameAllotment(current.allotments[index], allotment, firstDay),
  );

const isSameAllotment = (
  current: CurrentAllotment | undefined,
  wanted: SectionRequest['allotments'][number],
  { zone }: FirstDay,
): boolean =>
  current?.type === wanted.type &&
  RESOURCES.every((resource) => current.units[resource] === wanted.units[resource]) &&
  isSameSet(current.features, wanted.features) &&
  isSameBorder(current.validFrom, wanted.validFrom, 'from', zone) &&
  isSameBorder(current.validUntil, wanted.validUntil, 'until', zone);
