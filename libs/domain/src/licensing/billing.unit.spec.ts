import { describe, expect, it } from '@jest/globals';
import type { BillingTerms } from '../metering/billing-period.js';
import { toDecimal } from '../metering/quantity.js';
import type { ResourceTotals } from '../metering/resource-totals.js';
import type { ProjectEvent, ProjectEventOf } from './model/events.js';
import { projectAggregate } from './project.aggregate.js';
import { day, ProjectScenario, units } from './project-scenario.harness.js';
import { billingOf } from './queries/billing.js';
import { quotaOf } from './queries/quota.js';

const HOUR = 3_600_000;
const at = (instant: string): number => Date.parse(instant);

/** Midnights in Berlin. */
const JUNE = at('2026-06-01T00:00+02:00');
const JUNE_10 = at('2026-06-10T00:00+02:00');
const JULY = at('2026-07-01T00:00+02:00');
const AUGUST = at('2026-08-01T00:00+02:00');
const SEPTEMBER = at('2026-09-01T00:00+02:00');

const months = (anchorMonth: string, anchorDay = 1): BillingTerms => ({
  interval: 'P1M',
  anchorMonth,
  anchorDay,
  timeZone: 'Europe/Berlin',
});

const setTerms = (s: ProjectScenario, interval: BillingTerms['interval'] = 'P1M', anchorDay = 1) =>
  s.do({ type: 'SetBillingTerms', now: s.now, interval, anchorDay });

/** A prepaid project with 100 of everything without an end, billed by the month since an instant. */
function billed(since = JUNE): ProjectScenario {
  const s = new ProjectScenario(since).open();
  s.plus(units(100, 100, 100));
  setTerms(s);
  return s;
}

const nothing = (from: number, until: number, limit: number): ResourceTotals => ({
  open: 0,
  close: 0,
  peak: 0,
  peakAt: from,
  unitMs: 0n,
  entitledMs: BigInt(limit) * BigInt(until - from),
  unlimitedMs: 0n,
  overageMs: 0n,
});
const unused = (from: number, until: number) => {
  const totals = nothing(from, until, 100);
  return { sip_number: totals, mobile_app: totals, ukey2: totals };
};

const closeOf = (events: readonly ProjectEvent[]): ProjectEventOf<'UsagePeriodClosed'> =>
  events.find((event) => event.type === 'UsagePeriodClosed')!;
const typesAt = (events: readonly ProjectEvent[]) => events.map(({ type, at: instant }) => [type, instant]);

