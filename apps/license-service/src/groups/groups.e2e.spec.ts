import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NOW, restriction, Service, units } from '../service-under-test.harness.js';

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

let count = 0;
let p = '';
beforeEach(async () => {
  service.clock.moveTo(NOW);
  p = `hafenblick-${(count += 1)}`;
  await service.hafenblick(p, await service.nordlicht());
});

/** Group ids are per project, so the same in every spec. */
const at = (groupId: string, what: string): string =>
  `/projects/${p}/groups/${groupId === 'root' ? p : groupId}/${what}`;
const set = async (groupId: string, body: object, query = '') => service.put(at(groupId, `restriction${query}`), body);
const assign = (groupId: string, resource: string, more: object = {}) =>
  service.post(at(groupId, 'assignments'), { resource, ...more });
const quota = async (groupId: string) => (await service.get(at(groupId, 'quota'))).body;
const typesWhile = async (work: () => Promise<unknown>) => (await service.recordedWhile(work)).map(({ type }) => type);
const nothingRecorded = async (work: () => Promise<unknown>) => expect(await typesWhile(work)).toEqual([]);

const UNTIL_DECEMBER = { validUntil: '2026-11-30' };
const buildingA = restriction(units(80, 60, 5), UNTIL_DECEMBER);

describe('PUT /projects/{p}/groups/{g}/restriction', () => {
  it('answers the section with ids and status, and the revision', async () => {
    let answer;
    const types = await typesWhile(async () => {
      answer = await set('a', { ...buildingA, reminder: { daysBefore: [30, 7], recurrence: 'weekly' } });
    });
    expect(types).toEqual(['RestrictionChanged']);
    expect(answer).toMatchObject({
      status: 200,
      etag: expect.stringMatching(/^"\d+"$/),
      body: {
        groupId: 'a',
        enabled: true,
        poolMode: 'shared',
        gracePeriodDays: 0,
        allotments: [
          {
            allotmentId: expect.any(String),
            type: 'plus',
            units: units(80, 60, 5),
            features: [],
            validFrom: NOW,
            validUntil: '2026-12-01T00:00:00.000Z',
            status: 'active',
          },
        ],
        reminder: { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' },
      },
    });
    expect(await service.get(at('a', 'restriction'))).toEqual(answer);
  });

  it('changes nothing the second time', async () => {
    const { body } = await set('a', buildingA);
    const allotments = body.allotments.map(({ status: _status, ...allotment }: { status: string }) => allotment);
    const { groupId: _groupId, ...settings } = body;
    await nothingRecorded(() => set('a', { ...settings, allotments }));
    await nothingRecorded(() => set('a', buildingA));
  });

  it('takes dates as days of the project (E4)', async () => {
    const berlin = `${p}-berlin`;
    await service.project(berlin, { timeZone: 'Europe/Berlin' });
    await service.posted(`/projects/${berlin}/licenses`, { type: 'trial' });
    const term = { validFrom: '2026-06-05', validUntil: '2026-06-10' };
    const { body } = await service.put(`/projects/${berlin}/groups/${berlin}/restriction`, restriction(units(1), term));
    expect(body.allotments).toMatchObject([
      { validFrom: '2026-06-04T22:00:00.000Z', validUntil: '2026-06-10T22:00:00.000Z', status: 'scheduled' },
    ]);
  });

  it('lets limits below a shared pool add up to more (R4)', async () => {
    await set('a', buildingA);
    expect(await set('u1', restriction(units(50, 40, 5)))).toMatchObject({ status: 200 });
    expect(await set('u2', restriction(units(50, 40, 0)))).toMatchObject({ status: 200 });
    expect((await quota('a')).resources.sip_number).toMatchObject({
      limit: 80,
      allotted: 100,
      consumed: 0,
      available: 80,
    });
  });

  it('keeps what a reserved pool gave: 30 are left (R4)', async () => {
    await set('a', { ...buildingA, poolMode: 'reserved' });
    await set('u1', restriction(units(50, 40, 5)));
    await nothingRecorded(async () => {
      expect(await set('u2', restriction(units(50, 40, 0)))).toMatchObject({
        status: 409,
        body: {
          code: 'LIMIT_EXCEEDED',
          resource: 'sip_number',
          requested: 50,
          available: 30,
          limitedBy: { groupId: 'a', name: 'a', limit: 80, validUntil: '2026-12-01T00:00:00.000Z' },
          detail: expect.stringContaining('50 sip_number were asked for, 30 at most are free'),
        },
      });
    });
  });

  it.each([
    ['a', restriction(units(50, 60)), { code: 'SIP_BELOW_MOBILE', sipNumber: 50, mobileApp: 60 }],
    [
      'a',
      restriction(units(121, 60), UNTIL_DECEMBER),
      { code: 'LIMIT_EXCEEDED', requested: 121, available: 120, limitedBy: { groupId: null, name: 'Hafenblick' } },
    ],
    [
      'a',
      restriction(units(80, 60), { validUntil: '2027-01-01' }),
      {
        code: 'PERIOD_OUTSIDE_PARENT',
        requestedUntil: '2027-01-02T00:00:00.000Z',
        limitedBy: { groupId: null, validUntil: '2027-01-01T00:00:00.000Z' },
      },
    ],
    [
      'a',
      restriction(units(80, 60), { features: ['whitelabel'] }),
      { code: 'FEATURE_NOT_AVAILABLE', feature: 'whitelabel', limitedBy: { groupId: null } },
    ],
  ])('refuses on %s: %j', async (groupId, body, problem) => {
    await nothingRecorded(async () => {
      expect(await set(groupId, body)).toMatchObject({ status: 409, body: problem });
    });
  });

  it('refuses a child that outlives its parent, and clips one without end (R2)', async () => {
    await set('a', buildingA);
    await nothingRecorded(async () => {
      expect(await set('u1', restriction(units(50, 40, 5), { validUntil: '2026-12-31' }))).toMatchObject({
        status: 409,
        body: { code: 'PERIOD_OUTSIDE_PARENT', limitedBy: { groupId: 'a', validUntil: '2026-12-01T00:00:00.000Z' } },
      });
    });
    expect(await set('u1', restriction(units(50, 40, 5)))).toMatchObject({ status: 200 });
  });

  it('takes from groups below only with cascade; the preview lists the effects (R6, R7)', async () => {
    await set('a', buildingA);
    await set('u1', restriction(units(50, 40, 5)));
    for (let index = 0; index < 45; index++) await assign('u1', 'sip_number');
    const { body: section } = await service.get(at('a', 'restriction'));
    const [{ allotmentId }] = section.allotments;
    const less = restriction(units(40, 40, 5), { allotmentId, ...UNTIL_DECEMBER });

    await nothingRecorded(async () => {
      expect(await set('a', less)).toMatchObject({
        status: 409,
        body: {
          code: 'DESCENDANTS_AFFECTED',
          groups: [{ groupId: 'u1', name: 'u1' }],
          suspensions: [{ groupId: 'u1', name: 'u1', resource: 'sip_number', count: 5 }],
        },
      });
      expect(await set('a', less, '?cascade=true&dryRun=true')).toMatchObject({
        status: 200,
        body: {
          events: expect.arrayContaining([expect.objectContaining({ type: 'AllotmentsClamped' })]),
          effects: { clamped: ['u1'], suspended: [{ groupId: 'u1', resource: 'sip_number', count: 5 }] },
        },
      });
    });
    expect(await typesWhile(() => set('a', less, '?cascade=true'))).toEqual([
      'RestrictionChanged',
      'AllotmentsClamped',
      'AssignmentsSuspended',
    ]);
    expect((await quota('u1')).resources.sip_number).toMatchObject({
      limit: 40,
      consumed: 40,
      suspended: 5,
      available: 0,
    });
  });

  it('honours If-Match', async () => {
    const { etag } = await service.get(at('a', 'restriction'));
    const changed = await service.put(at('a', 'restriction'), { ...buildingA, gracePeriodDays: 1 });
    expect(changed.etag).not.toBe(etag);
    expect((await service.get(at('a', 'restriction'))).etag).toBe(changed.etag);
    await nothingRecorded(async () => {
      const answer = await service.put(at('a', 'restriction'), buildingA, { 'if-match': etag! });
      expect(answer).toMatchObject({ status: 412, body: { code: 'STALE_REVISION' } });
    });
    const { etag: fresh } = await service.get(at('a', 'restriction'));
    expect(await service.put(at('a', 'restriction'), buildingA, { 'if-match': fresh! })).toMatchObject({ status: 200 });
  });

  it('saves a form that was open while everything else was changed', async () => {
    const [own, untouched] = [await service.get(at('a', 'restriction')), await service.get(at('u2', 'restriction'))];
    await service.put(at('b', 'restriction'), restriction(units(1)));
    await service.post(at('b', 'assignments'), { resource: 'sip_number' });
    await service.put(at('a', 'members/nobody/limits'), { limits: { sip_number: 1 } });
    await service.posted(`/projects/${p}/licenses`, { type: 'trial' });
    expect((await service.get(at('a', 'restriction'))).etag).toBe(own.etag);
    const list = `"999999", W/"3", ${own.etag}`;
    expect(
      await service.put(at('a', 'restriction'), { ...buildingA, gracePeriodDays: 2 }, { 'if-match': list }),
    ).toMatchObject({
      status: 200,
    });
    const first = restriction(units(1));
    expect(await service.put(at('u2', 'restriction'), first, { 'if-match': untouched.etag! })).toMatchObject({
      status: 200,
    });
    await nothingRecorded(async () => {
      const weak = await service.put(at('a', 'restriction'), buildingA, { 'if-match': `W/${own.etag}` });
      expect(weak).toMatchObject({ status: 412, body: { code: 'STALE_REVISION' } });
    });
  });

  it.each([
    [
      'an allotment that is not there',
      restriction(units(1), { allotmentId: 'nothing' }),
      404,
      { code: 'NOT_FOUND', what: 'allotment', id: 'nothing' },
    ],
    [
      'an end in the past',
      restriction(units(1), { validUntil: '2026-05-31' }),
      400,
      { code: 'VALIDATION', errors: [{ field: 'allotments[0].validUntil' }] },
    ],
    [
      'a reversed term',
      restriction(units(1), { validFrom: '2026-07-02', validUntil: '2026-07-01' }),
      400,
      { code: 'VALIDATION', errors: [{ field: 'allotments[0].validUntil' }] },
    ],
  ])('refuses %s', async (_why, body, status, problem) => {
    await nothingRecorded(async () => {
      expect(await set('a', body)).toMatchObject({ status, body: problem });
    });
  });
});

describe('GET /projects/{p}/groups/{g}/restriction', () => {
  it('is off where nobody set one', async () => {
    expect(await service.get(at('b', 'restriction'))).toMatchObject({
      status: 200,
      body: { groupId: 'b', enabled: false, allotments: [], reminder: null },
    });
  });
});

describe('GET /projects/{p}/groups/{g}/quota', () => {
  it('is the whole truth of the group now', async () => {
    await set('a', buildingA);
    await set('u1', restriction(units(50, 40, 5)));
    await assign('u1', 'sip_number');
    await assign('u1', 'mobile_app');
    expect(await service.get(at('u1', 'quota'))).toMatchObject({
      status: 200,
      etag: expect.stringMatching(/^"\d+"$/),
      body: {
        groupId: 'u1',
        name: 'u1',
        status: 'active',
        type: 'plus',
        resources: {
          sip_number: {
            limit: 50,
            effectiveLimit: 50,
            limitedBy: { groupId: 'u1', name: 'u1' },
            allotted: 0,
            consumed: 1,
            suspended: 0,
            available: 49,
          },
          mobile_app: { limit: 40, consumed: 1, available: 39 },
          ukey2: { limit: 5, effectiveLimit: 5, consumed: 0, available: 5 },
        },
        features: {
          on: [],
          off: expect.arrayContaining([{ feature: 'siri', limitedBy: { groupId: 'u1', name: 'u1' } }]),
        },
        effectivePeriod: { validUntil: '2026-12-01T00:00:00.000Z' },
      },
    });
    expect((await quota('b')).resources.sip_number).toMatchObject({
      limit: null,
      effectiveLimit: 120,
      limitedBy: { groupId: null },
      available: 119,
    });
  });

  it('follows time automatically: A falls to 0 on 2026-12-01 and comes back when it is extended (U3, E1)', async () => {
    const { body } = await set('a', buildingA);
    for (let index = 0; index < 3; index++) await assign('u1', 'sip_number');
    await assign('b', 'sip_number');
    service.clock.moveTo('2026-12-01T00:00:00Z');
    expect((await quota('u1')).resources.sip_number).toMatchObject({ effectiveLimit: 0, consumed: 0, suspended: 3 });
    expect((await quota('b')).resources.sip_number).toMatchObject({ consumed: 1, suspended: 0 });
    const longer = restriction(units(80, 60, 5), {
      allotmentId: body.allotments[0].allotmentId,
      validUntil: '2026-12-30',
    });
    expect(await typesWhile(() => set('a', longer))).toEqual(
      expect.arrayContaining(['AssignmentsSuspended', 'RestrictionChanged', 'AssignmentsReinstated']),
    );
    expect((await quota('u1')).resources.sip_number).toMatchObject({ effectiveLimit: 80, consumed: 3, suspended: 0 });
  });

  it('is 404 for what is not there', async () => {
    expect(await service.get(at('nothing', 'quota'))).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', what: 'group', id: 'nothing' },
    });
    expect(await service.get('/projects/nowhere/groups/a/quota')).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', what: 'project' },
    });
  });
});

