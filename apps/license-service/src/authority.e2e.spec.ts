import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Permission } from '@allotree/contracts';
import { restriction, Service, units } from './service-under-test.harness.js';

/** Who may change what was issued or set from where (L1, L4, R9), as people and keys meet it over HTTP. */

const TENANT = 'nordlicht';
const HOUSE = 'hafenblick';
const UNTIL = { validUntil: '2099-12-31' };

let service: Service;
let plus: string;
const people: Record<'company' | 'dealer' | 'site' | 'licensed' | 'key', Record<string, string>> = {} as never;

/** The dealer `west` of the distributor `nordlicht` has a project, somebody administers its building a. */
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
  await service.partner('west', TENANT);
  await service.project(HOUSE, { partnerId: 'west' });
  await service.groups(HOUSE, { a: HOUSE, b: HOUSE, u1: 'a', u2: 'a' });
  await knowEverybody();
  await service.posted(`/projects/${HOUSE}/licenses`, issue(units(120, 100, 10)));
});
afterAll(() => service.stop());

const issue = (what: ReturnType<typeof units>) => ({ type: 'plus', partnerId: TENANT, packageId: plus, units: what });

async function knowEverybody(): Promise<void> {
  const person = (userId: string) => ({ userId, email: `${userId}@example.com`, name: userId });
  const partners = { partnerId: TENANT, tenantId: TENANT, kind: 'distributor', parentPartnerId: null } as const;
  const west = { partnerId: 'west', tenantId: TENANT, kind: 'dealer', parentPartnerId: TENANT } as const;
  const project = { projectId: HOUSE, name: 'Hafenblick', partnerId: 'west', tenantId: TENANT, timeZone: 'UTC' };
  const role = {
    tenantId: TENANT,
    roleId: 'licenser',
    name: 'Licenser',
    permissions: ['licenses:manage'] as Permission[],
  };
  const member = (userId: string, role: string, groupId: string) => ({
    projectId: HOUSE,
    groupId,
    memberId: `member-${userId}`,
    role,
    ...person(userId),
  });
  await service.memberships(
    service.message('allotree.partner-registered.v1', { ...partners, name: TENANT, administrator: person('company') }),
    service.message('allotree.partner-registered.v1', { ...west, name: 'west', administrator: person('dealer') }),
    service.message('allotree.project-created.v1', { ...project, billingMode: 'prepaid', trial: false }),
    service.message('allotree.role-changed.v1', role),
    service.message('allotree.member-added.v1', member('site', 'site_administrator', 'a')),
    service.message('allotree.member-added.v1', member('licensed', 'licenser', HOUSE)),
  );
  for (const name of ['company', 'dealer', 'site', 'licensed'] as const) people[name] = await service.signedInAs(name);
  const permissions: Permission[] = ['licenses:manage', 'licenses:read', 'restrictions:manage', 'restrictions:read'];
  people.key = await service.signedInAs('key', { tenantId: TENANT, apiKey: { keyId: 'key', permissions } });
}

const nothingRecorded = async (work: () => Promise<unknown>) => expect(await service.recordedWhile(work)).toEqual([]);
let projects = 0;
/** A project of the tenant, known to the view of memberships. */
async function project(): Promise<string> {
  const projectId = `project-${(projects += 1)}`;
  const data = { projectId, name: 'New', partnerId: TENANT, tenantId: TENANT, timeZone: 'UTC' };
  const created = service.message('allotree.project-created.v1', { ...data, billingMode: 'prepaid', trial: false });
  await service.project(projectId);
  await service.memberships(created);
  return projectId;
}

describe('a trial (L1)', () => {
  it('of a term of its own, or a second one, is for a server administrator alone', async () => {
    const p = await project();
    for (const who of ['company', 'key'] as const)
      await nothingRecorded(async () => {
        for (const term of [UNTIL, { validFrom: '2026-06-01' }, { validFrom: '2026-07-01', ...UNTIL }])
          expect(await service.post(`/projects/${p}/licenses`, { type: 'trial', ...term }, people[who])).toMatchObject({
            status: 403,
            body: { code: 'TRIAL_TERM_FIXED', validUntil: expect.stringMatching(/^2026-/) },
          });
      });
    expect(await service.post(`/projects/${p}/licenses`, { type: 'trial' }, people.company)).toMatchObject({
      status: 201,
    });
    await nothingRecorded(async () => {
      const again = await service.post(`/projects/${p}/licenses`, { type: 'trial' }, people.company);
      expect(again).toMatchObject({ status: 409, body: { code: 'TRIAL_ALREADY_USED' } });
    });
    expect(await service.post(`/projects/${p}/licenses`, { type: 'trial', ...UNTIL })).toMatchObject({ status: 201 });
  });

  it('is extended, suspended, reinstated and revoked by a server administrator alone', async () => {
    const p = await project();
    const { licenseId } = await service.posted(`/projects/${p}/licenses`, { type: 'trial' });
    const path = `/projects/${p}/licenses/${licenseId}`;
    const changes: [string, object][] = [
      ['extend', { validUntil: null }],
      ['suspend', { reason: 'x' }],
      ['reinstate', {}],
      ['revoke', { reason: 'x' }],
    ];
    for (const who of ['company', 'key'] as const)
      await nothingRecorded(async () => {
        for (const [change, body] of changes)
          expect(await service.post(`${path}/${change}`, body, people[who])).toMatchObject({
            status: 403,
            body: { code: 'ISSUED_FROM_ABOVE', licenseId, place: { kind: 'vendor' } },
          });
      });
    expect(await service.post(`${path}/extend`, { validUntil: null })).toMatchObject({ status: 200 });
  });
});

