import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Service, units, type Answer } from './service-under-test.harness.js';

let service: Service;
let plus = '';
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

let count = 0;
let p = '';
let license = '';
beforeEach(async () => {
  p = `hafenblick-${(count += 1)}`;
  plus = await service.nordlicht();
  await service.hafenblick(p, plus);
  [{ licenseId: license }] = (await service.get(`/projects/${p}/licenses`)).body.items;
});

const path = (route: string) => `/projects/${p}/${route}`;
const patch = (route: string, body: object, headers: Record<string, string> = {}) =>
  service.request('PATCH', path(route), body, headers);
const issue = (externalId: string | null, query = '') =>
  service.post(path(`licenses${query}`), {
    type: 'plus',
    partnerId: 'nordlicht',
    packageId: plus,
    units: units(1),
    externalId,
  });
const assign = (group: string, externalId: string | null, headers = {}, query = '') =>
  service.post(path(`groups/${group}/assignments${query}`), { resource: 'ukey2', externalId }, headers);
const assigned = async (group: string, externalId: string | null): Promise<string> => {
  const { status, body } = await assign(group, externalId);
  expect(status).toBe(201);
  return body.assignmentId as string;
};
const itemsOf = async (route: string): Promise<object[]> => {
  const { status, body } = await service.get(path(route));
  expect(status).toBe(200);
  return body.items as object[];
};
const publishedData = async (type: string) =>
  (await service.published(p)).filter((event) => event.type === type).map(({ data }) => data);
const taken = (kind: string, holderId: string | null, groupId: string | null) =>
  expect.objectContaining({ code: 'EXTERNAL_ID_TAKEN', kind, externalId: 'E1', holderId, groupId });

/** Asks, for a preview first, and looks that neither was recorded or published. */
async function refused(ask: (query: string) => Promise<Answer>): Promise<Answer> {
  const answers: Answer[] = [];
  const before = await service.published(p);
  const events = await service.recordedWhile(async () => {
    answers.push(await ask('?dryRun=true'), await ask(''));
  });
  expect(events).toEqual([]);
  expect(await service.published(p)).toEqual(before);
  const [preview, answer] = answers as [Answer, Answer];
  expect(preview).toMatchObject({ status: answer.status, body: { code: answer.body.code } });
  return answer;
}

describe('external ids of licenses', () => {
  it('are issued with the units, shown, found, changed, published and removed', async () => {
    const { licenseId } = (await issue(' E1 ')).body;
    const [shown] = await itemsOf('licenses?externalId=E1');
    expect(shown).toMatchObject({ licenseId, externalId: 'E1' });
    expect(await itemsOf('licenses?externalId=E2')).toEqual([]);
    // The answer can be sent back.
    expect((await patch(`licenses/${licenseId}`, shown!)).body).toEqual(shown);
    const changed = await patch(`licenses/${licenseId}`, { externalId: 'E2' });
    expect(changed).toMatchObject({ status: 200, body: { ...shown, externalId: 'E2' } });
    expect((await patch(`licenses/${licenseId}`, { externalId: null })).body).toEqual({ ...shown, externalId: null });
    expect((await publishedData('allotree.license-granted.v1')).at(-1)).toMatchObject({ licenseId, externalId: 'E1' });
    expect(await publishedData('allotree.license-changed.v1')).toMatchObject([
      { projectId: p, licenseId, externalId: 'E2' },
      { projectId: p, licenseId, externalId: null },
    ]);
    const history = await itemsOf('history');
    expect(history[0]).toMatchObject({
      what: 'LicenseExternalIdChanged',
      before: { externalId: 'E2' },
      after: { externalId: null },
    });
  });

  it('belong to one license; a refused one costs the stock nothing', async () => {
    await patch(`licenses/${license}`, { externalId: 'E1' });
    expect(await refused((query) => issue('E1', query))).toMatchObject({
      status: 409,
      body: taken('license', license, null),
    });
    const { licenseId } = (await issue(null)).body;
    const change = (query: string) => patch(`licenses/${licenseId}${query}`, { externalId: 'E1' });
    expect(await refused(change)).toMatchObject({ status: 409, body: taken('license', license, null) });
    await service.posted(path(`licenses/${license}/revoke`), { reason: 'Contract ended' });
    expect(await itemsOf('licenses?externalId=E1')).toEqual([]);
    expect(await change('')).toMatchObject({ status: 200, body: { externalId: 'E1' } });
    expect(await refused((query) => patch(`licenses/${license}${query}`, { externalId: 'E3' }))).toMatchObject({
      status: 409,
      body: { code: 'LICENSE_REVOKED' },
    });
  });

  it('are given to trials, too', async () => {
    const { licenseId } = await service.posted(path('licenses'), { type: 'trial', externalId: 'E1' });
    expect(await itemsOf('licenses?externalId=E1')).toMatchObject([{ licenseId, type: 'trial' }]);
  });
});

