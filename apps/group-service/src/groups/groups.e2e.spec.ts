import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { Service } from '../service-under-test.harness.js';

let service: Service;
let p: string;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  p = await service.project();
  service.licenses.answer = { status: 204, body: null };
  service.licenses.asked.length = 0;
});

const typesOf = async (work: () => Promise<unknown>): Promise<string[]> =>
  (await service.recordedWhile(work)).map((event) => event.type);
const namesBelow = async (parentId: string): Promise<string[]> =>
  ((await service.get(`/projects/${p}/groups?parentId=${parentId}`)).body.items as { name: string }[]).map(
    (item) => item.name,
  );

describe('creating groups', () => {
  it('puts them below their parent', async () => {
    const created = await service.post(`/projects/${p}/groups`, {
      parentId: p,
      type: 'building',
      name: ' Building A ',
    });
    expect([created.status, created.etag]).toEqual([201, '"1"']);
    const shown = await service.get(`/projects/${p}/groups/${created.body.groupId}`);
    expect(shown).toMatchObject({
      status: 200,
      etag: '"1"',
      body: { parentId: p, type: 'building', name: 'Building A', hasChildren: false },
    });
    expect(await namesBelow(p)).toEqual(['Building A']);
    expect((await service.published(p)).map(({ type, data }) => [type, data]).slice(1)).toEqual([
      [
        'allotree.groups-placed.v1',
        {
          projectId: p,
          groups: [{ groupId: created.body.groupId, parentId: p, type: 'building', name: 'Building A' }],
        },
      ],
    ]);
  });

  it('is refused for a name a sibling has, and records nothing', async () => {
    await service.group(p, p, 'Building A');
    const types = await typesOf(async () => {
      const answer = await service.post(`/projects/${p}/groups`, { parentId: p, type: 'unit', name: 'BUILDING a' });
      expect(answer).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN', parentId: p, names: ['Building A'] } });
    });
    expect(types).toEqual([]);
  });

  it('makes one group for one idempotency key, and refuses the key for another', async () => {
    const key = { 'idempotency-key': 'building-a' };
    const body = { parentId: p, type: 'building', name: 'A' };
    const first = await service.post(`/projects/${p}/groups`, body, key);
    expect(await service.post(`/projects/${p}/groups`, body, key)).toEqual(first);
    expect((await service.post(`/projects/${p}/groups`, { ...body, name: 'B' }, key)).body.code).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    expect(await namesBelow(p)).toEqual(['A']);
  });
});

describe('changing groups', () => {
  it('honours If-Match', async () => {
    const a = await service.group(p, p, 'A');
    const { etag } = await service.get(`/projects/${p}/groups/${a}`);
    const changed = await service.patch(
      `/projects/${p}/groups/${a}`,
      { name: 'A2', type: 'custom' },
      { 'if-match': etag ?? '' },
    );
    expect(changed).toMatchObject({ status: 200, etag: '"2"', body: { name: 'A2', type: 'custom' } });
    const types = await typesOf(async () => {
      const stale = await service.patch(`/projects/${p}/groups/${a}`, { name: 'A3' }, { 'if-match': etag ?? '' });
      expect(stale).toMatchObject({ status: 412, body: { code: 'STALE_REVISION', expectedRevision: 1, revision: 2 } });
    });
    expect(types).toEqual([]);
    expect(await namesBelow(p)).toEqual(['A2']);
  });

  it('saves a form that was open while other groups were changed', async () => {
    const created = await service.post(`/projects/${p}/groups`, { parentId: p, type: 'building', name: 'Open' });
    const { groupId } = created.body;
    const { etag } = await service.get(`/projects/${p}/groups/${groupId}`);
    expect(etag).toBe(created.etag);
    await service.group(p, p, 'Another');
    await service.patch(`/projects/${p}/groups/${p}`, { name: 'Another project' });
    expect((await service.get(`/projects/${p}/groups/${groupId}`)).etag).toBe(etag);
    const saved = await service.patch(
      `/projects/${p}/groups/${groupId}`,
      { name: 'Saved' },
      { 'if-match': etag ?? '' },
    );
    expect(saved).toMatchObject({ status: 200, body: { name: 'Saved' } });
    expect(saved.etag).toBe((await service.get(`/projects/${p}/groups/${groupId}`)).etag);
  });

  it('is already so the second time', async () => {
    const a = await service.group(p, p, 'A');
    await service.patch(`/projects/${p}/groups/${a}`, { name: 'B' });
    expect(await typesOf(() => service.patch(`/projects/${p}/groups/${a}`, { name: 'B' }))).toEqual([]);
  });

  it('only checks with dryRun', async () => {
    const a = await service.group(p, p, 'A');
    await service.group(p, p, 'B');
    const types = await typesOf(async () => {
      expect(await service.patch(`/projects/${p}/groups/${a}?dryRun=true`, { name: 'C' })).toMatchObject({
        status: 200,
        body: { events: [{ type: 'GroupDetailsChanged', data: { groupId: a, name: 'C' } }] },
      });
      expect((await service.patch(`/projects/${p}/groups/${a}?dryRun=true`, { name: 'b' })).body.code).toBe(
        'NAME_TAKEN',
      );
      expect(await service.delete(`/projects/${p}/groups/${a}?dryRun=true`)).toMatchObject({
        status: 200,
        body: { events: [{ type: 'SubtreeRemoved', data: { groupId: a } }] },
      });
    });
    expect(types).toEqual([]);
  });
});

