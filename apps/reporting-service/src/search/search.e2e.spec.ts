import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent, Permission, SearchAnswer } from '@allotree/contracts';
import { Service, type Answer } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, aboutPartner, at } from '../tables/history.fixture.js';
import { Search } from './search.js';

const hour = (hours: number): string => at(hours).toISOString();

const partner = (
  partnerId: string,
  name: string,
  parentPartnerId: string | null = null,
  tenantId = parentPartnerId ?? partnerId,
): CloudEvent =>
  aboutPartner(tenantId, {
    partnerId,
    name,
    tenantId,
    parentPartnerId,
    kind: parentPartnerId === null ? 'distributor' : 'dealer',
    administrator: { userId: `of-${partnerId}`, email: `${partnerId}@example.com`, name: partnerId },
  });

/** A project with two buildings, a flat in each, and something of everything in the flats. */
function project(projectId: string, name: string, partnerId: string, tenantId: string): readonly CloudEvent[] {
  const groups = aboutGroups(projectId, tenantId);
  const licensing = aboutLicensing(projectId, tenantId);
  const ids = (suffix: string): string => `${projectId}-${suffix}`;
  const place = (id: string, parentId: string, named: string) => ({
    groupId: ids(id),
    parentId: parentId === '' ? projectId : ids(parentId),
    type: 'custom' as const,
    name: named,
    ...(id === 'a1' && { externalId: 'ERP-1' }),
  });
  const member = (user: string, group: string, role: string, named: string) => ({
    groupId: group === '' ? projectId : ids(group),
    memberId: ids(`m-${user}`),
    userId: ids(user),
    email: `${user}@${projectId}.example`,
    name: named,
    role,
  });
  const device = { groupId: ids('a1'), serialNumber: ids('AA-12CD-17'), model: 'AA-12' };
  const number = (id: string, ...path: readonly string[]) => ({
    assignmentId: ids(id),
    groupId: ids(path.at(-1)!),
    resource: 'sip_number' as const,
    path: [projectId, ...path.map(ids)],
    externalId: `ERP-${id}`,
  });
  return [
    groups(0, 'allotree.project-created.v1', {
      name,
      partnerId,
      tenantId,
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
      trial: false,
    }),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        place('a', '', 'Lindenhof'),
        place('b', '', 'Ahornweg 100%'),
        place('a1', 'a', 'Flat 12'),
        place('a2', 'a', 'Flat 13'),
        place('b1', 'b', "Flat O'Hara_7"),
        place('gone', 'b', 'Flat 99'),
      ],
    }),
    groups(2, 'allotree.member-added.v1', member('site', 'a', 'site_administrator', 'Sigrid Site')),
    groups(2, 'allotree.member-added.v1', member('resident', 'a1', 'user', 'Rita Resident')),
    groups(2, 'allotree.member-added.v1', member('root', '', 'site_administrator', 'Ruth Root')),
    groups(2, 'allotree.member-added.v1', member('neighbor', 'b1', 'user', 'Ned Neighbor')),
    groups(2, 'allotree.member-added.v1', member('former', 'a1', 'user', 'Fay Former')),
    groups(3, 'allotree.member-removed.v1', member('former', 'a1', 'user', 'Fay Former')),
    groups(3, 'allotree.device-registered.v1', device),
    groups(3, 'allotree.device-registered.v1', { ...device, serialNumber: ids('BB-1'), groupId: ids('b1') }),
    groups(3, 'allotree.device-registered.v1', { ...device, serialNumber: ids('CC-1') }),
    groups(4, 'allotree.device-removed.v1', { ...device, serialNumber: ids('CC-1') }),
    licensing(2, 'allotree.license-granted.v1', {
      licenseId: ids('plus'),
      type: 'plus',
      units: { sip_number: 10, mobile_app: 0, ukey2: 0 },
      features: [],
      validFrom: hour(0),
      validUntil: null,
      source: { kind: 'manual' },
      externalId: 'ERP-plus',
    }),
    licensing(4, 'allotree.assignment-made.v1', number('s1', 'a', 'a1')),
    licensing(4, 'allotree.assignment-made.v1', number('s2', 'b', 'b1')),
    licensing(4, 'allotree.assignment-made.v1', number('s3', 'a', 'a1')),
    licensing(5, 'allotree.assignments-released.v1', { assignments: [number('s3', 'a', 'a1')], reason: 'released' }),
    groups(5, 'allotree.group-removed.v1', { groupId: ids('gone') }),
  ];
}

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.publish(
    partner('nordlicht', 'Nordlicht Distribution'),
    partner('dahl', 'Dahl Intercoms', 'nordlicht'),
    partner('sued', 'Südlicht Distribution'),
    ...project('hafenblick', 'Hafenblick Kiel', 'dahl', 'nordlicht'),
    ...project('altstadt', 'Altstadt Hafenblick', 'nordlicht', 'nordlicht'),
    ...project('isar', 'Hafenblick Isar', 'sued', 'sued'),
  );
  await service.untilProjected();
});
afterAll(() => service.stop());