describe('billing terms', () => {
  it('are months for a postpaid project from its opening', () => {
    const s = new ProjectScenario(JUNE_10).open({ billingMode: 'postpaid' });
    expect(s.events.slice(1)).toStrictEqual([
      { type: 'BillingTermsSet', at: JUNE_10, data: { ...months('2026-06'), effectiveFrom: JUNE_10 } },
    ]);
    expect(billingOf(s.state, JUNE_10)).toStrictEqual({
      terms: months('2026-06'),
      pending: null,
      period: { periodId: 'p:2026-06-09T22:00:00.000Z', from: JUNE_10, until: JULY },
    });
  });

  it('are none for a prepaid project until they are set, and then no period ends', () => {
    const s = new ProjectScenario(JUNE).open();
    expect(s.on(SEPTEMBER)).toStrictEqual([]);
    expect(billingOf(s.state, SEPTEMBER)).toBeNull();
  });

  it('start a period at once where there were none, up to the next one of the calendar', () => {
    const s = new ProjectScenario(JUNE_10).open();
    expect(setTerms(s, 'P3M', 15)).toStrictEqual([
      {
        type: 'BillingTermsSet',
        at: JUNE_10,
        data: { ...months('2026-05', 15), interval: 'P3M', effectiveFrom: JUNE_10 },
      },
    ]);
    expect(billingOf(s.state, JUNE_10)?.period).toStrictEqual({
      periodId: 'p:2026-06-09T22:00:00.000Z',
      from: JUNE_10,
      until: at('2026-08-15T00:00+02:00'),
    });
  });

  it('change at the start of the next period', () => {
    const s = billed();
    const pending: BillingTerms = { ...months('2026-06', 15), interval: 'P3M' };
    expect(setTerms(s, 'P3M', 15)).toStrictEqual([
      { type: 'BillingTermsSet', at: JUNE, data: { ...pending, effectiveFrom: JULY } },
    ]);
    expect(billingOf(s.state, JUNE)).toStrictEqual({
      terms: months('2026-06'),
      pending: { ...pending, effectiveFrom: JULY },
      period: { periodId: 'p:2026-05-31T22:00:00.000Z', from: JUNE, until: JULY },
    });
    expect(billingOf(s.state, JULY)).toStrictEqual({
      terms: pending,
      pending: null,
      period: { periodId: 'p:2026-06-30T22:00:00.000Z', from: JULY, until: at('2026-09-15T00:00+02:00') },
    });
    expect(closeOf(s.on(JULY)).data.terms).toStrictEqual(months('2026-06'));
    expect(closeOf(s.on(day('2026-10-01'))).data).toMatchObject({ index: 0, from: JULY, terms: pending });
  });

  it('that are already so change nothing, and a change can be taken back', () => {
    const s = billed();
    expect(setTerms(s)).toStrictEqual([]);
    setTerms(s, 'P1Y', 31);
    expect(setTerms(s, 'P1Y', 31)).toStrictEqual([]);
    expect(setTerms(s)).toStrictEqual([
      { type: 'BillingTermsSet', at: JUNE, data: { ...months('2026-06'), effectiveFrom: JULY } },
    ]);
    expect(billingOf(s.state, JUNE)?.pending).toBeNull();
  });

  it.each([
    ['interval', 'P3M', 1, '2026-07'],
    ['day', 'P1M', 15, '2026-06'],
  ] as const)('change with their %s alone', (_field, interval, anchorDay, anchorMonth) => {
    expect(setTerms(billed(), interval, anchorDay)).toStrictEqual([
      { type: 'BillingTermsSet', at: JUNE, data: { ...months(anchorMonth, anchorDay), interval, effectiveFrom: JULY } },
    ]);
  });

  it.each([
    ['interval', { interval: 'P1Y' }],
    ['month', { anchorMonth: '2026-05' }],
    ['day', { anchorDay: 2 }],
    ['time zone', { timeZone: 'Europe/Lisbon' }],
  ] as const)('wait for the next period where only their %s differs', (_field, difference) => {
    const { state } = billed();
    const terms = { ...months('2026-06'), ...difference };
    projectAggregate.evolve(state, { type: 'BillingTermsSet', at: JUNE, data: { ...terms, effectiveFrom: JULY } });
    expect(billingOf(state, JUNE)?.pending).toStrictEqual({ ...terms, effectiveFrom: JULY });
  });

  it.each([0, 32, 1.5])('refuses the anchor day %d', (anchorDay) => {
    const s = billed();
    expect(s.refusal({ type: 'SetBillingTerms', now: JUNE, interval: 'P1M', anchorDay })).toStrictEqual({
      code: 'VALIDATION',
      field: 'anchorDay',
      message: 'must be a day of the month, 1 to 31',
    });
  });
});

