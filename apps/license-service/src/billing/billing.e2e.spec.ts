import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ClockWatch } from '@allotree/service';
import { DueWork } from '../due/due-work.js';
import { Service } from '../service-under-test.harness.js';

/** Midnights in Berlin. `NOW` of the service is 2026-06-01T10:00Z. */
const JULY = '2026-06-30T22:00:00.000Z';
const AUGUST = '2026-07-31T22:00:00.000Z';
const SEPTEMBER = '2026-08-31T22:00:00.000Z';
const NOW = '2026-06-01T10:00:00.000Z';
const before = (instant: string, milliseconds = 1): string =>
  new Date(Date.parse(instant) - milliseconds).toISOString();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let service: Service;
let projects = 0;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

const postpaid = async (): Promise<string> => {
  service.clock.moveTo(NOW);
  const p = `quay${++projects}`;
  await service.project(p, { billingMode: 'postpaid', timeZone: 'Europe/Berlin' });
  await service.groups(p, { [`${p}-a`]: p });
  return p;
};
const terms = (p: string) => `/projects/${p}/billing-terms`;
const periods = (p: string) => `/projects/${p}/usage-periods`;
const assign = (p: string, at: Service = service) =>
  at.posted(`/projects/${p}/groups/${p}-a/assignments`, { resource: 'sip_number' });

const quiet = async (at: string): Promise<void> => {
  service.clock.moveTo(at);
  await service.app.get(DueWork, { strict: false }).untilQuiet();
  await service.settled();
};

interface Stored {
  readonly type: string;
  readonly at: string;
}
const eventsOf = async (p: string): Promise<Stored[]> => {
  const events: Stored[] = [];
  for await (const { type, data } of service.store.readStream(`project-${p}`))
    events.push({ type, at: (data as { at: string }).at });
  return events;
};

describe('billing terms of a project', () => {
  it('are calendar months for a postpaid project', async () => {
    const p = await postpaid();
    expect((await service.get(terms(p))).body).toStrictEqual({
      projectId: p,
      timeZone: 'Europe/Berlin',
      interval: 'P1M',
      anchorDay: 1,
      effectiveFrom: null,
      period: { periodId: `${p}:${NOW}`, from: NOW, until: JULY, interval: 'P1M', anchorDay: 1 },
    });
  });

  it('are none for a prepaid project until they are set, and then begin at once', async () => {
    service.clock.moveTo(NOW);
    await service.project('prepaid', { timeZone: 'Europe/Berlin' });
    const project = { projectId: 'prepaid', timeZone: 'Europe/Berlin', effectiveFrom: null };
    const none = { ...project, interval: null, anchorDay: null, period: null };
    expect((await service.get(terms('prepaid'))).body).toStrictEqual(none);
    const set = await service.put(terms('prepaid'), { interval: 'P3M', anchorDay: 31 });
    expect([set.status, set.body]).toStrictEqual([
      200,
      {
        ...project,
        interval: 'P3M',
        anchorDay: 31,
        period: {
          periodId: `prepaid:${NOW}`,
          from: NOW,
          until: '2026-08-30T22:00:00.000Z',
          interval: 'P3M',
          anchorDay: 31,
        },
      },
    ]);
  });

  it('change with the next period, and can be changed by one caller at a time', async () => {
    const p = await postpaid();
    const { etag } = await service.get(terms(p));
    const changed = await service.put(terms(p), { interval: 'P1Y', anchorDay: 15 }, { 'if-match': etag! });
    expect(changed.body).toMatchObject({
      interval: 'P1Y',
      anchorDay: 15,
      effectiveFrom: JULY,
      period: { until: JULY, interval: 'P1M', anchorDay: 1 },
    });
    const stale = await service.put(terms(p), { interval: 'P1M', anchorDay: 1 }, { 'if-match': etag! });
    expect([stale.status, stale.body.code]).toEqual([412, 'STALE_REVISION']);
    expect((await service.published(p)).map(({ type, data }) => [type, data])).toStrictEqual([
      [
        'allotree.billing-terms-set.v1',
        {
          projectId: p,
          interval: 'P1M',
          anchorMonth: '2026-06',
          anchorDay: 1,
          timeZone: 'Europe/Berlin',
          effectiveFrom: NOW,
          at: NOW,
        },
      ],
      [
        'allotree.billing-terms-set.v1',
        {
          projectId: p,
          interval: 'P1Y',
          anchorMonth: '2026-06',
          anchorDay: 15,
          timeZone: 'Europe/Berlin',
          effectiveFrom: JULY,
          at: NOW,
        },
      ],
    ]);
  });

  it.each([{ anchorDay: 0 }, { anchorDay: 32 }, { anchorDay: 1.5 }, { interval: 'P2M' }, { timeZone: 'UTC' }])(
    'refuses %j, and changes nothing',
    async (fault) => {
      const p = await postpaid();
      const recorded = await service.recordedWhile(async () => {
        const { status, body } = await service.put(terms(p), { interval: 'P1M', anchorDay: 1, ...fault });
        expect([status, body.code, body.errors[0].field]).toEqual([400, 'VALIDATION', Object.keys(fault)[0]]);
      });
      expect(recorded).toEqual([]);
    },
  );
});

