import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent, PulledEvent, QuotaWhyAnswer } from '@allotree/contracts';
import { Service, type Answer } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, at, PROJECT } from '../tables/history.fixture.js';

const PATH = '/projects/hafenblick/groups';
const IN_FLAT = ['hafenblick', 'building', 'flat'];
const hour = (hours: number): string => at(hours).toISOString();
const units = (sip_number: number | null, mobile_app: number | null = 0) => ({ sip_number, mobile_app, ukey2: 0 });
const number = (assignmentId: string, groupId = 'flat') => ({
  assignmentId,
  groupId,
  resource: 'sip_number' as const,
  path: [...IN_FLAT.slice(0, 2), groupId],
});
const suspended = { assignments: [number('s3'), number('s4')] };

/** A building with three of a hundred numbers, of which its flats use all; then it has two only, and more again. */
function history(): readonly CloudEvent[] {
  const groups = aboutGroups('hafenblick');
  const licensing = aboutLicensing('hafenblick');
  const member = (userId: string, groupId: string, role: string) =>
    groups(2, 'allotree.member-added.v1', {
      groupId,
      memberId: `m-${userId}`,
      userId,
      email: `${userId}@example.com`,
      name: userId,
      role,
    });
  const section = (hours: number, sip_number: number) =>
    licensing(hours, 'allotree.restriction-changed.v1', {
      groupId: 'building',
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      allotments: [
        {
          allotmentId: 'block',
          type: 'plus',
          units: units(sip_number),
          features: ['siri'],
          validFrom: hour(3),
          validUntil: hour(1_000),
        },
      ],
      place: null,
    });
  return [
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        { groupId: 'building', parentId: 'hafenblick', type: 'building', name: 'Building A' },
        { groupId: 'flat', parentId: 'building', type: 'apartment', name: 'Flat 1' },
        { groupId: 'other', parentId: 'building', type: 'apartment', name: 'Flat 2' },
      ],
    }),
    member('site', 'building', 'site_administrator'),
    member('concierge', 'building', 'concierge'),
    member('resident', 'flat', 'user'),
    member('neighbor', 'other', 'user'),
    licensing(2, 'allotree.license-granted.v1', {
      licenseId: 'plus',
      type: 'plus',
      units: units(100, 10),
      features: ['siri', 'elevators'],
      validFrom: hour(0),
      validUntil: hour(2_000),
      source: { kind: 'manual' },
    }),
    section(3, 4),
    licensing(4, 'allotree.assignment-made.v1', number('s1')),
    licensing(5, 'allotree.assignments-made.v1', { assignments: [number('s2'), number('s3'), number('s4')] }),
    section(10, 2),
    licensing(10, 'allotree.assignments-suspended.v1', suspended),
    licensing(20, 'allotree.license-suspended.v1', { licenseId: 'plus', reason: 'Invoice overdue' }),
    licensing(21, 'allotree.license-reinstated.v1', { licenseId: 'plus' }),
    licensing(30, 'allotree.assignment-made.v1', number('o1', 'other')),
    licensing(31, 'allotree.assignments-released.v1', {
      assignments: [number('o1', 'other')],
      reason: 'group_removed',
    }),
    groups(31, 'allotree.group-removed.v1', { groupId: 'other' }),
    section(40, 5),
    licensing(40, 'allotree.assignments-reinstated.v1', suspended),
    groups(50, 'allotree.group-changed.v1', { groupId: 'flat', type: 'apartment', name: 'Flat 1a' }),
  ];
}

let service: Service;
let published: readonly CloudEvent[];
beforeAll(async () => {
  service = await Service.start();
  published = history();
  await service.publish(...published);
  await service.untilProjected();
});
afterAll(() => service.stop());

const person = (userId: string) => service.as({ userId, tenantId: null });
const asOf = (group: string, when: string, headers?: Record<string, string>): Promise<Answer> =>
  service.get(`${PATH}/${group}/quota/as-of?at=${encodeURIComponent(when)}`, headers);
const why = (group: string, when: string, headers?: Record<string, string>): Promise<Answer> =>
  service.get(`${PATH}/${group}/quota/why?resource=sip_number&at=${encodeURIComponent(when)}`, headers);

