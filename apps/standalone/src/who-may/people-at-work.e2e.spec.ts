import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Asked } from '../whole-system.harness.js';
import { WholeSystem } from '../whole-system.harness.js';
import { makeWorld, somebody, type Person, type Place, type World } from './world.fixture.js';

let world: World;
/** Within the month of a trial. */
const SOON = new Date(Date.now() + 10 * 86_400_000).toISOString();
beforeAll(async () => {
  world = await makeWorld({});
});
afterAll(() => world.system.stop());

const as = (person: Person, method: string, path: string, asked: Omit<Asked, 'token'> = {}): Promise<Answer> =>
  world.system.ask(method, path, { ...asked, token: world.tokens[person] });
const post = (person: Person, path: string, body: unknown): Promise<Answer> => as(person, 'POST', path, { body });
const group = (place: Place, project: Place = 'project'): string =>
  `/projects/${world.ids[project]}/groups/${world.ids[place]}`;
const idsOf = (answer: Answer, key: string): unknown[] =>
  (answer.body.items as Record<string, unknown>[]).map((item) => item[key]);

const tokenOf = (userId: string): Promise<string> => WholeSystem.token(somebody(userId));

describe('lists', () => {
  const projects = async (person: Person): Promise<unknown[]> =>
    idsOf(await as(person, 'GET', '/projects'), 'projectId');
  const partners = async (person: Person): Promise<unknown[]> =>
    idsOf(await as(person, 'GET', '/partners'), 'partnerId');

  it('of projects show those in or above which the caller has a role', async () => {
    const { project, otherProject, foreignProject } = world.ids;
    expect(await projects('server')).toEqual([project, otherProject, foreignProject]);
    expect(await projects('company')).toEqual([project, otherProject]);
    for (const person of ['dealer', 'site', 'concierge', 'resident'] as const)
      expect(await projects(person)).toEqual([project]);
    expect(await projects('foreigner')).toEqual([foreignProject]);
    expect(idsOf(await as('company', 'GET', `/projects?partnerId=${world.ids.sued}`), 'projectId')).toEqual([]);
  });

  it('of partners show those somebody administers, and those below', async () => {
    const { nord, dealer, otherDealer, sued } = world.ids;
    expect(await partners('company')).toEqual([nord, dealer, otherDealer]);
    expect(await partners('dealer')).toEqual([dealer]);
    expect(await partners('site')).toEqual([]);
    expect(await partners('foreigner')).toEqual([sued]);
  });

  it('of groups show those somebody stands at, and those below', async () => {
    const { ids } = world;
    const path = `/projects/${ids.project}/groups`;
    expect(idsOf(await as('dealer', 'GET', path), 'groupId')).toEqual([
      ids.project,
      ids.buildingA,
      ids.unitA1,
      ids.buildingB,
    ]);
    for (const person of ['site', 'concierge', 'resident'] as const)
      expect(idsOf(await as(person, 'GET', path), 'groupId')).toEqual([ids.buildingA, ids.unitA1]);
    expect(idsOf(await as('site', 'GET', `${path}?parentId=${ids.buildingA}`), 'groupId')).toEqual([ids.unitA1]);
    // A member knows that its project exists.
    expect((await as('site', 'GET', `${path}?parentId=${ids.project}`)).status).toBe(403);
    for (const parentId of [ids.buildingB, ids.foreignBuilding, 'never-was']) {
      const { status, body } = await as('site', 'GET', `${path}?parentId=${parentId}`);
      expect([status, body.what, body.id]).toEqual([404, 'group', parentId]);
    }
  });

  it('are not gone on with by the cursor of somebody else', async () => {
    const first = await as('server', 'GET', '/projects?limit=1');
    const cursor = encodeURIComponent(first.body.nextCursor as string);
    expect(idsOf(await as('server', 'GET', `/projects?cursor=${cursor}`), 'projectId')).toHaveLength(2);
    const { status, body } = await as('foreigner', 'GET', `/projects?cursor=${cursor}`);
    expect([status, body.errors[0].field]).toEqual([400, 'cursor']);
  });
});

