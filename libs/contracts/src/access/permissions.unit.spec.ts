import { describe, expect, it } from '@jest/globals';
import { builtInPermissions, PERMISSION_NAMES, PERMISSIONS, ROLES, withImplied } from './permissions.js';

const OF_A_SITE = [
  'partners:read',
  'stock:read',
  'projects:read',
  'groups:read',
  'groups:manage',
  'members:read',
  'members:manage',
  'roles:read',
  'devices:read',
  'devices:manage',
  'licenses:read',
  'quotas:read',
  'restrictions:read',
  'restrictions:manage',
  'assignments:read-own',
  'assignments:read',
  'assignments:manage',
  'history:read',
  'statements:read',
];

describe('the roles of the rules', () => {
  it('are these sets of permissions', () => {
    expect(ROLES.server_administrator).toEqual(PERMISSION_NAMES);
    const vendors = ['packages:record', 'system:manage'];
    expect(ROLES.company_administrator).toEqual(PERMISSION_NAMES.filter((name) => !vendors.includes(name)));
    expect(ROLES.site_administrator).toEqual(OF_A_SITE);
    expect(ROLES.concierge).toEqual(['projects:read', 'groups:read', 'quotas:read']);
    expect(ROLES.user).toEqual(['projects:read', 'groups:read', 'quotas:read', 'assignments:read-own']);
  });

  it('have what their permissions imply', () => {
    for (const permissions of Object.values(ROLES)) expect(withImplied(permissions)).toEqual(permissions);
  });

  it('are known by their names alone', () => {
    expect(builtInPermissions('concierge')).toBe(ROLES.concierge);
    for (const name of ['Concierge', 'constructor', '__proto__', '']) expect(builtInPermissions(name)).toBeNull();
  });
});

describe('permissions', () => {
  it('have a sentence each', () => {
    for (const sentence of Object.values(PERMISSIONS)) expect(sentence).toMatch(/^[A-Z].{10,}[^.]$/);
  });

  it('that manage something include seeing it', () => {
    const seen = PERMISSION_NAMES.filter((name) => name.endsWith(':manage')).map((name) => [
      name,
      name.replace(':manage', ':read'),
    ]);
    for (const [manage, read] of seen) {
      if (!PERMISSION_NAMES.includes(read as never)) continue;
      expect(withImplied([manage as never])).toContain(read);
    }
  });
});
