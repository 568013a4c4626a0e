import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ExpiriesAnswer } from '@allotree/contracts';
import { restriction, Service, units } from '../service-under-test.harness.js';

jest.setTimeout(60_000);

describe('ends in sight', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start();
    const plus = await service.nordlicht();
    await service.hafenblick('hafenblick', plus);
    for (const [groupId, validUntil] of [
      ['a', '2026-06-30'],
      ['u1', '2026-06-10'],
      ['u2', '2026-06-30'],
    ] as const)
      await service.put(`/projects/hafenblick/groups/${groupId}/restriction`, restriction(units(3), { validUntil }));
    await service.put('/projects/hafenblick/groups/b/restriction', restriction(units(3)));
    // Of another tenant, in another zone.
    await service.partner('suedlicht', null, 'suedlicht');
    const elsewhere = {
      tenantId: 'suedlicht',
      partnerId: 'suedlicht',
      name: 'Elsewhere',
      timeZone: 'Pacific/Auckland',
    };
    await service.project('elsewhere', { ...elsewhere, trial: true });
  });
  afterAll(() => service.stop());

  const listed = async (path: string): Promise<string[]> => {
    const { status, body } = await service.get(path);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return ExpiriesAnswer.parse(body).items.map(
      ({ what, groupName, lastDay, daysLeft }) => `${what} of ${groupName}: ${lastDay}, ${daysLeft} days left`,
    );
  };

  it('lists what ends in a project, soonest first, and nothing that does not end', async () => {
    const { body } = await service.get('/projects/hafenblick/expiries');
    expect(body.items[0]).toEqual({
      projectId: 'hafenblick',
      projectName: 'Hafenblick',
      timeZone: 'UTC',
      groupId: 'u1',
      groupName: 'u1',
      what: 'allotment',
      id: expect.any(String),
      type: 'plus',
      units: units(3),
      remaining: units(0),
      validUntil: '2026-06-11T00:00:00.000Z',
      ownValidUntil: '2026-06-11T00:00:00.000Z',
      limitedBy: { groupId: 'u1', licenseId: null, name: 'u1' },
      lastDay: '2026-06-10',
      daysLeft: 9,
    });
    expect(await listed('/projects/hafenblick/expiries')).toEqual([
      'allotment of u1: 2026-06-10, 9 days left',
      'allotment of a: 2026-06-30, 29 days left',
      'allotment of u2: 2026-06-30, 29 days left',
      // Its own allotment has no end.
      'group of b: 2026-12-31, 213 days left',
      'license of Hafenblick: 2026-12-31, 213 days left',
    ]);
  });

  it('lists up to a day or an instant', async () => {
    expect(await listed('/projects/hafenblick/expiries?before=2026-06-10')).toEqual([]);
    expect(await listed('/projects/hafenblick/expiries?before=2026-06-11')).toHaveLength(1);
    expect(await listed('/projects/hafenblick/expiries?before=2026-07-01T00:00:00Z')).toHaveLength(1);
    expect(await listed('/projects/hafenblick/expiries?before=2026-07-01T00:00:00.001Z')).toHaveLength(3);
  });

  it('lists page by page', async () => {
    const all: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await service.get(`/projects/hafenblick/expiries?limit=1${cursor && `&cursor=${cursor}`}`);
      expect(body.items).toHaveLength(1);
      all.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(all).toEqual((await service.get('/projects/hafenblick/expiries')).body.items);
  });

  it('lists all projects of a tenant, counting the days of each in its zone', async () => {
    expect(await listed('/expiries?tenantId=suedlicht')).toEqual(['license of Elsewhere: 2026-07-01, 30 days left']);
    expect(await listed('/expiries?tenantId=nordlicht')).toHaveLength(5);
    expect(await listed('/expiries?tenantId=nobody')).toEqual([]);
    expect(await listed('/expiries')).toHaveLength(6);
  });

  it('forgets what is extended, switched off or over', async () => {
    const [{ allotmentId }] = (await service.get('/projects/hafenblick/groups/u1/restriction')).body.allotments;
    const longer = restriction(units(3), { allotmentId, validUntil: '2026-06-20' });
    await service.put('/projects/hafenblick/groups/u1/restriction', longer);
    expect((await listed('/projects/hafenblick/expiries'))[0]).toBe('allotment of u1: 2026-06-20, 19 days left');
    await service.put('/projects/hafenblick/groups/u1/restriction', { ...longer, enabled: false });
    expect((await listed('/projects/hafenblick/expiries'))[0]).toBe('allotment of a: 2026-06-30, 29 days left');
    service.clock.moveTo('2026-06-30T23:59:59.999Z');
    expect((await listed('/projects/hafenblick/expiries'))[0]).toBe('allotment of a: 2026-06-30, 0 days left');
    service.clock.moveTo('2026-07-01T00:00:00.000Z');
    expect(await listed('/projects/hafenblick/expiries')).toEqual([
      'group of b: 2026-12-31, 183 days left',
      'license of Hafenblick: 2026-12-31, 183 days left',
    ]);
  });

  it('takes its own cursor for ends after the year 5138', async () => {
    for (const validUntil of ['5139-06-30', '9998-12-31'])
      await service.posted('/projects/elsewhere/licenses', { type: 'trial', validUntil });
    const { body } = await service.get('/projects/elsewhere/expiries?limit=2&before=9999-12-31');
    const last = ({ items }: { items: { lastDay: string }[] }) => items.map(({ lastDay }) => lastDay);
    expect(last(body)).toEqual(['2026-07-01', '5139-06-30']);
    const next = await service.get(`/projects/elsewhere/expiries?limit=1&cursor=${body.nextCursor}`);
    expect([next.status, last(next.body)]).toEqual([200, ['9998-12-31']]);
  });

  it.each([
    ['/projects/nowhere/expiries', 404, 'NOT_FOUND'],
    ['/projects/hafenblick/expiries?before=tomorrow', 400, 'before'],
    ['/projects/hafenblick/expiries?before=2026-13-01', 400, 'before'],
    ['/projects/hafenblick/expiries?before=1900-01-01', 400, 'before'],
    ['/projects/hafenblick/expiries?limit=0', 400, 'limit'],
    ['/projects/hafenblick/expiries?limit=201', 400, 'limit'],
    ['/projects/hafenblick/expiries?cursor=x', 400, 'cursor'],
    ['/projects/hafenblick/expiries?cursor=1.2.3', 400, 'cursor'],
    ['/projects/hafenblick/expiries?groupId=nowhere', 404, 'NOT_FOUND'],
    ['/expiries?groupId=a', 400, ''],
    ['/projects/hafenblick/expiries?tenantId=nordlicht', 400, ''],
    ['/expiries?tenantId=%24', 400, 'tenantId'],
    ['/expiries?what=all', 400, ''],
  ])('refuses %s', async (path, status, blamed) => {
    const answer = await service.get(path);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body).toMatchObject({ code: 'VALIDATION' });
    expect(JSON.stringify(answer.body)).toContain(blamed);
  });
});

