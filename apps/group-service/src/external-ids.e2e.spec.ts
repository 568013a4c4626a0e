import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Service, type Answer } from './service-under-test.harness.js';

let service: Service;
let p: string;
let a: string;
let b: string;
let serial = 0;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  p = await service.project();
  a = await service.group(p, p, 'A');
  b = await service.group(p, p, 'B');
  serial += 1;
});

const kim = { email: 'kim@example.com', name: 'Kim', role: 'site_administrator' };
const lee = { email: 'lee@example.com', name: 'Lee', role: 'user' };
const device = (n = 1) => ({ serialNumber: `EXT-${serial}-${n}`, model: 'AA-12' });
const itemsOf = async (path: string): Promise<unknown[]> => {
  const { status, body } = await service.get(`/projects/${p}/${path}`);
  expect(status).toBe(200);
  return body.items as unknown[];
};
const taken = (kind: string, holderId: string | null, groupId: string | null) => ({
  status: 409,
  body: expect.objectContaining({ code: 'EXTERNAL_ID_TAKEN', kind, externalId: 'E1', holderId, groupId }),
});
/** Asks, for a preview first, and looks that neither was recorded or published. */
const refused = async (ask: (query: string) => Promise<Answer>): Promise<Answer> => {
  const answers: Answer[] = [];
  const before = await service.published(p);
  const events = await service.recordedWhile(async () => {
    answers.push(await ask('?dryRun=true'), await ask(''));
  });
  expect(events).toEqual([]);
  expect(await service.published(p)).toEqual(before);
  const [preview, answer] = answers as [Answer, Answer];
  expect([preview.status, preview.body.code]).toEqual([answer.status, answer.body.code]);
  return answer;
};
const publishedTypes = async (count: number) =>
  (await service.published(p)).slice(-count).map(({ type, data }) => [type, data]);

describe('external ids of groups', () => {
  it('are set at creation or later, shown, found, published and removed', async () => {
    const made = await service.post(`/projects/${p}/groups`, {
      parentId: a,
      type: 'unit',
      name: 'U',
      externalId: ' E1 ',
    });
    const groupId = made.body.groupId as string;
    const path = `/projects/${p}/groups/${groupId}`;
    const shown = await service.get(path);
    expect(shown.body).toMatchObject({ groupId, externalId: 'E1' });
    expect(await itemsOf('groups?externalId=E1')).toEqual([
      { groupId, parentId: a, type: 'unit', name: 'U', externalId: 'E1', hasChildren: false },
    ]);
    expect(await itemsOf(`groups?externalId=E1&parentId=${b}`)).toEqual([]);
    expect(await itemsOf('groups?externalId=e1')).toEqual([]);
    // The answer can be sent back, and a request that does not name the id keeps it.
    expect((await service.patch(path, shown.body)).body).toEqual(shown.body);
    expect((await service.patch(path, { name: 'V' })).body.externalId).toBe('E1');
    expect((await service.patch(path, { externalId: 'E2' })).body.externalId).toBe('E2');
    expect((await service.patch(path, { externalId: null })).body.externalId).toBeNull();
    expect(await itemsOf('groups?externalId=E1')).toEqual([]);
    expect(await publishedTypes(4)).toEqual([
      [
        'allotree.groups-placed.v1',
        { projectId: p, groups: [{ groupId, parentId: a, type: 'unit', name: 'U', externalId: 'E1' }] },
      ],
      ['allotree.group-changed.v1', { projectId: p, groupId, type: 'unit', name: 'V' }],
      ['allotree.group-changed.v1', { projectId: p, groupId, type: 'unit', name: 'V', externalId: 'E2' }],
      ['allotree.group-changed.v1', { projectId: p, groupId, type: 'unit', name: 'V', externalId: null }],
    ]);
  });

  it('belong to one group of a project, until it gives them up or is removed', async () => {
    await service.patch(`/projects/${p}/groups/${a}`, { externalId: 'E1' });
    const body = { parentId: b, type: 'unit', name: 'U', externalId: 'E1' };
    const make = (query = '') => service.post(`/projects/${p}/groups${query}`, body);
    expect(await refused(make)).toMatchObject(taken('group', a, a));
    const change = (query: string) => service.patch(`/projects/${p}/groups/${p}${query}`, { externalId: 'E1' });
    expect(await refused(change)).toMatchObject(taken('group', a, a));
    const other = await service.project('Other');
    expect((await service.patch(`/projects/${other}/groups/${other}`, { externalId: 'E1' })).status).toBe(200);
    await service.delete(`/projects/${p}/groups/${a}`);
    expect((await make()).status).toBe(201);
  });

  it('move with their group to another project, unless one there has them', async () => {
    await service.patch(`/projects/${p}/groups/${a}`, { externalId: 'E1' });
    const { partnerId } = (await service.get(`/projects/${p}`)).body;
    const target = await service.project('Target', partnerId as string);
    const place = await service.group(target, target, 'Place');
    const move = (query = '') =>
      service.post(`/projects/${p}/groups/${a}/move${query}`, { projectId: target, parentId: place });
    await service.patch(`/projects/${target}/groups/${place}`, { externalId: 'E1' });
    expect(await refused(move)).toMatchObject(taken('group', place, place));
    await service.patch(`/projects/${target}/groups/${place}`, { externalId: null });
    expect(await move()).toMatchObject({ status: 200, body: { name: 'A', externalId: 'E1' } });
    expect(await itemsOf('groups?externalId=E1')).toEqual([]);
  });
});

