import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { LICENSE_EXPIRY_QUEUE, LicenseExpiryJob } from '@allotree/contracts';
import { Readiness } from '@allotree/basics';
import { JobQueues, type Job } from '@allotree/jobs';
import { ClockWatch } from '@allotree/service';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { GroupFeed } from '../feed/group-feed.js';
import { restriction, Service, units } from '../service-under-test.harness.js';
import { LICENSING } from '../persistence/data-source.js';
import { PROJECT_HANDLER, type ProjectHandler } from '../tokens.js';
import { DueWork } from './due-work.js';
import { ExpiryOutbox } from './expiry-outbox.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(120_000);

const JULY = '2026-07-01T00:00:00.000Z';
const DECEMBER = '2026-12-01T00:00:00.000Z';
/** The license of `openProject` ends then, for every group that lives on it (E5). */
const NEW_YEAR = '2027-01-01T00:00:00.000Z';
const before = (instant: string): string => new Date(Date.parse(instant) - 1).toISOString();

const dueOf = (service: Service): DueWork => service.app.get(DueWork, { strict: false });

const quiet = async (service: Service, at?: string): Promise<void> => {
  if (at !== undefined) service.clock.moveTo(at);
  await dueOf(service).untilQuiet();
  await service.settled();
};

const dueRows = (service: Service, projectId: string) =>
  service.rows<{ subject_id: string; kind: string; ref: string; at: Date }>(
    'SELECT subject_id, kind, ref, at FROM licensing.due WHERE project_id = $1 ORDER BY at, subject_id, kind, ref',
    [projectId],
  );

/** Those of the ends before that of the license. */
const remindersOf = async (service: Service, projectId: string) =>
  (await dueRows(service, projectId)).filter(
    ({ kind, ref }) => kind === 'reminder' && ref !== String(Date.parse(NEW_YEAR)),
  );

const eventsOf = async (
  service: Service,
  projectId: string,
): Promise<{ type: string; at: string; actor: string }[]> => {
  const events: { type: string; at: string; actor: string }[] = [];
  for await (const { type, data, metadata } of service.store.readStream(`project-${projectId}`))
    events.push({ type, at: (data as { at: string }).at, actor: metadata.actor });
  return events;
};

const effectsOf = async (service: Service, projectId: string): Promise<string[]> =>
  (await eventsOf(service, projectId))
    .filter(({ actor }) => actor === 'service:license-service')
    .map(({ type, at }) => `${at.slice(0, 10)} ${type}`);

/** The jobs that are recorded, by id, in the order in which they are handed over. */
const recordedJobs = async (service: Service): Promise<{ id: string; data: LicenseExpiryJob }[]> => {
  const rows = await service.rows<{ job_id: string; data: unknown }>(
    'SELECT job_id, data FROM licensing.expiry_job ORDER BY due_at, sequence',
  );
  return rows.map(({ job_id: id, data }) => ({ id, data: LicenseExpiryJob.parse(data) }));
};

const jobsOf = async (service: Service, projectId: string): Promise<{ id: string; data: LicenseExpiryJob }[]> =>
  (await recordedJobs(service)).filter(({ data }) => data.projectId === projectId);

const forgetJobs = (service: Service) => service.rows('DELETE FROM licensing.expiry_job');

const assign = async (service: Service, projectId: string, groupId: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n++)
    await service.posted(`/projects/${projectId}/groups/${groupId}/assignments`, { resource: 'sip_number' });
};

/** A project with buildings a (u1 and u2 below it) and b, and 40 numbers until the end of the year. */
const openProject = async (service: Service, projectId: string, packageId: string): Promise<void> => {
  await service.project(projectId);
  await service.groups(projectId, { a: projectId, b: projectId, u1: 'a', u2: 'a' });
  const grant = { type: 'plus', partnerId: 'nordlicht', packageId, units: units(40) };
  await service.posted(`/projects/${projectId}/licenses`, grant);
};