describe('moving groups (G1, G3)', () => {
  it('asks the license service, then moves the subtree', async () => {
    const a = await service.group(p, p, 'A');
    const b = await service.group(p, p, 'B');
    const a1 = await service.group(p, a, 'One', 'unit');
    const moved = await service.post(`/projects/${p}/groups/${a1}/move`, { parentId: b });
    expect(moved).toMatchObject({ status: 200, body: { groupId: a1, parentId: b } });
    expect(service.licenses.asked).toEqual([
      {
        path: `/api/v1/projects/${p}/groups/${a1}/relocation-check`,
        body: { parentId: b },
        authorization: expect.stringMatching(/^Bearer /),
      },
    ]);
    expect(await namesBelow(b)).toEqual(['One']);
    expect(await namesBelow(a)).toEqual([]);
    expect((await service.published(p)).at(-1)).toMatchObject({
      type: 'allotree.group-moved.v1',
      data: { projectId: p, groupId: a1, parentId: b },
    });
  });

  it('passes on why the new place cannot hold it', async () => {
    const a = await service.group(p, p, 'A');
    const b = await service.group(p, p, 'B');
    const facts = {
      resource: 'sip_number',
      requested: 5,
      available: 2,
      limitedBy: { groupId: a, name: 'A', limit: 2, validUntil: null },
    };
    service.licenses.answer = {
      status: 409,
      body: {
        code: 'LIMIT_EXCEEDED',
        detail: 'A holds 2',
        title: 't',
        status: 409,
        type: 'x',
        instance: '/y',
        ...facts,
      },
    };
    const types = await typesOf(async () => {
      const answer = await service.post(`/projects/${p}/groups/${b}/move`, { parentId: a });
      expect(answer).toMatchObject({
        status: 409,
        body: {
          code: 'LIMIT_EXCEEDED',
          detail: 'A holds 2',
          instance: `/api/v1/projects/${p}/groups/${b}/move`,
          ...facts,
        },
      });
    });
    expect(types).toEqual([]);
  });

  it.each([
    ['fails', { status: 500, body: { code: 'INTERNAL' } }],
    ['does not know the group yet', { status: 404, body: { code: 'NOT_FOUND' } }],
    ['answers something else', { status: 502, body: null }],
  ])('is put off while the license service %s', async (_, answered) => {
    const a = await service.group(p, p, 'A');
    const b = await service.group(p, p, 'B');
    service.licenses.answer = answered;
    const types = await typesOf(async () => {
      const answer = await service.post(`/projects/${p}/groups/${b}/move`, { parentId: a });
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'OVERLOADED', cause: expect.stringContaining(String(answered.status)) },
      });
    });
    expect(types).toEqual([]);
  });

  it('refuses a cycle, a taken name and a place in another project without asking', async () => {
    const a = await service.group(p, p, 'A');
    const a1 = await service.group(p, a, 'One');
    await service.group(p, p, 'one');
    const elsewhere = await service.project('Elsewhere');
    const types = await typesOf(async () => {
      expect((await service.post(`/projects/${p}/groups/${a}/move`, { parentId: a1 })).body).toMatchObject({
        code: 'CYCLE',
        groupId: a,
        parentId: a1,
      });
      expect((await service.post(`/projects/${p}/groups/${a1}/move`, { parentId: p })).body).toMatchObject({
        code: 'NAME_TAKEN',
      });
      expect((await service.post(`/projects/${p}/groups/${a}/move`, { parentId: elsewhere })).status).toBe(404);
    });
    expect(types).toEqual([]);
    expect(service.licenses.asked).toEqual([]);
  });

  it('moves nothing when it is already there, or only checked', async () => {
    const a = await service.group(p, p, 'A');
    const b = await service.group(p, p, 'B');
    const types = await typesOf(async () => {
      expect((await service.post(`/projects/${p}/groups/${a}/move`, { parentId: p })).status).toBe(200);
      expect((await service.post(`/projects/${p}/groups/${a}/move?dryRun=true`, { parentId: b })).body).toMatchObject({
        events: [{ type: 'GroupMoved', data: { groupId: a, parentId: b } }],
      });
    });
    expect(types).toEqual([]);
    expect(service.licenses.asked).toHaveLength(1);
  });
});

