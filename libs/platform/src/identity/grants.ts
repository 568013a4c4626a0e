import { beyond, type Scope } from '@allotree/contracts';
import { Problem } from '../http/problem.js';
import type { Principal } from './principal.js';
import type { Reach } from './reach.js';

/**
 * Whether somebody may give a role at a place, or take it away: nobody grants what they do not hold there themselves.
 * Asked besides the permission of the route.
 * @throws Problem `VALIDATION` where the tenant has no such role; `FORBIDDEN` with what goes beyond their own permissions
 */
export async function mayGrant(reach: Reach, principal: Principal, role: string, scope: Scope): Promise<void> {
  const granted = role === 'server_administrator' ? null : await reach.permissionsOfRole(role, scope);
  if (granted === null) throw Problem.validation('role', 'must be one of the roles, or the id of a role of the tenant');
  const held = (await reach.permissionsAt(principal, scope)) ?? new Set();
  const missing = beyond(granted, held);
  if (missing.length > 0) {
    throw new Problem('FORBIDDEN', `The role ${role} may do more than you may here`, { role, missing });
  }
}
