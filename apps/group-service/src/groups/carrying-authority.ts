import { Injectable } from '@nestjs/common';
import { beyond } from '@allotree/contracts';
import { rolesBelow, type CarryingAuthority } from '@allotree/domain';
import type { Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { Trees } from './trees.js';

/** Which members may be moved or removed along with their group (P2). */
@Injectable()
export class CarryingAuthorities {
  constructor(
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  /** What the caller lacks at the group of each role that members there and below have. @throws Problem `NOT_FOUND` */
  async of(
    principal: Principal,
    projectId: string,
    groupId: string,
  ): Promise<{ readonly authority?: CarryingAuthority }> {
    if (principal.serverAdministrator) return {};
    const scope = { kind: 'group', projectId, groupId } as const;
    const held = (await this.permissionChecker.permissionsAt(principal, scope, true)) ?? new Set();
    const roles = await this.trees.look(projectId, (state) => rolesBelow(state, groupId));
    const missing = await Promise.all(
      // A removed role grants nothing.
      roles.map(
        async (role) =>
          [role, beyond((await this.permissionChecker.permissionsOfRole(role, scope)) ?? [], held)] as const,
      ),
    );
    return { authority: Object.fromEntries(missing) };
  }
}