type Headers = Record<string, string>;
const search = (query: Record<string, string>, headers?: Headers): Promise<Answer> =>
  service.get(`/search?${new URLSearchParams(query).toString()}`, headers);

async function find(q: string, query: Record<string, string> = {}, headers?: Headers): Promise<SearchAnswer['items']> {
  const { status, body } = await search({ q, ...query }, headers);
  expect([status, body]).toEqual([200, { items: expect.any(Array) }]);
  return body.items;
}
const found = async (q: string, query: Record<string, string> = {}, headers?: Headers): Promise<string[]> =>
  (await find(q, query, headers)).map(({ kind, id, match }) => `${match} ${kind} ${id}`);

const person = (userId: string): Promise<Headers> => service.as({ userId, tenantId: null });
const key = (tenantId: string, ...permissions: readonly Permission[]): Promise<Headers> =>
  service.key(tenantId, `key of ${permissions.join()}`, permissions);

describe('GET /search', () => {
  it('finds things of every kind, and says where they are', async () => {
    const inFlat = {
      projectId: 'hafenblick',
      projectName: 'Hafenblick Kiel',
      groupId: 'hafenblick-a1',
      path: ['Hafenblick Kiel', 'Lindenhof', 'Flat 12'],
      match: 'exact',
    };
    const ofProject = { ...inFlat, groupId: null, path: ['Hafenblick Kiel'] };
    const nowhere = { projectId: null, projectName: null, groupId: null, path: [] };
    const id = (suffix: string): string => `hafenblick-${suffix}`;
    for (const [q, item] of [
      ['dahl', { ...nowhere, match: 'exact', kind: 'partner', id: 'dahl', text: 'Dahl Intercoms', field: 'id' }],
      ['hafenblick', { ...ofProject, kind: 'project', id: 'hafenblick', text: 'Hafenblick Kiel', field: 'id' }],
      [id('a1'), { ...inFlat, kind: 'group', id: id('a1'), text: 'Flat 12', field: 'id' }],
      [id('m-resident'), { ...inFlat, kind: 'person', id: id('m-resident'), text: 'Rita Resident', field: 'id' }],
      [id('resident'), { ...inFlat, kind: 'person', id: id('m-resident'), text: 'Rita Resident', field: 'userId' }],
      [
        'RESIDENT@Hafenblick.example',
        { ...inFlat, kind: 'person', id: id('m-resident'), text: 'Rita Resident', field: 'email' },
      ],
      [
        id('aa-12cd-17'),
        { ...inFlat, kind: 'device', id: id('AA-12CD-17'), text: id('AA-12CD-17'), field: 'serialNumber' },
      ],
      [id('plus'), { ...ofProject, kind: 'license', id: id('plus'), text: 'plus', field: 'id' }],
      [id('s1'), { ...inFlat, kind: 'assignment', id: id('s1'), text: 'sip_number', field: 'id' }],
    ] as const)
      expect((await find(q, { limit: '1' }))[0]).toEqual(item);
  });

  it('finds by external ids', async () => {
    expect(await found('ERP-1', {}, await key('sued', 'groups:read'))).toEqual(['exact group isar-a1']);
    expect((await found('ERP-plus')).sort()).toEqual([
      'exact license altstadt-plus',
      'exact license hafenblick-plus',
      'exact license isar-plus',
    ]);
    expect(await found('ERP-s1', { kinds: 'assignment', limit: '100' })).toHaveLength(3);
  });

  it('puts exact hits before those that begin with the text, and these before similar ones', async () => {
    expect(await found('hafenblick', { kinds: 'project' })).toEqual([
      'exact project hafenblick',
      'prefix project isar',
      'similar project altstadt',
    ]);
    expect(await found('hafenblik', { kinds: 'project' })).toEqual([
      expect.stringMatching(/^similar/),
      expect.stringMatching(/^similar/),
      expect.stringMatching(/^similar/),
    ]);
    expect(await found('hafenblick', { kinds: 'project', limit: '2' })).toEqual([
      'exact project hafenblick',
      'prefix project isar',
    ]);
    expect(await found('sigrid', { limit: '2' })).toHaveLength(2);
    const sued = await key('sued', 'members:read');
    expect(await find('residentt@somewhere.example', {}, sued)).toMatchObject([
      { id: 'isar-m-resident', field: 'email', match: 'similar' },
    ]);
    expect(await found('@somewhere.example', {}, sued)).toEqual([]);
  });

  it('finds addresses, serial numbers and names by their beginning, in any case', async () => {
    const sued = await key('sued', 'members:read', 'devices:read', 'partners:read');
    expect((await find('Site@Is', {}, sued))[0]).toMatchObject({ id: 'isar-m-site', field: 'email', match: 'prefix' });
    expect((await find('SIGRID', {}, sued))[0]).toMatchObject({ id: 'isar-m-site', field: 'name', match: 'prefix' });
    expect((await find('isar-aa', {}, sued))[0]).toMatchObject({ id: 'isar-AA-12CD-17', match: 'prefix' });
    expect(await found('SÜDL', {}, sued)).toEqual(['prefix partner sued']);
  });

  it('takes every character literally', async () => {
    const inIsar = await key('sued', 'groups:read', 'members:read', 'projects:read');
    expect(await found('%', {}, inIsar)).toEqual([]);
    expect(await found('_', {}, inIsar)).toEqual([]);
    expect(await found('Flat_', {}, inIsar)).not.toContain('prefix group isar-a1');
    expect(await found('ahornweg 100%', {}, inIsar)).toEqual(['prefix group isar-b']);
    expect(await found('ahornweg 10_%', {}, inIsar)).not.toContain('prefix group isar-b');
    expect(await found("flat o'hara_", {}, inIsar)).toContain('prefix group isar-b1');
    expect(await found("flat o'haraX", {}, inIsar)).not.toContain('prefix group isar-b1');
    for (const q of ['\\', '\\%', "'", "' OR true --", '"', '$1', '😀', '!!!', '{}', '🇩🇪%'])
      expect(await found(q, {}, inIsar)).toEqual([]);
  });

  it('does not find what was removed', async () => {
    expect(await found('Flat 99', { kinds: 'group', limit: '100' })).not.toContain('prefix group isar-gone');
    for (const q of ['isar-gone', 'isar-m-former', 'former@isar.example', 'isar-CC-1', 'isar-s3', 'ERP-s3'])
      expect((await found(q, { limit: '100' })).filter((hit) => hit.startsWith('exact'))).toEqual([]);
    expect((await found('fay', { kinds: 'person' })).filter((hit) => hit.startsWith('prefix'))).toEqual([]);
  });

  it('shows each tenant its own', async () => {
    for (const [tenant, foreign] of [
      ['nordlicht', /isar|sued/],
      ['sued', /hafenblick-|altstadt|dahl|nordlicht/],
    ] as const) {
      const headers = await person(`of-${tenant}`);
      for (const q of ['flat', 'hafenblick', 'site', 'ERP-1', 'ERP-plus', 'plus', 'distribution', 'isar-a1', 'dahl']) {
        const items = await find(q, { limit: '100' }, headers);
        expect([q, items.filter(({ id }) => foreign.test(id))]).toEqual([q, []]);
      }
    }
    const exact = (id: string): string => `exact group ${id}`;
    expect(await found('ERP-1', { kinds: 'group' }, await person('of-nordlicht'))).toEqual([
      exact('altstadt-a1'),
      exact('hafenblick-a1'),
    ]);
  });

  it('shows a dealer its own projects and itself', async () => {
    const dahl = await person('of-dahl');
    expect(await found('ERP-1', { kinds: 'group' }, dahl)).toEqual(['exact group hafenblick-a1']);
    expect(await found('hafenblick', { kinds: 'project' }, dahl)).toEqual(['exact project hafenblick']);
    expect(await found('ERP-plus', {}, dahl)).toEqual(['exact license hafenblick-plus']);
    expect((await find('flat', { kinds: 'group' }, dahl)).map(({ projectId }) => projectId)).toEqual([
      'hafenblick',
      'hafenblick',
      'hafenblick',
    ]);
    expect(await found('dahl', { kinds: 'partner' }, dahl)).toEqual(['exact partner dahl']);
    expect(await found('nordlicht', { kinds: 'partner' }, dahl)).toEqual([]);
  });

  it('shows a member their groups with everything below, by the permissions of their role', async () => {
    const site = await person('hafenblick-site');
    expect(await found('flat', {}, site)).toEqual(['prefix group hafenblick-a1', 'prefix group hafenblick-a2']);
    expect((await find('flat 12', { limit: '1' }, site))[0]).toMatchObject({
      projectName: 'Hafenblick Kiel',
      path: ['Lindenhof', 'Flat 12'],
    });
    expect(await found('hafenblick-', { kinds: 'device' }, site)).toEqual(['prefix device hafenblick-AA-12CD-17']);
    expect(await found('hafenblick-s1', { limit: '1' }, site)).toEqual(['exact assignment hafenblick-s1']);
    expect(await found('ERP-s2', {}, site)).toEqual([]);
    expect(await found('rita', {}, site)).toEqual(['prefix person hafenblick-m-resident']);
    for (const q of ['ned', 'neighbor@hafenblick.example', 'hafenblick-b', 'hafenblick-BB-1', 'ahornweg'])
      expect([q, (await found(q, {}, site)).filter((hit) => !hit.startsWith('similar'))]).toEqual([q, []]);
    // The licenses are listed for those who hold the permission in the whole project.
    expect(await found('ERP-plus', {}, site)).toEqual([]);
    expect(await found('ERP-plus', {}, await person('hafenblick-root'))).toEqual(['exact license hafenblick-plus']);
    expect(await found('flat', { kinds: 'group' }, await person('hafenblick-root'))).toHaveLength(3);

    const resident = await person('hafenblick-resident');
    expect(await found('hafenblick', {}, resident)).toEqual(['exact project hafenblick']);
    expect(await found('flat', {}, resident)).toEqual(['prefix group hafenblick-a1']);
    for (const q of ['rita', 'resident@hafenblick.example', 'hafenblick-AA-12CD-17', 'hafenblick-s1'])
      expect((await found(q, {}, resident)).filter((hit) => hit !== 'similar project hafenblick')).toEqual([]);
  });

  it('shows a key the kinds that it may read, and of the places around them no more', async () => {
    const devices = await key('nordlicht', 'devices:read');
    expect(await find('hafenblick-AA-12CD-17', {}, devices)).toMatchObject([
      { kind: 'device', projectName: null, path: [] },
    ]);
    expect(await found('flat', {}, devices)).toEqual([]);
    expect(await found('flat', {}, await key('nordlicht', 'mail:read'))).toEqual([]);
    expect(await found('flat', {}, await person('nobody'))).toEqual([]);
  });

  it('finds nothing of a project after the membership ended', async () => {
    expect(await found('flat', {}, await person('hafenblick-former'))).toEqual([]);
  });

  it('refuses bad input', async () => {
    const refused = async (query: Record<string, string>): Promise<void> => {
      const { status, body } = await search(query);
      expect([query, status, body.code]).toEqual([query, 400, 'VALIDATION']);
    };
    for (const q of ['', '   ', 'x'.repeat(101), 'a\0b', 'a\nb']) await refused({ q });
    for (const kinds of ['', 'group,', 'door', 'Group', 'grüp', 'group,'.repeat(50)]) await refused({ q: 'x', kinds });
    for (const limit of ['0', '101', '-1', '1.5', 'x', '']) await refused({ q: 'x', limit });
    await refused({});
    await refused({ q: 'x', cursor: 'x' });
    expect((await service.get('/search?q=a&q=b')).status).toBe(400);
    expect((await search({ q: '😀'.repeat(50), kinds: 'group,group,person' })).status).toBe(200);
    expect((await service.get('/search?q=a', { authorization: 'Bearer x' })).status).toBe(401);
  });

  it('finds exact hits and beginnings without the extension for similar texts', async () => {
    await service.rows('DROP EXTENSION pg_trgm CASCADE');
    expect(await found('hafenblick', { kinds: 'project' })).toEqual([
      'exact project hafenblick',
      'prefix project isar',
    ]);
    expect(await found('hafenblik', { kinds: 'project' })).toEqual([]);
    await expect(service.app.get(Search, { strict: false }).onApplicationBootstrap()).resolves.toBeUndefined();
  });
});
