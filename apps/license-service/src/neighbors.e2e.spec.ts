import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { restriction, Service, units } from './service-under-test.harness.js';

/** What people see of groups beside their own. */
const p = 'hafenblick';
let service: Service;
const people: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  service = await Service.start();
  await service.hafenblick(p, await service.nordlicht());
  const project = { projectId: p, name: 'Hafenblick', partnerId: 'nordlicht', tenantId: 'nordlicht', timeZone: 'UTC' };
  const member = (userId: string, role: string, groupId: string) =>
    service.message('allotree.member-added.v1', {
      projectId: p,
      groupId,
      memberId: `member-${userId}`,
      role,
      userId,
      email: `${userId}@example.com`,
      name: userId,
    });
  await service.memberships(
    service.message('allotree.project-created.v1', { ...project, billingMode: 'prepaid', trial: false }),
    member('eva', 'user', 'u1'),
    member('house', 'site_administrator', 'a'),
    member('unit', 'site_administrator', 'u1'),
  );
  for (const name of ['eva', 'house', 'unit']) people[name] = await service.signedInAs(name);
  await service.put(at('a/restriction'), restriction(units(6, 6)));
  await service.put(at('u1/restriction'), restriction(units(5, 5)));
  await service.put(at('u2/restriction'), restriction(units(5, 5)));
});
afterAll(() => service.stop());

const at = (path: string): string => `/projects/${p}/groups/${path}`;

describe('a resident', () => {
  it('does not learn from a quota how much the neighbors use', async () => {
    const seen = async (who: string, path: string) => {
      const { status, body } = await service.request('GET', at(path), undefined, people[who]);
      return { status, resources: body.resources.sip_number };
    };
    const before = [await seen('eva', 'u1/quota'), await seen('eva', 'u1/members/eva/quota')];
    for (let n = 0; n < 4; n++) await service.posted(at('u2/assignments'), { resource: 'sip_number' });
    expect([await seen('eva', 'u1/quota'), await seen('eva', 'u1/members/eva/quota')]).toEqual(before);
    expect(before[0]).toMatchObject({ status: 200, resources: { effectiveLimit: 5, consumed: 0, available: 5 } });
    expect(await seen('unit', 'u1/quota')).toMatchObject({ resources: { available: 2 } });
  });
});

describe('the history of a transfer', () => {
  it('names the other group and the reason only to users who can see that group as well', async () => {
    const move = {
      fromGroupId: 'u1',
      toGroupId: 'u2',
      units: { sip_number: 1, mobile_app: 1 },
      reason: 'Family Ode moves out',
    };
    await service.posted(`/projects/${p}/allotment-transfers`, move);
    const transfers = async (who?: string) => {
      const { body } = await service.request(
        'GET',
        `/projects/${p}/history`,
        undefined,
        who === undefined ? {} : people[who],
      );
      return body.items
        .filter(({ what }: { what: string }) => what === 'AllotmentsTransferred')
        .map(({ groupId, details }: { groupId: string; details: object }) => ({ groupId, details }));
    };
    const details = { ...move, units: units(1, 1) };
    const both = [
      { groupId: 'u2', details: expect.objectContaining(details) },
      { groupId: 'u1', details: expect.objectContaining(details) },
    ];
    expect(await transfers()).toEqual(expect.arrayContaining(both));
    expect(await transfers('house')).toEqual(expect.arrayContaining(both));
    expect(await transfers('unit')).toEqual([{ groupId: 'u1', details: { units: units(1, 1) } }]);
  });
});