describe('external ids of assignments', () => {
  it('are assigned with the unit, shown, found, changed, published and removed', async () => {
    const assignmentId = await assigned('u1', ' E1 ');
    await assigned('u1', null);
    const [shown] = await itemsOf('groups/u1/assignments?externalId=E1');
    expect(shown).toMatchObject({ assignmentId, externalId: 'E1' });
    expect(await itemsOf('groups/u2/assignments?externalId=E1')).toEqual([]);
    const route = `groups/u1/assignments/${assignmentId}`;
    expect((await patch(route, shown!)).body).toEqual(shown);
    expect(await patch(route, { externalId: 'E2' })).toMatchObject({
      status: 200,
      body: { ...shown, externalId: 'E2' },
    });
    expect((await patch(route, { externalId: null })).body).toEqual({ ...shown, externalId: null });
    const ref = { projectId: p, assignmentId, groupId: 'u1', resource: 'ukey2' };
    expect((await publishedData('allotree.assignment-made.v1'))[0]).toMatchObject({ ...ref, externalId: 'E1' });
    expect(await publishedData('allotree.assignment-changed.v1')).toMatchObject([
      { ...ref, externalId: 'E2' },
      { ...ref, externalId: null },
    ]);
    const history = await itemsOf('history?groupId=u1');
    const changed = { what: 'AssignmentExternalIdChanged', details: { assignmentId, resource: 'ukey2' } };
    expect(history.slice(0, 2)).toMatchObject([
      { ...changed, before: { externalId: 'E2' }, after: { externalId: null } },
      { ...changed, before: { externalId: 'E1' }, after: { externalId: 'E2' } },
    ]);
  });

  it('belong to one assignment of a project, until it is released', async () => {
    const first = await assigned('u1', 'E1');
    const second = await assigned('b', null);
    const make = (query = '') => assign('b', 'E1', {}, query);
    expect(await refused(make)).toMatchObject({ status: 409, body: taken('assignment', first, 'u1') });
    const change = (query: string) => patch(`groups/b/assignments/${second}${query}`, { externalId: 'E1' });
    expect(await refused(change)).toMatchObject({ status: 409, body: taken('assignment', first, 'u1') });
    await service.delete(path(`groups/u1/assignments/${first}`));
    expect(await publishedData('allotree.assignments-released.v1')).toMatchObject([
      { assignments: [{ assignmentId: first, externalId: 'E1' }] },
    ]);
    expect((await make()).status).toBe(201);
  });

  it('cannot be given to an assignment of another group, or to none', async () => {
    const assignmentId = await assigned('u1', null);
    for (const route of [`groups/u2/assignments/${assignmentId}`, 'groups/u1/assignments/nothing'])
      expect(await refused((query) => patch(`${route}${query}`, { externalId: 'E1' }))).toMatchObject({
        status: 404,
        body: { code: 'NOT_FOUND', what: 'assignment' },
      });
    expect(await refused((query) => patch(`licenses/nothing${query}`, { externalId: 'E1' }))).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', what: 'license' },
    });
  });
});

