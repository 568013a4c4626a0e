import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent, TreeAnswer } from '@allotree/contracts';
import { Service, type Answer } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, at, PROJECT } from '../tables/history.fixture.js';

const hour = (hours: number): string => at(hours).toISOString();
const units = (sip_number: number) => ({ sip_number, mobile_app: 0, ukey2: 0 });
const number = (assignmentId: string, ...path: readonly string[]) => ({
  assignmentId,
  groupId: path.at(-1)!,
  resource: 'sip_number' as const,
  path: ['hafenblick', ...path],
});

/** Two buildings; the first has three of a hundred numbers for its two flats. After 50 hours flat 2 moves to the other one. */
function history(): readonly CloudEvent[] {
  const groups = aboutGroups('hafenblick');
  const licensing = aboutLicensing('hafenblick');
  const place = (groupId: string, parentId: string, name: string, type: 'building' | 'apartment') => ({
    groupId,
    parentId,
    type,
    name,
  });
  const member = (userId: string, groupId: string, role: string) =>
    groups(2, 'allotree.member-added.v1', {
      groupId,
      memberId: `m-${userId}`,
      userId,
      email: `${userId}@example.com`,
      name: userId,
      role,
    });
  return [
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        place('z', 'hafenblick', 'Building A', 'building'),
        place('a', 'hafenblick', 'Building B', 'building'),
        place('f2', 'z', 'Flat', 'apartment'),
        place('f1', 'z', 'Flat', 'apartment'),
      ],
    }),
    member('caretaker', 'z', 'concierge'),
    member('resident', 'f1', 'user'),
    licensing(3, 'allotree.license-granted.v1', {
      licenseId: 'license',
      type: 'plus',
      units: units(100),
      features: [],
      validFrom: hour(3),
      validUntil: hour(1_000),
      source: { kind: 'manual' },
    }),
    licensing(4, 'allotree.restriction-changed.v1', {
      groupId: 'z',
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      allotments: [
        {
          allotmentId: 'block',
          type: 'plus',
          units: units(3),
          features: [],
          validFrom: hour(4),
          validUntil: hour(500),
        },
      ],
      place: null,
    }),
    licensing(10, 'allotree.assignments-made.v1', {
      assignments: [number('s1', 'z', 'f1'), number('s2', 'z', 'f2'), number('s3', 'z')],
    }),
    licensing(50, 'allotree.group-relocated.v1', {
      groupId: 'f2',
      parentId: 'a',
      previousPath: ['hafenblick', 'z', 'f2'],
      path: ['hafenblick', 'a', 'f2'],
    }),
    groups(50, 'allotree.group-moved.v1', { groupId: 'f2', parentId: 'a' }),
    groups(60, 'allotree.group-changed.v1', { groupId: 'a', type: 'building', name: 'Annex' }),
  ];
}

const large = (count: number): readonly CloudEvent[] => {
  const groups = aboutGroups('large');
  const units = Array.from({ length: count }, (_, index) => `u${index}`);
  return [
    groups(0, 'allotree.project-created.v1', {
      name: 'Large',
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
      trial: false,
    }),
    groups(1, 'allotree.groups-placed.v1', {
      groups: units.map((groupId) => ({ groupId, parentId: 'large', type: 'unit', name: groupId })),
    }),
  ];
};

/**
 * Two buildings with two flats. Building A has its two numbers in use until hour 500, one of them in flat 1, which has one of its own. Of
 * building B an allotment with Siri alone ends at hour 600, flat 3 has a number suspended since hour 10. The license ends at hour 1,000.
 */
