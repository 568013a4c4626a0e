import type { Instant } from '../../decision.js';
import { hasFeature } from '../../feature-set.js';
import { basicUnitsOf, exceeds, least } from '../../limits.js';
import { FEATURES, type Feature, type LicenseType, type Limit, type Resource } from '../../words.js';
import { tightestLimit } from '../limits/availability.js';
import { nameOf } from '../limits/checks.js';
import { effectiveOf, indexAt, type LimitTimeline } from '../limits/limit-timeline.js';
import { isInForce } from '../model/capacity.js';
import {
  restrictionAt,
  type CurrentState,
  type LicenseState,
  type Phase,
  type Project,
  type ProjectState,
} from '../model/state.js';
import { levelsOf, nearestRestricted, pathOf, type Level } from '../model/tree.js';
import { allottedBelow } from '../model/usage.js';
import { asOf } from '../time/catch-up.js';
import type {
  AssignmentView,
  GroupQuota,
  LicenseView,
  LimitedBy,
  ResourceQuota,
  RestrictionView,
  Status,
} from './views.js';

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
  const levels = levelsOf(state, groupId);
  const group = levels[0];
  if (!group) return null;
  const at = Math.max(now, state.totals.now);
  return {
    groupId,
    name: group.name,
    status: statusOf(state, levels),
    type: typeOf(state, groupId),
    resources: {
      sip_number: resourceQuota(state, levels, 'sip_number'),
      mobile_app: resourceQuota(state, levels, 'mobile_app'),
      ukey2: resourceQuota(state, levels, 'ukey2'),
    },
    features: featuresOf(state, levels),
    effectivePeriod: effectivePeriod(effectiveOf(state, levels), at),
  };
}

export function resourceQuota(state: CurrentState, levels: readonly Level[], resource: Resource): ResourceQuota {
  const { restriction, usage } = levels[0]!;
  let effectiveLimit: Limit = null;
  let limitedBy: LimitedBy | null = null;
  for (const level of levels) {
    const own = level.restriction?.own[resource];
    if (own === undefined || !exceeds(effectiveLimit, own)) continue;
    effectiveLimit = own;
    limitedBy = nameOfLevel(level);
  }
  const capacity = state.totals.capacity[resource];
  if (exceeds(effectiveLimit, capacity)) limitedBy = { groupId: null, name: nameOf(state, null) };
  const availability = tightestLimit(state, levels, resource).available;
  return {
    limit: restriction?.own[resource] ?? null,
    effectiveLimit: least(effectiveLimit, capacity),
    limitedBy,
    allotted: allottedBelow(usage, resource),
    consumed: usage.inForce[resource],
    suspended: usage.suspended[resource],
    available: availability === null ? null : Math.max(0, availability),
  };
}

export const nameOfLevel = ({ groupId, name }: Level): LimitedBy => ({ groupId, name });

export function featuresOf(state: CurrentState, levels: readonly Level[]): GroupQuota['features'] {
  const on: Feature[] = [];
  const off: { feature: Feature; limitedBy: LimitedBy }[] = [];
  for (const feature of FEATURES) {
    const by = switchedOffBy(state, levels, feature);
    if (by) off.push({ feature, limitedBy: by });
    else on.push(feature);
  }
  return { on, off };
}

/** The nearest restricted group that has a feature off, or the project whose licenses lack it (R5). */
function switchedOffBy(state: CurrentState, levels: readonly Level[], feature: Feature): LimitedBy | null {
  const level = levels.find(({ restriction }) => restriction && !hasFeature(restriction.features, feature));
  if (level) return nameOfLevel(level);
  return hasFeature(state.totals.features, feature) ? null : { groupId: null, name: nameOf(state, null) };
}

/** The status of the nearest of the group, its ancestors and the project that is not active. */
function statusOf(state: CurrentState, levels: readonly Level[]): Status {
  for (const { restriction } of levels) {
    if (!restriction) continue;
    const status = firstOf(['active', 'grace', 'scheduled'], restriction.allotments.map(statusOfPhase));
    if (status !== 'active') return status;
  }
  if (state.totals.project?.billingMode === 'postpaid' || state.totals.devices > 0) return 'active';
  const statuses = [...state.licenses.entries()].map(([, license]) => licenseStatus(license));
  return firstOf(['active', 'suspended', 'scheduled', 'expired', 'revoked'], statuses);
}

const firstOf = (order: readonly Status[], found: readonly Status[]): Status =>
  order.find((status) => found.includes(status)) ?? 'expired';

const statusOfPhase = ({ phase }: { phase: Phase }): Status => (phase === 'ended' ? 'expired' : phase);

function licenseStatus(license: LicenseState): Status {
  if (license.revokedReason !== null) return 'revoked';
  if (license.phase === 'ended') return 'expired';
  return license.suspendedReason === null ? license.phase : 'suspended';
}

export function typeOf(state: CurrentState, groupId: string): LicenseType | null {
  const restricted = nearestRestricted(state, groupId);
  if (restricted !== null) {
    const active = restrictionAt(state, restricted)!.allotments.filter(({ phase }) => phase === 'active');
    return (
      active.reduce<(typeof active)[number] | null>((a, b) => (a && a.sequence > b.sequence ? a : b), null)?.type ??
      null
    );
  }
  const inForce = [...state.licenses.entries()].map(([, license]) => license).filter(isInForce);
  return inForce.at(-1)?.type ?? (state.totals.devices > 0 ? 'basic' : null);
}

function effectivePeriod(effective: LimitTimeline, at: Instant): GroupQuota['effectivePeriod'] {
  const index = indexAt(effective, at);
  const from = effective[index]!.from;
  return { validFrom: from === Number.NEGATIVE_INFINITY ? null : from, validUntil: effective[index + 1]?.from ?? null };
}

/** A group's restriction; `null`: no such group. A group that was never restricted has a disabled one. */
export function restrictionOf(recorded: ProjectState, groupId: string, now: Instant): RestrictionView | null {
  const state = asOf(recorded, now);
  if (!state.groups.has(groupId)) return null;
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
  source: { kind: 'devices', count },
  status: 'active',
  suspendedReason: null,
  revokedReason: null,
});

/** What is assigned at a group itself, in order of creation. */
export function assignmentsOf(recorded: ProjectState, groupId: string, now: Instant): AssignmentView[] {
  const state = asOf(recorded, now);
  return [...(state.atGroup.get(groupId) ?? [])].map((id) => {
    const { assignmentId, resource, label, holder, sipAssignmentId, inForce, assignedAt } = state.assignments.get(id)!;
    const status = inForce ? 'in_force' : 'suspended';
    return { assignmentId, groupId, resource, label, holder, sipAssignmentId, status, assignedAt };
  });
}
