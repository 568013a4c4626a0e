import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { GROUPS_TOPIC, LICENSING_TOPIC, type CloudEvent } from '@allotree/contracts';
import { MAX_WAITING_OF_CALLER } from '../arrivals.js';
import { Service } from '../../service-under-test.harness.js';
import { numbers, published } from '../events.fixture.js';

let service: Service;
let nord: Record<string, string>;
let sued: Record<string, string>;

const ofGroups = (number: number, type: string, data: object, change: Partial<CloudEvent> = {}): CloudEvent =>
  published(number, { source: '/group-service', type, data, id: `group-event-${number}`, ...change });

const project = (number: number, projectId: string, tenantId: string): CloudEvent =>
  ofGroups(
    number,
    'allotree.project-created.v1',
    {
      projectId,
      name: projectId,
      partnerId: tenantId,
      tenantId,
      timeZone: 'UTC',
      billingMode: 'prepaid',
      trial: false,
    },
    { subject: projectId, tenantid: tenantId },
  );

/** A member of a project, who administers a group of it. */
const member = (number: number, userId: string, groupId: string): CloudEvent =>
  ofGroups(number, 'allotree.member-added.v1', {
    projectId: 'hafenblick',
    groupId,
    memberId: `m-${userId}`,
    userId,
    email: `${userId}@example.com`,
    name: userId,
    role: 'company_administrator',
  });

const administrator = (number: number, partnerId: string, userId: string): CloudEvent =>
  ofGroups(
    number,
    'allotree.partner-administrator-added.v1',
    {
      partnerId,
      tenantId: 'nordlicht',
      userId,
      email: `${userId}@example.com`,
      name: userId,
      role: 'company_administrator',
    },
    { subject: partnerId },
  );

beforeAll(async () => {
  service = await Service.start();
  nord = await service.key('nordlicht');
  sued = await service.key('sued');
  await service.publish(
    project(1, 'hafenblick', 'nordlicht'),
    project(2, 'seeblick', 'sued'),
    member(3, 'ada', 'hafenblick'),
    member(4, 'kim', 'a'),
    administrator(5, 'nordlicht', 'nora'),
    administrator(6, 'hansen', 'hans'),
    ofGroups(7, 'allotree.user-changed.v1', { userId: 'ada', name: 'Ada' }, { subject: 'ada', tenantid: null }),
    ...numbers(10, 39).map((number) => published(number)),
    ...numbers(40, 44).map((number) => published(number, { tenantid: 'sued', subject: 'seeblick' })),
    published(45, { type: 'allotree.license-reinstated.v1', data: { projectId: 'hafenblick', licenseId: 'plus' } }),
  );
});
afterAll(() => service.stop());

const idsOf = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id);

describe('GET /events', () => {
  it('has every event unchanged, those of a subject and source in order, on pages of any size', async () => {
    const all = await service.pull('limit=1000');
    expect(all).toHaveLength(43);
    for (const limit of [1, 7, 43]) expect(await service.pull(`limit=${limit}`)).toEqual(all);
    const ofProject = all.filter(({ source, subject }) => source === '/license-service' && subject === 'hafenblick');
    const { causationid: _, ...expected } = published(10);
    expect(ofProject[0]).toEqual(expected);
    expect(idsOf(ofProject)).toEqual([...numbers(10, 39), 45].map((number) => `event-${number}`));
    const { tenantid } = all.find(({ id }) => id === 'group-event-7')!;
    expect(tenantid).toBeUndefined();
  });

  it('is limited to types and a subject', async () => {
    const types = 'types=allotree.project-created.v1,allotree.license-reinstated.v1';
    expect(idsOf(await service.pull(types)).sort()).toEqual(['event-45', 'group-event-1', 'group-event-2']);
    expect(idsOf(await service.pull('subject=seeblick')).sort()).toEqual([
      ...numbers(40, 44).map((number) => `event-${number}`),
      'group-event-2',
    ]);
    expect(idsOf(await service.pull(`subject=seeblick&${types}`))).toEqual(['group-event-2']);
    expect(await service.pull('subject=nothing')).toEqual([]);
  });

  it('gives a cursor after the last event, too, which goes on with what comes later and nothing else', async () => {
    const { body } = await service.get('/events?limit=1000', nord);
    const rest = `/events?after=${encodeURIComponent(String(body.next))}`;
    expect((await service.get(rest, nord)).body).toMatchObject({ items: [], hasMore: false });
    await service.publish(published(50), published(51, { tenantid: 'sued', subject: 'seeblick' }), published(10));
    expect(idsOf((await service.get(rest, nord)).body.items)).toEqual(['event-50']);
  });

  it('is the same after everything on the bus has been read again, and gets back what was missing', async () => {
    const rows = () => service.rows("SELECT position, id, data FROM reporting.event WHERE id <> 'event-12' ORDER BY 1");
    const before = await rows();
    await service.rows("DELETE FROM reporting.event WHERE id = 'event-12'");
    await service.rewind(GROUPS_TOPIC);
    await service.rewind(LICENSING_TOPIC);
    expect(await rows()).toEqual(before);
    expect(idsOf(await service.pull('limit=1000')).at(-1)).toBe('event-12');
  });
});