function tower(): readonly CloudEvent[] {
  const groups = aboutGroups('tower');
  const licensing = aboutLicensing('tower');
  const place = (groupId: string, parentId: string, name: string) => ({
    groupId,
    parentId,
    type: 'custom' as const,
    name,
  });
  const member = (userId: string, groupId: string) => {
    const person = { userId, email: `${userId}@example.com`, name: userId };
    return groups(2, 'allotree.member-added.v1', { groupId, memberId: `m-${userId}`, ...person, role: 'user' });
  };
  type Terms = readonly [sipNumbers: number, until: number | null, ...features: 'siri'[]];
  const restrict = (groupId: string, ...terms: readonly Terms[]) =>
    licensing(4, 'allotree.restriction-changed.v1', {
      groupId,
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      allotments: terms.map(([sipNumbers, until, ...features], index) => ({
        allotmentId: `${groupId}-${index}`,
        type: 'plus',
        units: units(sipNumbers),
        features,
        validFrom: hour(4),
        validUntil: until === null ? null : hour(until),
      })),
      place: null,
    });
  const of = (assignmentId: string, ...path: readonly string[]) => ({
    ...number(assignmentId),
    groupId: path.at(-1)!,
    path: ['tower', ...path],
  });
  return [
    groups(0, 'allotree.project-created.v1', { ...PROJECT, name: 'Tower' }),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        place('ta', 'tower', 'Building A'),
        place('tb', 'tower', 'Building B'),
        place('t1', 'ta', 'Flat 1'),
        place('t2', 'ta', 'Flat 2'),
        place('t3', 'tb', 'Flat 3'),
        place('t4', 'tb', 'Flat 4'),
      ],
    }),
    member('porter', 'ta'),
    member('neighbor', 't2'),
    licensing(3, 'allotree.license-granted.v1', {
      licenseId: 'tower-license',
      type: 'plus',
      units: units(100),
      features: ['siri'],
      validFrom: hour(3),
      validUntil: hour(1_000),
      source: { kind: 'manual' },
    }),
    restrict('ta', [2, 500]),
    restrict('t1', [1, null]),
    restrict('tb', [5, null], [0, 600, 'siri']),
    restrict('t3', [3, 900, 'siri']),
    licensing(5, 'allotree.assignments-made.v1', {
      assignments: [of('n1', 'ta', 't1'), of('n2', 'ta', 't2'), of('n3', 'tb', 't3'), of('n4', 'tb', 't4')],
    }),
    licensing(10, 'allotree.assignments-suspended.v1', { assignments: [of('n3', 'tb', 't3')] }),
  ];
}

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.publish(...history(), ...large(205), ...tower());
  await service.untilProjected();
});
afterAll(() => service.stop());

const tree = (query: Record<string, string>, headers?: Record<string, string>): Promise<Answer> =>
  service.get(`/projects/hafenblick/tree?${new URLSearchParams({ at: hour(20), ...query }).toString()}`, headers);
const idsIn = async (query: Record<string, string>, headers?: Record<string, string>): Promise<string[]> => {
  const { status, body } = await tree(query, headers);
  expect(status).toBe(200);
  return (body as TreeAnswer).items.map(({ groupId }) => groupId);
};

