import { basicUnitsOf, exceeds, minus } from '../../limits.js';
import type { Instant } from '../../decision.js';
import type { LicenseType, Limit, Resource } from '../../words.js';
import { tightestLimit, unreserved } from '../limits/availability.js';
import type { Level } from '../model/levels.js';
import { licenseStatus, resourceQuota, statusOfPhase, type QuotaFacts } from './quota-rules.js';
import { requiredChanges, type RequiredChange } from './required-changes.js';
import type { ResourceQuota, Status } from './views.js';

/** A license or allotment behind a limit, with its units of the resource in question. It counts only while it is active. */
export interface ExplainedTerm {
  /** The id of the license or allotment; `null`: the Basic licenses of all devices. */
  readonly id: string | null;
  readonly type: LicenseType;
  readonly limit: Limit;
  readonly validFrom: Instant | null;
  readonly validUntil: Instant | null;
  readonly status: Status;
}

/** A level of the path with its part in the answer. */
export interface ExplainedLevel {
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  readonly name: string;
  readonly isRestricted: boolean;
  /** Its own limit (R2), or the capacity (L5); `null`: unlimited, or not restricted. */
  readonly limit: Limit;
  readonly consumed: number;
  readonly suspended: number;
  /** Its limit less its use; negative while grace keeps more in use. */
  readonly left: Limit;
  /** What a reserved pool leaves for use outside the restricted groups below it (R4); `null`: no such bound here. */
  readonly unreserved: Limit;
  /** Whether it leaves the least (U1). */
  readonly isBinding: boolean;
  readonly terms: readonly ExplainedTerm[];
}

/** Why a group can use as much of a resource as it can. */
export interface QuotaExplanation {
  readonly groupId: string;
  readonly resource: Resource;
  readonly quota: ResourceQuota;
  /** The group first, then the groups above it, the project's capacity last. */
  readonly levels: readonly ExplainedLevel[];
  /** The changes after which one more unit fits, from the project down; empty if it fits now. */
  readonly toChange: readonly RequiredChange[];
}

/**
 * Explains the quota of one resource by the levels that `quotaOfLevels` computes it from; `null`: no such group. That a
 * `mobile_app` needs a free `sip_number` (U2) is outside it, because it depends on single assignments.
 */
export function whyOfLevels(facts: QuotaFacts, resource: Resource): QuotaExplanation | null {
  const [group] = facts.levels;
  if (!group) return null;
  const binding = tightestLimit(facts.capacity, facts.levels, resource);
  const nearest = facts.levels.find(({ restriction }) => restriction !== null);
  const isBinding = (groupId: string | null): boolean => binding.available !== null && binding.groupId === groupId;
  const levels = facts.levels.map((level) => ({
    ...explained(level, resource, level === nearest),
    isBinding: isBinding(level.groupId),
  }));
  return {
    groupId: group.groupId,
    resource,
    quota: resourceQuota(facts, resource),
    levels: [...levels, { ...explainedCapacity(facts, resource), isBinding: isBinding(null) }],
    toChange: requiredChanges(facts, resource),
  };
}

type Unmarked = Omit<ExplainedLevel, 'isBinding'>;

function explained({ groupId, name, restriction, usage }: Level, resource: Resource, isNearest: boolean): Unmarked {
  const limit = restriction?.own[resource] ?? null;
  const consumed = usage.inForce[resource];
  return {
    groupId,
    name,
    isRestricted: restriction !== null,
    limit,
    consumed,
    suspended: usage.suspended[resource],
    left: minus(limit, consumed),
    unreserved: restriction && isNearest ? unreserved(restriction, usage, resource) : null,
    terms: (restriction?.allotments ?? []).map(({ allotmentId, type, units, validFrom, validUntil, phase }) => ({
      id: allotmentId,
      type,
      limit: units[resource],
      validFrom,
      validUntil,
      status: statusOfPhase({ phase }),
    })),
  };
}

function explainedCapacity({ levels, project, devices, capacity, licenses }: QuotaFacts, resource: Resource): Unmarked {
  const usage = levels.at(-1)!.usage;
  const limit = capacity[resource];
  const consumed = usage.inForce[resource];
  const terms = licenses.map((license): ExplainedTerm => {
    const { licenseId, type, units, validFrom, validUntil } = license;
    return { id: licenseId, type, limit: units[resource], validFrom, validUntil, status: licenseStatus(license) };
  });
  return {
    groupId: null,
    name: project?.name ?? '',
    isRestricted: exceeds(null, limit),
    limit,
    consumed,
    suspended: usage.suspended[resource],
    left: minus(limit, consumed),
    unreserved: null,
    terms: devices > 0 ? [basicTerm(devices, resource), ...terms] : terms,
  };
}

const basicTerm = (devices: number, resource: Resource): ExplainedTerm => ({
  id: null,
  type: 'basic',
  limit: basicUnitsOf(devices)[resource],
  validFrom: null,
  validUntil: null,
  status: 'active',
});