describe('moving to another project (G3)', () => {
  const anotherProject = async (): Promise<string> =>
    service.project('Other', (await service.get(`/projects/${p}`)).body.partnerId as string);

  it('is refused to a project of another tenant for every caller (P4)', async () => {
    const a = await service.group(p, p, 'A');
    const foreign = await service.project('Foreign');
    const types = await typesOf(async () => {
      const move = { projectId: foreign, parentId: foreign };
      const { status, body } = await service.post(`/projects/${p}/groups/${a}/move`, move);
      expect([status, body.code]).toEqual([409, 'NOT_TRANSFERABLE']);
    });
    expect(types).toEqual([]);
  });

  it('places the subtree there, under new ids and without its members (P4), and removes it here', async () => {
    const a = await service.group(p, p, 'A');
    const a1 = await service.group(p, a, 'One', 'unit');
    await service.post(`/projects/${p}/groups/${a1}/members`, { email: 'kim@example.com', name: 'Kim', role: 'user' });
    const other = await anotherProject();
    const checked = await service.post(`/projects/${p}/groups/${a}/move?dryRun=true`, {
      projectId: other,
      parentId: other,
    });
    expect(checked.status).toBe(200);
    expect(checked.body.events.at(0).type).toBe('SubtreeAdopted');
    expect(checked.body.events.at(-1).type).toBe('SubtreeRemoved');
    const moved = await service.post(`/projects/${p}/groups/${a}/move`, { projectId: other, parentId: other });
    expect(moved).toMatchObject({ status: 200, body: { parentId: other, name: 'A', hasChildren: true } });
    expect(service.licenses.asked.map(({ path }) => path)).toEqual([
      `/api/v1/projects/${p}/groups/${a}/departure-check`,
      `/api/v1/projects/${p}/groups/${a}/departure-check`,
    ]);
    expect((await service.get(`/projects/${p}/groups/${a}`)).status).toBe(404);
    const [one] = (await service.get(`/projects/${other}/groups?parentId=${moved.body.groupId}`)).body.items;
    expect(one).toMatchObject({ name: 'One', type: 'unit' });
    const members = await service.get(`/projects/${other}/groups/${one.groupId}/members`);
    expect(members.body.items).toEqual([]);
    expect((await service.published(other)).map(({ type }) => type)).toEqual([
      'allotree.project-created.v1',
      'allotree.groups-placed.v1',
    ]);
    expect((await service.published(p)).at(-1)?.type).toBe('allotree.group-removed.v1');
  });

  it('is refused while licenses, devices or names prevent it, and changes nothing', async () => {
    const a = await service.group(p, p, 'A');
    const other = await anotherProject();
    const move = (body: object) =>
      service.post(`/projects/${p}/groups/${a}/move`, { projectId: other, parentId: other, ...body });
    service.licenses.answer = {
      status: 409,
      body: { code: 'NOT_TRANSFERABLE', groupId: a, reason: 'units are assigned' },
    };
    const types = await typesOf(async () => {
      expect(await move({})).toMatchObject({
        status: 409,
        body: { code: 'NOT_TRANSFERABLE', reason: 'units are assigned' },
      });
      expect(await move({ projectId: 'nowhere' })).toMatchObject({ status: 404, body: { what: 'project' } });
      expect(await move({ parentId: 'nowhere' })).toMatchObject({ status: 404, body: { what: 'group' } });
    });
    expect(types).toEqual([]);
    service.licenses.answer = { status: 204, body: null };
    await service.group(other, other, 'a');
    expect((await move({})).body.code).toBe('NAME_TAKEN');
    await service.post(`/projects/${p}/groups/${a}/devices`, { serialNumber: `SN-${a}`, model: 'AA-12' });
    expect((await move({})).body.code).toBe('NOT_TRANSFERABLE');
  });
});