describe('a billing period', () => {
  it('is closed automatically at its end, and published after everything that happened in it', async () => {
    const p = await postpaid();
    await quiet(before(JULY, 10 * DAY));
    await assign(p);
    await quiet(before(JULY));
    expect((await service.get(periods(p))).body).toStrictEqual({ items: [], nextCursor: null });
    await quiet(AUGUST);
    const unused = {
      open: 0,
      close: 0,
      peak: 0,
      peakAt: NOW,
      unitMs: '0',
      entitledMs: '0',
      unlimitedMs: '0',
      overageMs: '0',
    };
    const inUse = String(10 * DAY);
    const june = {
      periodId: `${p}:${NOW}`,
      from: NOW,
      until: JULY,
      interval: 'P1M',
      anchorDay: 1,
      timeZone: 'Europe/Berlin',
      paymentModel: 'postpaid',
      totals: {
        sip_number: { ...unused, close: 1, peak: 1, peakAt: before(JULY, 10 * DAY), unitMs: inUse, overageMs: inUse },
        mobile_app: unused,
        ukey2: unused,
      },
    };
    const { body } = await service.get(`${periods(p)}?orderBy=until`);
    expect(body.items[0]).toStrictEqual(june);
    expect(body.items[1]).toMatchObject({ from: JULY, until: AUGUST, totals: { sip_number: { open: 1, close: 1 } } });
    const published = await service.published(p);
    expect(published.map(({ type, time }) => [type, time])).toStrictEqual([
      ['allotree.billing-terms-set.v1', NOW],
      ['allotree.assignment-made.v1', before(JULY, 10 * DAY)],
      ['allotree.usage-period-closed.v1', JULY],
      ['allotree.usage-period-closed.v1', AUGUST],
    ]);
    expect(published[2]?.data).toStrictEqual({ projectId: p, ...june, at: JULY });
    expect(await service.rows('SELECT subject, kind, at FROM licensing.due WHERE project_id = $1', [p])).toEqual([
      { subject: 'project', kind: 'period_end', at: new Date(SEPTEMBER) },
    ]);
  });

  it('is listed page by page, with a filter', async () => {
    const p = await postpaid();
    await quiet(SEPTEMBER);
    const first = await service.get(`${periods(p)}?limit=2&fields=until`);
    expect(first.body.items.map(({ until }: { until: string }) => until)).toEqual([SEPTEMBER, AUGUST]);
    const second = await service.get(`${periods(p)}?limit=2&fields=until&cursor=${first.body.nextCursor}`);
    expect(second.body).toStrictEqual({ items: [{ periodId: `${p}:${NOW}`, until: JULY }], nextCursor: null });
    const filter = encodeURIComponent(`from = "${JULY}"`);
    const found = await service.get(`${periods(p)}?filter=${filter}&fields=from`);
    expect(found.body.items).toStrictEqual([{ periodId: `${p}:${JULY}`, from: JULY }]);
  });

  it('is refused an early close, and closed on request once it is over', async () => {
    const p = await postpaid();
    const periodId = `${p}:${NOW}`;
    service.clock.moveTo(before(JULY));
    const recorded = await service.recordedWhile(async () => {
      const { status, body } = await service.post(periods(p), { periodId });
      expect([status, body]).toMatchObject([409, { code: 'PERIOD_NOT_OVER', periodId, until: JULY }]);
      expect((await service.post(periods(p), { periodId: 'unknown' })).status).toBe(404);
    });
    expect(recorded).toEqual([]);
    service.clock.moveTo(JULY);
    for (let round = 0; round < 2; round++)
      expect(await service.post(periods(p), { periodId })).toMatchObject({
        status: 201,
        body: { periodId, until: JULY },
      });
    expect((await eventsOf(p)).filter(({ type }) => type === 'UsagePeriodClosed')).toEqual([
      { type: 'UsagePeriodClosed', at: JULY },
    ]);
  });

  it('shows what a command after its end would record first', async () => {
    const p = await postpaid();
    service.clock.moveTo(AUGUST);
    const { body } = await service.put(`${terms(p)}?dryRun=true`, { interval: 'P3M', anchorDay: 1 });
    expect(body.events).toMatchObject([
      { type: 'UsagePeriodClosed', at: JULY, data: { from: NOW, until: JULY, totals: { ukey2: { unitMs: '0' } } } },
      { type: 'UsagePeriodClosed', at: AUGUST },
      { type: 'BillingTermsSet', at: AUGUST, data: { effectiveFrom: SEPTEMBER } },
    ]);
  });
});

