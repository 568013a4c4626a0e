import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ChangeRoleRequest,
  CreatedRole,
  isTenantPermission,
  ROLE_LIST,
  ROLES,
  RoleItem,
  RoleList,
  RoleRequest,
  RolesQuery,
  RoleCommandQuery,
  selected,
  withImplied,
  type PreviewAnswer,
} from '@allotree/contracts';
import { MEMBER_ROLES, type CustomRole } from '@allotree/domain';
import { Caller, Documented, Permit, refuseReadOnlyChanges, preview } from '@allotree/http';
import { RolePath } from '../../paths.js';
import { TenantRoles } from './tenant-roles.js';

const ITEM: RoleItem = {
  roleId: '7b1f0c7e-52c1-8b7a-9a52-0c1d2e3f4a5b',
  name: 'Technical manager',
  custom: true,
  permissions: ['groups:read', 'devices:read', 'devices:manage'],
};

const BUILT_IN: readonly RoleItem[] = MEMBER_ROLES.map((role) => ({
  roleId: role,
  name: role.replace('_', ' '),
  custom: false,
  permissions: [...ROLES[role]],
}));

const show = ({ roleId, name, permissions }: CustomRole): RoleItem => ({
  roleId,
  name,
  custom: true,
  permissions: permissions.filter(isTenantPermission),
});

/** The built-in roles and those of a tenant (docs/domain/rules.md#roles). */
@Controller('roles')
export class RolesController {
  constructor(private readonly roles: TenantRoles) {}

  @Documented({
    tag: 'Roles',
    summary: 'List roles: the built-in ones, then those of the tenant',
    response: { schema: RoleList, example: { items: [ITEM], nextCursor: null } },
    list: ROLE_LIST,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('roles:read')
  @Get()
  async list(@Query({ schema: RolesQuery }) query: RolesQuery, @Caller() caller: Caller): Promise<RoleList> {
    const tenantId = await this.roles.tenantOf(caller, 'roles:read', query.tenantId);
    const roles = [...BUILT_IN, ...(await this.roles.roles(tenantId)).map(show)];
    return { items: [...selected(roles, query)], nextCursor: null };
  }

  @Documented({
    tag: 'Roles',
    summary: 'Create a role of the tenant: a named set of permissions that the caller holds',
    description: 'Permissions implied by others are added, for example `groups:read` by `groups:manage`.',
    response: { status: 201, schema: CreatedRole, example: { roleId: ITEM.roleId } },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'NAME_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('roles:manage')
  @Post()
  async define(
    @Query({ schema: RoleCommandQuery }) query: RoleCommandQuery,
    @Body({ schema: RoleRequest }) { name, permissions }: RoleRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedRole | PreviewAnswer> {
    const tenantId = await this.roles.tenantOf(caller, 'roles:manage', query.tenantId);
    const role = { roleId: caller.newId('role'), name, permissions: withImplied(permissions) };
    const { events, revision } = await this.roles.put(tenantId, role, 'DefineRole', caller);
    caller.answerRevision(revision);
    if (caller.dryRun) return preview(caller, events);
    return { roleId: role.roleId };
  }

  @Documented({
    tag: 'Roles',
    summary: 'Change the name or permissions of a role; the change applies to everyone who has the role',
    response: { schema: RoleItem, example: ITEM },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'NAME_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('roles:manage')
  @Put(':roleId')
  async change(
    @Param({ schema: RolePath }) { roleId }: RolePath,
    @Query({ schema: RoleCommandQuery }) query: RoleCommandQuery,
    @Body({ schema: ChangeRoleRequest }) body: ChangeRoleRequest,
    @Caller() caller: Caller,
  ): Promise<RoleItem | PreviewAnswer> {
    refuseReadOnlyChanges(body, { roleId, custom: true });
    const { name, permissions } = body;
    const tenantId = await this.roles.tenantOf(caller, 'roles:manage', query.tenantId);
    const role = { roleId, name, permissions: withImplied(permissions) };
    const { events } = await this.roles.put(tenantId, role, 'ChangeRole', caller);
    if (caller.dryRun) return preview(caller, events);
    const changed = await this.roles.role(tenantId, roleId);
    caller.answerRevision(changed.revision);
    return show(changed.role);
  }

  @Documented({
    tag: 'Roles',
    summary: 'Delete a role of the tenant that is not in use',
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'ROLE_IN_USE', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('roles:manage')
  @HttpCode(204)
  @Delete(':roleId')
  async remove(
    @Param({ schema: RolePath }) { roleId }: RolePath,
    @Query({ schema: RoleCommandQuery }) query: RoleCommandQuery,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const tenantId = await this.roles.tenantOf(caller, 'roles:manage', query.tenantId);
    const { events, revision } = await this.roles.remove(tenantId, roleId, caller);
    caller.answerRevision(revision);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