describe('ends in effect (E5)', () => {
  const HOUSE = 'hafenblick';
  let service: Service;
  const people: Record<string, Record<string, string>> = {};
  /** Building a ends on 2026-06-30, unit u1 below it has no end of its own, flat f1 in u1 is not restricted, and building b has no end. */
  beforeAll(async () => {
    service = await Service.start();
    const plus = await service.nordlicht();
    await service.hafenblick(HOUSE, plus);
    await service.groups(HOUSE, { f1: 'u1', f2: 'u2' });
    await service.put(`/projects/${HOUSE}/groups/a/restriction`, restriction(units(10), { validUntil: '2026-06-30' }));
    await service.put(`/projects/${HOUSE}/groups/u1/restriction`, restriction(units(4)));
    await service.put(`/projects/${HOUSE}/groups/b/restriction`, restriction(units(5)));
    const data = {
      projectId: HOUSE,
      name: 'Hafenblick',
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      timeZone: 'UTC',
    };
    const member = (userId: string, groupId: string) => {
      const person = { userId, email: `${userId}@example.com`, name: userId };
      const place = { projectId: HOUSE, groupId, memberId: userId, role: 'site_administrator' as const };
      return service.message('allotree.member-added.v1', { ...place, ...person });
    };
    await service.memberships(
      service.message('allotree.project-created.v1', { ...data, billingMode: 'prepaid', trial: false }),
      ...['a', 'b', 'u1', 'f1', 'f2'].map((groupId) => member(`of-${groupId}`, groupId)),
    );
    for (const groupId of ['a', 'b', 'u1', 'f1', 'f2']) people[groupId] = await service.signedInAs(`of-${groupId}`);
  });
  afterAll(() => service.stop());

  const seen = async (who: string | null, query = '') => {
    const answers = [];
    for (const path of [`/projects/${HOUSE}/expiries`, '/expiries']) {
      if (query !== '' && path === '/expiries') break;
      const { status, body } = await service.request('GET', path + query, undefined, who ? people[who] : {});
      if (status !== 200) return { status };
      answers.push(
        ExpiriesAnswer.parse(body).items.map(
          ({ what, groupId, validUntil, ownValidUntil, units: { sip_number }, limitedBy }) => ({
            what: `${what} of ${groupId}`,
            until: [validUntil, ownValidUntil].map((instant) => instant?.slice(0, 10) ?? null),
            has: sip_number,
            by: limitedBy,
          }),
        ),
      );
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    return answers[0];
  };
  const A = { groupId: 'a', licenseId: null, name: 'a' };
  const LICENSE = { groupId: null, licenseId: expect.any(String), name: 'Hafenblick' };
  const OUT_OF_SIGHT = { groupId: null, licenseId: null, name: null };

  it('lists a unit that ends with its building, and a building that ends with its license', async () => {
    expect(await seen(null)).toEqual([
      { what: 'allotment of a', until: ['2026-07-01', '2026-07-01'], has: 10, by: A },
      { what: 'group of u1', until: ['2026-07-01', null], has: 4, by: A },
      { what: 'group of b', until: ['2027-01-01', null], has: 5, by: LICENSE },
      { what: `license of ${HOUSE}`, until: ['2027-01-01', '2027-01-01'], has: 120, by: LICENSE },
    ]);
  });

  it('lists to each member what ends for its groups, with no word of a group or license out of its sight', async () => {
    expect(await seen('a')).toMatchObject([{ what: 'allotment of a' }, { what: 'group of u1', by: A }]);
    const unit = { what: 'group of u1', until: ['2026-07-01', null], has: 4, by: OUT_OF_SIGHT };
    expect(await seen('u1')).toEqual([unit]);
    expect(await seen('b')).toMatchObject([{ what: 'group of b', by: OUT_OF_SIGHT }]);
    // Of a flat that is not restricted, what is above it counts.
    expect(await seen('f1')).toEqual([{ ...unit, what: 'group of f1' }]);
    expect(await seen('f2')).toEqual([{ ...unit, what: 'group of f2', has: 10 }]);
  });

  it('lists of a group and what is below it, restricted or not', async () => {
    expect(await seen(null, '?groupId=u1')).toMatchObject([{ what: 'group of u1', by: A }]);
    expect(await seen(null, '?groupId=f2')).toMatchObject([{ what: 'group of f2', by: A }]);
    expect(await seen('a', '?groupId=f2')).toMatchObject([{ what: 'group of f2', by: A }]);
    expect(await seen('u1', '?groupId=f2')).toEqual({ status: 404 });
    expect(await seen('u1', '?groupId=a')).toEqual({ status: 404 });
  });

  it('goes on from page to page with each caller', async () => {
    for (const [who, limit] of [
      ['a', 1],
      ['b', 1],
      ['f2', 1],
      ['u1', 2],
    ] as const) {
      const all: unknown[] = [];
      const whole = await service.request('GET', '/expiries', undefined, people[who]);
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = `?limit=${limit}${cursor && `&cursor=${cursor}`}`;
        const { body } = await service.request('GET', `/expiries${query}`, undefined, people[who]);
        all.push(...body.items);
        cursor = body.nextCursor;
      }
      expect(all).toEqual(whole.body.items);
    }
  });

  it('lists a group when its limit falls, and not when something else ends', async () => {
    await service.put(`/projects/${HOUSE}/groups/a/restriction`, { enabled: false });
    expect(await seen('u1')).toMatchObject([{ what: 'group of u1', until: ['2027-01-01', null] }]);
    await service.posted(`/projects/${HOUSE}/licenses`, { type: 'trial', validUntil: '9998-12-31' });
    expect(await seen('u1')).toMatchObject([{ what: 'group of u1', until: ['9999-01-01', null] }]);
    const license = { what: `license of ${HOUSE}` };
    expect(await seen(null)).toMatchObject([license, { what: 'group of b' }, license, { what: 'group of u1' }]);
  });
});