describe('assignments', () => {
  it('make a number and pair an app with it, once for one idempotency key', async () => {
    const number = await assign('u1', 'sip_number', { label: '100-1', holder: 'member-1' });
    expect(number).toMatchObject({ status: 201, body: { assignmentId: expect.any(String) } });
    const send = () =>
      service.post(at('u1', 'assignments'), { resource: 'mobile_app' }, { 'idempotency-key': `app-${p}` });
    expect(await typesWhile(async () => [await send(), await send()])).toEqual(['AssignmentMade']);
    expect((await service.get(at('u1', 'assignments'))).body).toEqual({
      items: [
        {
          assignmentId: number.body.assignmentId,
          groupId: 'u1',
          resource: 'sip_number',
          label: '100-1',
          holder: 'member-1',
          sipAssignmentId: null,
          externalId: null,
          status: 'in_force',
          assignedAt: NOW,
        },
        expect.objectContaining({
          resource: 'mobile_app',
          sipAssignmentId: number.body.assignmentId,
          status: 'in_force',
        }),
      ],
      nextCursor: null,
    });
  });

  it('come in pages', async () => {
    for (let index = 0; index < 5; index++) await assign('u1', 'sip_number', { label: `n${index}` });
    const labels: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await service.get(at('u1', `assignments?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`));
      labels.push(...body.items.map(({ label }: { label: string }) => label));
      cursor = body.nextCursor;
    }
    expect(labels).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
    expect(await service.get(at('u1', 'assignments?cursor=nothing'))).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'cursor' }] },
    });
  });

  it('are refused beyond the limit, by whom it is', async () => {
    await set('u1', restriction(units(1, 1, 0)));
    await assign('u1', 'sip_number');
    await nothingRecorded(async () => {
      expect(await assign('u1', 'sip_number')).toMatchObject({
        status: 409,
        body: {
          code: 'LIMIT_EXCEEDED',
          resource: 'sip_number',
          requested: 1,
          available: 0,
          limitedBy: { groupId: 'u1', limit: 1 },
        },
      });
      expect(await assign('u1', 'ukey2')).toMatchObject({
        status: 409,
        body: { code: 'LIMIT_EXCEEDED', resource: 'ukey2' },
      });
    });
  });

  it('are refused after the end', async () => {
    await set('a', buildingA);
    service.clock.moveTo('2026-12-02T00:00:00Z');
    const types = await typesWhile(async () => {
      expect(await assign('u1', 'sip_number')).toMatchObject({
        status: 409,
        body: { code: 'LICENSE_EXPIRED', limitedBy: { groupId: 'a' } },
      });
    });
    expect(types).not.toContain('AssignmentMade');
  });

  it('want a number for an app, and keep it while there is one (U2)', async () => {
    await nothingRecorded(async () => {
      expect(await assign('u1', 'mobile_app')).toMatchObject({
        status: 409,
        body: { code: 'NO_SIP_NUMBER', groupId: 'u1' },
      });
    });
    const {
      body: { assignmentId: number },
    } = await assign('u1', 'sip_number');
    const {
      body: { assignmentId: app },
    } = await assign('u1', 'mobile_app', { sipAssignmentId: number });
    await nothingRecorded(async () => {
      expect(await assign('u1', 'mobile_app', { sipAssignmentId: number })).toMatchObject({ status: 409 });
      expect(await assign('u1', 'ukey2', { sipAssignmentId: number })).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'sipAssignmentId' }] },
      });
      expect(await assign('u1', 'mobile_app', { sipAssignmentId: 'nothing' })).toMatchObject({ status: 404 });
      expect(await service.delete(at('u1', `assignments/${number}`))).toMatchObject({
        status: 409,
        body: { code: 'SIP_NUMBER_IN_USE', assignmentId: number, pairedWith: app },
      });
    });
    expect(await service.delete(at('u1', `assignments/${app}`))).toMatchObject({ status: 204, body: null });
    expect(await service.delete(at('u1', `assignments/${number}`))).toMatchObject({ status: 204 });
    expect((await quota('u1')).resources.sip_number.consumed).toBe(0);
  });

  it('are not found where they are not', async () => {
    const {
      body: { assignmentId },
    } = await assign('u1', 'sip_number');
    await nothingRecorded(async () => {
      for (const place of [at('u2', `assignments/${assignmentId}`), at('u1', 'assignments/nothing')])
        expect(await service.delete(place)).toMatchObject({
          status: 404,
          body: { code: 'NOT_FOUND', what: 'assignment' },
        });
      expect(await assign('nothing', 'sip_number')).toMatchObject({
        status: 404,
        body: { what: 'group', id: 'nothing' },
      });
      expect(await service.get(at('nothing', 'assignments'))).toMatchObject({ status: 404 });
    });
  });

  it('preview with dryRun', async () => {
    await nothingRecorded(async () => {
      const answer = await service.post(at('u1', 'assignments?dryRun=true'), { resource: 'sip_number' });
      expect(answer).toMatchObject({
        status: 200,
        body: { events: [{ type: 'AssignmentMade', data: { groupId: 'u1' } }] },
      });
    });
  });
});

