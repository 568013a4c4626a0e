import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People } from '../identity-under-test.harness.js';

let people: People;
/** Two distributors; Kim is a member of a project of the first, then of one of the second. */
const kim = 'kim@example.com';
const nord = { partnerId: '', projectId: '', token: '' };
const sued = { partnerId: '', projectId: '', token: '' };
let kimId: string;

interface Line {
  readonly action: string;
  readonly userId: string;
  readonly tenantId: string | null;
  readonly address: string | null;
  readonly facts: object;
}
const auditOf = async (token: string | undefined, query: string): Promise<readonly Line[]> => {
  const { body } =
    token === undefined
      ? await people.service.get(`/audit?${query}`)
      : await people.ask('GET', `/audit?${query}`, undefined, token);
  return body.items as readonly Line[];
};

beforeAll(async () => {
  people = await People.start({ TEST_CLOCK: '1' });
  for (const [tenant, email, name] of [
    [nord, 'ada@nordlicht.example', 'Nordlicht'],
    [sued, 'eve@suedlicht.example', 'Suedlicht'],
  ] as const) {
    const { body } = await people.distributor(email, name);
    Object.assign(tenant, { partnerId: body.partnerId, projectId: body.projectId, token: body.session.access_token });
  }
  await people.member({ projectId: nord.projectId, by: nord.token }, kim, 'concierge');
}, 60_000);

afterAll(() => people.stop());

describe('an account', () => {
  it('shows its sign-ins to the one tenant it holds a membership in, with address and method', async () => {
    await people.from('192.0.2.1', '/auth/token', { email: kim, password: PASSWORD });
    const [line] = await auditOf(nord.token, 'action=signed_in');
    expect(line).toMatchObject({ tenantId: nord.partnerId, address: '192.0.2.1', facts: { method: 'password' } });
    kimId = line?.userId ?? '';
  });

  it('works in two tenants, and belongs to neither', async () => {
    const member = { email: kim, name: 'Kim', role: 'site_administrator' };
    const place = `/projects/${sued.projectId}/groups/${sued.projectId}`;
    expect((await people.ask('POST', `${place}/members`, member, sued.token)).status).toBe(201);
    const { body } = await people.signIn(kim);
    const me = await people.ask('GET', '/me', undefined, body.access_token);
    expect(me.body.tenantIds).toEqual([nord.partnerId, sued.partnerId].sort());
    expect(me.body).not.toHaveProperty('tenantId');
    for (const { projectId } of [nord, sued])
      expect((await people.ask('GET', `/projects/${projectId}`, undefined, body.access_token)).status).toBe(200);
    // Records made in a tenant belong to that tenant.
    const events = await people.service.recordedWhile(() =>
      people.ask(
        'POST',
        `/projects/${sued.projectId}/groups`,
        { parentId: sued.projectId, type: 'building', name: 'K' },
        body.access_token,
      ),
    );
    expect(events.map(({ metadata }) => metadata.tenantId)).toEqual([sued.partnerId]);
  });

  it('shows each of several tenants that it signed in, and only the vendor the origin and method', async () => {
    await people.from('192.0.2.2', '/auth/token', { email: kim, password: PASSWORD });
    await people.from('192.0.2.3', '/auth/token', { email: kim, password: 'wrong' });
    for (const action of ['signed_in', 'sign_in_failed'])
      for (const { token, partnerId } of [nord, sued]) {
        const [line] = await auditOf(token, `action=${action}&userId=${kimId}`);
        expect(line).toMatchObject({ userId: kimId, tenantId: partnerId, address: null, facts: {} });
      }
    const vendors = await auditOf(undefined, `action=signed_in&userId=${kimId}`);
    expect(vendors.filter(({ address }) => address === '192.0.2.2')).toHaveLength(1);
    expect(vendors[0]).toMatchObject({ tenantId: null, address: '192.0.2.2', facts: { method: 'password' } });
    expect(vendors.filter(({ facts }) => Object.keys(facts).length === 0)).toEqual([]);
  });

  it('shows the second tenant nothing of the time before, and neither the memberships of the other', async () => {
    expect(await auditOf(sued.token, `userId=${kimId}&action=invitation_accepted`)).toEqual([]);
    for (const { token, projectId } of [nord, sued]) {
      const granted = await auditOf(token, `userId=${kimId}&action=membership_granted`);
      expect(granted.map(({ facts }) => facts)).toEqual([expect.objectContaining({ projectId })]);
    }
    const before = await auditOf(sued.token, `userId=${kimId}&limit=200`);
    expect(before.filter(({ address }) => address === '192.0.2.1')).toEqual([]);
  });

  it('is opened, linked and deactivated in the trail of the vendor alone', async () => {
    await people.service.settled();
    const opened = await auditOf(undefined, `userId=${kimId}&action=account_opened`);
    expect(opened).toMatchObject([{ tenantId: null }]);
    for (const { token } of [nord, sued]) expect(await auditOf(token, 'action=account_opened')).toEqual([]);
  });

  it('gets every mail about itself in the words of the vendor', async () => {
    await people.ask('POST', '/auth/password-resets', { email: kim });
    const reset = await people.mail(kim, 'password_reset');
    await people.ask('POST', '/auth/password-resets/confirm', {
      token: reset.token,
      password: 'a wholly different one',
    });
    const invitations = [{ email: 'new@example.com', name: 'New', role: 'concierge' }];
    await people.ask(
      'POST',
      `/projects/${nord.projectId}/groups/${nord.projectId}/invitations`,
      { invitations },
      nord.token,
    );
    const mails = [
      reset,
      await people.mail(kim, 'password_changed'),
      await people.mail('new@example.com', 'invitation'),
    ];
    expect(mails.map(({ tenantId }) => tenantId)).toEqual([null, null, null]);
  });
});

describe('the audit trail', () => {
  it('has the administrator a partner begins with', async () => {
    await people.service.settled();
    const [line] = await auditOf(sued.token, 'action=membership_granted&limit=200').then((lines) => lines.slice(-1));
    expect(line).toMatchObject({
      tenantId: sued.partnerId,
      facts: { partnerId: sued.partnerId, role: 'site_administrator', email: 'eve@suedlicht.example' },
    });
  });

  it('is in the same order after the part that follows from events was rebuilt', async () => {
    await people.service.settled();
    const before = await auditOf(undefined, 'limit=200');
    await people.service.rebuild('audit_view');
    expect(await auditOf(undefined, 'limit=200')).toEqual(before);
    expect(before.length).toBeGreaterThan(10);
  });
});

describe('an integration event', () => {
  it('has the instant of the decision as its time', async () => {
    const now = '2027-05-01T12:00:00.000Z';
    expect((await people.service.request('PUT', '/test-clock', { now })).status).toBe(200);
    await people.service.group(nord.projectId, nord.projectId, 'Decided later');
    const published = await people.service.published(nord.projectId);
    expect(published.at(-1)).toMatchObject({
      type: 'allotree.groups-placed.v1',
      data: { groups: [{ name: 'Decided later' }] },
    });
    expect(published.at(-1)?.time.slice(0, 16)).toBe(now.slice(0, 16));
  });
});
