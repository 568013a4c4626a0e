import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { tenantRolesAggregate, type CustomRole, type RoleCommand, type RoleEvent } from './tenant-roles.aggregate.js';

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
    for (const permissions of [
      ['groups:read'],
      ['groups:read', 'members:manage'],
      ['groups:read', 'devices:manage', 'members:manage'],
    ])
      made
        .when(change({ ...technician, permissions }))
        .then([{ type: 'RoleChanged', data: { ...technician, permissions } }]);
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
    const all = Array.from({ length: 200 }, (_, n): RoleEvent => ({
      type: 'RoleDefined',
      data: { tenantId: 'nordlicht', ...technician, roleId: `r${n}`, name: `Role ${n}` },
    }));
    const last = { ...technician, roleId: 'r199', name: 'Role 199' };
    given(tenantRolesAggregate, all.slice(0, 199)).when(define(last)).then(all.slice(199));
    given(tenantRolesAggregate, all)
      .when(define({ ...technician, roleId: 'one-more', name: 'One more' }))
      .then({ code: 'VALIDATION', field: 'name', message: 'a tenant has at most 200 roles' });
  });

  it('have a name with something to be seen', () => {
    const unnamed = { code: 'VALIDATION', field: 'name', message: 'must not be empty' } as const;
    empty.when(define({ ...technician, name: ' ' })).then(unnamed);
    made.when(change({ ...technician, name: ' ' })).then(unnamed);
  });

  it('belong to the tenant they were first defined for, whatever happens to them', () => {
    const gone = made
      .when(change({ ...technician, name: 'Fitter' }))
      .then([{ type: 'RoleChanged', data: { ...technician, name: 'Fitter' } }])
      .when(remove('r1'))
      .then([{ type: 'RoleRemoved', data: { roleId: 'r1' } }]);
    const { tenantOf } = tenantRolesAggregate;
    expect([empty, made, gone].map((roles) => tenantOf(roles.state()))).toEqual([null, 'nordlicht', 'nordlicht']);
  });

  it('have a revision of their own each', () => {
    const { settingsOf, settingOf } = tenantRolesAggregate;
    expect(settingsOf({ type: 'RoleRemoved', data: { roleId: 'r1' } })).toEqual(['role r1']);
    expect(settingOf(change({ ...technician, roleId: 'r2' }))).toBe('role r2');
  });

  it('refuse to read an unknown event type', () => {
    expect(() => tenantRolesAggregate.decode('RoleVanished', {})).toThrow('unknown event type');
  });
});
