import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent, UsageAnswer } from '@allotree/contracts';
import { Service, type Answer } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from '../tables/history.fixture.js';

const HOUR_MS = 3_600_000;
const hour = (hours: number): string => at(hours).toISOString();
const number = (assignmentId: string, ...path: readonly string[]) => ({
  assignmentId,
  groupId: path.at(-1)!,
  resource: 'sip_number' as const,
  path: ['hafenblick', ...path],
});

const NORDLICHT = { partnerId: 'nordlicht', name: 'Nordlicht', tenantId: 'nordlicht' };

/** Units 1 and 2 of building A with one and two numbers; after 50 hours unit 2 moves to building B, and back after 100. */
function history(): readonly CloudEvent[] {
  const groups = aboutGroups('hafenblick');
  const licensing = aboutLicensing('hafenblick');
  const relocated = (hours: number, from: string, to: string) => [
    licensing(hours, 'allotree.group-relocated.v1', {
      groupId: 'u2',
      parentId: to,
      previousPath: ['hafenblick', from, 'u2'],
      path: ['hafenblick', to, 'u2'],
    }),
    groups(hours, 'allotree.group-moved.v1', { groupId: 'u2', parentId: to }),
  ];
  const place = (groupId: string, parentId: string) => ({ groupId, parentId, type: 'custom' as const, name: groupId });
  return [
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [place('a', 'hafenblick'), place('b', 'hafenblick'), place('u1', 'a'), place('u2', 'a')],
    }),
    groups(2, 'allotree.member-added.v1', {
      groupId: 'u1',
      memberId: 'm',
      userId: 'resident',
      email: 'resident@example.com',
      name: 'Resident',
      role: 'user',
    }),
    licensing(10, 'allotree.assignment-made.v1', number('s1', 'a', 'u1')),
    licensing(12, 'allotree.assignments-made.v1', { assignments: [number('s2', 'a', 'u2'), number('s3', 'a', 'u2')] }),
    licensing(20, 'allotree.assignment-made.v1', number('s4', 'a')),
    licensing(30, 'allotree.assignments-released.v1', { assignments: [number('s4', 'a')], reason: 'released' }),
    ...relocated(50, 'a', 'b'),
    ...relocated(100, 'b', 'a'),
    licensing(200, 'allotree.assignments-released.v1', { assignments: [number('s1', 'a', 'u1')], reason: 'released' }),
    groups(300, 'allotree.group-changed.v1', { groupId: 'b', type: 'custom', name: 'Building B' }),
  ];
}

/** Another project, of a dealer of the same tenant: three numbers from the 40th to the 60th hour. */
function otherHistory(): readonly CloudEvent[] {
  const groups = aboutGroups('altbau');
  const licensing = aboutLicensing('altbau');
  const assignments = ['t1', 't2', 't3'].map((id) => ({ ...number(id), groupId: 'altbau', path: ['altbau'] }));
  return [
    aboutPartner('nordlicht', { ...NORDLICHT, parentPartnerId: null, kind: 'distributor' }),
    aboutPartner('nordlicht', {
      ...NORDLICHT,
      partnerId: 'dealer',
      parentPartnerId: 'nordlicht',
      kind: 'dealer',
      name: 'Dealer',
    }),
    groups(5, 'allotree.project-created.v1', { ...PROJECT, name: 'Altbau', partnerId: 'dealer' }),
    licensing(40, 'allotree.assignments-made.v1', { assignments }),
    licensing(60, 'allotree.assignments-released.v1', { assignments, reason: 'released' }),
  ];
}

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.publish(...history(), ...otherHistory());
  await service.untilProjected();
});
afterAll(() => service.stop());

const usage = (group: string, query: Record<string, string>, headers?: Record<string, string>): Promise<Answer> => {
  const asked = new URLSearchParams({ resource: 'sip_number', from: hour(0), to: hour(150), ...query });
  return service.get(`/projects/hafenblick/groups/${group}/usage?${asked.toString()}`, headers);
};
const unitHours = (hours: number): string => (hours * HOUR_MS).toString();