describe('what happens and ends in a project', () => {
  const restrict = (validUntil: string) => ({
    enabled: true,
    allotments: [{ type: 'plus', units: { sip_number: 2, mobile_app: 1, ukey2: 4 }, validUntil }],
  });
  const places = async (person: Person, path: string): Promise<unknown[]> => [
    ...new Set(idsOf(await as(person, 'GET', path), 'groupId')),
  ];

  beforeAll(async () => {
    const { system, ids } = world;
    await system.must('POST', `/projects/${ids.project}/licenses`, { type: 'trial' });
    for (const place of ['buildingA', 'unitA1', 'buildingB'] as const)
      await system.must('PUT', `${group(place)}/restriction`, restrict(SOON));
  });

  it('is shown for one’s own groups', async () => {
    const { ids } = world;
    const own = [ids.buildingA, ids.unitA1];
    for (const path of [`/projects/${ids.project}/expiries`, '/expiries']) {
      expect(await places('site', path)).toEqual(expect.arrayContaining(own));
      expect((await places('site', path)).length).toBe(2);
      expect(new Set(await places('dealer', path))).toEqual(new Set([ids.project, ...own, ids.buildingB]));
      expect(new Set(await places('company', path))).toEqual(new Set([ids.project, ...own, ids.buildingB]));
    }
    expect(await places('foreigner', '/expiries')).toEqual([]);
    expect(idsOf(await as('foreigner', 'GET', `/expiries?tenantId=${ids.nord}`), 'id')).toEqual([]);
  });

  it('has a history in which each finds its own groups', async () => {
    const { ids } = world;
    const path = `/projects/${ids.project}/history?limit=200`;
    expect(new Set(await places('site', path))).toEqual(new Set([ids.buildingA, ids.unitA1]));
    expect(new Set(await places('dealer', path))).toEqual(new Set([null, ids.buildingA, ids.unitA1, ids.buildingB]));
    expect(await places('site', `${path}&groupId=${ids.buildingB}`)).toEqual([]);
  });
});

describe('a resident', () => {
  it('sees what is assigned to itself, and its quota', async () => {
    const { system, userIds, members } = world;
    const path = `${group('buildingA')}/assignments`;
    const assign = async (holder: string | null): Promise<string> =>
      (await system.must('POST', path, { resource: 'ukey2', holder })).assignmentId;
    const [own, byMembership] = [await assign(userIds.resident), await assign(members.resident ?? '')];
    const others = [await assign(userIds.site), await assign(null)];
    expect(idsOf(await as('resident', 'GET', path), 'assignmentId')).toEqual([own, byMembership]);
    expect(idsOf(await as('site', 'GET', path), 'assignmentId')).toEqual([own, byMembership, ...others]);
    expect((await as('resident', 'GET', `${group('buildingA')}/quota`)).body.resources.ukey2.consumed).toBe(4);
    const { status, body } = await as('resident', 'GET', `${group('buildingA')}/members/${userIds.site}/quota`);
    expect([status, body.what]).toEqual([404, 'member']);
  });
});

