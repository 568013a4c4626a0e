import { beyond, type Permission, type Scope } from '@allotree/contracts';
import { Problem } from '../http/problem.js';
import type { Principal } from './principal.js';
import type { Reach } from './reach.js';

/**
 * Whether somebody may give a role at a place: nobody grants what they do not hold there themselves. Asked besides the
 * permission of the route.
 * @throws Problem `VALIDATION` where the tenant has no such role; `FORBIDDEN` with what goes beyond their own permissions
 */
export async function mayGrant(reach: Reach, principal: Principal, role: string, scope: Scope): Promise<void> {
  const granted = role === 'server_administrator' ? null : await reach.permissionsOfRole(role, scope);
  if (granted === null) throw Problem.validation('role', 'must be one of the roles, or the id of a role of the tenant');
  await holdsAll(reach, principal, { role, granted, scope });
}

/** Whether somebody may take a role away, or change it: nobody does to those who may do more. @throws Problem `FORBIDDEN` */
export async function mayRevoke(reach: Reach, principal: Principal, role: string, scope: Scope): Promise<void> {
  // A role that is gone grants nothing.
  const granted = (await reach.permissionsOfRole(role, scope)) ?? [];
  await holdsAll(reach, principal, { role, granted, scope });
}

async function holdsAll(
  reach: Reach,
  principal: Principal,
  { role, granted, scope }: { readonly role: string; readonly granted: readonly Permission[]; readonly scope: Scope },
): Promise<void> {
  const missing = beyond(granted, (await reach.permissionsAt(principal, scope)) ?? new Set());
  if (missing.length === 0) return;
  throw new Problem('FORBIDDEN', `The role ${role} may do more than you may here`, { role, missing });
}