describe('GET /projects/{p}/groups/{g}/quota/as-of', () => {
  it('answers what was so at the instant, for ever', async () => {
    const { status, body, headers } = await asOf('flat', hour(10.5));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      groupId: 'flat',
      name: 'Flat 1',
      status: 'active',
      type: 'plus',
      resources: {
        sip_number: {
          limit: null,
          effectiveLimit: 2,
          limitedBy: { groupId: 'building', name: 'Building A' },
          consumed: 2,
          suspended: 2,
          available: 0,
        },
      },
      effectivePeriod: { validFrom: hour(3), validUntil: hour(1_000) },
      at: hour(10.5),
      basis: 'recorded',
      final: true,
    });
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect((await asOf('flat', hour(5))).body.resources.sip_number).toMatchObject({ consumed: 4, available: 0 });
    expect((await asOf('flat', hour(4))).body.resources.sip_number).toMatchObject({ consumed: 1, available: 3 });
    expect((await asOf('flat', hour(20))).body).toMatchObject({
      resources: { sip_number: { effectiveLimit: 0, limitedBy: { groupId: null, name: 'Hafenblick' } } },
    });
  });

  it('answers what is planned from the terms, and keeps nothing that can change', async () => {
    const { body, headers } = await asOf('flat', hour(1_000));
    expect(body).toMatchObject({
      name: 'Flat 1a',
      status: 'expired',
      resources: { sip_number: { effectiveLimit: 0, consumed: 4 } },
      effectivePeriod: { validFrom: hour(1_000), validUntil: null },
      basis: 'planned',
      final: false,
    });
    expect(headers.get('cache-control')).toBe('no-store');
    const last = await asOf('flat', hour(40));
    expect(last.body).toMatchObject({ basis: 'recorded', final: false, resources: { sip_number: { consumed: 4 } } });
    const now = await service.get(`${PATH}/flat/quota/as-of`);
    expect(now.body).toMatchObject({ basis: 'planned', final: false });
  });

  it('refuses an instant before the project, and one that is none', async () => {
    expect(await asOf('flat', '2026-05-31T23:59:59.999Z')).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'at', message: `must not be before ${hour(0)}, when the project was created` }] },
    });
    for (const bad of [
      'yesterday',
      '2026-06-01',
      '',
      `2026-06-01T00:00:00.${'0'.repeat(50)}Z`,
      '9999-12-31T23:59:59-10:00',
    ])
      expect((await asOf('flat', bad)).status).toBe(400);
    expect((await service.get(`${PATH}/flat/quota/as-of?when=now`)).status).toBe(400);
    expect((await asOf('flat', '0000-01-01T00:00:00Z')).status).toBe(400);
  });

  it('does not know a group before it came, or after it left', async () => {
    expect(await asOf('flat', hour(0.5))).toMatchObject({ status: 404, body: { what: 'group', at: hour(0.5) } });
    expect((await asOf('other', hour(30))).body.resources.sip_number.consumed).toBe(1);
    expect((await asOf('other', hour(31))).status).toBe(404);
    expect((await asOf('nowhere', hour(30))).status).toBe(404);
    expect((await service.get('/projects/nowhere/groups/nowhere/quota/as-of')).status).toBe(404);
  });

  it('is for those who hold the permission today, of a removed group at the group above', async () => {
    const statuses = async (group: string): Promise<number[]> => {
      const people = ['site', 'concierge', 'resident', 'neighbor', 'stranger'].map(async (name) => {
        const { status } = await asOf(group, hour(30), await person(name));
        return status;
      });
      return Promise.all(people);
    };
    expect(await statuses('building')).toEqual([200, 200, 404, 404, 404]);
    expect(await statuses('flat')).toEqual([200, 200, 200, 404, 404]);
    expect(await statuses('other')).toEqual([200, 200, 404, 404, 404]);
    const key = await service.key('nordlicht', 'key', ['quotas:read']);
    expect((await asOf('flat', hour(30), key)).body).toEqual((await asOf('flat', hour(30))).body);
    expect((await asOf('flat', hour(30), await service.key('nordlicht', 'key', ['mail:read']))).status).toBe(403);
    expect((await asOf('flat', hour(30), await service.key('sued', 'key', ['quotas:read']))).status).toBe(404);
  });

  it('shows residents nothing of their neighbors', async () => {
    const { body } = await asOf('flat', hour(4), await person('resident'));
    expect(body.resources.sip_number).toMatchObject({ effectiveLimit: 4, consumed: 1, available: 3 });
    const full = await asOf('building', hour(30));
    expect(full.body.resources.sip_number.available).toBe(0);
    const shown = await asOf('flat', hour(30), await person('resident'));
    expect(shown.body.resources.sip_number).toMatchObject({ effectiveLimit: 2, consumed: 2, available: 0 });
  });
});