describe('nobody grants what they do not hold', () => {
  const add = (person: Person, role: string, place: Place = 'buildingA'): Promise<Answer> =>
    post(person, `${group(place)}/members`, { email: 'new@example.com', name: 'New', role });
  const membersOf = async (place: Place): Promise<unknown[]> =>
    idsOf(await as('server', 'GET', `${group(place)}/members`), 'email');

  it('to members', async () => {
    const before = await membersOf('buildingA');
    const refused = await add('site', 'company_administrator');
    expect(refused.status).toBe(403);
    expect(refused.body.role).toBe('company_administrator');
    expect(refused.body.missing).toContain('licenses:manage');
    for (const role of ['server_administrator', 'no-role-of-this-tenant']) {
      const { status, body } = await add('company', role);
      expect([status, body.errors[0].field]).toEqual([400, 'role']);
    }
    expect((await add('concierge', 'user')).status).toBe(403);
    expect(await membersOf('buildingA')).toEqual(before);
    expect((await add('site', 'site_administrator', 'unitA1')).status).toBe(201);
  });

  it('nor takes from those who may do more', async () => {
    const path = `${group('buildingA')}/members`;
    const strong = { email: 'strong@example.com', name: 'Strong', role: 'company_administrator' };
    const { memberId } = await world.system.must('POST', path, strong);
    expect((await as('site', 'DELETE', `${path}/${memberId}`)).status).toBe(403);
    expect((await post('site', path, { ...strong, role: 'user' })).status).toBe(403);
    expect((await as('company', 'DELETE', `${path}/${memberId}`)).status).toBe(204);
  });

  it('in roles of the tenant', async () => {
    const recording = await post('company', '/roles', { name: 'Vendor', permissions: ['packages:record'] });
    expect([recording.status, recording.body.missing]).toEqual([403, ['packages:record']]);
    expect((await post('company', '/roles', { name: 'X', permissions: ['everything'] })).status).toBe(400);
    expect((await post('dealer', '/roles', { name: 'X', permissions: ['groups:read'] })).status).toBe(403);
    const foreign = await post('company', `/roles?tenantId=${world.ids.sued}`, {
      name: 'X',
      permissions: ['groups:read'],
    });
    const never = await post('company', '/roles?tenantId=never-was', { name: 'X', permissions: ['groups:read'] });
    expect([foreign.status, foreign.body.what]).toEqual([404, 'tenant']);
    expect([never.status, never.body.what]).toEqual([404, 'tenant']);
  });

  it('by slipping it into a request', async () => {
    for (const extra of [{ tenantId: world.ids.sued }, { permissions: ['system:manage'] }, { memberId: 'x' }]) {
      const body = { email: 'sly@example.com', name: 'Sly', role: 'user', ...extra };
      const { status, body: answer } = await post('site', `${group('buildingA')}/members`, body);
      expect([status, answer.errors[0].message]).toEqual([400, 'is not known']);
    }
    const project = { name: 'Mine', partnerId: world.ids.dealer, tenantId: world.ids.sued };
    expect((await post('company', '/projects', project)).status).toBe(400);
  });
});

describe('roles of a tenant', () => {
  it('are given, changed and removed; what they say counts from then on', async () => {
    const { system, ids } = world;
    const { body: made } = await post('company', '/roles', { name: 'Helper', permissions: ['devices:manage'] });
    const listed = await as('site', 'GET', '/roles');
    expect(listed.body.items.at(-1)).toEqual({
      roleId: made.roleId,
      name: 'Helper',
      custom: true,
      permissions: ['devices:read', 'devices:manage'],
    });
    const member = { email: 'helper@example.com', name: 'Helper', role: made.roleId };
    const { body } = await post('site', `${group('unitA1')}/members`, member);
    const token = await tokenOf(body.userId as string);
    const devices = (): Promise<Answer> => system.ask('GET', `${group('unitA1')}/devices`, { token });
    const quota = (): Promise<Answer> => system.ask('GET', `${group('unitA1')}/quota`, { token });
    expect((await devices()).status).toBe(200);
    expect((await quota()).status).toBe(403);

    const inUse = await as('company', 'DELETE', `/roles/${made.roleId}`);
    expect([inUse.status, inUse.body.code, inUse.body.count]).toEqual([409, 'ROLE_IN_USE', 1]);
    expect(inUse.body.uses).toEqual([{ projectId: ids.project, groupId: ids.unitA1, userId: body.userId }]);

    const change = { body: { name: 'Helper', permissions: ['quotas:read'] } };
    expect((await as('company', 'PUT', `/roles/${made.roleId}`, change)).status).toBe(200);
    await system.until(({ status }) => status === 403, devices);
    await system.until(({ status }) => status === 200, quota);

    expect((await as('site', 'DELETE', `${group('unitA1')}/members/${body.memberId}`)).status).toBe(204);
    expect((await as('company', 'DELETE', `/roles/${made.roleId}`)).status).toBe(204);
    await system.until(({ status }) => status === 404, quota);
  });
});

