import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NOW, restriction, Service, units } from '../service-under-test.harness.js';

let service: Service;
const p = 'hafenblick';
beforeAll(async () => {
  service = await Service.start();
  await service.hafenblick(p, await service.nordlicht());
});
afterAll(() => service.stop());

const history = async (query = '') => (await service.get(`/projects/${p}/history${query}`)).body;

describe('GET /projects/{p}/history', () => {
  it('shows who, when, what, before and after, as soon as it is done', async () => {
    const set = async (limit: number) =>
      (
        await service.put(`/projects/${p}/groups/a/restriction`, restriction(units(limit)), {
          'x-correlation-id': 'c-1',
        })
      ).body;
    await set(80);
    await set(90);
    const { items } = await history('?groupId=a&limit=2');
    expect(items).toMatchObject([
      {
        what: 'RestrictionChanged',
        groupId: 'a',
        actor: 'user:admin',
        correlationId: 'c-1',
        at: NOW,
        recordedAt: NOW,
        before: { enabled: true, allotments: [{ units: units(80) }] },
        after: { enabled: true, allotments: [{ units: units(90), validFrom: NOW, validUntil: null }] },
      },
      { what: 'RestrictionChanged', before: null, after: { allotments: [{ units: units(80) }] } },
    ]);
  });

  it('follows a group from its place to its end', async () => {
    await service.groups(p, { short: 'a' });
    await service.fact('allotree.group-changed.v1', { projectId: p, groupId: 'short', type: 'floor', name: 'Floor 1' });
    await service.fact('allotree.group-moved.v1', { projectId: p, groupId: 'short', parentId: 'b' });
    await service.posted(`/projects/${p}/groups/short/assignments`, { resource: 'sip_number' });
    await service.fact('allotree.group-removed.v1', { projectId: p, groupId: 'short' });
    const { items } = await history('?groupId=short');
    const placed = { parentId: 'a', type: 'custom', name: 'short' };
    const named = { ...placed, type: 'floor', name: 'Floor 1' };
    const moved = { ...named, parentId: 'b' };
    expect(items.map(({ what, before, after }: Record<string, unknown>) => [what, before, after])).toEqual([
      ['GroupRemoved', moved, null],
      ['AssignmentsReleased', { status: 'in_use' }, { status: 'released' }],
      ['AssignmentMade', null, expect.objectContaining({ resource: 'sip_number', status: 'in_force' })],
      ['GroupRelocated', named, moved],
      ['GroupChanged', placed, named],
      ['GroupsPlaced', null, placed],
    ]);
  });

  it('comes in pages, newest first, without gaps or repeats', async () => {
    const all = (await history('?limit=200')).items;
    const paged: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: unknown[]; nextCursor: string | null } = await history(
        `?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(all);
    expect(all.at(-1)).toMatchObject({ what: 'ProjectOpened', groupId: null, before: null });
  });

  it('is cut by dates, which are days of the project', async () => {
    service.clock.moveTo('2026-06-02T23:30:00Z');
    await service.posted(`/projects/${p}/groups/b/assignments`, { resource: 'sip_number' });
    expect((await history('?from=2026-06-02&to=2026-06-02')).items).toHaveLength(1);
    expect((await history('?from=2026-06-03')).items).toEqual([]);
    expect(
      (await history('?to=2026-06-02T23:30:00Z&groupId=b')).items.map(({ what }: { what: string }) => what),
    ).toEqual(['GroupsPlaced']);
  });

  it('is 404 without the project, empty for a group nobody knows', async () => {
    expect(await service.get('/projects/nowhere/history')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await history('?groupId=nobody')).items).toEqual([]);
  });
});