describe('a billing period', () => {
  it('is closed at its end, with what was in use before it', () => {
    const s = billed();
    s.place('a');
    s.now = JUNE_10;
    const [first = ''] = s.assign('a', 'sip_number', 3);
    s.now = JULY - HOUR;
    s.release('a', first);
    expect(s.on(JULY)).toStrictEqual([
      {
        type: 'UsagePeriodClosed',
        at: JULY,
        data: {
          periodId: 'p:2026-05-31T22:00:00.000Z',
          index: 0,
          from: JUNE,
          until: JULY,
          terms: months('2026-06'),
          paymentModel: 'prepaid',
          totals: {
            ...unused(JUNE, JULY),
            sip_number: {
              ...nothing(JUNE, JULY, 100),
              close: 2,
              peak: 3,
              peakAt: JUNE_10,
              unitMs: BigInt(3 * (JULY - HOUR - JUNE_10) + 2 * HOUR),
            },
          },
        },
      },
    ]);
  });

  it('counts what starts, ends or is assigned at its very end to the next one', () => {
    const s = billed();
    s.place('a');
    s.plus(units(7), JULY);
    s.assign('a', 'sip_number', 2);
    s.do(s.grant({ licenseId: 'next', units: units(5), validFrom: JULY, validUntil: null }));
    s.now = JULY;
    const events = s.do(s.assignment('a'));
    expect(typesAt(events)).toStrictEqual([
      ['UsagePeriodClosed', JULY],
      ['LicenseExpired', JULY],
      ['LicenseStarted', JULY],
      ['AssignmentMade', JULY],
    ]);
    const june = closeOf(events).data.totals.sip_number;
    const entitledMs = BigInt(107 * (JULY - JUNE));
    expect(june).toStrictEqual({
      ...nothing(JUNE, JULY, 0),
      open: 2,
      close: 2,
      peak: 2,
      entitledMs,
      unitMs: BigInt(2 * (JULY - JUNE)),
    });
    expect(closeOf(s.on(AUGUST)).data.totals.sip_number).toStrictEqual({
      ...nothing(JULY, AUGUST, 105),
      open: 3,
      close: 3,
      peak: 3,
      unitMs: BigInt(3 * (AUGUST - JULY)),
    });
  });

  it('is closed in its place when several were missed', () => {
    const s = billed();
    s.plus(units(10), day('2026-07-15'), { licenseId: 'short' });
    const events = s.on(SEPTEMBER);
    expect(typesAt(events)).toStrictEqual([
      ['UsagePeriodClosed', JULY],
      ['LicenseExpired', day('2026-07-15')],
      ['UsagePeriodClosed', AUGUST],
      ['UsagePeriodClosed', SEPTEMBER],
    ]);
    expect(events.flatMap(({ data }) => ('index' in data ? [[data.index, data.from, data.until]] : []))).toStrictEqual([
      [0, JUNE, JULY],
      [1, JULY, AUGUST],
      [2, AUGUST, SEPTEMBER],
    ]);
  });

  it('has the overage and the unlimited time of a postpaid project as its licenses have them', () => {
    const s = new ProjectScenario(JUNE).open({ billingMode: 'postpaid' }).place('a');
    s.do({ type: 'AddDevice', now: JUNE, serialNumber: 'SN-1', groupId: 'a' });
    s.assign('a', 'sip_number', 5);
    s.now = JUNE_10;
    s.do(
      s.grant({
        licenseType: 'trial',
        units: units(null, null, 4),
        validUntil: JULY,
        source: { kind: 'registration' },
      }),
    );
    const { data } = closeOf(s.on(JULY));
    expect([data.paymentModel, data.totals.sip_number, data.totals.ukey2]).toStrictEqual([
      'postpaid',
      {
        open: 5,
        close: 5,
        peak: 5,
        peakAt: JUNE,
        unitMs: BigInt(5 * (JULY - JUNE)),
        entitledMs: BigInt(2 * (JUNE_10 - JUNE)),
        unlimitedMs: BigInt(JULY - JUNE_10),
        overageMs: BigInt(3 * (JUNE_10 - JUNE)),
      },
      { ...nothing(JUNE, JULY, 0), entitledMs: BigInt(4 * (JULY - JUNE_10)) },
    ]);
  });

  it('is refused an early close, and closed once it is over', () => {
    const s = billed();
    const close = { type: 'CloseUsagePeriod', periodId: 'p:2026-05-31T22:00:00.000Z' } as const;
    expect(s.refusal({ ...close, now: JULY - 1 })).toStrictEqual({
      code: 'PERIOD_NOT_OVER',
      periodId: close.periodId,
      until: JULY,
    });
    expect(typesAt(s.do({ ...close, now: JULY }))).toStrictEqual([['UsagePeriodClosed', JULY]]);
    expect(s.do({ ...close, now: JULY })).toStrictEqual([]);
  });

  it('that there is none of is not closed, and that is no reason to refuse', () => {
    const close = { type: 'CloseUsagePeriod', now: JUNE, periodId: 'p:2026-05-31T22:00:00.000Z' } as const;
    expect(new ProjectScenario(JUNE).open().do(close)).toStrictEqual([]);
  });

  it('leaves answers about the time after it as they are', () => {
    const s = billed();
    s.place('a').assign('a');
    const before = s.events.length;
    expect(quotaOf(s.state, 'p', day('2099-01-01'))?.resources.sip_number.consumed).toBe(1);
    expect(s.events).toHaveLength(before);
  });

  it('goes on in a closed project until its licenses have run out and nothing is in use', () => {
    const s = new ProjectScenario(JUNE).open().place('a');
    setTerms(s);
    s.plus(units(10), day('2026-07-15'));
    s.assign('a');
    s.do({ type: 'CloseProject', now: JUNE, reason: 'Sold' });
    expect(typesAt(s.on(day('2027-01-01')))).toStrictEqual([
      ['UsagePeriodClosed', JULY],
      ['LicenseExpired', day('2026-07-15')],
      ['AssignmentsSuspended', day('2026-07-15')],
      ['UsagePeriodClosed', AUGUST],
    ]);
    expect(billingOf(s.state, s.now)).toStrictEqual({ terms: months('2026-06'), pending: null, period: null });
  });
});

