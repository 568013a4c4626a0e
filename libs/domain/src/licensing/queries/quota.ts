import type { Instant } from '../../decision.js';
import { basicUnitsOf } from '../../limits.js';
import { atOnce, PAUSE_EVERY, type Slices } from '../../slices.js';
import type { LicenseType } from '../../words.js';
import { licensesIn } from '../model/capacity.js';
import type { Project } from '../model/facts.js';
import type { CurrentState, ProjectState } from '../model/state.js';
import { levelsOf, pathOf } from '../model/tree.js';
import { asOf } from '../time/catch-up.js';
import { licenseStatus, quotaOfLevels, statusOfPhase, typeInForce, type QuotaFacts } from './quota-rules.js';
import type { AssignmentView, GroupQuota, LicenseView, RestrictionView } from './views.js';

/** The instant of the project's last decision (U5). */
export const lastRecordedOf = (state: ProjectState): Instant => state.totals.now;

export const projectOf = (state: ProjectState): Project | null => state.totals.project;

/** Whether the project was closed: its licenses run out, and no other decision is made on it. */
export const isClosed = (state: ProjectState): boolean => state.totals.closedReason !== null;

/** The ids from a group up to the root; `null`: no such group (any more). O(depth). */
export const ancestryOf = (state: ProjectState, groupId: string): readonly string[] | null =>
  state.groups.has(groupId) ? [...pathOf(state, groupId)] : null;

export const hasGroup = (state: ProjectState, groupId: string): boolean => state.groups.has(groupId);

/** The next instant at which time alone changes something (E1); `null`: none. */
export const nextDueAt = (state: ProjectState): Instant | null => state.schedule.next();

/** The quota of a group (docs/domain/words.md); `null`: no such group. Costs the depth of the group. */
export function quotaOf(recorded: ProjectState, groupId: string, now: Instant): GroupQuota | null {
  const state = asOf(recorded, now);
  return quotaOfLevels(quotaFactsOf(state, groupId), Math.max(now, state.totals.now));
}

/** The quotas of many groups at one instant, in their order; `null`: no such group. */
export function quotasOf(
  recorded: ProjectState,
  groupIds: readonly string[],
  now: Instant,
): readonly (GroupQuota | null)[] {
  const state = asOf(recorded, now);
  const at = Math.max(now, state.totals.now);
  const licenses = licensesIn(state);
  return groupIds.map((groupId) => quotaOfLevels(factsOf(state, licenses, groupId), at));
}

/** The facts from which `quotaOfLevels` computes the quota of a group, as plain data. Costs the depth of the group. */
export const quotaLevelsOf = (recorded: ProjectState, groupId: string, now: Instant): QuotaFacts =>
  quotaFactsOf(asOf(recorded, now), groupId);

/** The license type in force for a group; `null`: none. */
export const typeOf = (state: CurrentState, groupId: string): LicenseType | null =>
  typeInForce(quotaFactsOf(state, groupId));

/** The facts of the live state that the quota of a group depends on. */
export const quotaFactsOf = (state: CurrentState, groupId: string): QuotaFacts =>
  factsOf(state, licensesIn(state), groupId);

/** Written field by field: the facts of one quota are read many times, and a spread object costs more. */
const factsOf = (state: CurrentState, licenses: QuotaFacts['licenses'], groupId: string): QuotaFacts => {
  const { project, devices, capacity, features } = state.totals;
  return { project, devices, capacity, features, licenses, levels: levelsOf(state, groupId) };
};

/** A group's restriction; `null`: no such group. A group that was never restricted has a disabled one. */
export function restrictionOf(recorded: ProjectState, groupId: string, now: Instant): RestrictionView | null {
  const state = asOf(recorded, now);
  return state.groups.has(groupId) ? restrictionIn(state, groupId) : null;
}

function restrictionIn(state: CurrentState, groupId: string): RestrictionView {
  const restriction = state.restrictions.get(groupId);
  if (!restriction) {
    return { groupId, enabled: false, poolMode: 'shared', gracePeriodDays: 0, reminder: null, allotments: [] };
  }
  const { enabled, poolMode, gracePeriodDays, reminder } = restriction;
  const allotments = restriction.allotments.map(
    ({ allotmentId, type, units, features, validFrom, validUntil, phase }) => ({
      allotmentId,
      type,
      units,
      features,
      validFrom,
      validUntil,
      status: statusOfPhase({ phase }),
    }),
  );
  return { groupId, enabled, poolMode, gracePeriodDays, reminder, allotments };
}

/** The project's licenses in the order they were granted, the Basic ones of its devices as one entry in front. */
export function licensesOf(recorded: ProjectState, now: Instant): LicenseView[] {
  const state = asOf(recorded, now);
  const views: LicenseView[] = state.totals.devices > 0 ? [basicLicenses(state.totals.devices)] : [];
  for (const [, license] of state.licenses.entries()) {
    const { phase: _phase, suspendedFrom: _suspendedFrom, ...shown } = license;
    views.push({ ...shown, status: licenseStatus(license) });
  }
  return views;
}

const basicLicenses = (count: number): LicenseView => ({
  licenseId: null,
  type: 'basic',
  units: basicUnitsOf(count),
  features: [],
  validFrom: 0,
  validUntil: null,
  externalId: null,
  source: { kind: 'devices', count },
  status: 'active',
  suspendedReason: null,
  revokedReason: null,
});

/** What is assigned at a group itself, in order of creation. */
export function assignmentsOf(recorded: ProjectState, groupId: string, now: Instant): AssignmentView[] {
  return assignmentsIn(asOf(recorded, now), groupId);
}

function assignmentsIn(state: CurrentState, groupId: string): AssignmentView[] {
  return [...(state.atGroup.get(groupId) ?? [])].map((id) => {
    const { inForce, ...assignment } = state.assignments.get(id)!;
    const { assignmentId, resource, label, holder, sipAssignmentId, externalId, assignedAt } = assignment;
    const status = inForce ? 'in_force' : 'suspended';
    return { assignmentId, groupId, resource, label, holder, sipAssignmentId, externalId, status, assignedAt };
  });
}

/** Every Licenses section that was ever set, and every assignment. */
export interface LicensingView {
  /** The number of groups, the root included. */
  readonly groups: number;
  readonly restrictions: readonly RestrictionView[];
  readonly assignments: readonly AssignmentView[];
}

/** The sections and assignments of a whole project, at one instant, in slices. O(groups). */
export function* licensingInSlices(recorded: ProjectState, now: Instant): Slices<LicensingView> {
  const state = asOf(recorded, now);
  const restricted = [...state.restrictions.entries()].map(([groupId]) => groupId);
  const assigned = [...state.atGroup.entries()].map(([groupId]) => groupId);
  const restrictions: RestrictionView[] = [];
  for (const [place, id] of restricted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    restrictions.push(restrictionIn(state, id));
  }
  const assignments: AssignmentView[] = [];
  for (const [place, id] of assigned.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    assignments.push(...assignmentsIn(state, id));
  }
  return { groups: state.groups.size, restrictions, assignments };
}

/** The same without pauses. */
export const licensingOf = (recorded: ProjectState, now: Instant): LicensingView =>
  atOnce(licensingInSlices(recorded, now));
