import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FollowMembershipsController } from './access/follow-memberships/follow-memberships.controller.js';
import { restriction, Service, units } from './service-under-test.harness.js';

const MEMBER = { projectId: 'hafenblick', groupId: 'u1', memberId: 'm1', userId: 'eva' };

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.hafenblick('hafenblick', await service.nordlicht());
  await service.app
    .get(FollowMembershipsController, { strict: false })
    .follow([
      service.message('allotree.member-added.v1', { ...MEMBER, email: 'eva@example.com', name: 'Eva', role: 'user' }),
    ]);
  await service.put(at('restriction'), restriction(units(4, 4, 2), { features: ['siri', 'elevators'] }));
});
afterAll(() => service.stop());

const at = (what: string): string => `/projects/hafenblick/groups/u1/${what}`;
const LIMITS = at('members/eva/limits');
const assign = (resource: string, holder: string) => service.post(at('assignments'), { resource, holder });
const nothing = units(null, null, null);

describe('the limits of a member over HTTP', () => {
  it('narrow what the group has, for this person alone', async () => {
    const answer = await service.put(LIMITS, { limits: { sip_number: 1, ukey2: 9 }, featuresOff: ['siri'] });
    const limitedBy = { groupId: 'u1', name: 'u1', userId: 'eva' };
    expect(answer).toMatchObject({
      status: 200,
      etag: expect.stringMatching(/^"\d+"$/),
      body: {
        groupId: 'u1',
        userId: 'eva',
        limits: units(1, null, 9),
        featuresOff: ['siri'],
        resources: {
          sip_number: { limit: 1, effectiveLimit: 1, limitedBy, consumed: 0, suspended: 0, available: 1 },
          mobile_app: { limit: null, effectiveLimit: 4, limitedBy: { groupId: 'u1', name: 'u1' } },
          ukey2: { limit: 9, effectiveLimit: 2, limitedBy: { groupId: 'u1', name: 'u1' } },
        },
        features: { on: ['elevators'] },
      },
    });
    expect(await service.get(at('members/eva/quota'))).toEqual(answer);
    expect((await assign('sip_number', 'eva')).status).toBe(201);
    let refused;
    const recorded = await service.recordedWhile(async () => {
      refused = await assign('sip_number', 'eva');
    });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'LIMIT_EXCEEDED', resource: 'sip_number', available: 0, limitedBy: { ...limitedBy, limit: 1 } },
    });
    expect(recorded).toEqual([]);
    expect((await assign('sip_number', 'ali')).status).toBe(201);
  });

  it('say who set them in the history, before and after', async () => {
    await service.put(LIMITS, { limits: { sip_number: 2 } });
    await service.settled();
    const { body } = await service.get('/projects/hafenblick/history?groupId=u1&limit=1');
    expect(body.items[0]).toMatchObject({
      actor: 'user:admin',
      what: 'MemberLimitsSet',
      groupId: 'u1',
      details: { userId: 'eva' },
      before: { limits: units(1, null, 9), featuresOff: ['siri'] },
      after: { limits: units(2, null, null), featuresOff: [] },
    });
  });

  it('are put again without an event, tried out with dryRun, and held against a revision', async () => {
    const body = { limits: { sip_number: 3 } };
    const put = (query = '', headers = {}) => service.put(LIMITS + query, body, headers);
    expect(await service.recordedWhile(() => put('?dryRun=true'))).toEqual([]);
    expect((await put('?dryRun=true')).body.events).toMatchObject([{ type: 'MemberLimitsSet' }]);
    expect((await put('', { 'if-match': '"0"' })).status).toBe(412);
    expect(await service.recordedWhile(() => put())).toHaveLength(1);
    expect(await service.recordedWhile(() => put())).toEqual([]);
  });

  it('end with the membership, which gives back what the person held', async () => {
    await service.fact('allotree.member-removed.v1', {
      ...MEMBER,
      email: 'eva@example.com',
      name: 'Eva',
      role: 'user',
    });
    const { body } = await service.get(at('members/eva/quota'));
    expect(body).toMatchObject({ limits: nothing, resources: { sip_number: { consumed: 0 } } });
  });

  it.each([
    [{ limits: { sip_number: -1 } }, 'limits.sip_number'],
    [{ limits: { doors: 1 } }, 'limits.doors'],
    [{ featuresOff: ['flying'] }, 'featuresOff[0]'],
    [{ tenantId: 'suedlicht' }, 'tenantId'],
  ])('refuse %j and change nothing', async (body, field) => {
    let answer;
    expect(
      await service.recordedWhile(async () => {
        answer = await service.put(LIMITS, body);
      }),
    ).toEqual([]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ field }] } });
  });

  it.each(['ali', 'nobody'])('of %s, who is no member of the group, are not there', async (userId) => {
    let answer;
    expect(
      await service.recordedWhile(async () => {
        answer = await service.put(at(`members/${userId}/limits`), {});
      }),
    ).toEqual([]);
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'member', id: userId } });
  });

  it('of a group that is not there are not there', async () => {
    const answer = await service.put('/projects/hafenblick/groups/nowhere/members/eva/limits', {});
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'member', id: 'eva' } });
  });
});