describe('the billing periods of a project without licenses in force', () => {
  const monthly = [JULY, AUGUST, SEPTEMBER].map((end) => ['UsagePeriodClosed', end]);

  /** Billed by the month since June, without a license. */
  function unlicensed(): ProjectScenario {
    const s = new ProjectScenario(JUNE).open().place('a');
    setTerms(s);
    return s;
  }
  const close = (s: ProjectScenario) => s.do({ type: 'CloseProject', now: JUNE, reason: 'Sold' });

  it('go on while the project is open', () => {
    const s = unlicensed();
    expect(typesAt(s.on(SEPTEMBER))).toStrictEqual(monthly);
    expect(billingOf(s.state, SEPTEMBER)?.period?.from).toBe(SEPTEMBER);
  });

  it('go on in a closed project while a single number works there, with a device of the project', () => {
    const s = unlicensed();
    s.do({ type: 'AddDevice', now: JUNE, serialNumber: 'SN-1', groupId: 'a' });
    s.assign('a');
    close(s);
    expect(typesAt(s.on(SEPTEMBER))).toStrictEqual(monthly);
    expect(billingOf(s.state, SEPTEMBER)?.period?.from).toBe(SEPTEMBER);
  });

  it('end in a closed project with the period in which a device is all it has left', () => {
    const s = unlicensed();
    s.do({ type: 'AddDevice', now: JUNE, serialNumber: 'SN-1', groupId: 'a' });
    close(s);
    expect(typesAt(s.on(SEPTEMBER))).toStrictEqual([['UsagePeriodClosed', JULY]]);
    expect(billingOf(s.state, SEPTEMBER)?.period).toBeNull();
  });

  it('go on in a closed project until a license that nobody uses has started and run out', () => {
    const s = unlicensed();
    const [validFrom, validUntil] = [day('2026-07-10'), day('2026-08-20')];
    s.plus(units(10), validUntil, { validFrom });
    close(s);
    expect(typesAt(s.on(day('2027-01-01')))).toStrictEqual([
      ['UsagePeriodClosed', JULY],
      ['LicenseStarted', validFrom],
      ['UsagePeriodClosed', AUGUST],
      ['LicenseExpired', validUntil],
      ['UsagePeriodClosed', SEPTEMBER],
    ]);
    expect(billingOf(s.state, s.now)?.period).toBeNull();
  });

  it('go on in a closed project until an allotment has started with which units return', () => {
    const s = new ProjectScenario(JUNE).open({ billingMode: 'postpaid' }).place('a');
    setTerms(s);
    const later = day('2026-08-10');
    const terms = [
      { units: units(1), validUntil: day('2026-06-20') },
      { units: units(1), validFrom: later, validUntil: day('2026-08-20') },
    ];
    s.do(s.restriction('a', terms));
    s.assign('a');
    close(s);
    expect(typesAt(s.on(day('2027-01-01')))).toStrictEqual([
      ['AllotmentsEnded', day('2026-06-20')],
      ['AssignmentsSuspended', day('2026-06-20')],
      ['UsagePeriodClosed', JULY],
      ['UsagePeriodClosed', AUGUST],
      ['AllotmentsStarted', later],
      ['AssignmentsReinstated', later],
      ['AllotmentsEnded', day('2026-08-20')],
      ['AssignmentsSuspended', day('2026-08-20')],
      ['UsagePeriodClosed', SEPTEMBER],
    ]);
    expect(billingOf(s.state, s.now)?.period).toBeNull();
  });

  it('end in a closed project with the period in which its license is revoked', () => {
    const s = unlicensed();
    s.plus(units(10), null, { licenseId: 'l' });
    s.do({ type: 'RevokeLicense', now: JUNE, licenseId: 'l', reason: 'Unpaid', authority: { kind: 'vendor' } });
    close(s);
    expect(typesAt(s.on(SEPTEMBER))).toStrictEqual([['UsagePeriodClosed', JULY]]);
    expect(billingOf(s.state, SEPTEMBER)?.period).toBeNull();
  });
});