describe('the last administrator', () => {
  it('of a partner stays', async () => {
    const path = `/partners/${world.ids.nord}/administrators`;
    const own = `${path}/${world.userIds.company}`;
    const { status, body } = await as('company', 'DELETE', own);
    expect([status, body.code, body.userId]).toEqual([409, 'LAST_ADMINISTRATOR', world.userIds.company]);
    expect((await as('company', 'GET', path)).body.items).toEqual([
      { userId: world.userIds.company, email: 'company@example.com', name: 'company', role: 'company_administrator' },
    ]);
    expect((await as('dealer', 'DELETE', own)).status).toBe(404);
  });

  it('of a project stays', async () => {
    const path = `${group('project')}/members`;
    const member = { email: 'chief@example.com', name: 'Chief', role: 'site_administrator' };
    const { body } = await post('dealer', path, member);
    const refused = await as('dealer', 'DELETE', `${path}/${body.memberId}`);
    expect([refused.status, refused.body.code]).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect((await post('dealer', path, { ...member, role: 'user' })).body.code).toBe('LAST_ADMINISTRATOR');
    await post('dealer', path, { ...member, email: 'second@example.com' });
    expect((await as('dealer', 'DELETE', `${path}/${body.memberId}`)).status).toBe(204);
  });
});

