import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People } from '../identity-under-test.harness.js';

let people: People;
let tenantId: string;
let projectId: string;
/** Of the distributor's administrator, and of somebody with further memberships. */
let owner: string;
let kim: string;
const KIM = 'kim@larsen.example';

beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  tenantId = body.partnerId as string;
  projectId = body.projectId as string;
  owner = body.session.access_token as string;
  kim = await people.member({ projectId, by: owner }, KIM, 'user');
}, 60_000);

afterAll(() => people.stop());

const asOwner = (method: string, path: string, body?: unknown) => people.ask(method, path, body, owner);
const makeRole = async (name: string, permissions: readonly string[]): Promise<string> =>
  (await asOwner('POST', `/roles?tenantId=${tenantId}`, { name, permissions })).body.roleId as string;
/** Gives Kim a role in the whole tenant; the answer takes it away. */
const appoint = async (role?: string): Promise<() => Promise<void>> => {
  const given = { email: KIM, name: 'Kim', ...(role === undefined ? {} : { role }) };
  const { body } = await asOwner('POST', `/partners/${tenantId}/administrators`, given);
  await people.service.settled();
  return async () => {
    await asOwner('DELETE', `/partners/${tenantId}/administrators/${body.userId as string}`);
    await people.service.settled();
  };
};
const exchange = (key: { keyId: string; secret: string }) =>
  people.ask('POST', '/auth/token', {
    grant_type: 'client_credentials',
    client_id: key.keyId,
    client_secret: key.secret,
  });
const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];

describe('a role of the tenant', () => {
  it('is neither weakened nor removed by somebody who does not hold what it permits', async () => {
    const strong = await makeRole('Strong', ['licenses:manage']);
    const dismiss = await appoint(await makeRole('Role maker', ['roles:manage', 'groups:read']));
    const weaker = { name: 'Strong', permissions: ['groups:read'] };
    const refused = await people.ask('PUT', `/roles/${strong}?tenantId=${tenantId}`, weaker, kim);
    expect([...codeOf(refused), refused.body.missing]).toEqual([
      403,
      'FORBIDDEN',
      ['licenses:read', 'licenses:manage'],
    ]);
    const removal = await people.ask('DELETE', `/roles/${strong}?tenantId=${tenantId}`, undefined, kim);
    expect(codeOf(removal)).toEqual([403, 'FORBIDDEN']);
    const { body } = await asOwner('GET', `/roles?tenantId=${tenantId}`);
    const kept = body.items.find((role: { roleId: string }) => role.roleId === strong);
    expect(kept.permissions).toEqual(['licenses:read', 'licenses:manage']);
    await dismiss();
  });

  it('never has a permission of the vendor, regardless of its creator', async () => {
    for (const permission of ['system:manage', 'packages:record']) {
      const role = { name: `With ${permission}`, permissions: ['groups:read', permission] };
      expect(codeOf(await people.service.post(`/roles?tenantId=${tenantId}`, role))).toEqual([400, 'VALIDATION']);
    }
    const plain = await makeRole('Plain', ['groups:read']);
    const raised = { name: 'Plain', permissions: ['system:manage'] };
    const answer = await people.service.request('PUT', `/roles/${plain}?tenantId=${tenantId}`, raised);
    expect(codeOf(answer)).toEqual([400, 'VALIDATION']);
  });
});

describe('an API key', () => {
  it('loses what its maker loses, at once, and cannot be exchanged for more', async () => {
    const dismiss = await appoint();
    const request = { name: 'crm', permissions: ['projects:read'], tenantId };
    const key = (await people.ask('POST', '/api-keys', request, kim)).body;
    const machine = (await exchange(key)).body.access_token as string;
    expect((await people.ask('GET', `/projects/${projectId}`, undefined, machine)).status).toBe(200);
    await dismiss();
    const again = (await exchange(key)).body.access_token as string;
    for (const token of [machine, again]) {
      const status = async () => (await people.ask('GET', `/projects/${projectId}`, undefined, token)).status;
      // Memberships are remembered for a moment.
      let answer = await status();
      while (answer === 200) answer = await status();
      expect(answer).toBe(404);
    }
  });

  it('ends with the key that made it', async () => {
    const request = { name: 'maker', permissions: ['api-keys:manage', 'projects:read'], tenantId };
    const maker = (await asOwner('POST', '/api-keys', request)).body;
    const machine = (await exchange(maker)).body.access_token as string;
    const made = (await people.ask('POST', '/api-keys', { name: 'made', permissions: ['projects:read'] }, machine))
      .body;
    expect((await exchange(made)).status).toBe(200);
    await asOwner('DELETE', `/api-keys/${maker.keyId as string}`);
    expect((await exchange(made)).status).toBe(401);
  });

  it('gets no token that is valid beyond its own end', async () => {
    const expiresAt = new Date(Date.now() + 120_000).toISOString();
    const key = (
      await asOwner('POST', '/api-keys', { name: 'short', permissions: ['projects:read'], tenantId, expiresAt })
    ).body;
    const { expires_in: seconds } = (await exchange(key)).body as { expires_in: number };
    expect(seconds).toBeLessThanOrEqual(120);
  });

  it('is made for a tenant, and for no partner within one', async () => {
    const dealer = { name: 'Dahl', kind: 'dealer', administrator: { name: 'Ben', email: 'ben@dahl.example' } };
    const { body } = await asOwner('POST', '/partners', { ...dealer, parentPartnerId: tenantId });
    const request = { name: 'hidden', permissions: ['projects:read'], tenantId: body.partnerId as string };
    for (const answer of [await asOwner('POST', '/api-keys', request), await people.service.post('/api-keys', request)])
      expect(answer.body).toMatchObject({ code: 'VALIDATION', errors: [{ field: 'tenantId' }] });
  });
});

