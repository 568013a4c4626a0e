import type { z } from 'zod';
import type { Permission } from '../access/permissions.js';
import type { QuotaAnswer } from './responses.js';

interface Room {
  readonly effectiveLimit: number | null;
  readonly consumed: number;
  readonly available: number | null;
}

type Permissions = ReadonlySet<Permission>;

/** Whether somebody sees the use of the neighbors: not with the permission for their own assignments alone. */
export const seesNeighbors = (permissions: Permissions): boolean =>
  permissions.has('assignments:read') || !permissions.has('assignments:read-own');

/**
 * A quota as a resident sees it. The units left of a limit above depend on the use of the neighbors, so users who see
 * only their own assignments get the limits minus the use in this group.
 */
export function withoutNeighbors<Quota extends { readonly resources: Readonly<Record<string, Room>> }>(
  quota: Quota,
  permissions: Permissions,
): Quota {
  if (seesNeighbors(permissions)) return quota;
  const shown = Object.entries(quota.resources).map(([resource, room]) => {
    const { effectiveLimit, consumed } = room;
    return [resource, { ...room, available: effectiveLimit === null ? null : Math.max(0, effectiveLimit - consumed) }];
  });
  return { ...quota, resources: Object.fromEntries(shown) as Quota['resources'] };
}

type Answer = z.infer<typeof QuotaAnswer>;
type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** A quota as the domain computes it, with instants in milliseconds. */
type Quota = DeepReadonly<Omit<Answer, 'effectivePeriod'>> & {
  readonly effectivePeriod: { readonly validFrom: number | null; readonly validUntil: number | null };
};

const iso = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());

/** A quota as a caller with these permissions at the group sees it. */
export function quotaAnswer(quota: Quota, permissions: Permissions): DeepReadonly<Answer> {
  const { effectivePeriod, ...shown } = withoutNeighbors(quota, permissions);
  return {
    ...shown,
    effectivePeriod: { validFrom: iso(effectivePeriod.validFrom), validUntil: iso(effectivePeriod.validUntil) },
  };
}
