import type { Instant } from '../../decision.js';
import { hasFeature } from '../../feature-set.js';
import { exceeds, least } from '../../limits.js';
import { FEATURES, type Feature, type LicenseType, type Limit, type Resource } from '../../words.js';
import { tightestLimit } from '../limits/availability.js';
import { effectiveOf, indexAt, type LimitTimeline } from '../limits/limit-timeline.js';
import { isInForce } from '../model/capacity.js';
import type { Phase } from '../model/facts.js';
import type { Level, LevelAllotment, LevelLicense, LevelProject } from '../model/levels.js';
import { allottedBelow } from '../model/usage.js';
import type { GroupQuota, LimitedBy, ResourceQuota, Status } from './views.js';

/**
 * Everything that the quota of a group depends on at an instant, as plain data: of the live state, or of rows. `Level` and
 * `LevelProject` describe the shapes; `restrictionOfTerms` and `projectOfTerms` compute them from Licenses sections and licenses.
 */
export interface QuotaFacts extends LevelProject {
  /** The group and its ancestors, the root last; empty: no such group. */
  readonly levels: readonly Level[];
}

/** The quota of a group at the instant of its facts (R2, R3, R5, U1); `null`: no such group. Costs the levels and the licenses. */
export function quotaOfLevels(facts: QuotaFacts, at: Instant): GroupQuota | null {
  const group = facts.levels[0];
  if (!group) return null;
  return {
    groupId: group.groupId,
    name: group.name,
    status: statusOf(facts),
    type: typeInForce(facts),
    resources: {
      sip_number: resourceQuota(facts, 'sip_number'),
      mobile_app: resourceQuota(facts, 'mobile_app'),
      ukey2: resourceQuota(facts, 'ukey2'),
    },
    features: featuresOf(facts),
    effectivePeriod: effectivePeriod(effectiveOf(facts, facts.levels), at),
  };
}

function effectivePeriod(effective: LimitTimeline, at: Instant): GroupQuota['effectivePeriod'] {
  const index = indexAt(effective, at);
  const from = effective[index]!.from;
  return { validFrom: from === Number.NEGATIVE_INFINITY ? null : from, validUntil: effective[index + 1]?.from ?? null };
}

/** The quota of one resource (R2, R3, U1). */
export function resourceQuota(facts: QuotaFacts, resource: Resource): ResourceQuota {
  const { levels, capacity } = facts;
  const { restriction, usage } = levels[0]!;
  const { available } = tightestLimit(capacity, levels, resource);
  return {
    limit: restriction?.own[resource] ?? null,
    ...effectiveLimitOf(facts, resource),
    allotted: allottedBelow(usage, resource),
    consumed: usage.inForce[resource],
    suspended: usage.suspended[resource],
    available: available === null ? null : Math.max(0, available),
  };
}

function effectiveLimitOf(
  { levels, capacity, project }: QuotaFacts,
  resource: Resource,
): Pick<ResourceQuota, 'effectiveLimit' | 'limitedBy'> {
  let effectiveLimit: Limit = null;
  let limitedBy: LimitedBy | null = null;
  for (const level of levels) {
    const own = level.restriction?.own[resource];
    if (own === undefined || !exceeds(effectiveLimit, own)) continue;
    effectiveLimit = own;
    limitedBy = nameOfLevel(level);
  }
  const ofProject = capacity[resource];
  if (exceeds(effectiveLimit, ofProject)) limitedBy = { groupId: null, name: project?.name ?? '' };
  return { effectiveLimit: least(effectiveLimit, ofProject), limitedBy };
}

export const nameOfLevel = ({ groupId, name }: Level): LimitedBy => ({ groupId, name });

const featuresOf = (facts: QuotaFacts): GroupQuota['features'] =>
  featuresBy((feature) => switchedOffBy(facts, feature));

/** The features that nobody has off, and the others with who has. */
export function featuresBy(offBy: (feature: Feature) => LimitedBy | null): GroupQuota['features'] {
  const on: Feature[] = [];
  const off: { feature: Feature; limitedBy: LimitedBy }[] = [];
  for (const feature of FEATURES) {
    const by = offBy(feature);
    if (by) off.push({ feature, limitedBy: by });
    else on.push(feature);
  }
  return { on, off };
}

/** The nearest restricted group that has a feature off, or the project whose licenses lack it (R5). */
export function switchedOffBy({ levels, project, features }: QuotaFacts, feature: Feature): LimitedBy | null {
  const level = levels.find(({ restriction }) => restriction && !hasFeature(restriction.features, feature));
  if (level) return nameOfLevel(level);
  return hasFeature(features, feature) ? null : { groupId: null, name: project?.name ?? '' };
}

/** The status of the nearest of the group, its ancestors and the project that is not active. */
export function statusOf({ levels, project, devices, licenses }: QuotaFacts): Status {
  for (const { restriction } of levels) {
    if (!restriction) continue;
    const status = firstOf(['active', 'grace', 'scheduled'], restriction.allotments.map(statusOfPhase));
    if (status !== 'active') return status;
  }
  if (project?.billingMode === 'postpaid' || devices > 0) return 'active';
  return firstOf(['active', 'suspended', 'scheduled', 'expired', 'revoked'], licenses.map(licenseStatus));
}

const firstOf = (order: readonly Status[], found: readonly Status[]): Status =>
  order.find((status) => found.includes(status)) ?? 'expired';

export const statusOfPhase = ({ phase }: { phase: Phase }): Status => (phase === 'ended' ? 'expired' : phase);

export function licenseStatus(license: Pick<LevelLicense, 'phase' | 'suspendedReason' | 'revokedReason'>): Status {
  if (license.revokedReason !== null) return 'revoked';
  if (license.phase === 'ended') return 'expired';
  return license.suspendedReason === null ? license.phase : 'suspended';
}

/** The type of the newest allotment in force for a group, else of the newest license in force; `null`: none. */
export function typeInForce({ levels, devices, licenses }: QuotaFacts): LicenseType | null {
  const nearest = levels.find(({ restriction }) => restriction !== null)?.restriction;
  if (nearest) {
    const active = nearest.allotments.filter(({ phase }) => phase === 'active');
    const newest = active.reduce<LevelAllotment | null>((a, b) => (a && a.sequence > b.sequence ? a : b), null);
    return newest?.type ?? null;
  }
  return licenses.filter(isInForce).at(-1)?.type ?? (devices > 0 ? 'basic' : null);
}