describe('a machine whose clock is a day ahead of the database', () => {
  it('closes no period: its decisions are dated by the clock of the database then', async () => {
    const p = await postpaid();
    const ahead = jest.spyOn(service.app.get(ClockWatch, { strict: false }), 'ahead').mockResolvedValue(DAY);
    try {
      service.clock.moveTo(before(JULY, -HOUR));
      await assign(p);
      await service.groups(p, { [`${p}-b`]: p });
      expect((await eventsOf(p)).slice(-2)).toEqual([
        { type: 'AssignmentMade', at: before(JULY, DAY - HOUR) },
        { type: 'GroupsPlaced', at: before(JULY, DAY - HOUR) },
      ]);
    } finally {
      ahead.mockRestore();
    }
    await assign(p);
    expect((await eventsOf(p)).slice(-2)).toEqual([
      { type: 'UsagePeriodClosed', at: JULY },
      { type: 'AssignmentMade', at: before(JULY, -HOUR) },
    ]);
  });
});

describe('a corrected clock', () => {
  it('lets what was recorded ahead count from the present on, in the project as for consumers', async () => {
    const p = await postpaid();
    await assign(p);
    service.clock.moveTo(before(JULY, 5 * DAY));
    await assign(p);
    const present = before(JULY, 10 * DAY);
    service.clock.moveTo(present);
    const corrected = await service.posted(`/projects/${p}/clock-corrections`, undefined);
    expect(corrected).toStrictEqual({ lastRecorded: before(JULY, 5 * DAY) });
    service.clock.moveTo(before(JULY, 2 * DAY));
    await assign(p);
    await quiet(JULY);
    const juneMs = Date.parse(JULY) - Date.parse(NOW);
    const { items } = (await service.get(periods(p))).body;
    expect(items).toMatchObject([
      { totals: { sip_number: { open: 1, close: 3, peak: 3, unitMs: String(juneMs + 10 * DAY + 2 * DAY) } } },
    ]);
    expect((await service.published(p)).map(({ type, time }) => [type, time])).toStrictEqual([
      ['allotree.billing-terms-set.v1', NOW],
      ['allotree.assignment-made.v1', NOW],
      ['allotree.assignment-made.v1', before(JULY, 5 * DAY)],
      ['allotree.clock-corrected.v1', present],
      ['allotree.assignment-made.v1', before(JULY, 2 * DAY)],
      ['allotree.usage-period-closed.v1', JULY],
    ]);
  });
});

describe('two replicas whose clocks are a day apart', () => {
  it('record nothing before the end of a closed period', async () => {
    const p = await postpaid();
    await assign(p);
    const slow = await Service.start({ database: service.database });
    try {
      slow.clock.moveTo(before(JULY, DAY));
      await assign(p, slow);
      await quiet(JULY);
      const slowly = [assign(p, slow), assign(p, slow), slow.put(terms(p), { interval: 'P3M', anchorDay: 1 })];
      await Promise.all([...slowly, assign(p), assign(p)]);
      const { body } = await slow.post(periods(p), { periodId: `${p}:${JULY}` });
      expect(body).toMatchObject({ code: 'PERIOD_NOT_OVER', until: AUGUST });
      const events = await eventsOf(p);
      const closed = events.findIndex(({ type }) => type === 'UsagePeriodClosed');
      expect(events[closed]).toEqual({ type: 'UsagePeriodClosed', at: JULY });
      expect(events.slice(0, closed).filter(({ at }) => at >= JULY)).toEqual([]);
      expect(events.slice(closed + 1).map(({ at }) => at)).toEqual(Array.from({ length: 5 }, () => JULY));
      const juneMs = Date.parse(JULY) - Date.parse(NOW);
      const { items } = (await service.get(periods(p))).body;
      expect(items).toMatchObject([
        { totals: { sip_number: { open: 1, close: 2, peak: 2, unitMs: String(juneMs + DAY) } } },
      ]);
    } finally {
      await slow.app.close();
    }
  });
});
