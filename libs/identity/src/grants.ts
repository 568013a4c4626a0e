import type { Permission, Scope } from '@allotree/contracts';
import type { Principal } from '@allotree/http/principal';
import { Problem } from '@allotree/http/problem';
import type { PermissionChecker } from './permission-checker.js';

/**
 * Checks whether the caller can grant a role at a place: nobody grants permissions that they do not hold there themselves. Checked in
 * addition to the permission of the route.
 * @throws Problem `VALIDATION` where the tenant has no such role; `FORBIDDEN` with the permissions that the caller lacks
 */
export async function checkGrant(
  checker: PermissionChecker,
  principal: Principal,
  role: string,
  scope: Scope,
): Promise<void> {
  const granted = role === 'server_administrator' ? null : await checker.permissionsOfRole(role, scope);
  if (granted === null) throw Problem.validation('role', 'must be one of the roles, or the id of a role of the tenant');
  await holdsAll(checker, principal, { role, granted, scope });
}

/** Checks whether the caller can revoke or change a role: never one with more permissions than their own. @throws Problem `FORBIDDEN` */
export async function checkRevoke(
  checker: PermissionChecker,
  principal: Principal,
  role: string,
  scope: Scope,
): Promise<void> {
  // A deleted role grants nothing.
  const granted = (await checker.permissionsOfRole(role, scope)) ?? [];
  await holdsAll(checker, principal, { role, granted, scope });
}

async function holdsAll(
  checker: PermissionChecker,
  principal: Principal,
  { role, granted, scope }: { readonly role: string; readonly granted: readonly Permission[]; readonly scope: Scope },
): Promise<void> {
  const missing = await checker.missingAt(principal, granted, scope);
  if (missing.length === 0) return;
  throw new Problem('FORBIDDEN', `The role ${role} has permissions that you do not hold here`, { role, missing });
}