describe('external ids of members', () => {
  it('are set, kept, changed and removed by adding the member again', async () => {
    const path = `/projects/${p}/groups/${a}/members`;
    const put = (change: object) => service.post(path, { ...kim, ...change });
    const { memberId, userId } = (await put({ externalId: 'E1' })).body;
    expect(await itemsOf(`groups/${a}/members?externalId=E1`)).toEqual([
      { ...kim, memberId, userId, groupId: a, externalId: 'E1', addedAt: expect.any(String) },
    ]);
    expect(await itemsOf(`groups/${b}/members?externalId=E1`)).toEqual([]);
    await put({ role: 'concierge' });
    expect(await itemsOf(`groups/${a}/members?externalId=E1`)).toHaveLength(1);
    await put({ externalId: 'E2' });
    await put({ externalId: null });
    expect(await itemsOf(`groups/${a}/members`)).toEqual([expect.objectContaining({ memberId, externalId: null })]);
    const published = (await publishedTypes(4)) as [string, { externalId?: string }][];
    expect(published.map(([type, data]) => [type, data.externalId])).toEqual([
      ['allotree.member-added.v1', 'E1'],
      ['allotree.member-added.v1', 'E1'],
      ['allotree.member-added.v1', 'E2'],
      ['allotree.member-added.v1', undefined],
    ]);
  });

  it('belong to one member of a project', async () => {
    const { memberId } = (await service.post(`/projects/${p}/groups/${a}/members`, { ...kim, externalId: 'E1' })).body;
    const add = (query = '') =>
      service.post(`/projects/${p}/groups/${b}/members${query}`, { ...lee, externalId: 'E1' });
    expect(await refused(add)).toMatchObject(taken('member', memberId as string, a));
    await service.delete(`/projects/${p}/groups/${a}/members/${memberId}`);
    expect((await add()).status).toBe(201);
  });
});

describe('external ids of devices', () => {
  it('are set at registration or later, shown, found, published and removed', async () => {
    const path = `/projects/${p}/groups/${a}/devices`;
    await service.post(path, { ...device(), externalId: 'E1' });
    const shown = { ...device(), groupId: a, externalId: 'E1' };
    expect(await itemsOf(`groups/${a}/devices?externalId=E1`)).toEqual([{ ...shown, addedAt: expect.any(String) }]);
    expect(await itemsOf(`groups/${a}/devices?externalId=E2`)).toEqual([]);
    const change = (externalId: string | null, query = '') =>
      service.patch(`${path}/${device().serialNumber.toLowerCase()}${query}`, { externalId });
    const preview = await change('E2', '?dryRun=true');
    const changed = { serialNumber: device().serialNumber, groupId: a, externalId: 'E2' };
    expect(preview.body.events).toEqual([{ type: 'DeviceExternalIdChanged', data: changed }]);
    expect((await change('E2')).body).toEqual({ ...shown, externalId: 'E2' });
    expect((await change(null)).body).toEqual({ ...shown, externalId: null });
    expect(await itemsOf(`groups/${a}/devices`)).toEqual([expect.objectContaining({ externalId: null })]);
    expect(await publishedTypes(3)).toEqual([
      ['allotree.device-registered.v1', { projectId: p, ...shown }],
      ['allotree.device-changed.v1', { projectId: p, ...changed }],
      ['allotree.device-changed.v1', { projectId: p, ...changed, externalId: null }],
    ]);
  });

  it('belong to one device of a project; a refused device does not claim its serial number', async () => {
    await service.post(`/projects/${p}/groups/${a}/devices`, { ...device(), externalId: 'E1' });
    const add = (query = '') =>
      service.post(`/projects/${p}/groups/${b}/devices${query}`, { ...device(2), externalId: 'E1' });
    expect(await refused(add)).toMatchObject(taken('device', device().serialNumber, a));
    await service.post(`/projects/${p}/groups/${b}/devices`, device(3));
    const change = (query: string) =>
      service.patch(`/projects/${p}/groups/${b}/devices/${device(3).serialNumber}${query}`, { externalId: 'E1' });
    expect(await refused(change)).toMatchObject(taken('device', device().serialNumber, a));
    await service.delete(`/projects/${p}/groups/${a}/devices/${device().serialNumber}`);
    expect((await add()).status).toBe(201);
  });
});

it('the refusal names the holder only to somebody who can see it', async () => {
  await service.patch(`/projects/${p}/groups/${a}`, { externalId: 'E1' });
  await service.post(`/projects/${p}/groups/${a}/members`, { ...lee, externalId: 'E1' });
  await service.post(`/projects/${p}/groups/${a}/devices`, { ...device(), externalId: 'E1' });
  const { userId } = (await service.post(`/projects/${p}/groups/${b}/members`, kim)).body;
  const own = await service.signedInAs(userId as string);
  const ask = (path: string, body: object) => (query: string) =>
    service.post(`/projects/${p}/${path}${query}`, { ...body, externalId: 'E1' }, own);
  const unit = { parentId: b, type: 'unit', name: 'U' };
  for (const [kind, answer] of [
    ['group', await refused(ask('groups', unit))],
    ['member', await refused(ask(`groups/${b}/members`, { ...lee, email: 'mia@example.com' }))],
    ['device', await refused(ask(`groups/${b}/devices`, device(2)))],
  ] as const) {
    expect(answer).toMatchObject(taken(kind, null, null));
    expect(JSON.stringify(answer.body)).not.toContain(a);
    expect(answer.body.detail).toBe(
      `The external id E1 belongs to another ${kind} of the project. Choose another one.`,
    );
  }
});