const restrict = async (service: Service, projectId: string, groupId: string, body: object): Promise<void> => {
  const answer = await service.put(`/projects/${projectId}/groups/${groupId}/restriction`, body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
};

const reminder = { daysBefore: [30, 7], recurrence: 'once', recipients: 'administrators' };

describe('due work', () => {
  let service: Service;
  let plus: string;
  let projects = 0;
  beforeAll(async () => {
    service = await Service.start();
    plus = await service.nordlicht();
  });
  afterEach(async () => {
    await forgetJobs(service);
  });
  afterAll(() => service.stop());

  /** A project of its own for a test, the service's clock at 2026-06-01 or where the tests before have moved it. */
  const hafenblick = async (): Promise<string> => {
    const projectId = `hafenblick${++projects}`;
    await openProject(service, projectId, plus);
    return projectId;
  };

  it('takes effect at the very instant: from in, until out', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(5), { validFrom: JULY, validUntil: '2026-08-01T00:00:00.000Z' }));
    await quiet(service, before(JULY));
    expect(await effectsOf(service, p)).toEqual([]);
    expect(await dueRows(service, p)).toMatchObject([
      { subject_id: 'a', kind: 'start' },
      { subject_id: 'a', kind: 'end' },
      { kind: 'end' },
    ]);
    await quiet(service, JULY);
    expect(await effectsOf(service, p)).toEqual(['2026-07-01 AllotmentsStarted']);
    await assign(service, p, 'u1', 3);
    await quiet(service, before('2026-08-01T00:00:00.000Z'));
    expect(await effectsOf(service, p)).toHaveLength(1);
    await quiet(service, '2026-08-01T00:00:00.000Z');
    expect((await effectsOf(service, p)).slice(1)).toEqual([
      '2026-08-01 AllotmentsEnded',
      '2026-08-01 AssignmentsSuspended',
    ]);
    expect(await dueRows(service, p)).toMatchObject([{ kind: 'end', ref: '' }]);
  });

  it('closes a billing period when nothing else is due, after the facts that came before its end', async () => {
    const p = await hafenblick();
    await service.put(`/projects/${p}/billing-terms`, { interval: 'P1M', anchorDay: 2 });
    await quiet(service, before('2026-08-02T00:00:00.000Z'));
    const { facts } = service.app.get(GroupFeed, { strict: false });
    const wait = jest.spyOn(facts, 'caughtUp').mockImplementation(async () => {
      const now = Date.parse(before('2026-08-02T00:00:00.000Z'));
      const device = { type: 'AddDevice', now, serialNumber: 'late', groupId: 'a' } as const;
      const id = 'a fact that a replica with a slower clock records';
      const context = { commandId: id, correlationId: id, causationId: null, actor: 'user:admin', tenantId: null };
      await service.projects.execute(p, device, context);
      return true;
    });
    await quiet(service, '2026-08-02T00:00:00.000Z');
    wait.mockRestore();
    expect((await eventsOf(service, p)).slice(-2)).toMatchObject([
      { type: 'BasicLicenseStarted', at: before('2026-08-02T00:00:00.000Z') },
      { type: 'UsagePeriodClosed', at: '2026-08-02T00:00:00.000Z', actor: 'service:license-service' },
    ]);
    expect((await dueRows(service, p)).filter(({ kind }) => kind === 'period_end')).toMatchObject([
      { subject_id: p, at: new Date('2026-09-02T00:00:00.000Z') },
    ]);
  });

  it('does nothing when it is done again', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(5), { validUntil: '2026-08-20T00:00:00.000Z' }));
    await service.settled();
    const [row] = await service.rows<{ at: Date }>(
      "SELECT * FROM licensing.due WHERE project_id = $1 AND kind = 'end' AND subject_id = 'a'",
      [p],
    );
    await quiet(service, '2026-08-20T00:00:00.000Z');
    const once = await eventsOf(service, p);
    // A row that comes back, as it does when the projection is built anew.
    await service.rows(
      `INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at) VALUES ($1, 'group', 'a', 'end', 'again', $2)`,
      [p, row?.at],
    );
    await quiet(service);
    await quiet(service);
    expect(await eventsOf(service, p)).toEqual(once);
    expect(await dueRows(service, p)).toMatchObject([{ kind: 'end', ref: '' }]);
  });

  it('begins again where it was cut off, before the command or behind it', async () => {
    const p = await hafenblick();
    const q = await hafenblick();
    const end = '2026-08-21T00:00:00.000Z';
    await restrict(service, p, 'a', restriction(units(5), { validUntil: end }, { reminder }));
    await restrict(service, q, 'a', restriction(units(5), { validUntil: end }, { reminder }));
    await assign(service, p, 'u1', 1);
    await service.settled();
    service.clock.moveTo(end);
    const { execute } = service.projects;
    const cut = jest.spyOn(service.projects, 'execute');
    cut.mockImplementation((id, ...rest) => {
      if (id === p) throw new Error('cut off before the command');
      return execute(id, ...rest);
    });
    await dueOf(service).tick();
    // The other one did not wait for it.
    expect(await effectsOf(service, q)).toEqual(['2026-08-21 AllotmentsEnded']);
    expect(await effectsOf(service, p)).toEqual([]);
    cut.mockImplementation(async (id, ...rest) => {
      await execute(id, ...rest);
      throw new Error('cut off behind the command');
    });
    await dueOf(service).tick();
    expect(await dueRows(service, p)).toMatchObject([
      { kind: 'end', subject_id: 'a' },
      { kind: 'reminder', subject_id: 'a', ref: String(Date.parse(NEW_YEAR)) },
      { kind: 'end', ref: '' },
    ]);
    cut.mockRestore();
    await quiet(service);
    expect(await effectsOf(service, p)).toEqual(['2026-08-21 AllotmentsEnded', '2026-08-21 AssignmentsSuspended']);
    expect(await dueRows(service, p)).toMatchObject([{ kind: 'reminder' }, { kind: 'end', ref: '' }]);
    expect((await recordedJobs(service)).map(({ id }) => id).sort()).toEqual(
      [p, q].map((project) => `ended_${project}_a_${Date.parse(end)}`).sort(),
    );
  });

  it('says in a reminder what stops at the end, in the group and below, and what stops only after days of grace', async () => {
    const p = await hafenblick();
    const early = { ...reminder, daysBefore: [39] };
    const inSeptember = restriction(units(5), { validUntil: '2026-09-30' }, { reminder: early });
    await restrict(service, p, 'a', inSeptember);
    await restrict(service, p, 'b', { ...inSeptember, gracePeriodDays: 3 });
    for (const group of ['a', 'u1', 'b']) await assign(service, p, group, 1);
    await quiet(service, '2026-08-22T12:00:00.000Z');
    const counts = (sip_number: number) => ({ sip_number, mobile_app: 0, ukey2: 0 });
    const jobs = new Map((await jobsOf(service, p)).map(({ data }) => [data.groupId, data]));
    expect(jobs.get('a')).toMatchObject({ stopping: counts(2) });
    expect(jobs.get('a')).not.toHaveProperty('grace');
    expect(jobs.get('b')).toMatchObject({
      stopping: counts(0),
      grace: { until: '2026-10-04T00:00:00.000Z', stopping: counts(1) },
    });
  });

  it('reminds as planned, at 08:00 in the zone of the project, of what ends and of what takes over', async () => {
    const p = `hafenblick${++projects}`;
    await service.project(p, { timeZone: 'Europe/Berlin' });
    await service.groups(p, { a: p });
    await service.posted(`/projects/${p}/licenses`, {
      type: 'plus',
      partnerId: 'nordlicht',
      packageId: plus,
      units: units(9),
    });
    await restrict(service, p, 'a', restriction(units(5), { validUntil: '2026-09-30' }, { reminder }));
    await assign(service, p, 'a', 2);
    await quiet(service, '2026-08-31T05:59:59.999Z');
    expect(await recordedJobs(service)).toEqual([]);
    await quiet(service, '2026-08-31T06:00:00.000Z');
    const [{ allotmentId }] = (await service.get(`/projects/${p}/groups/a/restriction`)).body.allotments;
    const end = Date.parse('2026-09-30T22:00:00Z');
    expect(await recordedJobs(service)).toEqual([
      {
        id: `reminder_${p}_a_${end}_2026-08-31`,
        data: {
          kind: 'reminder',
          tenantId: 'nordlicht',
          projectId: p,
          projectName: 'Hafenblick',
          timeZone: 'Europe/Berlin',
          groupId: 'a',
          groupName: 'a',
          dueAt: '2026-08-31T06:00:00.000Z',
          date: '2026-08-31',
          validUntil: '2026-09-30T22:00:00.000Z',
          daysLeft: 30,
          allotmentIds: [allotmentId],
          recipients: 'administrators',
          stopping: { sip_number: 2, mobile_app: 0, ukey2: 0 },
          fallback: null,
        },
      },
    ]);
    await quiet(service, '2026-09-22T06:00:00.000Z');
    expect((await recordedJobs(service)).map(({ id }) => id)).toHaveLength(1);
    await quiet(service, '2026-09-23T06:00:00.000Z');
    expect((await recordedJobs(service)).map(({ id }) => id.slice(-10))).toEqual(['2026-08-31', '2026-09-23']);
  });

  it('sends nothing about a project that was closed, whose terms end all the same', async () => {
    const p = await hafenblick();
    const q = await hafenblick();
    const end = '2026-10-02T00:00:00.000Z';
    for (const project of [p, q]) {
      await restrict(service, project, 'a', restriction(units(5), { validUntil: end }, { reminder }));
      await assign(service, project, 'a', 1);
    }
    await service.fact('allotree.project-closed.v1', { projectId: p, reason: 'Sold' });
    await quiet(service, '2026-09-25T12:00:00.000Z');
    await quiet(service, end);
    expect((await effectsOf(service, p)).slice(-2)).toEqual([
      '2026-10-02 AllotmentsEnded',
      '2026-10-02 AssignmentsSuspended',
    ]);
    expect(await jobsOf(service, p)).toEqual([]);
    expect((await jobsOf(service, q)).map(({ data }) => data.kind)).toEqual(['reminder', 'ended']);
  });

  it('sends after a time of standstill the latest reminder of a group alone, and none whose end has come', async () => {
    const p = await hafenblick();
    const daily = { daysBefore: [20], recurrence: 'daily', recipients: 'administrators' };
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-10-20' }, { reminder: daily }));
    await restrict(service, p, 'u1', restriction(units(5), { validUntil: '2026-10-05' }, { reminder: daily }));
    await restrict(service, p, 'b', restriction(units(5), { validUntil: '2026-10-15' }, { reminder }));
    await quiet(service, '2026-10-16T12:00:00.000Z');
    const jobs = await jobsOf(service, p);
    expect(jobs.map(({ data }) => `${data.date} ${data.kind} ${data.groupId}`)).toEqual([
      // In the order of time, whatever was found first.
      '2026-10-06 ended u1',
      '2026-10-16 ended b',
      '2026-10-16 reminder a',
    ]);
    expect(jobs.at(-1)?.data).toMatchObject({ daysLeft: 4 });
    await quiet(service, '2026-10-17T08:00:00.000Z');
    expect((await jobsOf(service, p)).at(-1)?.data).toMatchObject({ date: '2026-10-17', daysLeft: 3 });
  });

  it('sends one reminder of a group on the day after a standstill over midnight, counted from that day', async () => {
    const p = await hafenblick();
    const daily = { daysBefore: [3], recurrence: 'daily', recipients: 'administrators' };
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-10-23' }, { reminder: daily }));
    await restrict(
      service,
      p,
      'b',
      restriction(units(9), { validUntil: '2026-10-25' }, { reminder: { ...daily, recurrence: 'once' } }),
    );
    await quiet(service, '2026-10-21T05:00:00.000Z');
    expect(await jobsOf(service, p)).toEqual([]);
    await quiet(service, '2026-10-23T05:00:00.000Z');
    const jobs = async () =>
      (await jobsOf(service, p)).map(({ data }) => [
        data.date,
        data.kind,
        data.groupId,
        'daysLeft' in data && data.daysLeft,
      ]);
    // The one of a of the day before gives way to the last mail, that of b is two days left, not three.
    expect(await jobs()).toEqual([['2026-10-23', 'reminder', 'b', 2]]);
    await quiet(service, '2026-10-23T09:00:00.000Z');
    expect(await jobs()).toHaveLength(1);
  });

  it('reminds a group of the nearest of several ends alone', async () => {
    const p = await hafenblick();
    const allotments = ['2026-10-31', '2026-11-23'].map((validUntil) => ({
      type: 'plus',
      units: units(3),
      validUntil,
    }));
    await restrict(service, p, 'a', { enabled: true, allotments, reminder });
    await quiet(service, '2026-10-24T08:00:00.000Z');
    expect((await jobsOf(service, p)).map(({ data }) => 'daysLeft' in data && data.daysLeft)).toEqual([7]);
  });

  it('reminds a unit of the end of the building that it lies in by then', async () => {
    const p = await hafenblick();
    const early = { ...reminder, daysBefore: [30] };
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-11-27' }));
    await restrict(service, p, 'b', restriction(units(9), { validUntil: '2026-11-28' }));
    for (const unit of ['u1', 'u2']) await restrict(service, p, unit, restriction(units(3), {}, { reminder: early }));
    await service.fact('allotree.group-moved.v1', { projectId: p, groupId: 'u2', parentId: 'b' });
    await quiet(service, '2026-10-28T08:00:00.000Z');
    await quiet(service, '2026-10-29T08:00:00.000Z');
    const jobs = await jobsOf(service, p);
    expect(
      jobs.map(({ data }) => [data.kind, data.groupId, data.date, 'validUntil' in data && data.validUntil]),
    ).toEqual([
      ['reminder', 'u1', '2026-10-28', '2026-11-28T00:00:00.000Z'],
      ['reminder', 'u2', '2026-10-29', '2026-11-29T00:00:00.000Z'],
    ]);
    expect(jobs[0]?.data).toMatchObject({ daysLeft: 30, allotmentIds: [] });
  });

  it('reminds a group of a license it lives on, and of none that takes nothing from it', async () => {
    const p = await hafenblick();
    const grant = { type: 'plus', partnerId: 'nordlicht', packageId: plus, units: units(5), validUntil: '2026-11-29' };
    await service.posted(`/projects/${p}/licenses`, grant);
    const early = { ...reminder, daysBefore: [30] };
    await restrict(service, p, 'a', restriction(units(45), {}, { reminder: early }));
    await restrict(service, p, 'b', restriction(units(40), {}, { reminder: early }));
    await quiet(service, '2026-10-30T08:00:00.000Z');
    expect((await jobsOf(service, p)).map(({ data }) => data.groupId)).toEqual(['a']);
  });

  it('stops reminding when the term is extended, and plans for the new end', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-11-10' }, { reminder }));
    await service.settled();
    const [{ allotmentId }] = (await service.get(`/projects/${p}/groups/a/restriction`)).body.allotments;
    expect(await remindersOf(service, p)).toMatchObject([{ at: new Date('2026-11-03T08:00:00Z') }]);
    const longer = restriction(units(9), { allotmentId, validUntil: '2026-12-20' }, { reminder });
    await restrict(service, p, 'a', longer);
    await quiet(service, '2026-11-19T08:00:00.000Z');
    expect(await jobsOf(service, p)).toEqual([]);
    await quiet(service, '2026-11-20T08:00:00.000Z');
    expect((await jobsOf(service, p)).map(({ data }) => data.date)).toEqual(['2026-11-20']);
    // Removing what was to end stops it as well.
    await restrict(service, p, 'a', { ...longer, allotments: [] });
    expect(await remindersOf(service, p)).toHaveLength(1);
    await service.settled();
    expect(await remindersOf(service, p)).toEqual([]);
  });

  it('asks the project, not the row: what was extended a moment ago is not announced', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-11-28' }, { reminder }));
    await service.settled();
    const [{ allotmentId }] = (await service.get(`/projects/${p}/groups/a/restriction`)).body.allotments;
    service.clock.moveTo('2026-11-21T08:00:00.000Z');
    await service.subscriptions.stop();
    await restrict(service, p, 'a', restriction(units(9), { allotmentId, validUntil: '2026-12-28' }, { reminder }));
    await dueOf(service).tick();
    expect(await jobsOf(service, p)).toEqual([]);
    await service.subscriptions.start();
  });

  it('does not lose a reminder that waits when something else of the group changes', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-12-05' }, { reminder }));
    await service.settled();
    const [{ allotmentId }] = (await service.get(`/projects/${p}/groups/a/restriction`)).body.allotments;
    service.clock.moveTo('2026-11-28T09:00:00.000Z');
    await restrict(service, p, 'a', restriction(units(8), { allotmentId, validUntil: '2026-12-05' }, { reminder }));
    await quiet(service);
    expect((await jobsOf(service, p)).map(({ data }) => `${data.kind} ${data.date}`)).toEqual(['reminder 2026-11-28']);
  });

  it('keeps the same rows when they are built anew', async () => {
    const p = await hafenblick();
    const later = restriction(
      units(9),
      { validFrom: DECEMBER, validUntil: '2026-12-28' },
      { reminder, gracePeriodDays: 5 },
    );
    await restrict(service, p, 'a', later);
    await restrict(
      service,
      p,
      'u1',
      restriction(units(3), { validFrom: DECEMBER, validUntil: '2026-12-20' }, { reminder }),
    );
    await service.settled();
    const rows = await dueRows(service, p);
    expect(rows.map(({ kind }) => kind).sort()).toEqual(
      // Of its own end and that of the license; of the unit also of that of the building.
      ['end', 'end', 'end', 'grace_end', ...Array<string>(5).fill('reminder'), 'start', 'start'].sort(),
    );
    await service.subscriptions.rebuild('due-work');
    await service.settled();
    expect(await dueRows(service, p)).toEqual(rows);
    await quiet(service);
  });

  it('leaves a removed group alone', async () => {
    const p = await hafenblick();
    await restrict(service, p, 'a', restriction(units(9), { validUntil: '2026-12-10' }, { reminder }));
    await service.settled();
    await service.fact('allotree.group-removed.v1', { projectId: p, groupId: 'a' });
    await quiet(service, '2026-12-25T08:00:00.000Z');
    expect(await jobsOf(service, p)).toEqual([]);
    expect(await dueRows(service, p)).toMatchObject([{ kind: 'end', ref: '' }]);
  });
});

