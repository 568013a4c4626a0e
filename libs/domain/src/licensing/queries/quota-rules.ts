import { hasFeature } from '../../feature-set.js';
import { exceeds, least } from '../../limits.js';
import { FEATURES, type Feature, type LicenseType, type Limit, type Resource } from '../../words.js';
import { tightestLimit } from '../limits/availability.js';
import { isInForce } from '../model/capacity.js';
import type { AllotmentState, LicenseState, Phase } from '../model/facts.js';
import type { ProjectTotals } from '../model/state.js';
import type { Level } from '../model/tree.js';
import { allottedBelow } from '../model/usage.js';
import type { GroupQuota, LimitedBy, ResourceQuota, Status } from './views.js';

/** The facts that the quota of a group depends on: of the live state, or of rows with the same columns. */
export interface QuotaFacts {
  readonly totals: Pick<ProjectTotals, 'project' | 'devices' | 'capacity' | 'features'>;
  /** The group and its ancestors, the root last. */
  readonly levels: readonly Level[];
  /** In the order in which they were granted. */
  readonly licenses: () => readonly LicenseState[];
}

/** The quota of one resource (R2, R3, U1). */
export function resourceQuota(facts: QuotaFacts, resource: Resource): ResourceQuota {
  const { levels, totals } = facts;
  const { restriction, usage } = levels[0]!;
  const { available } = tightestLimit(totals.capacity, levels, resource);
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
  { levels, totals }: QuotaFacts,
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
  const capacity = totals.capacity[resource];
  if (exceeds(effectiveLimit, capacity)) limitedBy = { groupId: null, name: totals.project?.name ?? '' };
  return { effectiveLimit: least(effectiveLimit, capacity), limitedBy };
}

export const nameOfLevel = ({ groupId, name }: Level): LimitedBy => ({ groupId, name });

export function featuresOf(facts: QuotaFacts): GroupQuota['features'] {
  const on: Feature[] = [];
  const off: { feature: Feature; limitedBy: LimitedBy }[] = [];
  for (const feature of FEATURES) {
    const by = switchedOffBy(facts, feature);
    if (by) off.push({ feature, limitedBy: by });
    else on.push(feature);
  }
  return { on, off };
}

/** The nearest restricted group that has a feature off, or the project whose licenses lack it (R5). */
function switchedOffBy({ levels, totals }: QuotaFacts, feature: Feature): LimitedBy | null {
  const level = levels.find(({ restriction }) => restriction && !hasFeature(restriction.features, feature));
  if (level) return nameOfLevel(level);
  return hasFeature(totals.features, feature) ? null : { groupId: null, name: totals.project?.name ?? '' };
}

/** The status of the nearest of the group, its ancestors and the project that is not active. */
export function statusOf({ levels, totals, licenses }: QuotaFacts): Status {
  for (const { restriction } of levels) {
    if (!restriction) continue;
    const status = firstOf(['active', 'grace', 'scheduled'], restriction.allotments.map(statusOfPhase));
    if (status !== 'active') return status;
  }
  if (totals.project?.billingMode === 'postpaid' || totals.devices > 0) return 'active';
  return firstOf(['active', 'suspended', 'scheduled', 'expired', 'revoked'], licenses().map(licenseStatus));
}

const firstOf = (order: readonly Status[], found: readonly Status[]): Status =>
  order.find((status) => found.includes(status)) ?? 'expired';

export const statusOfPhase = ({ phase }: { phase: Phase }): Status => (phase === 'ended' ? 'expired' : phase);

export function licenseStatus(license: LicenseState): Status {
  if (license.revokedReason !== null) return 'revoked';
  if (license.phase === 'ended') return 'expired';
  return license.suspendedReason === null ? license.phase : 'suspended';
}

/** The type of the newest allotment in force for a group, else of the newest license in force; `null`: none. */
export function typeInForce({ levels, totals, licenses }: QuotaFacts): LicenseType | null {
  const nearest = levels.find(({ restriction }) => restriction !== null)?.restriction;
  if (nearest) {
    const active = nearest.allotments.filter(({ phase }) => phase === 'active');
    const newest = active.reduce<AllotmentState | null>((a, b) => (a && a.sequence > b.sequence ? a : b), null);
    return newest?.type ?? null;
  }
  return licenses().filter(isInForce).at(-1)?.type ?? (totals.devices > 0 ? 'basic' : null);
}