describe("a partner's first administrator", () => {
  it('is given by nobody who does not hold what the role permits', async () => {
    const dismiss = await appoint(await makeRole('Registrar', ['partners:manage']));
    const dealer = { name: 'Sub', kind: 'dealer', administrator: { name: 'Kim', email: KIM } };
    const events = await people.service.recordedWhile(async () => {
      const answer = await people.ask('POST', '/partners', { ...dealer, parentPartnerId: tenantId }, kim);
      expect(codeOf(answer)).toEqual([403, 'FORBIDDEN']);
    });
    expect(events).toEqual([]);
    await dismiss();
  });
});

describe('an invitation', () => {
  it('is worth nothing once its inviter may not invite, whatever else the inviter holds', async () => {
    const concierge = ['projects:read', 'groups:read', 'quotas:read'];
    const role = await makeRole('Inviter', [...concierge, 'members:manage']);
    const dismiss = await appoint(role);
    const invitations = [{ email: 'zoe@larsen.example', name: 'Zoe', role: 'concierge' }];
    const path = `/projects/${projectId}/groups/${projectId}/invitations`;
    expect((await people.ask('POST', path, { invitations }, kim)).status).toBe(201);
    const { token } = await people.mail('zoe@larsen.example', 'invitation');
    await asOwner('PUT', `/roles/${role}?tenantId=${tenantId}`, { name: 'Inviter', permissions: concierge });
    await people.service.settled();
    const answer = await people.ask('POST', '/invitations/accept', { token, password: PASSWORD });
    expect(codeOf(answer)).toEqual([400, 'CODE_NOT_VALID']);
    await dismiss();
  });
});

describe('a group with members who hold more', () => {
  it('is neither removed, moved nor taken to another project', async () => {
    const group = async (parentId: string, name: string, type = 'building'): Promise<string> =>
      (await asOwner('POST', `/projects/${projectId}/groups`, { parentId, type, name })).body.groupId as string;
    const [building, target] = [await group(projectId, 'House 1'), await group(projectId, 'House 2')];
    const unit = await group(building, 'Unit 1', 'unit');
    const administrator = { email: 'site@larsen.example', name: 'Site', role: 'site_administrator' };
    await asOwner('POST', `/projects/${projectId}/groups/${unit}/members`, administrator);
    const other = (await asOwner('POST', '/projects', { name: 'Other', partnerId: tenantId })).body.projectId as string;
    const dismiss = await appoint(await makeRole('Builder', ['groups:manage']));
    const path = `/projects/${projectId}/groups/${building}`;
    const tries: [string, string, object | undefined][] = [
      ['DELETE', path, undefined],
      ['POST', `${path}/move`, { parentId: target }],
      ['POST', `${path}/move`, { projectId: other, parentId: other }],
    ];
    const events = await people.service.recordedWhile(async () => {
      for (const [method, where, body] of tries) {
        const answer = await people.ask(method, where, body, kim);
        expect(codeOf(answer)).toEqual([403, 'MEMBERS_HOLD_MORE']);
        expect(answer.body).toMatchObject({ groupId: building, role: 'site_administrator', count: 1 });
        expect(answer.body.missing).toContain('members:manage');
      }
    });
    expect(events).toEqual([]);
    expect((await asOwner('DELETE', path)).status).toBe(204);
    await dismiss();
  });
});

describe('a device that is in use', () => {
  it('is not located for somebody who does not see the group that has it', async () => {
    const group = async (name: string): Promise<string> =>
      (await asOwner('POST', `/projects/${projectId}/groups`, { parentId: projectId, type: 'building', name })).body
        .groupId as string;
    const [own, sibling] = [await group('Own house'), await group('Sibling house')];
    const site = await people.member(
      { projectId, groupId: own, by: owner },
      'site2@larsen.example',
      'site_administrator',
    );
    const device = { serialNumber: 'AA-12CD-000099', model: 'AA-12' };
    await asOwner('POST', `/projects/${projectId}/groups/${sibling}/devices`, device);
    const add = (token: string) => people.ask('POST', `/projects/${projectId}/groups/${own}/devices`, device, token);
    const hidden = await add(site);
    expect([...codeOf(hidden), hidden.body.groupId]).toEqual([409, 'DEVICE_ELSEWHERE', null]);
    expect(JSON.stringify(hidden.body)).not.toContain(sibling);
    expect((await add(owner)).body.groupId).toBe(sibling);
  });
});
