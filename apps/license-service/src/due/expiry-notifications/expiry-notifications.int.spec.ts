import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LicenseExpiryJob } from '@allotree/contracts';
import { restriction, Service, units } from '../../service-under-test.harness.js';
import { DueWork } from '../due-work.js';

jest.setTimeout(120_000);

const DECEMBER = '2026-12-01T00:00:00.000Z';
const NEW_YEAR = '2027-01-01T00:00:00.000Z';
const reminder = { daysBefore: [30], recurrence: 'once', recipients: 'members' };
const counts = (sip_number: number, mobile_app = 0, ukey2 = 0) => ({ sip_number, mobile_app, ukey2 });

describe('expiry notifications', () => {
  let service: Service;
  let plus: string;
  let projects = 0;
  beforeAll(async () => {
    service = await Service.start();
    plus = await service.nordlicht();
  });
  afterEach(() => service.rows('DELETE FROM licensing.expiry_job'));
  afterAll(() => service.stop());

  const open = async (more: object = {}): Promise<string> => {
    const projectId = `house${++projects}`;
    await service.project(projectId, more);
    await service.groups(projectId, { a: projectId, b: projectId, u1: 'a', u2: 'a' });
    return projectId;
  };
  const grant = (projectId: string, validUntil?: string): Promise<{ licenseId: string }> =>
    service.posted(`/projects/${projectId}/licenses`, {
      type: 'plus',
      partnerId: 'nordlicht',
      packageId: plus,
      units: units(40, 20),
      features: ['siri', 'elevators'],
      validUntil,
    });
  const restrict = async (projectId: string, groupId: string, body: object): Promise<string> => {
    const answer = await service.put(`/projects/${projectId}/groups/${groupId}/restriction`, body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return (await service.get(`/projects/${projectId}/groups/${groupId}/restriction`)).body.allotments[0]?.allotmentId;
  };
  const assign = async (projectId: string, groupId: string, numbers: number, apps = 0): Promise<void> => {
    const path = `/projects/${projectId}/groups/${groupId}/assignments`;
    for (let n = 0; n < numbers; n++) await service.posted(path, { resource: 'sip_number' });
    for (let n = 0; n < apps; n++) await service.posted(path, { resource: 'mobile_app' });
  };
  const quiet = async (at?: string): Promise<void> => {
    if (at !== undefined) service.clock.moveTo(at);
    await service.app.get(DueWork, { strict: false }).untilQuiet();
    await service.settled();
  };
  const expiryJobsOf = async (projectId: string): Promise<LicenseExpiryJob[]> => {
    await service.settled();
    const rows = await service.rows<{ data: unknown }>(
      `SELECT data FROM licensing.expiry_job WHERE data ->> 'projectId' = $1 AND data ->> 'kind' <> 'reminder'
       ORDER BY due_at, sequence`,
      [projectId],
    );
    return rows.map(({ data }) => LicenseExpiryJob.parse(data));
  };

  it('notifies only the group whose term ended, with the count of stopped units in it and below', async () => {
    const p = await open();
    await grant(p);
    const elevators = restriction(units(9, 5), { validUntil: DECEMBER, features: ['siri'] }, { reminder });
    await restrict(p, 'a', elevators);
    // It follows building a and wants no reminder; building b is none of building a's.
    await restrict(p, 'u1', restriction(units(5, 5), { validUntil: DECEMBER }));
    await assign(p, 'u1', 3, 2);
    await assign(p, 'a', 1);
    await assign(p, 'b', 2);
    await quiet(DECEMBER);
    expect(await expiryJobsOf(p)).toEqual([
      {
        kind: 'ended',
        tenantId: 'nordlicht',
        projectId: p,
        projectName: 'Hafenblick',
        timeZone: 'UTC',
        groupId: 'a',
        groupName: 'a',
        dueAt: DECEMBER,
        date: '2026-12-01',
        endedAt: DECEMBER,
        stopped: counts(4, 2),
        featuresOff: ['siri'],
        fallback: null,
        recipients: 'members',
      },
    ]);
  });

  it('notifies a unit that ended with its building, and no unit that lost nothing', async () => {
    const p = await open();
    await grant(p);
    const end = '2026-12-02T00:00:00.000Z';
    await restrict(p, 'a', restriction(units(9, 5), { validUntil: end, features: ['siri'] }));
    await restrict(p, 'u1', restriction(units(5, 5), { features: ['siri'] }, { reminder }));
    await restrict(p, 'b', restriction(units(5), {}, { reminder }));
    await assign(p, 'u1', 3);
    await assign(p, 'u2', 1);
    await quiet(end);
    expect(await expiryJobsOf(p)).toMatchObject([
      {
        kind: 'ended',
        groupId: 'u1',
        stopped: counts(3),
        featuresOff: ['siri'],
        fallback: null,
        recipients: 'members',
      },
    ]);
  });

  it('notifies a building that ended with the license it depended on, and the main group', async () => {
    const p = await open();
    const end = '2026-12-02T12:00:00.000Z';
    await grant(p, end);
    await restrict(p, 'a', restriction(units(9), {}, { reminder }));
    await assign(p, 'a', 2);
    await quiet(end);
    expect((await expiryJobsOf(p)).map((job) => [job.kind, job.groupId, 'stopped' in job && job.stopped])).toEqual([
      ['ended', p, counts(2)],
      ['ended', 'a', counts(2)],
    ]);
  });

  it('notifies the main group of an ended license, the stopped units and the fallback to Basic', async () => {
    const p = await open({ timeZone: 'Europe/Berlin' });
    await grant(p, '2026-12-03T23:00:00Z');
    await service.fact('allotree.device-registered.v1', {
      projectId: p,
      groupId: 'a',
      serialNumber: `d-${p}`,
      model: 'm',
    });
    await assign(p, 'a', 3, 1);
    await assign(p, 'b', 2);
    await quiet('2026-12-03T23:00:00.000Z');
    expect(await expiryJobsOf(p)).toMatchObject([
      {
        groupId: p,
        groupName: 'Hafenblick',
        date: '2026-12-04',
        stopped: counts(3),
        featuresOff: ['siri', 'elevators'],
        fallback: 'basic',
        recipients: 'administrators',
      },
    ]);
  });

  it('notifies the main group once when its own term and the license end together', async () => {
    const p = await open();
    const end = '2026-12-05T00:00:00.000Z';
    await grant(p, end);
    await restrict(p, p, restriction(units(9), { validUntil: end, features: ['siri'] }, { reminder }));
    await assign(p, 'a', 2);
    await quiet(end);
    expect(await expiryJobsOf(p)).toMatchObject([
      { groupId: p, stopped: counts(2), featuresOff: ['siri', 'elevators'], recipients: 'members', fallback: null },
    ]);
  });

  it('says what follows where a term follows', async () => {
    const p = await open();
    await grant(p);
    const end = '2026-12-06T00:00:00.000Z';
    const two = [
      { type: 'plus', units: units(5), validUntil: end },
      { type: 'basic', units: units(2), validFrom: end, validUntil: NEW_YEAR },
    ];
    await restrict(p, 'a', { enabled: true, allotments: two, reminder });
    await assign(p, 'a', 3);
    await quiet(end);
    expect(await expiryJobsOf(p)).toMatchObject([
      { kind: 'ended', groupId: 'a', stopped: counts(1), fallback: 'basic' },
    ]);
  });

  it('notifies when a term ends and grace begins, and again when grace ends and units stop', async () => {
    const p = await open();
    await grant(p);
    const end = '2026-12-07T00:00:00.000Z';
    await restrict(p, 'a', restriction(units(5), { validUntil: end }, { reminder, gracePeriodDays: 2 }));
    await assign(p, 'a', 3);
    await quiet(end);
    expect(await expiryJobsOf(p)).toMatchObject([
      { endedAt: end, stopped: counts(0), grace: { until: '2026-12-09T00:00:00.000Z', stopping: counts(3) } },
    ]);
    await quiet('2026-12-09T00:00:00.000Z');
    expect(await expiryJobsOf(p)).toMatchObject([{}, { endedAt: '2026-12-09T00:00:00.000Z', stopped: counts(3) }]);
    expect((await expiryJobsOf(p))[1]).not.toHaveProperty('grace');
  });

  it('notifies an extended group that it works again, with the new end', async () => {
    const p = await open();
    await grant(p);
    const end = '2026-12-10T00:00:00.000Z';
    const allotmentId = await restrict(p, 'a', restriction(units(5), { validUntil: end }, { reminder }));
    await assign(p, 'u1', 3);
    await quiet('2026-12-11T12:00:00.000Z');
    await restrict(
      p,
      'a',
      restriction(units(2), { allotmentId, validUntil: '2026-12-20T00:00:00.000Z' }, { reminder }),
    );
    expect(await expiryJobsOf(p)).toMatchObject([
      { kind: 'ended', dueAt: end, stopped: counts(3) },
      {
        kind: 'restored',
        groupId: 'a',
        dueAt: '2026-12-11T12:00:00.000Z',
        date: '2026-12-11',
        restoredAt: '2026-12-11T12:00:00.000Z',
        restored: counts(2),
        validUntil: '2026-12-20T00:00:00.000Z',
        recipients: 'members',
      },
    ]);
    // Room that a release makes is no extension.
    const { items } = (await service.get(`/projects/${p}/groups/u1/assignments`)).body;
    const inForce = items.find(({ status }: { status: string }) => status === 'in_force');
    await service.delete(`/projects/${p}/groups/u1/assignments/${inForce.assignmentId}`);
    expect(await expiryJobsOf(p)).toHaveLength(2);
  });

  it('notifies the main group when a license is extended', async () => {
    const p = await open();
    const { licenseId } = await grant(p, '2026-12-12T00:00:00Z');
    await assign(p, 'b', 2);
    await quiet('2026-12-12T06:00:00.000Z');
    await service.posted(`/projects/${p}/licenses/${licenseId}/extend`, { validUntil: '2026-12-30T00:00:00Z' });
    expect(await expiryJobsOf(p)).toMatchObject([
      { kind: 'ended', groupId: p },
      { kind: 'restored', groupId: p, restored: counts(2), validUntil: '2026-12-30T00:00:00.000Z' },
    ]);
  });

  it('announces that a trial began, and when it ends', async () => {
    const p = await open({ trial: true });
    const [{ licenseId }] = (await service.get(`/projects/${p}/licenses`)).body.items;
    expect(await expiryJobsOf(p)).toMatchObject([
      { kind: 'trial_started', groupId: p, dueAt: '2026-12-12T06:00:00.000Z', validUntil: '2027-01-11T06:00:00.000Z' },
    ]);
    expect(await service.rows('SELECT job_id FROM licensing.expiry_job')).toEqual([
      { job_id: `trial_${p}_${licenseId}` },
    ]);
  });

  it('says nothing of the licenses of a postpaid project', async () => {
    const p = await open({ billingMode: 'postpaid' });
    await grant(p, '2026-12-13T00:00:00Z');
    await assign(p, 'b', 2);
    await quiet('2026-12-13T00:00:00.000Z');
    expect(await expiryJobsOf(p)).toEqual([]);
  });

  it('describes each moment as of its instant, however much the project has changed since', async () => {
    const p = await open();
    await grant(p);
    await service.fact('allotree.device-registered.v1', {
      projectId: p,
      groupId: 'a',
      serialNumber: `d-${p}`,
      model: 'm',
    });
    const allotmentId = await restrict(
      p,
      'a',
      restriction(units(5), { validUntil: '2026-12-14T00:00:00.000Z', features: ['siri'] }, { reminder }),
    );
    await assign(p, 'a', 3);
    await service.settled();
    await service.subscriptions.stop();
    service.clock.moveTo('2026-12-15T00:00:00.000Z');
    await service.app.get(DueWork, { strict: false }).tick();
    const longer = { allotmentId, validUntil: '2026-12-30T00:00:00.000Z', features: ['siri'] };
    await restrict(p, 'a', restriction(units(4), longer, { reminder }));
    service.clock.moveTo('2026-12-16T00:00:00.000Z');
    await restrict(p, 'a', { enabled: false });
    await service.subscriptions.start();
    expect(await expiryJobsOf(p)).toMatchObject([
      { kind: 'ended', dueAt: '2026-12-14T00:00:00.000Z', stopped: counts(3), featuresOff: ['siri'], fallback: null },
      { kind: 'restored', dueAt: '2026-12-15T00:00:00.000Z', restored: counts(3) },
    ]);
  });
});