describe('GET /projects/{p}/groups/{g}/usage', () => {
  it('measures a period, with the value carried in', async () => {
    const { status, body, headers } = await usage('a', { from: hour(15), to: hour(60) });
    expect(status).toBe(200);
    expect(body).toEqual({
      groupId: 'a',
      resource: 'sip_number',
      timeZone: 'Europe/Berlin',
      final: true,
      total: {
        from: hour(15),
        until: hour(60),
        open: 3,
        close: 1,
        peak: 4,
        peakAt: hour(20),
        low: 1,
        average: '2.777778',
        unitMs: unitHours(5 * 3 + 10 * 4 + 20 * 3 + 10),
      },
      windows: [],
    });
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect((await usage('a', { from: hour(13), to: hour(14) })).body.total).toMatchObject({
      peak: 3,
      peakAt: hour(13),
    });
  });

  it('cuts windows by the calendar of a zone, which add up', async () => {
    const { body } = await usage('a', { window: 'P1D' });
    expect(body.windows.slice(0, 2)).toMatchObject([
      // Midnight in Berlin is two hours before that in UTC.
      { from: hour(0), until: hour(22), open: 0, close: 4, peak: 4, unitMs: unitHours(2 + 8 * 3 + 2 * 4) },
      { from: hour(22), until: hour(46), open: 4, close: 3, unitMs: unitHours(8 * 4 + 16 * 3) },
    ]);
    for (const window of ['PT1H', 'P1D', 'P1W', 'P1M'])
      for (const timeZone of ['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
        const { total, windows } = (await usage('a', { window, timeZone })).body as UsageAnswer;
        expect(total).toEqual(body.total);
        const sum = windows.reduce((all, { unitMs }) => all + BigInt(unitMs), 0n);
        expect({ window, timeZone, sum: sum.toString() }).toEqual({ window, timeZone, sum: total.unitMs });
        windows.slice(1).forEach(({ from, open }, index) => {
          expect([from, open]).toEqual([windows[index]!.until, expect.any(Number)]);
        });
      }
  });

  it('has the groups directly below, each for as long as it was there', async () => {
    for (const window of ['none', 'P1D', 'P1W']) {
      const { total, children, windows } = (await usage('a', { groupBy: 'child', window })).body as UsageAnswer;
      expect(children).toMatchObject([
        { groupId: 'u1', total: { peak: 1, unitMs: unitHours(140) } },
        { groupId: 'u2', total: { open: 0, close: 2, peak: 2, low: 0, unitMs: unitHours(2 * (38 + 50)) } },
      ]);
      // The rest is what was assigned at the building itself.
      const below = children!.reduce((sum, child) => sum + BigInt(child.total.unitMs), 0n);
      expect((BigInt(total.unitMs) - below).toString()).toBe(unitHours(10));
      expect(children!.map((child) => child.windows.length)).toEqual([windows.length, windows.length]);
    }
    const { body } = await usage('b', { groupBy: 'child' });
    expect(body).toMatchObject({
      total: { unitMs: unitHours(100) },
      children: [{ groupId: 'u2', total: { peak: 2 } }],
    });
  });

  it('has what is in use at groups of each type themselves', async () => {
    const { total, types } = (await usage('hafenblick', { groupBy: 'type' })).body as UsageAnswer;
    expect(types).toMatchObject([
      { type: 'company', total: { peak: 0, unitMs: '0' } },
      { type: 'custom', total: { peak: 4, unitMs: total.unitMs } },
    ]);
  });

  it('says what lasted, and what was above a limit or the capacity', async () => {
    const asked = { from: hour(15), to: hour(60), window: 'P1D', sustained: 'PT11H', committed: '3' };
    const { total, windows } = (await usage('a', asked)).body as UsageAnswer;
    // Four numbers lasted for 10 hours alone.
    expect([total.sustained, total.overageMs]).toEqual([3, unitHours(10)]);
    expect(windows.map(({ sustained, overageMs }) => [sustained, overageMs])).toEqual([
      [null, unitHours(2)],
      [3, unitHours(8)],
      [1, '0'],
    ]);
    const { body } = await usage('a', { from: hour(15), to: hour(60), committed: 'capacity' });
    expect(body.total).toMatchObject({ overageMs: total.unitMs });
    expect(body.total).not.toHaveProperty('sustained');
    for (const bad of [{ sustained: 'P1M' }, { sustained: 'PT0S' }, { committed: '-1' }, { committed: 'all' }])
      expect((await usage('a', bad as unknown as Record<string, string>)).status).toBe(400);
  });

  it('does not keep what can still change', async () => {
    expect((await usage('a', { to: hour(200) })).body.final).toBe(true);
    const { body, headers } = await usage('a', { to: hour(200.5) });
    expect([body.final, headers.get('cache-control')]).toEqual([false, 'no-store']);
  });

  it('refuses bad periods, zones and too many windows, with the facts', async () => {
    const refused = async (query: Record<string, string>): Promise<unknown> => {
      const { status, body } = await usage('a', query);
      return [status, body.errors?.[0]];
    };
    const refusal = (field: string, message: unknown) => [400, { field, message }];
    expect(await refused({ to: hour(0) })).toEqual(refusal('to', `must be after from, ${hour(0)}`));
    const created = `must not be before ${hour(0)}, when the project was created`;
    expect(await refused({ from: hour(-1) })).toEqual(refusal('from', created));
    expect(await refused({ to: '2999-01-01T00:00:00Z' })).toEqual(refusal('to', expect.stringContaining('now')));
    expect(await refused({ timeZone: 'Europe/Nowhere' })).toEqual(refusal('timeZone', expect.any(String)));
    for (const bad of [{ window: 'P2D' }, { groupBy: 'kind' }, { resource: 'doors' }, { from: 'now' }])
      expect((await usage('a', bad as unknown as Record<string, string>)).status).toBe(400);
    expect((await usage('a', { from: hour(0), to: hour(0.5) })).status).toBe(404);
    expect((await usage('nowhere', {})).status).toBe(404);
  });

  it('is for those who hold the permission at the group', async () => {
    const resident = await service.as({ userId: 'resident', tenantId: null });
    expect((await usage('u1', {}, resident)).status).toBe(200);
    expect((await usage('a', {}, resident)).status).toBe(404);
    expect((await usage('a', {}, await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
    expect((await usage('a', {}, await service.key('sued', 'key', ['quotas:read']))).status).toBe(404);
  });
});

const top = (query: Record<string, string>, headers?: Record<string, string>): Promise<Answer> => {
  const asked = new URLSearchParams({ resource: 'sip_number', from: hour(0), to: hour(150), ...query });
  return service.get(`/projects/hafenblick/usage/top?${asked.toString()}`, headers);
};
const idsOf = ({ body }: Answer): string[] => (body.items as { groupId: string }[]).map(({ groupId }) => groupId);

describe('GET /projects/{p}/usage/top', () => {
  it('has the groups that used the most, with their measures', async () => {
    const { body, headers } = await top({ limit: '3' });
    expect(body).toEqual({
      resource: 'sip_number',
      final: true,
      items: [
        { groupId: 'a', name: 'a', type: 'custom', ...(await usage('a', {})).body.total },
        { groupId: 'hafenblick', name: 'Hafenblick', type: 'company', ...(await usage('hafenblick', {})).body.total },
        { groupId: 'b', name: 'b', type: 'custom', ...(await usage('b', {})).body.total },
      ],
    });
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(idsOf(await top({ measure: 'average' }))).toEqual(['hafenblick', 'a', 'u2', 'u1', 'b']);
    expect(idsOf(await top({ measure: 'growth', to: hour(60) }))).toEqual(['hafenblick', 'b', 'u2', 'a', 'u1']);
    expect(idsOf(await top({ type: 'company' }))).toEqual(['hafenblick']);
  });

  it('has the groups in reach alone', async () => {
    const resident = await service.as({ userId: 'resident', tenantId: null });
    const answer = await top({}, resident);
    expect([idsOf(answer), answer.body.final]).toEqual([['u1'], false]);
    expect((await top({}, await service.key('sued', 'key', ['quotas:read']))).status).toBe(404);
    expect((await top({}, await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
  });

  it('refuses bad questions with the facts', async () => {
    const created = `must not be before ${hour(0)}, when the project was created`;
    expect((await top({ from: hour(-1) })).body.errors).toEqual([{ field: 'from', message: created }]);
    for (const bad of [
      { to: hour(0) },
      { measure: 'low' },
      { limit: '101' },
      { type: 'castle' },
      { resource: 'doors' },
    ])
      expect((await top(bad as unknown as Record<string, string>)).status).toBe(400);
  });
});

const overProjects = (query: Record<string, string>, headers?: Record<string, string>): Promise<Answer> => {
  const asked = new URLSearchParams({ from: hour(0), to: hour(150), ...query });
  return service.get(`/usage?${asked.toString()}`, headers);
};

describe('GET /usage', () => {
  const SIP = { resource: 'sip_number' };
  const HAFENBLICK = { ...SIP, partnerId: 'nordlicht', projectId: 'hafenblick', name: 'Hafenblick', projectCount: 1 };
  const ALTBAU = { ...SIP, partnerId: 'dealer', projectId: 'altbau', name: 'Altbau', projectCount: 1 };

  it('has projects, partners or resources, with the peak of what was used at one instant', async () => {
    const { body } = await overProjects(SIP);
    const total = {
      ...{ from: hour(0), until: hour(150), open: 0, close: 0, peak: 3, peakAt: hour(40), low: 0 },
      ...{ average: '0.400000', unitMs: unitHours(60) },
    };
    expect(body).toEqual({
      timeZone: 'UTC',
      items: [
        { ...ALTBAU, total, windows: [] },
        { ...HAFENBLICK, total: (await usage('hafenblick', {})).body.total, windows: [] },
      ],
    });
    const partners = (await overProjects({ ...SIP, groupBy: 'partner' })).body.items;
    expect(partners).toMatchObject([
      { partnerId: 'dealer', name: 'Dealer', projectCount: 1, total },
      { partnerId: 'nordlicht', name: 'Nordlicht', projectCount: 1, total: body.items[1].total },
    ]);
    const resources = (await overProjects({ groupBy: 'resource', window: 'P1W', timeZone: 'Europe/Berlin' })).body;
    expect(resources.items).toMatchObject([
      // Three of each from the 40th to the 60th hour; four in the 20th are less.
      { resource: 'sip_number', projectCount: 2, total: { peak: 6, peakAt: hour(40), close: 3 } },
      { resource: 'mobile_app', total: { peak: 0, unitMs: '0' } },
      { resource: 'ukey2', total: { peak: 0, unitMs: '0' } },
    ]);
    expect(resources.items[0].windows).toHaveLength(1);
  });

  it('selects the projects of a partner and of those below it', async () => {
    const projects = async (partnerId: string): Promise<unknown> =>
      ((await overProjects({ ...SIP, partnerId })).body.items as { projectId: string }[]).map((one) => one.projectId);
    expect(await projects('dealer')).toEqual(['altbau']);
    expect(await projects('nordlicht')).toEqual(['altbau', 'hafenblick']);
    expect((await overProjects({ ...SIP, partnerId: 'nowhere' })).status).toBe(404);
  });

  it('has whole projects in reach alone', async () => {
    const key = await service.key('nordlicht', 'key', ['quotas:read']);
    expect((await overProjects(SIP, key)).body.items).toMatchObject([ALTBAU, HAFENBLICK]);
    const foreign = await service.key('sued', 'key', ['quotas:read']);
    expect((await overProjects(SIP, foreign)).body.items).toEqual([]);
    expect((await overProjects({ ...SIP, partnerId: 'nordlicht' }, foreign)).status).toBe(404);
    expect((await overProjects(SIP, await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
    // A permission at one group says nothing about the project.
    expect((await overProjects(SIP, await service.as({ userId: 'resident', tenantId: null }))).body.items).toEqual([]);
  });

  it('refuses bad questions with the facts', async () => {
    const { status, body } = await overProjects({});
    expect([status, body.errors]).toEqual([
      400,
      [{ field: 'resource', message: 'must be named, except with groupBy=resource' }],
    ]);
    const many = await overProjects({ ...SIP, from: '2025-01-01T00:00:00Z', window: 'PT1H' });
    expect(many.body.errors).toEqual([{ field: 'window', message: 'PT1H gives more than 5,000 windows; P1D fits' }]);
    for (const bad of [{ to: hour(0) }, { groupBy: 'child' }, { timeZone: 'Europe/Nowhere' }])
      expect((await overProjects({ ...SIP, ...bad } as unknown as Record<string, string>)).status).toBe(400);
  });
});