describe('removing groups (G4)', () => {
  it('takes everything below along', async () => {
    const a = await service.group(p, p, 'A');
    const a1 = await service.group(p, a, 'One');
    const kim = { email: 'kim@example.com', name: 'Kim', role: 'user' };
    const { body: member } = await service.post(`/projects/${p}/groups/${a1}/members`, kim);
    await service.post(`/projects/${p}/groups/${a1}/devices`, { serialNumber: `SN-${a1}`, model: 'AA-12' });
    const removed = await service.delete(`/projects/${p}/groups/${a}`);
    expect([removed.status, removed.body]).toEqual([204, null]);
    for (const path of [
      `/groups/${a}`,
      `/groups/${a1}`,
      `/groups/${a1}/members`,
      `/groups/${a1}/devices`,
      `/groups?parentId=${a}`,
    ]) {
      expect((await service.get(`/projects/${p}${path}`)).status).toBe(404);
    }
    expect((await service.get(`/projects/${p}/groups`)).body.items).toEqual([
      expect.objectContaining({ groupId: p, hasChildren: false }),
    ]);
    expect((await service.published(p)).slice(-3).map(({ type, data }) => [type, data])).toEqual([
      ['allotree.device-removed.v1', { projectId: p, groupId: a1, serialNumber: `SN-${a1}`, model: 'AA-12' }],
      ['allotree.member-removed.v1', { projectId: p, groupId: a1, ...kim, ...member }],
      ['allotree.group-removed.v1', { projectId: p, groupId: a }],
    ]);
    const other = await service.project('Other');
    expect(
      (await service.post(`/projects/${other}/groups/${other}/devices`, { serialNumber: `SN-${a1}`, model: 'AA-12' }))
        .status,
    ).toBe(201);
  });

  it('finds nothing the second time and never takes the root', async () => {
    const a = await service.group(p, p, 'A');
    await service.delete(`/projects/${p}/groups/${a}`);
    const types = await typesOf(async () => {
      expect((await service.delete(`/projects/${p}/groups/${a}`)).status).toBe(404);
      expect((await service.delete(`/projects/${p}/groups/${p}`)).body).toMatchObject({
        code: 'VALIDATION',
        errors: [{ field: 'groupId' }],
      });
    });
    expect(types).toEqual([]);
  });
});

describe('generating groups (G2)', () => {
  const house = () => ({
    parentId: p,
    units: { count: 2 },
    floors: { count: 3, firstNumber: 0 },
    apartments: { count: 2, namePattern: 'Apartment {n}' },
  });
  const summary = {
    created: 20,
    levels: [
      { type: 'unit', count: 2, first: 'Unit 1', last: 'Unit 2' },
      { type: 'floor', count: 6, first: 'Floor 0', last: 'Floor 2' },
      { type: 'apartment', count: 12, first: 'Apartment 1', last: 'Apartment 6' },
    ],
  };

  it('shows first what it would make', async () => {
    const types = await typesOf(async () => {
      const preview = await service.post(`/projects/${p}/groups/generate?dryRun=true`, house());
      expect(preview).toMatchObject({ status: 200, body: { ...summary, dryRun: true } });
      expect(preview.body.sample.slice(0, 3)).toEqual([
        ['Unit 1'],
        ['Unit 1', 'Floor 0'],
        ['Unit 1', 'Floor 0', 'Apartment 1'],
      ]);
    });
    expect(types).toEqual([]);
  });

  it('makes it in one event for up to 1,000 groups, listed in order', async () => {
    const types = await typesOf(async () => {
      expect(await service.post(`/projects/${p}/groups/generate`, house())).toMatchObject({
        status: 201,
        etag: '"1"',
        body: { ...summary, dryRun: false },
      });
    });
    expect(types).toEqual(['GroupsGenerated']);
    const units = (await service.get(`/projects/${p}/groups?parentId=${p}`)).body.items;
    expect(units).toEqual([
      expect.objectContaining({ name: 'Unit 1', hasChildren: true }),
      expect.objectContaining({ name: 'Unit 2' }),
    ]);
    expect(await namesBelow(units[1].groupId)).toEqual(['Floor 0', 'Floor 1', 'Floor 2']);
    const again = await service.post(`/projects/${p}/groups/generate`, { parentId: p, units: { count: 3 } });
    expect(again).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN', names: ['Unit 1', 'Unit 2'], count: 2 } });
  });

  it('creates a complex of 101,300 groups in one call and publishes it in pieces of 1,000', async () => {
    const complex = {
      parentId: p,
      buildings: { count: 100 },
      units: { count: 4 },
      floors: { count: 12 },
      apartments: { count: 20 },
    };
    expect(await service.post(`/projects/${p}/groups/generate`, complex)).toMatchObject({
      status: 201,
      body: { created: 101_300 },
    });
    const published = (await service.published(p)).slice(1) as { type: string; data: { groups: unknown[] } }[];
    expect(published.map(({ type, data }) => [type, data.groups.length])).toEqual([
      ...Array.from({ length: 101 }, () => ['allotree.groups-placed.v1', 1_000]),
      ['allotree.groups-placed.v1', 300],
    ]);
    // A list waits a second for its projection, which has all these groups to write.
    const buildings = await until(
      async () => (await service.get(`/projects/${p}/groups?parentId=${p}&limit=200`)).body.items,
      ({ length }) => length > 0,
    );
    expect(buildings).toHaveLength(100);
    expect(buildings[99]).toMatchObject({ name: 'Building 100', hasChildren: true });
  }, 120_000);
});
