import { Injectable } from '@nestjs/common';
import type { Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { MEMBERSHIP_VIEW } from '../../views.js';

/** The tenants in which a user is a member or administrator. */
@Injectable()
export class OwnTenants {
  constructor(
    private readonly permissionChecker: PermissionChecker,
    private readonly freshness: Freshness,
  ) {}

  /** In the order of their ids, including memberships that have just begun. */
  async of(principal: Principal): Promise<string[]> {
    await this.freshness.of(MEMBERSHIP_VIEW);
    return [...(await this.permissionChecker.tenantsOf(principal))].sort();
  }
}
