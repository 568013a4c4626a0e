import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ExpiriesAnswer } from '@allotree/contracts';
import { restriction, Service, units } from '../service-under-test.spec.js';

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
      validUntil: '2026-06-11T00:00:00.000Z',
      lastDay: '2026-06-10',
      daysLeft: 9,
    });
    expect(await listed('/projects/hafenblick/expiries')).toEqual([
      'allotment of u1: 2026-06-10, 9 days left',
      'allotment of a: 2026-06-30, 29 days left',
      'allotment of u2: 2026-06-30, 29 days left',
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
    expect(await listed('/expiries?tenantId=nordlicht')).toHaveLength(4);
    expect(await listed('/expiries?tenantId=nobody')).toEqual([]);
    expect(await listed('/expiries')).toHaveLength(5);
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
    expect(await listed('/projects/hafenblick/expiries')).toEqual(['license of Hafenblick: 2026-12-31, 183 days left']);
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
