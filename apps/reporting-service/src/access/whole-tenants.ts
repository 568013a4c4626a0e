import { Problem, type Principal } from '@allotree/http';
import type { PermissionChecker } from '@allotree/identity';

/**
 * The tenants in which the caller holds `events:read` as a whole; `null`: all.
 * @param what is refused without one
 * @throws Problem `FORBIDDEN`
 */
export async function wholeTenantsOf(
  checker: PermissionChecker,
  principal: Principal,
  what: 'Events' | 'Exports',
): Promise<readonly string[] | null> {
  const access = await checker.accessFilter(principal, 'events:read');
  if (access?.tenantIds.length === 0)
    throw new Problem('FORBIDDEN', `${what} are for callers with events:read in a whole tenant`, {
      permission: 'events:read',
    });
  return access?.tenantIds ?? null;
}
