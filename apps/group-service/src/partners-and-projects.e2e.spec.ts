import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service } from './service-under-test.harness.js';

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

const administrator = { name: 'Ada', email: 'ada@nordlicht.example' };
const register = (body: object) => service.post('/partners', { administrator, ...body });

describe('partners', () => {
  it('are registered: a distributor is a tenant, a dealer belongs to one', async () => {
    let distributor = '';
    const events = await service.recordedWhile(async () => {
      const { status, body, etag } = await register({ name: 'Nordlicht', kind: 'distributor' });
      expect({ status, etag, projectId: body.projectId }).toEqual({ status: 201, etag: '"0"', projectId: null });
      distributor = body.partnerId;
    });
    expect(
      events.map(({ type, streamName, metadata }) => [type, streamName, metadata.tenantId, metadata.actor]),
    ).toEqual([['PartnerRegistered', `partner-${distributor}`, distributor, 'user:admin']]);
    const dealer = await register({ name: 'Dealer', kind: 'dealer', parentPartnerId: distributor });
    expect((await service.get(`/partners/${dealer.body.partnerId}`)).body).toEqual({
      partnerId: dealer.body.partnerId,
      kind: 'dealer',
      name: 'Dealer',
      parentPartnerId: distributor,
      tenantId: distributor,
      status: 'open',
      closedReason: null,
      postpaidAllowed: false,
    });
    const below = await service.get(`/partners?parentPartnerId=${distributor}`);
    expect(below.body).toEqual({
      items: [
        expect.objectContaining({ partnerId: dealer.body.partnerId, name: 'Dealer', registeredAt: expect.any(String) }),
      ],
      nextCursor: null,
    });
    expect(
      (await service.published(dealer.body.partnerId)).map(({ type, tenantid, data }) => ({ type, tenantid, data })),
    ).toEqual([
      {
        type: 'allotree.partner-registered.v1',
        tenantid: distributor,
        data: {
          partnerId: dealer.body.partnerId,
          kind: 'dealer',
          name: 'Dealer',
          parentPartnerId: distributor,
          tenantId: distributor,
          administrator: { userId: expect.any(String), email: expect.any(String), name: expect.any(String) },
        },
      },
    ]);
  });

  it('get a project of their own and its trial with objectName (L1)', async () => {
    const { status, body } = await register({
      name: 'Südwind',
      kind: 'distributor',
      objectName: 'Showroom',
      timeZone: 'Europe/Berlin',
    });
    expect(status).toBe(201);
    expect((await service.get(`/projects/${body.projectId}`)).body).toEqual({
      projectId: body.projectId,
      name: 'Showroom',
      partnerId: body.partnerId,
      tenantId: body.partnerId,
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
      status: 'open',
      closedReason: null,
    });
    const members = await service.get(`/projects/${body.projectId}/groups/${body.projectId}/members`);
    expect(members.body.items).toEqual([
      expect.objectContaining({
        userId: body.administratorId,
        email: administrator.email,
        role: 'company_administrator',
      }),
    ]);
    const published = await service.published(body.projectId);
    expect(published.map(({ type }) => type)).toEqual(['allotree.project-created.v1', 'allotree.member-added.v1']);
    expect(published[0]?.data).toMatchObject({ projectId: body.projectId, partnerId: body.partnerId, trial: true });
    await service.settled();
    expect((await service.get(`/projects?partnerId=${body.partnerId}`)).body.items).toHaveLength(1);
  });

  it('are registered once with an idempotency key', async () => {
    const key = { 'idempotency-key': 'register-westwind' };
    const body = { name: 'Westwind', kind: 'distributor', objectName: 'Office', administrator };
    const first = await service.post('/partners', body, key);
    let again = first;
    const events = await service.recordedWhile(async () => {
      again = await service.post('/partners', body, key);
    });
    expect(again).toEqual(first);
    expect(events).toEqual([]);
  });

  it('have one administrator for one e-mail address', async () => {
    const one = await register({
      name: 'One',
      kind: 'distributor',
      administrator: { name: 'Kim', email: 'Kim@example.com' },
    });
    const two = await register({
      name: 'Two',
      kind: 'distributor',
      administrator: { name: 'Kim', email: 'kim@example.com' },
    });
    expect(one.body.administratorId).toBe(two.body.administratorId);
  });

  it.each([
    [
      'a dealer below a partner that does not exist',
      { kind: 'dealer', parentPartnerId: 'nobody' },
      404,
      'NOT_FOUND',
      undefined,
    ],
  ])('refuse %s and record nothing', async (_, body, status, code, field) => {
    const events = await service.recordedWhile(async () => {
      const answer = await register({ name: 'X', ...body });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ code, ...(field === undefined ? {} : { errors: [{ field }] }) });
    });
    expect(events).toEqual([]);
  });

  it('that stand below a distributor have no distributor and no dealer below them', async () => {
    const distributor = await service.distributor('Ostwind');
    const dealer = await register({ name: 'D', kind: 'dealer', parentPartnerId: distributor });
    for (const body of [
      { kind: 'dealer', parentPartnerId: dealer.body.partnerId },
      { kind: 'distributor', parentPartnerId: distributor },
    ]) {
      const answer = await register({ name: 'X', ...body });
      expect([answer.status, answer.body.code, answer.body.errors[0].field]).toEqual([
        400,
        'VALIDATION',
        'parentPartnerId',
      ]);
    }
  });

  it('that do not exist are not found', async () => {
    const answer = await service.get('/partners/nobody');
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'partner', id: 'nobody' } });
  });

  it('come page by page', async () => {
    for (let n = 0; n < 5; n += 1) await service.distributor(`Partner ${n}`);
    const all = (await service.get('/partners?limit=200')).body.items as { partnerId: string }[];
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: { partnerId: string }[]; nextCursor: string | null } = (
        await service.get(`/partners?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ).body;
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((item) => item.partnerId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all.map((item) => item.partnerId));
  });
});

describe('projects', () => {
  it('belong to a partner and its tenant, and begin with their root group', async () => {
    const partnerId = await service.distributor();
    let projectId = '';
    const events = await service.recordedWhile(async () => {
      const { status, body, etag } = await service.post('/projects', {
        name: 'Hafenblick',
        partnerId,
        timeZone: 'Europe/Berlin',
        billingMode: 'postpaid',
      });
      expect([status, etag]).toEqual([201, '"0"']);
      projectId = body.projectId;
    });
    expect(events.map(({ type, streamName, metadata }) => [type, streamName, metadata.tenantId])).toEqual([
      ['ProjectCreated', `group_tree-${projectId}`, partnerId],
    ]);
    expect((await service.get(`/projects/${projectId}/groups/${projectId}`)).body).toEqual({
      groupId: projectId,
      parentId: null,
      type: 'company',
      name: 'Hafenblick',
      path: [{ groupId: projectId, name: 'Hafenblick' }],
      hasChildren: false,
      externalId: null,
    });
    expect((await service.get(`/projects?partnerId=${partnerId}`)).body.items).toEqual([
      expect.objectContaining({ projectId, name: 'Hafenblick', billingMode: 'postpaid', tenantId: partnerId }),
    ]);
  });

  it('are postpaid only where a server administrator creates them (L1)', async () => {
    const administrator = { name: 'Ada', email: 'ada@postpaid.example' };
    const { body } = await service.post('/partners', { name: 'Postpaid', kind: 'distributor', administrator });
    const ada = await service.signedInAs(body.administratorId);
    const { partnerId } = body;
    const recorded = await service.recordedWhile(async () => {
      const project = { name: 'Free of charge', partnerId, billingMode: 'postpaid' };
      expect(await service.post('/projects', project, ada)).toMatchObject({
        status: 403,
        body: { code: 'POSTPAID_NOT_ALLOWED', partnerId },
      });
    });
    expect(recorded).toEqual([]);
    expect(await service.post('/projects', { name: 'Prepaid', partnerId }, ada)).toMatchObject({ status: 201 });
  });

  it('are listed under the name their root has now', async () => {
    const partnerId = await service.distributor();
    const projectId = await service.project('Old', partnerId);
    await service.patch(`/projects/${projectId}/groups/${projectId}`, { name: 'New' });
    expect((await service.get(`/projects?partnerId=${partnerId}`)).body.items).toEqual([
      expect.objectContaining({ name: 'New' }),
    ]);
    expect((await service.get(`/projects/${projectId}`)).body.name).toBe('New');
  });

  it('need a partner that exists', async () => {
    const events = await service.recordedWhile(async () => {
      const answer = await service.post('/projects', { name: 'X', partnerId: 'nobody' });
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'partner' } });
    });
    expect(events).toEqual([]);
    expect((await service.get('/projects/nowhere')).status).toBe(404);
  });
});