describe('who reads events', () => {
  it('sees those of the own tenant, and never those of another or of none', async () => {
    const [ofNord, ofSued] = [await service.pull('limit=1000', nord), await service.pull('limit=1000', sued)];
    expect(new Set(ofNord.map(({ tenantid }) => tenantid))).toEqual(new Set(['nordlicht']));
    expect(new Set(ofSued.map(({ tenantid }) => tenantid))).toEqual(new Set(['sued']));
    expect(ofNord.length + ofSued.length).toBe((await service.pull('limit=1000')).length - 1);
    expect(await service.pull('subject=seeblick', nord)).toEqual([]);
    expect(await service.pull('subject=ada', nord)).toEqual([]);
  });

  it('holds events:read in the whole tenant: not in a partner, a project or a group of it', async () => {
    expect((await service.get('/events', await service.as({ userId: 'nora' }))).status).toBe(200);
    for (const userId of ['ada', 'kim', 'hans'])
      expect(await service.get('/events', await service.as({ userId }))).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN', permission: 'events:read' },
      });
    const stranger = await service.get('/events', await service.as({ userId: 'stranger' }));
    expect(stranger).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const other = await service.key('nordlicht', 'crm', ['projects:read', 'history:read']);
    expect((await service.get('/events', other)).status).toBe(403);
    expect((await service.get('/events', { authorization: 'Bearer x' })).status).toBe(401);
  });
});

describe('a cursor', () => {
  const next = async (headers: Record<string, string>): Promise<string> =>
    String((await service.get('/events?limit=2', headers)).body.next);
  const after = (cursor: string, headers: Record<string, string>) =>
    service.get(`/events?after=${encodeURIComponent(cursor)}`, headers);
  const refused = { status: 400, body: { code: 'VALIDATION', errors: [{ field: 'after' }] } };

  it('goes on for another key of the same tenant', async () => {
    const cursor = await next(nord);
    expect((await after(cursor, await service.key('nordlicht', 'new-key'))).status).toBe(200);
  });

  it('is none for another tenant or person, or changed, or of another list', async () => {
    const cursor = await next(nord);
    const nora = await service.as({ userId: 'nora' });
    expect(await after(cursor, sued)).toMatchObject(refused);
    expect(await after(cursor, nora)).toMatchObject(refused);
    expect(await after(await next(nora), nord)).toMatchObject(refused);
    const changed = `${cursor.slice(0, 60)}${cursor[60] === 'A' ? 'B' : 'A'}${cursor.slice(61)}`;
    for (const odd of [changed, `${cursor}x`, 'x', '12', '..', 'e30.e30.e30', Buffer.from('12').toString('base64url')])
      expect({ odd, ...(await after(odd, nord)) }).toMatchObject({ odd, ...refused });
  });

  it('says nothing about where it leads', async () => {
    const [one, other] = [await next(nord), await next(nord)];
    expect(one).not.toBe(other);
    for (const part of one.split('.').slice(1))
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toMatch(/\d{6}/);
  });
});

describe('a request that waits', () => {
  const end = async (headers: Record<string, string>): Promise<string> =>
    encodeURIComponent(String((await service.get('/events?limit=1000', headers)).body.next));

  it('is answered as soon as there is an event for it', async () => {
    const waiting = service.get(`/events?wait=30&after=${await end(nord)}`, nord);
    await service.publish(published(60, { tenantid: 'sued' }), published(61));
    expect(idsOf((await waiting).body.items)).toEqual(['event-61']);
  });

  it('is answered at once where there are events, and without any when the time is over', async () => {
    expect((await service.get('/events?wait=30&limit=1', nord)).body.items).toHaveLength(1);
    const after = await end(nord);
    const { status, body } = await service.get(`/events?wait=1&after=${after}`, nord);
    expect([status, body.items, typeof body.next]).toEqual([200, [], 'string']);
    await service.publish(published(70));
    const on = await service.get(`/events?after=${encodeURIComponent(String(body.next))}`, nord);
    expect(idsOf(on.body.items)).toEqual(['event-70']);
  });

  it('makes room when its caller goes', async () => {
    const key = await service.key('nordlicht', 'many');
    const cursor = await end(key);
    const gone = new AbortController();
    const path = `/events?wait=30&after=${cursor}`;
    const wait = async (): Promise<void> => {
      while ((await service.get(path, key, gone.signal)).status === 429);
    };
    const left = numbers(1, MAX_WAITING_OF_CALLER).map(() => wait().catch(() => undefined));
    const refused = async (): Promise<boolean> =>
      (await service.get(`/events?wait=1&after=${cursor}`, key)).status === 429;
    await until(refused);
    gone.abort();
    await Promise.all(left);
    await until(refused, (still) => !still);
  });
});

describe('bad input', () => {
  const refuses = async (query: string, field: string): Promise<void> =>
    expect(await service.get(`/events?${query}`, nord)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION', errors: [{ field }] },
    });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=x', 'limit'],
    ['wait=-1', 'wait'],
    ['wait=31', 'wait'],
    ['wait=0.5', 'wait'],
    ['types=', 'types'],
    ['types=allotree.nothing.v1', 'types'],
    ['types=allotree.license-revoked.v1,', 'types'],
    ['types=allotree.license-revoked.v1&types=allotree.license-revoked.v1', 'types'],
    ['subject=', 'subject'],
    ['subject=a%2Fb', 'subject'],
    ["subject=' OR true --", 'subject'],
    ['after=', 'after'],
    ['cursor=x', 'cursor'],
    ['tenantId=sued', 'tenantId'],
  ])('?%s is refused', (query, field) => refuses(query, field));

  it('longer than it can be is refused', async () => {
    await refuses(`types=${'allotree.license-revoked.v1,'.repeat(300)}`, 'types');
    await refuses(`after=${'x'.repeat(1_001)}`, 'after');
  });
});
