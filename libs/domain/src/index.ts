export * from './decision.js';
export * from './words.js';
export * from './calendar.js';
export * from './licensing/events.js';
export * from './licensing/commands.js';
export * from './licensing/refusals.js';
export * from './licensing/views.js';
export * from './stock/index.js';
export * from './hierarchy/index.js';
export * from './access/index.js';
export * from './partners/partner.js';
export * from './partners/join-request.js';
export * from './people/email.js';
export * from './people/user.js';
export * from './limits.js';
export * from './feature-set.js';
export { projectAggregate } from './licensing/project.js';
export { LICENSES_SETTING, memberLimitsSetting, restrictionSetting } from './licensing/settings.js';
export { graceEndOf, type Project, type ProjectState } from './licensing/state.js';
export { PROJECT_EVENT_TYPES } from './licensing/codec.js';
export { allotmentIdsByGroup } from './licensing/evolve.js';
export { checkDeparture, checkRelocation } from './licensing/groups.js';
export {
  ancestryOf,
  assignmentsOf,
  hasGroup,
  isClosed,
  lastRecordedOf,
  licensesOf,
  nextDueAt,
  projectOf,
  quotaOf,
  restrictionOf,
} from './licensing/quota.js';
export { memberQuotaOf } from './licensing/members.js';
export { nameOf } from './licensing/checks.js';
export { EndsInEffect, type EndsWith } from './licensing/ends.js';
export { EndsList, type EndOfGroup, type EndsAnswer, type EndsQuestion } from './licensing/ends-list.js';
export { countsBelow, fallbacksAt, suspendedAt } from './licensing/outlook.js';
export { nextReminder, reminderPlan, type PlannedReminder, type RemindedTerm } from './reminders/reminder-plan.js';
