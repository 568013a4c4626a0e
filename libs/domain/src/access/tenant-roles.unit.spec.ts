import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { tenantRolesAggregate, type CustomRole, type RoleCommand } from './tenant-roles.aggregate.js';

const technician: CustomRole = { roleId: 'r1', name: 'Technician', permissions: ['groups:read', 'devices:manage'] };
const define = (role: CustomRole): RoleCommand => ({ type: 'DefineRole', tenantId: 'nordlicht', ...role });
const change = (role: CustomRole): RoleCommand => ({ type: 'ChangeRole', ...role });
const remove = (roleId: string, useCount = 0): RoleCommand => ({
  type: 'RemoveRole',
  roleId,
  useCount,
  uses: useCount === 0 ? [] : [{ projectId: 'p', groupId: 'a', userId: 'u' }],
});
const empty = given(tenantRolesAggregate, []);
const made = empty
  .when(define({ ...technician, name: ' Technician ' }))
  .then([{ type: 'RoleDefined', data: { tenantId: 'nordlicht', ...technician } }]);

describe('roles of a tenant', () => {
  it('are created once, however often the command is repeated', () => {
    made.when(define(technician)).then([]);
  });

  it('have unique names', () => {
    const other = { ...technician, roleId: 'r2', name: 'TECHNICIAN' };
    made.when(define(other)).then({ code: 'NAME_TAKEN', roleId: 'r1', names: ['Technician'], count: 1 });
    const two = made
      .when(define({ ...other, name: 'Other' }))
      .then([{ type: 'RoleDefined', data: { tenantId: 'nordlicht', ...other, name: 'Other' } }]);
    two.when(change(other)).then({ code: 'NAME_TAKEN', roleId: 'r1', names: ['Technician'], count: 1 });
  });

  it('change name and permissions, and not where nothing changes', () => {
    made.when(change({ ...technician, permissions: ['devices:manage', 'groups:read'] })).then([]);
    const less = { ...technician, permissions: ['groups:read'] };
    made.when(change(less)).then([{ type: 'RoleChanged', data: less }]);
    made
      .when(change({ ...technician, name: 'technician' }))
      .then([{ type: 'RoleChanged', data: { ...technician, name: 'technician' } }]);
    empty.when(change(technician)).then({ code: 'NOT_FOUND', what: 'role', id: 'r1' });
  });

  it('are not removed while a member has them; the refusal names the memberships', () => {
    made.when(remove('r1', 3)).then({
      code: 'ROLE_IN_USE',
      roleId: 'r1',
      count: 3,
      uses: [{ projectId: 'p', groupId: 'a', userId: 'u' }],
    });
    const gone = made.when(remove('r1')).then([{ type: 'RoleRemoved', data: { roleId: 'r1' } }]);
    gone.when(remove('r1')).then({ code: 'NOT_FOUND', what: 'role', id: 'r1' });
    gone.when(define(technician)).then([{ type: 'RoleDefined', data: { tenantId: 'nordlicht', ...technician } }]);
  });

  it('are 200 at most', () => {
    let roles = empty;
    for (let n = 0; n < 200; n += 1) {
      const role = { ...technician, roleId: `r${n}`, name: `Role ${n}` };
      roles = roles.when(define(role)).then([{ type: 'RoleDefined', data: { tenantId: 'nordlicht', ...role } }]);
    }
    roles
      .when(define({ ...technician, roleId: 'one-more', name: 'One more' }))
      .then({ code: 'VALIDATION', field: 'name', message: 'a tenant has at most 200 roles' });
  });

  it('refuse to read an unknown event type', () => {
    expect(() => tenantRolesAggregate.decode('RoleVanished', {})).toThrow('unknown event type');
  });
});