describe('jobs of due work', () => {
  let service: Service;
  afterEach(() => service.stop());

  const collect = (from: Service): Job<LicenseExpiryJob>[] => {
    const seen: Job<LicenseExpiryJob>[] = [];
    from.app
      .get(JobQueues, { strict: false })
      .work<LicenseExpiryJob>(LICENSE_EXPIRY_QUEUE, async (job) => void seen.push(job));
    return seen;
  };
  const lookNow = () => service.rows('UPDATE licensing.expiry_job SET look_at = now()');

  /** A group that ends on 2026-12-01 and is reminded. */
  const withReminder = async (): Promise<void> => {
    service = await Service.start();
    const plus = await service.nordlicht();
    await service.hafenblick('hafenblick', plus);
    await restrict(service, 'hafenblick', 'a', restriction(units(5), { validUntil: DECEMBER }, { reminder }));
    await service.settled();
    service.clock.moveTo('2026-11-24T09:00:00.000Z');
  };

  it('reach the queue once and are forgotten when they are done', async () => {
    await withReminder();
    await quiet(service);
    const seen = collect(service);
    await until(() => seen.length === 1);
    await quiet(service);
    expect(seen.map(({ id }) => id)).toEqual([`reminder_hafenblick_a_${Date.parse(DECEMBER)}_2026-11-23`]);
    await lookNow();
    await until(async () => {
      await lookNow();
      await dueOf(service).tick();
      return (await recordedJobs(service)).length === 0;
    });
    expect(seen).toHaveLength(1);
  });

  it('are handed over again when the queue has lost them', async () => {
    await withReminder();
    await quiet(service);
    const tables = await service.rows<{ name: string }>(
      `SELECT 'jobs.' || quote_ident(table_name) AS name FROM information_schema.tables
       WHERE table_schema = 'jobs' AND table_type = 'BASE TABLE' AND table_name <> 'migration'`,
    );
    await service.rows(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
    const seen = collect(service);
    await lookNow();
    await dueOf(service).tick();
    await until(() => seen.length === 1);
    await lookNow();
    await dueOf(service).tick();
    expect(seen).toHaveLength(1);
  });

  it('are recorded even when the queue cannot be reached, and handed over when it can', async () => {
    await withReminder();
    const outbox = service.app.get(ExpiryOutbox, { strict: false });
    const down = jest.spyOn(outbox, 'handOver').mockRejectedValue(new Error('the queue cannot be reached'));
    await expect(dueOf(service).tick()).rejects.toThrow('cannot be reached');
    expect(await recordedJobs(service)).toHaveLength(1);
    down.mockRestore();
    const seen = collect(service);
    await dueOf(service).tick();
    await until(() => seen.length === 1);
  });

  it('are handed over by the schedule, without anybody asking', async () => {
    service = await Service.start({ settings: { DUE_TICK_MS: '100' } });
    const plus = await service.nordlicht();
    await service.hafenblick('hafenblick', plus);
    await restrict(service, 'hafenblick', 'a', restriction(units(5), { validUntil: DECEMBER }, { reminder }));
    const seen = collect(service);
    // Whatever else is decided on the project afterwards would record the effects first.
    await service.settled();
    service.clock.moveTo(DECEMBER);
    await until(() => seen.length === 1);
    expect(seen[0]?.data).toMatchObject({ kind: 'ended', groupId: 'a', endedAt: DECEMBER });
    expect(await effectsOf(service, 'hafenblick')).toEqual(['2026-12-01 AllotmentsEnded']);
  });

  it('are made once, by another replica, when one stalls while it holds its rows', async () => {
    await withReminder();
    const other = await Service.start({ database: service.database });
    other.clock.moveTo('2026-11-24T09:00:00.000Z');
    const handler = service.app.get<ProjectHandler>(PROJECT_HANDLER, { strict: false });
    const { read } = handler;
    let wake: () => void = () => undefined;
    const wakes = new Promise<void>((resolve) => (wake = resolve));
    const sleeps = new Promise<void>((resolve) => {
      jest.spyOn(handler, 'read').mockImplementation(async (...asked: Parameters<typeof read>) => {
        resolve();
        await wakes;
        return read(...asked) as never;
      });
    });
    const tick = dueOf(service).tick();
    const broken = expect(tick).rejects.toThrow();
    await sleeps;
    await dueOf(other).tick();
    expect(await recordedJobs(other)).toEqual([]);
    // The database ends a session that is idle in a transaction for too long.
    expect(
      await other.app.get<DataSource>(getDataSourceToken(LICENSING)).query('SHOW idle_in_transaction_session_timeout'),
    ).toEqual([{ idle_in_transaction_session_timeout: '30s' }]);
    await other.rows(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
    );
    await dueOf(other).tick();
    const jobs = await recordedJobs(other);
    expect(jobs).toHaveLength(1);
    wake();
    await broken;
    await dueOf(other).tick();
    expect(await recordedJobs(other)).toEqual(jobs);
    await other.leave();
  });

  it('are made by another replica where the clock of a machine is off, which its health says', async () => {
    service = await Service.start({ settings: { DUE_TICK_MS: '100' } });
    const off = jest.spyOn(service.app.get(ClockWatch, { strict: false }), 'ahead').mockResolvedValue(31_000);
    const plus = await service.nordlicht();
    await service.hafenblick('hafenblick', plus);
    await restrict(service, 'hafenblick', 'a', restriction(units(5), { validUntil: DECEMBER }, { reminder }));
    await service.settled();
    const report = await service.app.get(Readiness, { strict: false }).report();
    expect(report).toMatchObject({ ready: true, checks: { clock: 'down' } });
    expect(report.reasons.clock).toContain('Scheduled work is left to other replicas');
    const tick = jest.spyOn(dueOf(service), 'tick');
    service.clock.moveTo(DECEMBER);

    const other = await Service.start({ database: service.database, settings: { DUE_TICK_MS: '100' } });
    other.clock.moveTo(DECEMBER);
    await until(async () => (await effectsOf(other, 'hafenblick')).length > 0);
    await until(async () => (await service.rows("SELECT FROM licensing.due WHERE at <= '2026-12-01'")).length === 0);
    expect(tick).not.toHaveBeenCalled();
    await other.leave();

    off.mockResolvedValue(0);
    await until(() => tick.mock.calls.length > 0);
  });

  it('are made once by replicas that tick side by side', async () => {
    service = await Service.start();
    const plus = await service.nordlicht();
    const names = Array.from({ length: 12 }, (_, n) => `house${n}`);
    for (const name of names) {
      await openProject(service, name, plus);
      await restrict(service, name, 'a', restriction(units(5), { validUntil: DECEMBER }, { reminder }));
      await restrict(
        service,
        name,
        'b',
        restriction(units(5), { validUntil: '2026-12-08T00:00:00.000Z' }, { reminder }),
      );
      await assign(service, name, 'u1', 1);
    }
    await service.settled();
    const other = await Service.start({ database: service.database });
    const seen = [collect(service), collect(other)];
    for (const each of [service, other]) each.clock.moveTo(DECEMBER);
    await Promise.all([service, other, service, other].map((each) => dueOf(each).tick()));
    await quiet(service);
    await quiet(other);
    for (const name of names)
      expect(await effectsOf(service, name)).toEqual(['2026-12-01 AllotmentsEnded', '2026-12-01 AssignmentsSuspended']);
    await until(() => seen.flat().length >= 24);
    const ids = seen.flat().map(({ id }) => id);
    expect(ids).toHaveLength(24);
    expect(new Set(ids).size).toBe(24);
    expect(await service.rows("SELECT * FROM licensing.due WHERE at <= '2026-12-01'")).toEqual([]);
    await other.leave();
  });
});