describe('a closed billing period and clocks that differ', () => {
  it('has decisions of a slow clock recorded at its end', () => {
    const s = billed();
    s.place('a').on(JULY);
    expect(s.do({ ...s.assignment('a'), now: JULY - 24 * HOUR, maxClockLag: 0 })).toMatchObject([
      { type: 'AssignmentMade', at: JULY },
    ]);
  });

  it('stays closed when a clock that was ahead is corrected', () => {
    const s = billed();
    s.place('a').now = AUGUST - HOUR;
    s.assign('a');
    expect(s.do({ type: 'CorrectClock', now: JUNE_10 })).toStrictEqual([
      { type: 'ClockCorrected', at: JULY, data: { lastRecorded: AUGUST - HOUR } },
    ]);
    expect(s.do({ type: 'CorrectClock', now: JUNE_10 })).toStrictEqual([]);
    expect(s.do({ ...s.assignment('a'), now: JUNE_10, maxClockLag: 0 })).toMatchObject([
      { type: 'AssignmentMade', at: JULY },
    ]);
  });
});

describe('a month of a postpaid project in Berlin with 80 numbers and 20 more from the 16th', () => {
  const monthOf = (from: string, sixteenth: string, until: string) => {
    const s = new ProjectScenario(at(from)).open({ billingMode: 'postpaid' }).place('a');
    s.assign('a', 'sip_number', 80);
    s.now = at(sixteenth);
    s.assign('a', 'sip_number', 20);
    const { data } = closeOf(s.on(at(until)));
    const { unitMs, peak, peakAt } = data.totals.sip_number;
    const periodMs = data.until - data.from;
    const used = toDecimal({ numerator: unitMs, denominator: BigInt(periodMs) });
    return { hours: periodMs / HOUR, unitHours: Number(unitMs) / HOUR, used, peak, peakAt };
  };

  it('uses 90.309556 in March, which has 743 hours', () => {
    const sixteenth = '2026-03-16T00:00+01:00';
    expect(monthOf('2026-03-01T00:00+01:00', sixteenth, '2026-04-01T00:00+02:00')).toStrictEqual({
      hours: 743,
      unitHours: 80 * 743 + 20 * 383,
      used: '90.309556',
      peak: 100,
      peakAt: at(sixteenth),
    });
  });

  it('uses 90.335570 in October, which has 745 hours', () => {
    const sixteenth = '2026-10-16T00:00+02:00';
    expect(monthOf('2026-10-01T00:00+02:00', sixteenth, '2026-11-01T00:00+01:00')).toStrictEqual({
      hours: 745,
      unitHours: 80 * 745 + 20 * 385,
      used: '90.335570',
      peak: 100,
      peakAt: at(sixteenth),
    });
  });
});
