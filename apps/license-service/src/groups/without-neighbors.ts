import type { Permission } from '@allotree/contracts';
import type { Limit, Resource } from '@allotree/domain';

interface Room {
  readonly effectiveLimit: Limit;
  readonly consumed: number;
  readonly available: Limit;
}

/**
 * A quota as a resident sees it. The units left of a limit above depend on the use of the neighbors, so users who see
 * only their own assignments get the limits minus the use in this group.
 */
export function withoutNeighbors<Quota extends { readonly resources: Readonly<Record<Resource, Room>> }>(
  quota: Quota,
  permissions: ReadonlySet<Permission>,
): Quota {
  if (permissions.has('assignments:read') || !permissions.has('assignments:read-own')) return quota;
  const shown = Object.entries(quota.resources).map(([resource, room]) => {
    const { effectiveLimit, consumed } = room;
    return [resource, { ...room, available: effectiveLimit === null ? null : Math.max(0, effectiveLimit - consumed) }];
  });
  return { ...quota, resources: Object.fromEntries(shown) as Quota['resources'] };
}