describe('external ids in a batch of units', () => {
  const batch = (assignments: object[], more: object = {}, query = '', headers = {}) =>
    service.post(path(`assignments${query}`), { assignments, ...more }, headers);
  const key = (groupId: string, more: object = {}) => ({ groupId, resource: 'ukey2', ...more });

  it('are those of single units', async () => {
    const { body } = await batch([
      key('u1', { externalId: 'E1' }),
      key('u2', { externalId: 'E2' }),
      key('b', { count: 2 }),
    ]);
    const [assignmentId] = body.assignments[0].assignmentIds as string[];
    expect(await itemsOf('groups/u1/assignments?externalId=E1')).toMatchObject([{ assignmentId }]);
    const [made] = (await publishedData('allotree.assignments-made.v1')) as { assignments: object[] }[];
    expect(made!.assignments).toContainEqual(expect.objectContaining({ assignmentId, externalId: 'E1' }));
  });

  it.each(['all', 'each'])('are refused with both places where two are equal, in mode %s', async (mode) => {
    const lines = [
      key('u1', { externalId: 'E1' }),
      key('u2'),
      key('b', { externalId: ' E1' }),
      key('a', { externalId: null }),
    ];
    const answer = await refused((query) => batch(lines, { mode }, query));
    const message = 'is named more than once';
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [
        { field: 'assignments[0].externalId', message },
        { field: 'assignments[2].externalId', message },
      ],
    ]);
  });

  it('are refused where one is for several units, malformed or taken', async () => {
    const first = await assigned('a', 'E1');
    const malformed = await refused((query) =>
      batch([key('u1', { externalId: 'E2', count: 2 }), key('u2', { externalId: 'x'.repeat(129) })], {}, query),
    );
    expect(malformed.body.errors).toEqual([
      { field: 'assignments[0].externalId', message: 'goes with a count of 1' },
      { field: 'assignments[1].externalId', message: expect.any(String) },
    ]);
    const answer = await refused((query) => batch([key('u1'), key('u2', { externalId: 'E1' })], {}, query));
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'BATCH_REFUSED',
        items: [{ index: 1, ...{ code: 'EXTERNAL_ID_TAKEN' }, holderId: first, groupId: 'a' }],
      },
    });
    const each = await batch([key('u1'), key('u2', { externalId: 'E1' })], { mode: 'each' });
    expect(each.body.assignments).toMatchObject([
      { status: 'assigned' },
      { status: 'refused', problem: { code: 'EXTERNAL_ID_TAKEN', holderId: first } },
    ]);
  });
});

it('the refusal names the holder only to somebody who can see it', async () => {
  await assigned('a', 'E1');
  const member = {
    projectId: p,
    groupId: 'b',
    memberId: `m-${p}`,
    userId: `u-${p}`,
    email: 'kim@example.com',
    name: 'Kim',
  };
  const role = 'site_administrator';
  const project = { projectId: p, name: 'H', partnerId: 'nordlicht', tenantId: 'nordlicht', timeZone: 'UTC' };
  await service.memberships(
    service.message('allotree.project-created.v1', { ...project, billingMode: 'prepaid', trial: false }),
    service.message('allotree.member-added.v1', { ...member, role }),
  );
  const own = await service.signedInAs(member.userId);
  const single = await refused((query) => assign('b', 'E1', own, query));
  expect(single).toMatchObject({ status: 409, body: taken('assignment', null, null) });
  const line = { groupId: 'b', resource: 'ukey2', externalId: 'E1' };
  const batch = await refused((query) => service.post(path(`assignments${query}`), { assignments: [line] }, own));
  expect(batch.body.items).toEqual([taken('assignment', null, null)]);
});