describe('a license out of a package (L4)', () => {
  const issued = async (): Promise<string> => {
    const { licenseId } = await service.posted(`/projects/${HOUSE}/licenses`, issue(units(1, 0, 0)));
    return `/projects/${HOUSE}/licenses/${licenseId}`;
  };

  it('is changed by administrators of the partner it was issued by, and not from a group of the project', async () => {
    const path = await issued();
    await nothingRecorded(async () => {
      for (const [change, body] of [
        ['suspend', { reason: 'x' }],
        ['revoke', { reason: 'x' }],
        ['extend', UNTIL],
      ] as const)
        expect(await service.post(`${path}/${change}`, body, people.licensed)).toMatchObject({
          status: 403,
          body: { code: 'ISSUED_FROM_ABOVE', place: { kind: 'partner', partnerId: TENANT } },
        });
    });
    expect(await service.post(`${path}/suspend`, { reason: 'x' }, people.company)).toMatchObject({ status: 200 });
    expect(await service.post(`${path}/reinstate`, {}, people.key)).toMatchObject({ status: 200 });
  });

  it('is reinstated only from where it was suspended or above', async () => {
    const path = await issued();
    await service.posted(`${path}/suspend`, { reason: 'Invoice overdue' });
    for (const who of ['company', 'key'] as const)
      await nothingRecorded(async () => {
        expect(await service.post(`${path}/reinstate`, {}, people[who])).toMatchObject({
          status: 403,
          body: { code: 'SUSPENDED_FROM_ABOVE', place: { kind: 'vendor' } },
        });
      });
    expect(await service.post(`${path}/reinstate`, {})).toMatchObject({ status: 200, body: { status: 'active' } });
  });
});

describe('a restriction (R9)', () => {
  const put = (groupId: string, body: object, who?: keyof typeof people) =>
    service.put(`/projects/${HOUSE}/groups/${groupId}/restriction`, body, who && people[who]);
  const setByDealer = async (groupId: string): Promise<void> => {
    expect(await put(groupId, { enabled: false })).toMatchObject({ status: 200 });
    expect(await put(groupId, restriction(units(10, 8, 2)), 'dealer')).toMatchObject({ status: 200 });
  };
  const fromDealer = {
    status: 403,
    body: { code: 'SET_FROM_ABOVE', groupId: 'a', place: { kind: 'partner', partnerId: 'west' } },
  };

  it('set by the dealer is neither raised nor lifted by the administrator of the building', async () => {
    await setByDealer('a');
    const { body } = await service.get(`/projects/${HOUSE}/groups/a/restriction`);
    const [allotment] = body.allotments.map(({ status: _, ...kept }: { status: string }) => kept);
    await nothingRecorded(async () => {
      expect(await put('a', { enabled: false }, 'site')).toMatchObject(fromDealer);
      const raised = { enabled: true, allotments: [{ ...allotment, units: units(11, 8, 2) }] };
      expect(await put('a', raised, 'site')).toMatchObject(fromDealer);
      expect((await put('a', { enabled: true, allotments: [allotment, allotment] }, 'site')).status).toBe(400);
    });
    const lowered = { enabled: true, allotments: [{ ...allotment, units: units(9, 8, 2) }] };
    expect(await put('a', lowered, 'site')).toMatchObject({ status: 200 });
    expect(await put('a', { enabled: false }, 'company')).toMatchObject({ status: 200 });
  });

  it('set by the administrator of the building is changed by it as it likes', async () => {
    expect(await put('u1', restriction(units(5)), 'site')).toMatchObject({ status: 200 });
    expect(await put('u1', restriction(units(6)), 'site')).toMatchObject({ status: 200 });
    expect(await put('u1', { enabled: false }, 'site')).toMatchObject({ status: 200 });
  });

  it('set by the vendor is not loosened by a key of the tenant', async () => {
    await put('b', restriction(units(5)));
    await nothingRecorded(async () => {
      expect(await put('b', { enabled: false }, 'key')).toMatchObject({
        status: 403,
        body: { code: 'SET_FROM_ABOVE' },
      });
    });
    expect(await put('b', { enabled: false })).toMatchObject({ status: 200 });
  });

  it('takes in no units by a transfer from a sibling, either (R8)', async () => {
    await setByDealer('u1');
    expect(await put('u2', restriction(units(4)), 'site')).toMatchObject({ status: 200 });
    const move = { fromGroupId: 'u2', toGroupId: 'u1', units: { sip_number: 1 }, reason: 'needed' };
    await nothingRecorded(async () => {
      expect(await service.post(`/projects/${HOUSE}/allotment-transfers`, move, people.site)).toMatchObject({
        status: 403,
        body: { code: 'SET_FROM_ABOVE', groupId: 'u1' },
      });
    });
    expect(await service.post(`/projects/${HOUSE}/allotment-transfers`, move, people.dealer)).toMatchObject({
      status: 204,
    });
  });
});