describe('GET /projects/{p}/tree', () => {
  it('begins with the root', async () => {
    const { status, body, headers } = await tree({});
    expect(status).toBe(200);
    const unlicensed = { limit: null, effectiveLimit: 0, consumed: 0, suspended: 0 };
    expect(body).toEqual({
      at: hour(20),
      basis: 'recorded',
      position: expect.any(String),
      final: true,
      total: 1,
      items: [
        {
          groupId: 'hafenblick',
          parentId: null,
          name: 'Hafenblick',
          type: 'company',
          level: 0,
          positionInSet: 1,
          setSize: 1,
          childCount: 2,
          descendantCount: 4,
          status: 'active',
          resources: {
            sip_number: { limit: null, effectiveLimit: 100, consumed: 3, suspended: 0 },
            mobile_app: unlicensed,
            ukey2: unlicensed,
          },
        },
      ],
    });
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  });

  it('shows the rows below expanded groups, by name and id, with the quotas of their groups', async () => {
    const { body } = await tree({ expanded: 'hafenblick,z,nowhere' });
    const { items, total } = body as TreeAnswer;
    expect(total).toBe(5);
    expect(items.map(({ groupId, level, positionInSet, setSize }) => [groupId, level, positionInSet, setSize])).toEqual(
      [
        ['hafenblick', 0, 1, 1],
        ['z', 1, 1, 2],
        ['f1', 2, 1, 2],
        ['f2', 2, 2, 2],
        ['a', 1, 2, 2],
      ],
    );
    for (const { groupId, name, status, resources } of items) {
      const quota = (await service.get(`/projects/hafenblick/groups/${groupId}/quota/as-of?at=${hour(20)}`)).body;
      expect(quota).toMatchObject({ name, status, resources });
    }
    // The flat of an expanded group that is out of sight is out of sight as well.
    expect(await idsIn({ expanded: 'z' })).toEqual(['hafenblick']);
  });

  it('selects a page of the rows in sight', async () => {
    const expanded = 'hafenblick,z,a';
    const all = (await tree({ expanded })).body as TreeAnswer;
    for (const limit of [1, 2, 3]) {
      const pages: TreeAnswer['items'] = [];
      for (let offset = 0; offset < all.total + limit; offset += limit) {
        const { body } = await tree({ expanded, offset: String(offset), limit: String(limit) });
        expect(body.total).toBe(all.total);
        pages.push(...(body as TreeAnswer).items);
      }
      expect(pages).toEqual(all.items);
    }
  });

  it('shows at most 200 rows, and counts at most 100 groups below each', async () => {
    const of = async (query: string): Promise<TreeAnswer> =>
      (await service.get(`/projects/large/tree?${query}`)).body as TreeAnswer;
    expect((await of('')).items).toMatchObject([{ groupId: 'large', childCount: 205, descendantCount: 100 }]);
    const { items, total } = await of('expanded=large&limit=200&offset=6');
    expect([items.length, total]).toEqual([200, 206]);
    expect(items[0]).toMatchObject({ positionInSet: 6, setSize: 205 });
    expect((await of('expanded=large')).items).toHaveLength(100);
  });

  it('begins below a group', async () => {
    expect(await idsIn({ parentId: 'hafenblick' })).toEqual(['z', 'a']);
    expect(await idsIn({ parentId: 'hafenblick', expanded: 'z' })).toEqual(['z', 'f1', 'f2', 'a']);
    expect(await idsIn({ parentId: 'f1' })).toEqual([]);
    expect((await tree({ parentId: 'nowhere' })).status).toBe(404);
    expect((await tree({ parentId: 'z', at: hour(0.5) })).status).toBe(404);
  });

  it('shows where a group was, and will be', async () => {
    const expanded = 'hafenblick,z,a';
    expect(await idsIn({ expanded, at: hour(49) })).toEqual(['hafenblick', 'z', 'f1', 'f2', 'a']);
    expect(await idsIn({ expanded, at: hour(51) })).toEqual(['hafenblick', 'z', 'f1', 'a', 'f2']);
    expect(await idsIn({ expanded, at: hour(0.5) })).toEqual(['hafenblick']);
    const { body } = await tree({ expanded, at: hour(600) });
    expect(body).toMatchObject({ basis: 'planned', final: false });
    expect((body as TreeAnswer).items.map(({ name, status }) => [name, status])).toEqual([
      ['Hafenblick', 'active'],
      ['Annex', 'active'],
      ['Flat', 'active'],
      ['Building A', 'expired'],
      ['Flat', 'expired'],
    ]);
  });

  it('shows only what is in reach today', async () => {
    const caretaker = await service.as({ userId: 'caretaker', tenantId: null });
    const resident = await service.as({ userId: 'resident', tenantId: null });
    const expanded = 'hafenblick,z,a';
    // Flat 2 has left the caretaker's building since then.
    const { body, headers } = await tree({ expanded }, caretaker);
    expect(body).toMatchObject({ total: 2, final: false });
    expect((body as TreeAnswer).items).toMatchObject([
      { groupId: 'z', level: 1, positionInSet: 1, setSize: 1, childCount: 1, descendantCount: 1 },
      { groupId: 'f1', level: 2, positionInSet: 1, setSize: 1, resources: { sip_number: { effectiveLimit: 3 } } },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await idsIn({ expanded, at: hour(70) }, caretaker)).toEqual(['z', 'f1']);
    expect(await idsIn({ expanded }, resident)).toEqual(['f1']);
    expect(await idsIn({ expanded, at: hour(0.5) }, resident)).toEqual([]);
    expect(await idsIn({ parentId: 'z' }, caretaker)).toEqual(['f1']);
    expect((await tree({ parentId: 'z' }, resident)).status).toBe(404);
    expect((await tree({}, await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
    expect((await tree({}, await service.key('sued', 'key', ['quotas:read']))).status).toBe(404);
    expect(await idsIn({ expanded: 'hafenblick' }, await service.key('nordlicht', 'key', ['quotas:read']))).toEqual([
      'hafenblick',
      'z',
      'a',
    ]);
  });

  describe('with states', () => {
    type Found = readonly [groupId: string, states: readonly string[], endsAt: string | null];
    const search = async (query: Record<string, string>, headers?: Record<string, string>): Promise<TreeAnswer> => {
      const parameters = new URLSearchParams({ at: hour(20), ...query }).toString();
      const { status, body } = await service.get(`/projects/tower/tree?${parameters}`, headers);
      expect(status).toBe(200);
      return body as TreeAnswer;
    };
    const found = async (query: Record<string, string>, headers?: Record<string, string>): Promise<Found[]> =>
      (await search(query, headers)).items.map(({ groupId, found: why }) => [groupId, why!.states, why!.endsAt]);

    it('finds the groups at their limit, the highest first', async () => {
      const { items, total } = await search({ state: 'at_limit' });
      expect(total).toBe(2);
      const tops = [{ groupId: 'tower', name: 'Tower' }];
      expect(items).toMatchObject([
        {
          groupId: 'ta',
          name: 'Building A',
          level: 1,
          positionInSet: 1,
          setSize: 2,
          childCount: 2,
          resources: { sip_number: { limit: 2, effectiveLimit: 2, consumed: 2, suspended: 0 } },
          found: { states: ['at_limit'], endsAt: null, above: tops },
        },
        {
          groupId: 't1',
          level: 2,
          positionInSet: 2,
          setSize: 2,
          found: { states: ['at_limit'], endsAt: null, above: [...tops, { groupId: 'ta', name: 'Building A' }] },
        },
      ]);
      expect(await found({ state: 'at_limit', at: hour(4.5) })).toEqual([]);
    });

    it('finds what ends soon, of a group itself, above it, and of the project', async () => {
      const [siri, building, flat, license] = [hour(600), hour(500), hour(900), hour(1_000)];
      const soon = (days: string) => found({ state: 'ending_soon', endingWithinDays: days });
      // Hour 500 is on the evening of June 21.
      expect(await soon('19')).toEqual([]);
      expect(await soon('20')).toEqual([
        ['ta', ['ending_soon'], building],
        ['t1', ['ending_soon'], building],
      ]);
      const within30 = [
        ['ta', ['ending_soon'], building],
        ['tb', ['ending_soon'], siri],
        ['t1', ['ending_soon'], building],
        // Its own allotment ends at hour 900, but Siri goes with that of the building.
        ['t3', ['ending_soon'], siri],
      ];
      expect(await soon('30')).toEqual(within30);
      expect(await found({ state: 'ending_soon' })).toEqual(within30);
      expect(await soon('365')).toEqual([['tower', ['ending_soon'], license], ...within30]);
      expect(await found({ state: 'ending_soon', at: hour(700) })).toEqual([
        ['tower', ['ending_soon'], license],
        ['tb', ['ending_soon'], license],
        ['t3', ['ending_soon'], flat],
      ]);
    });

    it('finds the groups at which units are suspended', async () => {
      expect(await found({ state: 'suspended' })).toEqual([['t3', ['suspended'], null]]);
      expect(await found({ state: 'suspended', at: hour(9) })).toEqual([]);
    });

    it('finds groups in any of several states, page by page and below a group', async () => {
      const state = 'suspended,at_limit,ending_soon';
      const all = await found({ state });
      expect(all).toEqual([
        ['ta', ['at_limit', 'ending_soon'], hour(500)],
        ['tb', ['ending_soon'], hour(600)],
        ['t1', ['at_limit', 'ending_soon'], hour(500)],
        ['t3', ['ending_soon', 'suspended'], hour(600)],
      ]);
      const pages = [];
      for (let offset = 0; offset < 6; offset += 3) {
        const { items, total } = await search({ state, limit: '3', offset: String(offset) });
        expect(total).toBe(4);
        pages.push(...items.map(({ groupId, positionInSet, setSize }) => [groupId, positionInSet, setSize]));
      }
      expect(pages).toEqual(all.map(([groupId], index) => [groupId, index + 1, 4]));
      expect((await found({ state, parentId: 'tb' })).map(([groupId]) => groupId)).toEqual(['t3']);
      expect(await found({ state, parentId: 't3' })).toEqual([]);
    });

    it('finds groups in reach only, and names no other', async () => {
      const [porter, neighbor] = await Promise.all(
        ['porter', 'neighbor'].map((userId) => service.as({ userId, tenantId: null })),
      );
      const state = 'suspended,at_limit,ending_soon';
      expect((await search({ state }, porter)).items.map(({ groupId, found: why }) => [groupId, why!.above])).toEqual([
        ['ta', []],
        ['t1', [{ groupId: 'ta', name: 'Building A' }]],
      ]);
      // The own flat has no limit of its own, and ends with the building.
      expect((await search({ state }, neighbor)).items).toMatchObject([
        { groupId: 't2', found: { states: ['ending_soon'], endsAt: hour(500), above: [] } },
      ]);
      const path = `/projects/tower/tree?state=${state}`;
      expect((await service.get(path, await service.key('sued', 'key', ['quotas:read']))).status).toBe(404);
      expect((await service.get(path, await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
      expect((await service.get(`${path}&parentId=tb`, porter)).status).toBe(404);
    });

    it('refuses bad states', async () => {
      const bad: [Record<string, string>, field: string][] = [
        [{ state: '' }, 'state[0]'],
        [{ state: 'full' }, 'state[0]'],
        [{ state: 'at_limit,' }, 'state[1]'],
        [{ state: 'AT_LIMIT' }, 'state'],
        [{ state: 'suspended', expanded: 'tower' }, 'expanded'],
        [{ state: 'ending_soon', endingWithinDays: '0' }, 'endingWithinDays'],
        [{ state: 'ending_soon', endingWithinDays: '366' }, 'endingWithinDays'],
        [{ state: 'ending_soon', endingWithinDays: '1.5' }, 'endingWithinDays'],
      ];
      for (const [query, field] of bad) {
        const { status, body } = await tree(query);
        expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, 'VALIDATION', field]);
      }
    });
  });

  it('refuses bad queries', async () => {
    const many = Array.from({ length: 201 }, (_, index) => `g${index}`).join(',');
    const bad: Record<string, string>[] = [
      { limit: '201' },
      { limit: '0' },
      { offset: '-1' },
      { offset: '1000001' },
      { at: 'now' },
      { at: hour(-1) },
      { parentId: '!' },
      { expanded: 'gebäude' },
      { expanded: '-a' },
      { expanded: many },
      { expanded: 'a'.repeat(8_001) },
      { depth: '2' },
    ];
    for (const query of bad) expect([query, (await tree(query)).status]).toEqual([query, 400]);
    expect((await service.get('/projects/nowhere/tree')).status).toBe(404);
  });
});
