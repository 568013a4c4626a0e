import type { Instant } from '../../decision.js';
import { featureList, hasFeature } from '../../feature-set.js';
import { exceeds, least } from '../../limits.js';
import type { Limit, Resource } from '../../words.js';
import { heldAt, limitsOf, memberAvailability } from '../limits/member-limits.js';
import type { ProjectState } from '../model/state.js';
import type { Level } from '../model/levels.js';
import { asOf } from '../time/catch-up.js';
import { featuresBy, nameOfLevel, resourceQuota, switchedOffBy, type QuotaFacts } from './quota-rules.js';
import { quotaFactsOf } from './quota.js';
import type { GroupQuota, LimitedBy, MemberQuota } from './views.js';

/** The quota of a person in a group; `null`: no such group. */
export function memberQuotaOf(
  recorded: ProjectState,
  groupId: string,
  userId: string,
  now: Instant,
): MemberQuota | null {
  const state = asOf(recorded, now);
  const facts = quotaFactsOf(state, groupId);
  if (facts.levels.length === 0) return null;
  const { limits, featuresOff } = limitsOf(state, groupId, userId);
  const quota = (resource: Resource) => memberResource(state, facts, userId, resource);
  return {
    groupId,
    userId,
    limits,
    featuresOff: featureList(featuresOff),
    resources: { sip_number: quota('sip_number'), mobile_app: quota('mobile_app'), ukey2: quota('ukey2') },
    features: memberFeatures(state, facts, userId),
  };
}

function memberResource(
  state: ProjectState,
  facts: QuotaFacts,
  userId: string,
  resource: Resource,
): MemberQuota['resources'][Resource] {
  const { levels } = facts;
  const group = resourceQuota(facts, resource);
  const nearest = leastLimit(state, levels, userId, resource);
  const availability = memberAvailability(state, levels, userId, resource);
  const held = heldAt(state, userId, levels[0]!.groupId).filter((assignment) => assignment.resource === resource);
  const consumed = held.filter(({ inForce }) => inForce).length;
  const isNarrower = nearest !== null && !exceeds(nearest.limit, group.effectiveLimit);
  return {
    limit: limitsOf(state, levels[0]!.groupId, userId).limits[resource],
    effectiveLimit: isNarrower ? nearest.limit : group.effectiveLimit,
    limitedBy: isNarrower ? nearest.by : group.limitedBy,
    consumed,
    suspended: held.length - consumed,
    available: availability === null ? group.available : least(group.available, availability.available),
  };
}

/** The least of a person's own limits on a path, the nearest where several are equal. */
function leastLimit(
  state: ProjectState,
  levels: readonly Level[],
  userId: string,
  resource: Resource,
): { readonly limit: Limit; readonly by: LimitedBy } | null {
  let found: { readonly limit: Limit; readonly by: LimitedBy } | null = null;
  for (const level of levels) {
    const limit = limitsOf(state, level.groupId, userId).limits[resource];
    if (limit !== null && (found === null || exceeds(found.limit, limit))) {
      found = { limit, by: { ...nameOfLevel(level), userId } };
    }
  }
  return found;
}

function memberFeatures(state: ProjectState, facts: QuotaFacts, userId: string): GroupQuota['features'] {
  return featuresBy((feature) => {
    const by = switchedOffBy(facts, feature);
    if (by) return by;
    const level = facts.levels.find(({ groupId }) => hasFeature(limitsOf(state, groupId, userId).featuresOff, feature));
    return level ? { ...nameOfLevel(level), userId } : null;
  });
}
