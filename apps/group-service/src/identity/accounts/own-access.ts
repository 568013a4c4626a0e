import { Injectable } from '@nestjs/common';
import { PERMISSION_NAMES, type Holding, type Me, type OwnMembership } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { MEMBERSHIP_VIEW } from '../../views.js';

const show = ({ tenantId, scope, permissions }: Holding): OwnMembership => ({
  tenantId,
  partnerId: scope.kind === 'partner' ? scope.partnerId : null,
  projectId: scope.kind === 'group' ? scope.projectId : null,
  groupId: scope.kind === 'group' ? scope.groupId : null,
  permissions: PERMISSION_NAMES.filter((permission) => permissions.has(permission)),
});

const placeOf = ({ tenantId, partnerId, projectId, groupId }: OwnMembership): string =>
  [tenantId, partnerId, projectId, groupId].join(' ');

/** Where somebody is a member or administrator, and what they hold there. */
@Injectable()
export class OwnAccess {
  constructor(
    private readonly permissionChecker: PermissionChecker,
    private readonly freshness: Freshness,
  ) {}

  /** In the order of their ids, including memberships that have just begun. */
  async of(principal: Principal): Promise<Pick<Me, 'tenantIds' | 'permissions' | 'memberships'>> {
    await this.freshness.of(MEMBERSHIP_VIEW);
    const holdings = await this.permissionChecker.membershipsOf(principal);
    const memberships = holdings.map(show).sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    const isHeld = (permission: (typeof PERMISSION_NAMES)[number]): boolean =>
      principal.serverAdministrator || holdings.some(({ permissions }) => permissions.has(permission));
    return {
      tenantIds: [...new Set(memberships.map(({ tenantId }) => tenantId))],
      permissions: PERMISSION_NAMES.filter(isHeld),
      memberships,
    };
  }
}
