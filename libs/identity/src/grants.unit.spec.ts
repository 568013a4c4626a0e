import { describe, expect, it } from '@jest/globals';
import { ROLES, VENDOR_PERMISSIONS, type Holding } from '@allotree/contracts';
import type { Problem } from '@allotree/http/problem';
import { checkGrant, checkRevoke } from './grants.js';
import { ADA, ADMIN, checkerOf, group, holding, keyOf, Known, partner } from './permission-checker.fixture.js';

const refusal = (asked: Promise<void>): Promise<unknown> =>
  asked.then(
    () => null,
    ({ code, detail, facts }: Problem) => ({ code, detail, ...facts }),
  );
const beyondOwn = (role: string, ...missing: readonly string[]) => ({
  code: 'FORBIDDEN',
  detail: `The role ${role} has permissions that you do not hold here`,
  role,
  missing,
});
const CONCIERGE = ['projects:read', 'groups:read', 'quotas:read'];

describe('granting a role', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read', 'quotas:read', 'projects:read')]));
  const administrator = new Known([]);
  const { checker: ofAdministrator } = checkerOf(administrator);

  it.each(['a', 'a1'])('is possible with the permissions held at the place or above it: %s', async (groupId) => {
    expect(await refusal(checkGrant(checker, ADA, 'concierge', group(groupId)))).toBeNull();
  });

  it.each<[string, string]>([
    ['beside', 'b'],
    ['above', 'house'],
    ['where there is no group', 'z'],
  ])('is refused where none of its permissions is held: %s', async (_where, groupId) => {
    const asked = checkGrant(checker, ADA, 'concierge', group(groupId));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('concierge', ...CONCIERGE));
  });

  it('is refused with the permissions of the role that the caller lacks', async () => {
    const asked = checkGrant(checker, ADA, 'user', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('user', 'assignments:read-own'));
  });

  it('is checked for a role of the tenant as well', async () => {
    const asked = checkGrant(checker, ADA, 'helper', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('helper', 'devices:read'));
  });

  it('is refused at the partner above the own group', async () => {
    const asked = checkGrant(checker, ADA, 'concierge', partner('dealer'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('concierge', ...CONCIERGE));
  });

  it('is possible for a server administrator', async () => {
    expect(await refusal(checkGrant(checker, ADMIN, 'company_administrator', partner('nord')))).toBeNull();
    expect(await refusal(checkGrant(checker, ADMIN, 'helper', group('a')))).toBeNull();
  });

  it('is limited for a key to the permissions of the key', async () => {
    const asked = checkGrant(checker, keyOf(['projects:read', 'groups:read']), 'concierge', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('concierge', 'quotas:read'));
  });

  it.each(['server_administrator', 'nobody', 'constructor', ''])('needs an existing role: %j', async (role) => {
    const message = 'must be one of the roles, or the id of a role of the tenant';
    expect(await refusal(checkGrant(checker, ADMIN, role, group('a')))).toStrictEqual({
      code: 'VALIDATION',
      detail: `role: ${message}`,
      errors: [{ field: 'role', message }],
    });
  });

  it.each([
    ['of another tenant', group('a', 'abroad')],
    ['where there is no project', group('a', 'z')],
    ['where there is no partner', partner('z')],
  ])('does not know the roles of a tenant at a place %s', async (_which, scope) => {
    expect(await refusal(checkGrant(checker, ADMIN, 'helper', scope))).toMatchObject({ code: 'VALIDATION' });
  });

  it.each<[string, Holding, unknown]>([
    ['by a company administrator', holding(partner('nord'), ...ROLES.company_administrator), null],
    [
      'by a site administrator: refused',
      holding(partner('nord'), ...ROLES.site_administrator),
      beyondOwn(
        'company_administrator',
        ...ROLES.company_administrator.filter(
          (one) => !(ROLES.site_administrator as readonly string[]).includes(one) && !VENDOR_PERMISSIONS.has(one),
        ),
      ),
    ],
  ])('appoints a company administrator %s', async (_who, held, expected) => {
    administrator.become([held]);
    const asked = checkGrant(ofAdministrator, ADA, 'company_administrator', partner('dealer'));
    expect(await refusal(asked)).toStrictEqual(expected);
  });
});

describe('a role:', () => {
  const held = [holding(group('a'), 'groups:read', 'quotas:read', 'projects:read')];
  const checks = [
    ['granting', checkGrant],
    ['revoking', checkRevoke],
  ] as const;

  it.each(checks)('%s is possible with permissions that were just granted', async (_what, check) => {
    const { checker } = checkerOf(new Known([], held));
    expect(await refusal(check(checker, ADA, 'concierge', group('a')))).toBeNull();
  });

  it.each(checks)('%s is refused with permissions that were just revoked', async (_what, check) => {
    const { checker } = checkerOf(new Known(held, []));
    const asked = check(checker, ADA, 'concierge', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('concierge', ...CONCIERGE));
  });
});

describe('revoking a role', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read', 'quotas:read', 'projects:read')]));

  it('is possible with the permissions of the role', async () => {
    expect(await refusal(checkRevoke(checker, ADA, 'concierge', group('a1')))).toBeNull();
  });

  it('is refused where the role has more permissions than the caller', async () => {
    const asked = checkRevoke(checker, ADA, 'user', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('user', 'assignments:read-own'));
  });

  it('is refused for a role of the tenant with more permissions', async () => {
    const asked = checkRevoke(checker, ADA, 'helper', group('a'));
    expect(await refusal(asked)).toStrictEqual(beyondOwn('helper', 'devices:read'));
  });

  it('is possible for anyone who can revoke at all where the role is deleted', async () => {
    expect(await refusal(checkRevoke(checker, ADA, 'gone', group('a')))).toBeNull();
  });
});

describe('the permissions of a role', () => {
  const { checker, settled, forgetCalls } = checkerOf(new Known([]));

  it.each<[string, string, unknown, readonly boolean[]]>([
    ['that is built in are known without a query', 'concierge', CONCIERGE, []],
    ['of the tenant are found by the first query', 'helper', ['devices:read'], [true]],
    ['that does not exist are queried a second time', 'gone', null, [false]],
  ])('%s', async (_what, role, expected, looks) => {
    forgetCalls();
    expect(await checker.permissionsOfRole(role, group('a'))).toStrictEqual(expected);
    expect(settled).toStrictEqual(looks);
  });
});