const eventOf = (type: string, hours: number): CloudEvent =>
  published.find((event) => event.type === `allotree.${type}.v1` && event.time === hour(hours))!;

interface Assigned {
  readonly assignmentId: string;
  readonly path: readonly string[];
}
const listed = ({ data }: PulledEvent): readonly Assigned[] => {
  const { assignments, ...one } = data as Assigned & { readonly assignments?: readonly Assigned[] };
  return assignments ?? [one];
};

/** The limit and use of a group, from some events alone. */
function fold(events: readonly PulledEvent[], groupId: string): { limit: number | null; consumed: number } {
  let limit: number | null = null;
  const inForce = new Set<string>();
  for (const event of events) {
    const { type, data } = event;
    if (type === 'allotree.restriction-changed.v1') {
      const section = data as { groupId: string; allotments: readonly { units: { sip_number: number } }[] };
      if (section.groupId === groupId) limit = section.allotments.reduce((sum, one) => sum + one.units.sip_number, 0);
    }
    if (!type.includes('assignment')) continue;
    for (const { assignmentId, path } of listed(event)) {
      if (!path.includes(groupId)) continue;
      if (/made|reinstated/.test(type)) inForce.add(assignmentId);
      else inForce.delete(assignmentId);
    }
  }
  return { limit, consumed: inForce.size };
}

describe('GET /projects/{p}/groups/{g}/quota/why', () => {
  it('names the limit that binds, the events behind it, and what would have to change', async () => {
    const { status, body, headers } = await why('flat', hour(30.5));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const { id, type, time, actor, causationid } = eventOf('restriction-changed', 10);
    const setting = { id, type, at: time, actor, causationId: causationid };
    expect(body.quota).toMatchObject({ effectiveLimit: 2, consumed: 2, suspended: 2, available: 0 });
    expect(body.levels).toMatchObject([
      { groupId: 'flat', isRestricted: false, isBinding: false, event: null, terms: [] },
      {
        groupId: 'building',
        limit: 2,
        consumed: 3,
        left: -1,
        isBinding: true,
        event: setting,
        terms: [{ id: 'block', limit: 2, status: 'active', event: setting, suspended: null }],
      },
      { groupId: 'hafenblick', isRestricted: false, consumed: 3 },
      {
        groupId: null,
        name: 'Hafenblick',
        limit: 100,
        terms: [{ id: 'plus', limit: 100, event: { id: eventOf('license-reinstated', 21).id } }],
      },
    ]);
    const suspending = eventOf('assignments-suspended', 10).id;
    expect(body.suspended).toMatchObject({
      total: 2,
      items: [
        { assignmentId: 's3', groupId: 'flat', since: hour(10), event: { id: suspending } },
        { assignmentId: 's4', groupId: 'flat', since: hour(10), event: { id: suspending } },
      ],
    });
    expect(body.toChange).toMatchObject([{ kind: 'raise', groupId: 'building' }]);
  });

  it('says since when a license is suspended, and why', async () => {
    const { body } = await why('flat', hour(20));
    expect(body.levels.at(-1).terms).toMatchObject([
      {
        id: 'plus',
        status: 'suspended',
        suspended: { reason: 'Invoice overdue', since: hour(20), event: { id: eventOf('license-suspended', 20).id } },
      },
    ]);
    expect(body.toChange).toContainEqual({ kind: 'reinstate', licenseId: 'plus', units: units(100, 10) });
  });

  it('is proven by the events that it names, alone', async () => {
    const log = await service.pull('limit=1000');
    for (const hours of [3.5, 4, 5, 10, 20, 30, 31, 40, 60]) {
      const { body } = await why('flat', hour(hours));
      const { proof, levels } = body as QuotaWhyAnswer;
      const events = log.filter(({ id }) => proof.events.includes(id));
      const binding = levels.find(({ isBinding }) => isBinding)!;
      expect(proof.isComplete).toBe(true);
      expect(events).toHaveLength(proof.events.length);
      if (binding.groupId === null) continue;
      const { limit, consumed } = binding;
      expect({ hours, ...fold(events, binding.groupId) }).toEqual({ hours, limit, consumed });
    }
  });

  it('shows terms, use, assignments and actors to those alone who may see them', async () => {
    const concierge = (await why('flat', hour(30.5), await person('concierge'))).body;
    expect(concierge.levels).toMatchObject([
      { groupId: 'flat', consumed: 2 },
      { groupId: 'building', limit: 2, consumed: 3, event: null, terms: [] },
      { groupId: 'hafenblick', consumed: null, suspended: null, left: null, unreserved: null },
      { groupId: null, limit: 100, consumed: null, terms: [] },
    ]);
    expect(concierge.suspended).toEqual({ total: 2, items: [] });
    const site = (await why('flat', hour(30.5), await person('site'))).body;
    expect(site.levels).toMatchObject([
      {},
      { event: { actor: 'user:ada' }, terms: [{ id: 'block' }] },
      {},
      { terms: [] },
    ]);
    const resident = (await why('flat', hour(30.5), await person('resident'))).body;
    expect(resident.levels).toMatchObject([
      { groupId: 'flat', consumed: 2 },
      { groupId: 'building', limit: 2, consumed: null, left: null, terms: [] },
      { consumed: null },
      { consumed: null },
    ]);
    expect(resident).toMatchObject({ toChange: [], suspended: { total: 2, items: [] } });
    expect((await why('flat', hour(30.5), await person('neighbor'))).status).toBe(404);
  });

  it('refuses a resource that is none', async () => {
    for (const query of ['', '?resource=doors', '?resource=ukey2&at=2026'])
      expect((await service.get(`${PATH}/flat/quota/why${query}`)).status).toBe(400);
  });
});