describe('somebody who was given a role this moment', () => {
  it('is let in by every service at once', async () => {
    const path = `${group('buildingB')}/members`;
    for (let n = 0; n < 5; n += 1) {
      const member = { email: `moment-${n}@example.com`, name: 'Moment', role: 'site_administrator' };
      const { body } = await post('dealer', path, member);
      const token = await tokenOf(body.userId as string);
      const [one, other] = await Promise.all([
        world.system.ask('GET', `${group('buildingB')}/quota`, { token }),
        world.system.ask('GET', group('buildingB'), { token }),
      ]);
      expect([one.status, other.status]).toEqual([200, 200]);
    }
    const administrator = { email: 'moment@example.com', name: 'Moment' };
    const { body } = await post('company', `/partners/${world.ids.nord}/administrators`, administrator);
    const token = await tokenOf(body.userId as string);
    const answers = await Promise.all(
      ['/deliveries', '/expiries', '/projects'].map((list) => world.system.ask('GET', list, { token })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a move', () => {
  it('needs the permission at both ends', async () => {
    const { ids } = world;
    const move = (person: Person, place: Place, body: object): Promise<Answer> =>
      post(person, `${group(place)}/move`, body);
    const up = await move('site', 'unitA1', { parentId: ids.buildingB });
    expect([up.status, up.body.what, up.body.id]).toEqual([404, 'group', ids.buildingB]);
    const out = await move('dealer', 'unitA1', { parentId: ids.otherBuilding, projectId: ids.otherProject });
    expect([out.status, out.body.what, out.body.id]).toEqual([404, 'project', ids.otherProject]);
  });

  it('makes a group inaccessible, and accessible again', async () => {
    const { ids, system } = world;
    const { groupId } = await system.must('POST', `/projects/${ids.project}/groups`, {
      parentId: ids.buildingA,
      type: 'unit',
      name: 'Moving',
    });
    const path = `/projects/${ids.project}/groups/${groupId}`;
    const seen = (status: number, where: string): Promise<Answer> =>
      system.until(
        (answer) => answer.status === status,
        () => as('concierge', 'GET', where),
      );
    for (const where of [path, `${path}/quota`]) await seen(200, where);
    await system.must('POST', `${path}/move`, { parentId: ids.buildingB });
    for (const where of [path, `${path}/quota`]) await seen(404, where);
    await system.must('POST', `${path}/move`, { parentId: ids.unitA1 });
    for (const where of [path, `${path}/quota`]) await seen(200, where);
  });
});

describe('licenses', () => {
  it('are traded by whom the rules name (L1, L3)', async () => {
    const { ids, system } = world;
    const content = { name: 'Plus', units: { sip_number: 100, mobile_app: 50, ukey2: 10 }, features: [] };
    expect((await post('company', `/partners/${ids.nord}/packages`, content)).status).toBe(403);
    const { packageId } = await system.must('POST', `/partners/${ids.nord}/packages`, content);
    const units = { sip_number: 10, mobile_app: 5 };
    const sales = `/partners/${ids.nord}/packages/${packageId}/sales`;
    const abroad = await post('company', sales, { toPartnerId: ids.sued, units });
    expect([abroad.status, abroad.body.what, abroad.body.id]).toEqual([404, 'partner', ids.sued]);
    const sold = await post('company', sales, { toPartnerId: ids.dealer, units });
    expect(sold.status).toBe(201);
    expect((await as('dealer', 'GET', `/partners/${ids.dealer}/stock`)).status).toBe(200);
    const issue = (partnerId: string, id: string) => ({ type: 'plus', partnerId, packageId: id, units });
    const licenses = `/projects/${ids.project}/licenses`;
    expect((await post('dealer', licenses, issue(ids.dealer, sold.body.packageId as string))).status).toBe(403);
    expect((await post('company', licenses, issue(ids.sued, packageId as string))).body.what).toBe('partner');
    expect((await post('company', licenses, issue(ids.dealer, sold.body.packageId as string))).status).toBe(201);
  });

  it('of a dealer are issued by the dealer where the distributor permits it', async () => {
    const { ids, system } = world;
    const { packageId } = await system.must('POST', `/partners/${ids.nord}/packages`, {
      name: 'More',
      units: { sip_number: 10, mobile_app: 5 },
    });
    const units = { sip_number: 4, mobile_app: 2 };
    const sale = await post('company', `/partners/${ids.nord}/packages/${packageId}/sales`, {
      toPartnerId: ids.dealer,
      units,
    });
    const permissions = ['stock:issue', 'licenses:manage'];
    const { body: role } = await post('company', '/roles', { name: 'Issuer', permissions });
    const seller = { email: 'issuer@example.com', name: 'Issuer', role: role.roleId };
    const { body } = await post('company', `/partners/${ids.dealer}/administrators`, seller);
    const token = await tokenOf(body.userId as string);
    const issue = { type: 'plus', partnerId: ids.dealer, packageId: sale.body.packageId, units };
    const ask = (project: Place): Promise<Answer> =>
      system.ask('POST', `/projects/${ids[project]}/licenses`, { token, body: issue });
    expect((await ask('project')).status).toBe(201);
    const elsewhere = await ask('otherProject');
    expect([elsewhere.status, elsewhere.body.what]).toEqual([404, 'project']);
  });

  it('for trial are given once; another one by the vendor alone', async () => {
    const { ids } = world;
    const path = `/projects/${ids.otherProject}/licenses`;
    expect((await post('company', path, { type: 'trial' })).status).toBe(201);
    const again = await post('company', path, { type: 'trial' });
    expect([again.status, again.body.code]).toEqual([409, 'TRIAL_ALREADY_USED']);
    expect((await post('server', path, { type: 'trial' })).status).toBe(201);
  });

  it('and partners: a new tenant is the vendor’s to register', async () => {
    const administrator = { name: 'New', email: 'new-partner@example.com' };
    const own = { name: 'New', kind: 'distributor', administrator };
    expect((await post('company', '/partners', own)).status).toBe(403);
    const below = { name: 'New', kind: 'dealer', administrator, parentPartnerId: world.ids.sued };
    expect((await post('company', '/partners', below)).status).toBe(404);
    expect((await post('company', '/partners', { ...below, parentPartnerId: world.ids.nord })).status).toBe(201);
  });
});
