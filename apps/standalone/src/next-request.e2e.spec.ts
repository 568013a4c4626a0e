import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WholeSystem } from './whole-system.harness.js';
import { somebody } from './who-may/world.fixture.js';

jest.setTimeout(90_000);

const ABOUT_AN_ACCOUNT = ['/accounts/{a}', '/accounts/{a}/statements', '/accounts/{a}/reconciliation'];
const ABOUT_A_GROUP = [
  '/projects/{p}/groups/{g}/quota/as-of',
  '/projects/{p}/groups/{g}/quota/why?resource=sip_number',
  '/projects/{p}/groups/{g}/usage?resource=sip_number&from={at}&to={later}',
  '/projects/{p}/tree?parentId={g}',
];

const iso = (at: number): string => new Date(at).toISOString();

/** No spec in here asks a second time: what one service answered, the next request to another one finds. */
describe('the next request to another service', () => {
  let system: WholeSystem;
  let projectId: string;
  let partnerId: string;
  beforeAll(async () => {
    // A wait that times out would end after the spec.
    system = await WholeSystem.start({
      GROUP_FEED_WAIT_MS: '60000',
      REPORTING_WAIT_MS: '60000',
      MAIL_COLLECT_SECONDS: '0',
    });
    ({ partnerId } = await system.must('POST', '/partners', {
      kind: 'distributor',
      name: 'Nordlicht',
      administrator: { name: 'Ada', email: 'ada@nordlicht.example' },
    }));
    ({ projectId } = await system.must('POST', '/projects', { name: 'Hafenblick', partnerId }));
  });
  afterAll(() => system.stop());

  const group = async (name: string): Promise<string> =>
    (await system.must('POST', `/projects/${projectId}/groups`, { parentId: projectId, type: 'apartment', name }))
      .groupId;
  const at = (groupId: string, path: string): string => `/projects/${projectId}/groups/${groupId}/${path}`;
  const number = (groupId: string) =>
    system.ask('POST', at(groupId, 'assignments'), { body: { resource: 'sip_number' } });

  it('finds the license of a device that was just added', async () => {
    for (let round = 0; round < 5; round += 1) {
      const flat = await group(`Flat ${round}`);
      await system.must('POST', at(flat, 'devices'), { serialNumber: `NEXT-${round}`, model: 'AA-12' });
      expect([(await number(flat)).status, (await number(flat)).status]).toEqual([201, 201]);
      expect((await number(flat)).status).toBe(409);
    }
  });

  it('finds the stock of a partner, and a project, that were just registered', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { partnerId: dealer } = await system.must('POST', '/partners', {
        kind: 'dealer',
        name: `Dealer ${round}`,
        parentPartnerId: partnerId,
        administrator: { name: 'Dan', email: `dan${round}@dealer.example` },
      });
      expect((await system.ask('GET', `/partners/${dealer}/stock`)).status).toBe(200);
      const { projectId: own } = await system.must('POST', '/projects', { name: `P ${round}`, partnerId: dealer });
      expect((await system.ask('POST', `/projects/${own}/licenses`, { body: { type: 'trial' } })).status).toBe(201);
    }
  });

  it('finds that a project was just closed, and sells, issues and assigns nothing there', async () => {
    const term = { validFrom: '2026-01-01', validUntil: '2099-12-31' };
    const pack = { name: 'Plus', units: { sip_number: 9, mobile_app: 0, ukey2: 0 }, features: [], ...term };
    const { packageId } = await system.must('POST', `/partners/${partnerId}/packages`, pack);
    for (let round = 0; round < 3; round += 1) {
      const { projectId: own } = await system.must('POST', '/projects', { name: `Closing ${round}`, partnerId });
      await system.must('POST', `/projects/${own}/close`, { reason: 'Sold' });
      const one = { sip_number: 1, mobile_app: 0, ukey2: 0 };
      const issue = { type: 'plus', partnerId, packageId, units: one };
      for (const [path, body] of [
        ['licenses', issue],
        ['licenses', { type: 'trial' }],
        [`groups/${own}/assignments`, { resource: 'sip_number' }],
      ] as const) {
        const answer = await system.ask('POST', `/projects/${own}/${path}`, { body });
        expect([path, answer.status, answer.body.code]).toEqual([path, 409, 'PROJECT_CLOSED']);
      }
      expect((await system.ask('GET', `/projects/${own}/licenses`)).status).toBe(200);
    }
    const stock = await system.ask('GET', `/partners/${partnerId}/stock`);
    expect(stock.body.packages[0].available.sip_number).toBe(9);
  });

  it('finds that a partner was just closed, and sells it nothing', async () => {
    const term = { validFrom: '2026-01-01', validUntil: '2099-12-31' };
    const one = { sip_number: 1, mobile_app: 0, ukey2: 0 };
    const pack = { name: 'Plus', units: { ...one, sip_number: 9 }, features: [], ...term };
    const { packageId } = await system.must('POST', `/partners/${partnerId}/packages`, pack);
    for (let round = 0; round < 3; round += 1) {
      const { partnerId: dealer } = await system.must('POST', '/partners', {
        kind: 'dealer',
        name: `Leaving ${round}`,
        parentPartnerId: partnerId,
        administrator: { name: 'Dan', email: `leaving${round}@dealer.example` },
      });
      await system.must('POST', `/partners/${dealer}/close`, { reason: 'Over' });
      const sale = await system.ask('POST', `/partners/${partnerId}/packages/${packageId}/sales`, {
        body: { toPartnerId: dealer, units: one },
      });
      expect([sale.status, sale.body.code, sale.body.partnerId]).toEqual([409, 'PARTNER_CLOSED', dealer]);
    }
    const { partnerId: other } = await system.must('POST', '/partners', {
      kind: 'distributor',
      name: 'Other',
      administrator: { name: 'Olaf', email: 'olaf@other.example' },
    });
    await system.must('POST', `/partners/${other}/close`, { reason: 'Over' });
    const recorded = await system.ask('POST', `/partners/${other}/packages`, { body: pack });
    expect([recorded.status, recorded.body.code]).toEqual([409, 'PARTNER_CLOSED']);
  });

  it('shows in the past what was just recorded, with the ETag of the command', async () => {
    const { projectId: p } = await system.must('POST', '/projects', { name: 'Past', partnerId });
    const below = (groupId: string, path: string): string => `/projects/${p}/groups/${groupId}/${path}`;
    const asOf = async (groupId: string, etag: string | null | undefined, service = '') => {
      const answer = await system.ask(
        'GET',
        below(groupId, `quota/as-of?atLeast=${encodeURIComponent(service + etag)}`),
      );
      expect(answer.status).toBe(200);
      return answer.body;
    };
    const accepted = async (method: string, path: string, body: object) => {
      const answer = await system.ask(method, `/projects/${p}/${path}`, { body });
      expect([path, answer.status < 300]).toEqual([path, true]);
      return answer;
    };
    const units = (sip_number: number) => ({ sip_number, mobile_app: 0, ukey2: 0 });
    const section = (numbers: number) => ({ enabled: true, allotments: [{ type: 'plus', units: units(numbers) }] });
    await accepted('POST', 'licenses', { type: 'trial' });
    for (let round = 1; round <= 3; round += 1) {
      const placed = await accepted('POST', 'groups', { parentId: p, type: 'apartment', name: `Flat ${round}` });
      const flat = placed.body.groupId as string;
      expect(await asOf(flat, placed.etag, 'groups:')).toMatchObject({ name: `Flat ${round}` });
      // The rest of this service may be behind the other one.
      const limited = await accepted('PUT', `groups/${flat}/restriction`, section(9));
      expect(await asOf(flat, limited.etag)).toMatchObject({ resources: { sip_number: { limit: 9 } } });
      const assigned = await accepted('POST', `groups/${flat}/assignments`, { resource: 'sip_number' });
      expect(await asOf(flat, assigned.etag)).toMatchObject({
        resources: { sip_number: { consumed: 1, available: 8 } },
      });
      const many = [{ groupId: flat, resource: 'sip_number', count: 3 }];
      const batch = await accepted('POST', 'assignments', { assignments: many });
      expect(await asOf(flat, batch.etag)).toMatchObject({ resources: { sip_number: { consumed: 4 } } });
      const restrictions = await accepted('PUT', 'restrictions', { restrictions: [{ groupId: flat, ...section(5) }] });
      expect(await asOf(flat, restrictions.etag)).toMatchObject({ resources: { sip_number: { available: 1 } } });
    }
  });

  it.each(['a server administrator', 'an administrator of the project'])(
    'finds an account, and the past of a group, that were just created, for %s',
    async (who) => {
      for (const [round, route] of [...ABOUT_AN_ACCOUNT, ...ABOUT_A_GROUP].entries()) {
        const { projectId: p } = await system.must('POST', '/projects', { name: `${who} ${round}`, partnerId });
        let [asked, token] = [p, system.administrator];
        if (who !== 'a server administrator') {
          const member = { email: `administrator${round}@example.com`, name: 'Eva', role: 'site_administrator' };
          const { userId } = await system.must('POST', `/projects/${p}/groups/${p}/members`, member);
          token = await WholeSystem.token(somebody(userId));
        }
        if (ABOUT_A_GROUP.includes(route)) {
          const flat = { parentId: p, type: 'apartment', name: 'Flat' };
          asked = (await system.must('POST', `/projects/${p}/groups`, flat)).groupId;
        }
        const now = Date.now();
        const named = { a: `${partnerId}:${p}`, p, g: asked, at: iso(now), later: iso(now + 1) };
        const path = route.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof named) => named[name]);
        const { status, body } = await system.ask('GET', path, { token });
        expect([path, status, body.code]).toEqual([path, 200, undefined]);
      }
    },
  );

  it('sets the terms of an account that was just created', async () => {
    const { projectId: p } = await system.must('POST', '/projects', { name: 'Terms', partnerId });
    const terms = { currency: 'EUR', minorDigits: 2, resources: {}, calendar: null };
    const answer = await system.ask('PUT', `/accounts/${partnerId}:${p}/terms`, { body: terms });
    expect([answer.status, answer.body.accountId]).toEqual([200, `${partnerId}:${p}`]);
  });

  it('shows the name a group was just given', async () => {
    const flat = await group('Before');
    for (const name of ['After', 'Later', 'Last']) {
      await system.must('PATCH', `/projects/${projectId}/groups/${flat}`, { name });
      expect((await system.ask('GET', at(flat, 'quota'))).body.name).toBe(name);
    }
  });

  it('finds the capacity of a group, and of a member, that was just removed', async () => {
    const { projectId: small } = await system.must('POST', '/projects', { name: 'Small', partnerId });
    await system.must('POST', `/projects/${small}/groups/${small}/devices`, { serialNumber: 'SMALL', model: 'AA-12' });
    const assign = (groupId: string, holder?: string) =>
      system.ask('POST', `/projects/${small}/groups/${groupId}/assignments`, {
        body: { resource: 'sip_number', ...(holder === undefined ? {} : { holder }) },
      });
    for (let round = 0; round < 3; round += 1) {
      const { groupId } = await system.must('POST', `/projects/${small}/groups`, {
        parentId: small,
        type: 'apartment',
        name: `Flat ${round}`,
      });
      expect([(await assign(groupId)).status, (await assign(groupId)).status]).toEqual([201, 201]);
      await system.must('DELETE', `/projects/${small}/groups/${groupId}`);

      const { memberId } = await system.must('POST', `/projects/${small}/groups/${small}/members`, {
        email: `eva${round}@example.com`,
        name: 'Eva',
        role: 'user',
      });
      expect([(await assign(small, memberId)).status, (await assign(small, memberId)).status]).toEqual([201, 201]);
      await system.must('DELETE', `/projects/${small}/groups/${small}/members/${memberId}`);
    }
  });

  it('writes to a member who was just added and asks for a password', async () => {
    for (let round = 0; round < 3; round += 1) {
      const email = `member${round}@example.com`;
      await system.must('POST', `/projects/${projectId}/groups/${projectId}/members`, {
        email,
        name: 'Member',
        role: 'concierge',
      });
      expect((await system.ask('POST', '/auth/password-resets', { body: { email } })).status).toBe(202);
      await system.until(
        ({ body }) => body.items?.length === 1,
        () => system.ask('GET', `/outbox?to=${encodeURIComponent(email)}`),
      );
    }
  });

  it('is answered 404 without a wait where nothing is on its way', async () => {
    for (const path of [
      `${at('nowhere', 'quota')}`,
      '/projects/nowhere/groups/nowhere/quota',
      '/partners/nobody/stock',
      '/accounts/vendor:nobody',
      `${at('nowhere', 'quota/as-of')}`,
    ])
      expect((await system.ask('GET', path)).status).toBe(404);
    const stranger = await WholeSystem.token(somebody('stranger'));
    expect((await system.ask('GET', at(projectId, 'quota'), { token: stranger })).status).toBe(404);
    expect((await system.ask('GET', `/mail-templates?tenantId=${partnerId}`, { token: stranger })).status).toBe(403);
  });
});