describe('GET /projects/{p}/groups/{g}/quota/diff', () => {
  const diff = (from: string, to: string, headers?: Record<string, string>): Promise<Answer> =>
    service.get(`${PATH}/flat/quota/diff?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`, headers);

  it('has what differs, and the events in between', async () => {
    const { status, body, headers } = await diff(hour(9), hour(10));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(body).toMatchObject({
      from: { at: hour(9), basis: 'recorded', final: true },
      to: { at: hour(10), final: true },
      changes: [
        { path: 'resources.sip_number.effectiveLimit', before: 4, after: 2 },
        { path: 'resources.sip_number.consumed', before: 4, after: 2 },
        { path: 'resources.sip_number.suspended', before: 0, after: 2 },
      ],
    });
    const between = [eventOf('restriction-changed', 10), eventOf('assignments-suspended', 10)];
    expect(body.events).toMatchObject({ total: 2, items: between.map(({ id }) => ({ id })) });
  });

  it('has the events about the groups above, and the licenses', async () => {
    const { body } = await diff(hour(10), hour(40));
    const types = body.events.items.map(({ type }: { type: string }) => type);
    expect(types).toEqual([
      'allotree.license-suspended.v1',
      'allotree.license-reinstated.v1',
      'allotree.restriction-changed.v1',
      'allotree.assignments-reinstated.v1',
    ]);
    expect((await diff(hour(11), hour(12))).body).toMatchObject({ changes: [], events: { total: 0, items: [] } });
  });

  it('shows the events of groups whose history the caller may see', async () => {
    const site = (await diff(hour(10), hour(40), await person('site'))).body;
    expect(site.events.total).toBe(2);
    for (const name of ['concierge', 'resident']) {
      const { body } = await diff(hour(10), hour(40), await person(name));
      expect(body.changes.length).toBeGreaterThan(0);
      expect(body.events).toEqual({ total: 0, items: [] });
    }
  });

  it('refuses a range without length, or before the project', async () => {
    for (const [from, to] of [
      [hour(5), hour(5)],
      [hour(6), hour(5)],
      [hour(-1), hour(5)],
      ['x', hour(5)],
    ] as const)
      expect((await diff(from, to)).status).toBe(400);
    expect((await diff(hour(-1), hour(5))).body.errors).toMatchObject([{ field: 'from' }]);
    expect((await service.get(`${PATH}/flat/quota/diff?from=${hour(5)}`)).status).toBe(400);
  });
});
