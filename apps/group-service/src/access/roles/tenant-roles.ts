import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { beyond, isPermission, isTenantPermission, VENDOR_PERMISSIONS, type Permission } from '@allotree/contracts';
import {
  MAX_NAMED_USES,
  type CustomRole,
  type RoleCommand,
  type RoleEvent,
  type RoleUse,
  roleSetting,
} from '@allotree/domain';
import { notFound, accepted, Problem, type Caller } from '@allotree/http';
import { withTenants } from '@allotree/read-models';
import { PermissionChecker } from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { Freshness } from '../../freshness.js';
import { Partners } from '../../partners/partners.js';
import { detailOf } from '../../refusals.js';
import { GROUPS, ROLES_HANDLER, type RolesHandler } from '../../tokens.js';
import { MEMBERSHIP_VIEW } from '../../views.js';

const USES = `
  SELECT home, group_id, user_id, count(*) OVER () AS total
  FROM groups.access_membership WHERE tenant_id = $1 AND role = $2 ORDER BY home, membership_id LIMIT $3`;

interface UseRow {
  readonly home: string;
  readonly group_id: string | null;
  readonly user_id: string;
  readonly total: string;
}

/** The events that were recorded, or with a dry run would be. */
export interface Recorded {
  readonly events: readonly RoleEvent[];
  readonly revision: number;
}

/** The roles defined by tenants. */
@Injectable()
export class TenantRoles {
  constructor(
    @Inject(ROLES_HANDLER) private readonly handler: RolesHandler,
    @InjectDataSource(GROUPS) private readonly dataSource: DataSource,
    private readonly freshness: Freshness,
    private readonly partners: Partners,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  /**
   * The tenant a request is about: the one it names, else the caller's own.
   * @throws Problem `NOT_FOUND` where the caller does not hold the permission in that tenant
   */
  async tenantOf({ principal }: Caller, permission: Permission, asked: string | undefined): Promise<string> {
    const tenants = await this.permissionChecker.tenants(principal, permission);
    const tenantId = asked ?? principal.tenantId ?? (tenants?.length === 1 ? tenants[0] : undefined);
    if (tenantId === undefined) throw Problem.validation('tenantId', 'is required: name the tenant of the roles');
    const hasAccess = tenants === null || tenants.includes(tenantId);
    const partner = hasAccess ? await this.partners.find(tenantId) : null;
    if (partner?.tenantId !== tenantId) throw notFound('tenant', tenantId);
    return tenantId;
  }

  roles(tenantId: string): Promise<readonly CustomRole[]> {
    return this.handler.read(tenantId, ({ roles }) => [...roles.values()]);
  }

  /** A role and its revision, from one state. */
  async role(tenantId: string, roleId: string): Promise<{ readonly role: CustomRole; readonly revision: number }> {
    const found = await this.handler.read(tenantId, ({ roles }, _revision, revisionOf) => {
      const role = roles.get(roleId);
      return role === undefined ? null : { role, revision: revisionOf(roleSetting(roleId)) };
    });
    if (found === null) throw notFound('role', roleId);
    return found;
  }

  /** @throws Problem when refused: nobody makes a role, or changes one, that permits what they do not hold in the whole tenant */
  async put(tenantId: string, role: CustomRole, type: 'DefineRole' | 'ChangeRole', caller: Caller): Promise<Recorded> {
    const before = type === 'ChangeRole' ? (await this.role(tenantId, role.roleId)).role.permissions : [];
    // The vendor's are in no role any more, whatever is stored; changing such a role drops them.
    const held = [...role.permissions, ...before.filter(isTenantPermission)];
    await this.holdsAll([...new Set(held)], tenantId, caller);
    const vendors = role.permissions.find((name) => isPermission(name) && VENDOR_PERMISSIONS.has(name));
    if (vendors !== undefined)
      throw Problem.validation('permissions', `${vendors} cannot be part of a role of a tenant`);
    const command: RoleCommand = type === 'DefineRole' ? { type, tenantId, ...role } : { type, ...role };
    return this.run(tenantId, command, caller);
  }

  /** @throws Problem `ROLE_IN_USE` with where */
  async remove(tenantId: string, roleId: string, caller: Caller): Promise<Recorded> {
    const { role } = await this.role(tenantId, roleId);
    await this.holdsAll(role.permissions.filter(isTenantPermission), tenantId, caller);
    await this.freshness.of(MEMBERSHIP_VIEW);
    const rows: UseRow[] = await withTenants(this.dataSource, [tenantId], (tx) =>
      tx.query(USES, [tenantId, roleId, MAX_NAMED_USES]),
    );
    const uses = rows.map(useOf);
    return this.run(tenantId, { type: 'RemoveRole', roleId, uses, useCount: Number(rows[0]?.total ?? 0) }, caller);
  }

  private async run(tenantId: string, command: RoleCommand, { context, dryRun }: Caller): Promise<Recorded> {
    const outcome = dryRun
      ? await this.handler.dryRun(tenantId, command, context)
      : await this.handler.execute(tenantId, command, context);
    return accepted(outcome, detailOf);
  }

  private async holdsAll(permissions: readonly string[], tenantId: string, { principal }: Caller): Promise<void> {
    const held = await this.permissionChecker.demand(principal, 'roles:manage', {
      kind: 'partner',
      partnerId: tenantId,
    });
    const missing = beyond(permissions.filter(isPermission), held);
    if (missing.length > 0)
      throw new Problem('FORBIDDEN', 'The role contains permissions that you do not hold', { missing });
  }
}

const useOf = ({ home, group_id: groupId, user_id: userId }: UseRow): RoleUse =>
  groupId === null ? { partnerId: home, userId } : { projectId: home, groupId, userId };
