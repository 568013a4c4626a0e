export * from './decision.js';
export * from './slices.js';
export * from './words.js';
export * from './calendar.js';
export * from './names.js';
export * from './external-ids.js';
export * from './licensing/model/events.js';
export { billingOf, correctedInstant, meterAt, type BillingView } from './licensing/queries/billing.js';
export * from './licensing/model/commands.js';
export * from './licensing/model/refusals.js';
export * from './licensing/queries/views.js';
export * from './stock/index.js';
export * from './hierarchy/index.js';
export * from './access/index.js';
export * from './partners/partner.aggregate.js';
export * from './partners/join-request.aggregate.js';
export * from './people/email.js';
export * from './people/user.aggregate.js';
export * from './metering/index.js';
export * from './billing/index.js';
export * from './limits.js';
export * from './feature-set.js';
export { projectAggregate } from './licensing/project.aggregate.js';
export {
  BILLING_TERMS_SETTING,
  LICENSES_SETTING,
  memberLimitsSetting,
  restrictionSetting,
} from './licensing/model/settings.js';
export { graceEndOf } from './licensing/model/phases.js';
export type { Project } from './licensing/model/facts.js';
export type { ProjectState } from './licensing/model/state.js';
export { PROJECT_EVENT_TYPES } from './licensing/model/codec.js';
export { allotmentIdsByGroup } from './licensing/model/evolve.js';
export { checkDeparture, checkRelocation } from './licensing/commands/relocation-checks.js';
export {
  ancestryOf,
  assignmentsOf,
  hasGroup,
  isClosed,
  lastRecordedOf,
  licensesOf,
  licensingInSlices,
  licensingOf,
  nextDueAt,
  projectOf,
  quotaLevelsOf,
  quotaOf,
  quotasOf,
  restrictionOf,
  type LicensingView,
} from './licensing/queries/quota.js';
export { rehearse, rehearseInSlices, type Rehearsal } from './licensing/commands/rehearsal.js';
export type { RequiredChange } from './licensing/queries/required-changes.js';
export {
  whyOfLevels,
  type ExplainedLevel,
  type ExplainedTerm,
  type QuotaExplanation,
} from './licensing/queries/why.js';
export { quotaOfLevels, type QuotaFacts } from './licensing/queries/quota-rules.js';
export {
  projectOfTerms,
  restrictionOfTerms,
  type Level,
  type LevelLicense,
  type LevelProject,
  type LevelRestriction,
  type LevelUsage,
  type SectionTerms,
} from './licensing/model/levels.js';
export { memberQuotaOf } from './licensing/queries/member-quota.js';
export { ProjectStructure, type RestrictionSection } from './licensing/queries/structure.js';
export { nameOf } from './licensing/limits/checks.js';
export { EndsInEffect, type EndsWith } from './licensing/queries/ends.js';
export { EndsList, type EndOfGroup, type EndsPage, type EndsQuery } from './licensing/queries/ends-list.js';
export {
  dueOf,
  periodEndOf,
  endsAheadIn,
  reminderOf,
  remindedFrom,
  type DueTerm,
  type EndsAhead,
} from './licensing/queries/due.js';
export { countsBelow, fallbacksAt, suspendedAt } from './licensing/queries/outlook.js';
export { nextReminder, reminderPlan, type PlannedReminder, type RemindedTerm } from './reminders/reminder-plan.js';
export { ReminderPlans, type SentReminder } from './reminders/reminder-plans.js';
