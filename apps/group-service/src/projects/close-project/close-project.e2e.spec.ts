import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People } from '../../identity/identity-under-test.harness.js';

let people: People;
let partnerId: string;
/** Of the distributor's administrator. */
let owner: string;
beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  partnerId = body.partnerId as string;
  owner = body.session.access_token as string;
}, 60_000);
afterAll(() => people.stop());

const ask = (method: string, path: string, body?: unknown, token = owner) => people.ask(method, path, body, token);
const reason = 'The building was sold';
const close = (projectId: string, token = owner, query = '') =>
  ask('POST', `/projects/${projectId}/close${query}`, { reason }, token);
const project = async (name = 'Hafenblick'): Promise<string> =>
  (await ask('POST', '/projects', { name, partnerId })).body.projectId as string;
const group = async (projectId: string, name = 'A'): Promise<string> =>
  (await ask('POST', `/projects/${projectId}/groups`, { parentId: projectId, type: 'building', name })).body
    .groupId as string;

describe('closing a project', () => {
  it('is recorded once, shown, published and audited', async () => {
    const p = await project();
    const events = await people.service.recordedWhile(async () => {
      const { status, body } = await close(p);
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({ projectId: p, status: 'closed', closedReason: reason }),
      ]);
      expect((await close(p)).body).toEqual(body);
    });
    expect(events.map(({ type, data }) => [type, data])).toEqual([['ProjectClosed', { projectId: p, reason }]]);
    expect((await ask('GET', `/projects/${p}`)).body).toMatchObject({ status: 'closed', closedReason: reason });
    expect((await people.service.published(p)).at(-1)).toMatchObject({
      type: 'allotree.project-closed.v1',
      data: { projectId: p, reason },
    });
    const { items } = (await people.service.get(`/audit?action=project_closed`)).body;
    expect(items[0].facts).toEqual({ projectId: p, reason });
  });

  it('splits the list by status, also when it is built anew', async () => {
    const [open, closed] = [await project('Open'), await project('Closed')];
    await close(closed);
    const listed = async (query = '') =>
      ((await ask('GET', `/projects?partnerId=${partnerId}&limit=200${query}`)).body.items as { projectId: string }[])
        .map(({ projectId }) => projectId)
        .filter((projectId) => [open, closed].includes(projectId));
    const lists = async () => [await listed(), await listed('&status=open'), await listed('&status=closed')];
    const expected = [[open, closed], [open], [closed]];
    expect(await lists()).toEqual(expected);
    await people.service.rebuild('tree_view');
    expect(await lists()).toEqual(expected);
    expect((await ask('GET', '/projects?status=ended')).status).toBe(400);
  });

  it('refuses every command on it from then on, and answers what is read', async () => {
    const p = await project();
    const [a, b] = [await group(p), await group(p, 'B')];
    const member = { email: 'kim@example.com', name: 'Kim', role: 'concierge' };
    const at = `/projects/${p}/groups/${a}`;
    const { memberId } = (await ask('POST', `${at}/members`, member)).body;
    await ask('POST', `${at}/devices`, { serialNumber: 'CLOSED-1', model: 'AA-12' });
    const elsewhere = await project('Elsewhere');
    const moving = await group(elsewhere);
    await close(p);
    const commands: [string, string, object?][] = [
      ['POST', `/projects/${p}/groups`, { parentId: p, type: 'building', name: 'C' }],
      ['POST', `/projects/${p}/groups/generate`, { parentId: p, buildings: { count: 2 } }],
      ['PATCH', at, { name: 'A2' }],
      ['POST', `${at}/move`, { parentId: b }],
      ['POST', `${at}/move`, { parentId: elsewhere, projectId: elsewhere }],
      ['POST', `/projects/${elsewhere}/groups/${moving}/move`, { parentId: p, projectId: p }],
      ['DELETE', `/projects/${p}/groups/${b}`],
      ['POST', `${at}/members`, { ...member, email: 'lee@example.com' }],
      ['DELETE', `${at}/members/${memberId as string}`],
      ['POST', `${at}/invitations`, { invitations: [{ ...member, email: 'lee@example.com' }] }],
      ['POST', `${at}/devices`, { serialNumber: 'CLOSED-2', model: 'AA-12' }],
      ['DELETE', `${at}/devices/CLOSED-1`],
    ];
    const events = await people.service.recordedWhile(async () => {
      for (const [method, path, body] of commands) {
        const answer = await ask(method, path, body);
        expect([method, path, answer.status, answer.body]).toEqual([
          method,
          path,
          409,
          expect.objectContaining({ code: 'PROJECT_CLOSED', projectId: p, reason }),
        ]);
      }
    });
    // A claim on a serial number that the tree then refuses is given back.
    expect(events.map(({ type }) => type)).toEqual(['DeviceClaimed', 'DeviceReleased']);
    for (const path of [at, `${at}/members`, `${at}/devices`, `${at}/invitations`, `/projects/${p}/groups`])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
  });

  it('ends the invitations to it', async () => {
    const p = await project();
    const email = 'late@example.com';
    const invitations = [{ email, name: 'Late', role: 'concierge' }];
    await ask('POST', `/projects/${p}/groups/${p}/invitations`, { invitations });
    const { token } = await people.mail(email, 'invitation');
    await close(p);
    const { status, body } = await people.ask('POST', '/invitations/accept', { token, password: PASSWORD });
    expect([status, body.code]).toEqual([409, 'PROJECT_CLOSED']);
    expect((await people.signIn(email)).status).toBe(401);
  });

  it('can be closed with the permission to create projects of its partner, not from inside', async () => {
    const p = await project();
    const role = { name: 'Powerful', permissions: ['projects:manage', 'groups:manage', 'members:manage'] };
    const { roleId } = (await ask('POST', '/roles', role)).body;
    const inside = await people.member({ projectId: p, by: owner }, 'inside@example.com', roleId as string);
    const site = await people.member({ projectId: p, by: owner }, 'site@example.com', 'site_administrator');
    const stranger = (await people.distributor('olaf@ostwind.example', 'Ostwind')).body.session.access_token as string;
    const events = await people.service.recordedWhile(async () => {
      expect((await close(p, inside)).body).toMatchObject({ code: 'FORBIDDEN', permission: 'projects:manage' });
      expect((await close(p, site)).body).toMatchObject({ code: 'FORBIDDEN', permission: 'projects:manage' });
      expect((await close(p, stranger)).body).toMatchObject({ code: 'NOT_FOUND', what: 'project' });
    });
    expect(events).toEqual([]);
    expect((await people.service.post(`/projects/${p}/close`, { reason })).status).toBe(200);
  });

  it('needs a reason and a project, honours If-Match, an idempotency key and a dry run', async () => {
    const p = await project();
    const { etag } = await ask('GET', `/projects/${p}`);
    await ask('PATCH', `/projects/${p}/groups/${p}`, { name: 'Renamed' });
    const service = people.service;
    const events = await service.recordedWhile(async () => {
      expect((await service.post(`/projects/${p}/close`, {})).body.code).toBe('VALIDATION');
      expect((await service.post('/projects/nowhere/close', { reason })).status).toBe(404);
      expect((await service.post(`/projects/${p}/close`, { reason }, { 'if-match': etag ?? '' })).status).toBe(412);
      const tried = await close(p, owner, '?dryRun=true');
      expect([tried.status, tried.body.events]).toEqual([
        200,
        [{ type: 'ProjectClosed', data: { projectId: p, reason } }],
      ]);
    });
    expect(events).toEqual([]);
    const key = { 'idempotency-key': 'close-once' };
    const first = await service.post(`/projects/${p}/close`, { reason }, key);
    expect([first.status, await service.post(`/projects/${p}/close`, { reason }, key)]).toEqual([200, first]);
  });
});