describe('POST /projects/{p}/allotment-transfers (R8)', () => {
  const transfer = (more: object = {}, query = '') =>
    service.post(`/projects/${p}/allotment-transfers${query}`, {
      fromGroupId: 'u1',
      toGroupId: 'u2',
      units: units(10, 10, 0),
      reason: 'Unit 2 was finished first',
      ...more,
    });
  beforeEach(async () => {
    await set('u1', restriction(units(50, 40, 5)));
    await set('u2', restriction(units(20, 10, 0)));
  });

  it('moves units in one event', async () => {
    await nothingRecorded(async () => {
      expect(await transfer({}, '?dryRun=true')).toMatchObject({
        status: 200,
        body: { events: [{ type: 'AllotmentsTransferred' }] },
      });
    });
    expect(await typesWhile(async () => expect(await transfer()).toMatchObject({ status: 204, body: null }))).toEqual([
      'AllotmentsTransferred',
    ]);
    expect((await quota('u1')).resources).toMatchObject({ sip_number: { limit: 40 }, mobile_app: { limit: 30 } });
    expect((await quota('u2')).resources).toMatchObject({ sip_number: { limit: 30 }, mobile_app: { limit: 20 } });
  });

  it.each([
    [{ units: units(51, 10, 0) }, 409, { code: 'LIMIT_EXCEEDED' }],
    [{ units: units(20, 0, 0) }, 409, { code: 'SIP_BELOW_MOBILE' }],
    [{ toGroupId: 'nothing' }, 404, { code: 'NOT_FOUND', what: 'group' }],
  ])('refuses %j', async (more, status, problem) => {
    await nothingRecorded(async () => {
      expect(await transfer(more)).toMatchObject({ status, body: problem });
    });
  });
});

describe('checks before a move (G3)', () => {
  const relocation = (parentId: string) => service.post(at('u1', 'relocation-check'), { parentId });
  const departure = () => service.post(at('u1', 'departure-check'));

  it('let a group go that uses nothing', async () => {
    await nothingRecorded(async () => {
      expect(await relocation('b')).toMatchObject({ status: 204, body: null });
      expect(await departure()).toMatchObject({ status: 204, body: null });
    });
  });

  it('refuse a place that cannot hold what is used, and a departure with anything in use', async () => {
    await assign('u1', 'sip_number');
    await set('b', restriction(units(0)));
    await nothingRecorded(async () => {
      expect((await relocation('b')).status).toBe(409);
      expect(await departure()).toMatchObject({ status: 409, body: { code: 'NOT_TRANSFERABLE', groupId: 'u1' } });
    });
  });

  it('need both groups', async () => {
    expect(await relocation('nothing')).toMatchObject({ status: 404, body: { what: 'group', id: 'nothing' } });
    expect(await service.post(at('nothing', 'departure-check'))).toMatchObject({ status: 404 });
  });
});
