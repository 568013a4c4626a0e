import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { RECURRENCES, type Recurrence } from '../words.js';
import { nextReminder, reminderPlan, type PlannedReminder, type RemindedTerm } from './reminder-plan.js';
import { modelRuns } from '../model-runs.fixture.js';

const instant = (iso: string, zone = 'utc'): number => {
  const at = DateTime.fromISO(iso, { zone });
  if (!at.isValid) throw new Error(`not an instant: ${iso}`);
  return at.toMillis();
};

/** From long before until the end of a day, as a term entered as a date. */
const until = (lastDay: string, timeZone: string): RemindedTerm => ({
  validFrom: instant('2000-01-01'),
  validUntil: DateTime.fromISO(lastDay, { zone: timeZone }).plus({ days: 1 }).toMillis(),
  timeZone,
});

const schedule = (daysBefore: readonly number[], recurrence: Recurrence) => ({ daysBefore, recurrence });

describe('E2: the days of a plan', () => {
  const daysLeft = (daysBefore: readonly number[], recurrence: Recurrence): number[] =>
    reminderPlan(schedule(daysBefore, recurrence), until('2026-12-31', 'Europe/Berlin')).map((mail) => mail.daysLeft);

  it.each<[readonly number[], Recurrence, readonly number[]]>([
    [[30, 7], 'weekly', [30, 23, 16, 9, 7, 2]],
    [[30, 7, 3], 'once', [30, 7, 3]],
    [[3, 30, 7], 'once', [30, 7, 3]],
    [[4], 'daily', [4, 3, 2, 1]],
    [[4, 2], 'daily', [4, 3, 2, 1]],
    [[1], 'once', [1]],
    [[1], 'daily', [1]],
    [[7], 'weekly', [7]],
    [[8], 'weekly', [8, 1]],
    [[14, 7], 'weekly', [14, 7]],
    [[30], 'every_30_days', [30]],
    [[31], 'every_30_days', [31, 1]],
    [[90, 10], 'every_30_days', [90, 60, 30, 10]],
    [[365], 'every_30_days', [365, 335, 305, 275, 245, 215, 185, 155, 125, 95, 65, 35, 5]],
    [[30, 30], 'once', [30]],
  ])('%j %s: %j days left', (daysBefore, recurrence, expected) => {
    expect(daysLeft(daysBefore, recurrence)).toEqual(expected);
  });

  it('are every day of a year at most', () => {
    expect(daysLeft([365, 100, 50, 20, 1], 'daily')).toEqual(Array.from({ length: 365 }, (_, day) => 365 - day));
  });
});

describe('the instants of a plan', () => {
  const plan = (daysBefore: readonly number[], recurrence: Recurrence, term: RemindedTerm): string[] =>
    reminderPlan(schedule(daysBefore, recurrence), term).map(
      ({ date, at }) => `${date} ${new Date(at).toISOString().slice(0, 16)}Z`,
    );

  it.each<[string, readonly number[], Recurrence, RemindedTerm, readonly string[]]>([
    [
      'summer time begins in Berlin (29 March): still 08:00 there',
      [3],
      'daily',
      until('2026-03-31', 'Europe/Berlin'),
      ['2026-03-28 2026-03-28T07:00Z', '2026-03-29 2026-03-29T06:00Z', '2026-03-30 2026-03-30T06:00Z'],
    ],
    [
      'summer time ends in Berlin (25 October)',
      [2],
      'daily',
      until('2026-10-26', 'Europe/Berlin'),
      ['2026-10-24 2026-10-24T06:00Z', '2026-10-25 2026-10-25T07:00Z'],
    ],
    [
      'summer time begins in New York (8 March)',
      [14, 7],
      'once',
      until('2026-03-15', 'America/New_York'),
      ['2026-03-01 2026-03-01T13:00Z', '2026-03-08 2026-03-08T12:00Z'],
    ],
    [
      'half an hour of summer time on Lord Howe (4 October)',
      [2],
      'daily',
      until('2026-10-05', 'Australia/Lord_Howe'),
      ['2026-10-03 2026-10-02T21:30Z', '2026-10-04 2026-10-03T21:00Z'],
    ],
    [
      'over a leap day',
      [2],
      'daily',
      until('2028-03-01', 'UTC'),
      ['2028-02-28 2028-02-28T08:00Z', '2028-02-29 2028-02-29T08:00Z'],
    ],
    [
      'over the end of a February without one',
      [2],
      'daily',
      until('2027-03-01', 'UTC'),
      ['2027-02-27 2027-02-27T08:00Z', '2027-02-28 2027-02-28T08:00Z'],
    ],
    [
      'an end on a leap day, a year before',
      [365],
      'once',
      until('2028-02-29', 'UTC'),
      ['2027-03-01 2027-03-01T08:00Z'],
    ],
    [
      'weekly over months of 28, 31 and 30 days',
      [70],
      'weekly',
      until('2026-05-01', 'Asia/Kolkata'),
      [
        '2026-02-20 2026-02-20T02:30Z',
        '2026-02-27 2026-02-27T02:30Z',
        '2026-03-06 2026-03-06T02:30Z',
        '2026-03-13 2026-03-13T02:30Z',
        '2026-03-20 2026-03-20T02:30Z',
        '2026-03-27 2026-03-27T02:30Z',
        '2026-04-03 2026-04-03T02:30Z',
        '2026-04-10 2026-04-10T02:30Z',
        '2026-04-17 2026-04-17T02:30Z',
        '2026-04-24 2026-04-24T02:30Z',
      ],
    ],
    [
      'every 30 days over the turn of a year, not every month',
      [60],
      'every_30_days',
      until('2027-01-31', 'UTC'),
      ['2026-12-02 2026-12-02T08:00Z', '2027-01-01 2027-01-01T08:00Z'],
    ],
    [
      'the day is that of the project, not of Greenwich: far east',
      [1],
      'once',
      until('2026-12-31', 'Pacific/Kiritimati'),
      ['2026-12-30 2026-12-29T18:00Z'],
    ],
    ['far west', [1], 'once', until('2026-12-31', 'Pacific/Pago_Pago'), ['2026-12-30 2026-12-30T19:00Z']],
    [
      'Samoa left out 30 December 2011: the mail of that day has no day',
      [2],
      'daily',
      { ...until('2011-12-31', 'Pacific/Apia'), validFrom: 0 },
      ['2011-12-29 2011-12-29T18:00Z'],
    ],
    [
      'a term that begins at the instant of a mail',
      [2],
      'daily',
      { ...until('2026-12-31', 'UTC'), validFrom: instant('2026-12-29T08:00:00Z') },
      ['2026-12-29 2026-12-29T08:00Z', '2026-12-30 2026-12-30T08:00Z'],
    ],
  ])('%s', (_why, daysBefore, recurrence, term, expected) => {
    expect(plan(daysBefore, recurrence, term)).toEqual(expected);
  });

  it.each([
    ['at midnight: the day before is the last', '2026-12-01T00:00:00.000', '2026-11-29'],
    ['a moment before midnight', '2026-11-30T23:59:59.999', '2026-11-29'],
    ['at noon', '2026-12-01T12:00:00.000', '2026-11-30'],
    ['early in the morning, before 08:00', '2026-12-01T06:00:00.000', '2026-11-30'],
    ['a moment after midnight', '2026-12-01T00:00:00.001', '2026-11-30'],
  ])('one day before an end %s', (_when, end, date) => {
    const timeZone = 'Europe/Berlin';
    const term = { validFrom: 0, validUntil: instant(end, timeZone), timeZone };
    expect(reminderPlan(schedule([1], 'once'), term).map((mail) => mail.date)).toEqual([date]);
  });
});

describe('a term', () => {
  it('without an end has no plan', () => {
    const term = { validFrom: 0, validUntil: null, timeZone: 'UTC' };
    expect(reminderPlan(schedule([30], 'daily'), term)).toEqual([]);
    expect(nextReminder(schedule([30], 'daily'), term, 0)).toBeNull();
  });

  it('that has begun in between is reminded of from then on', () => {
    const term = { ...until('2026-12-31', 'UTC'), validFrom: instant('2026-12-20T08:00:00.001Z') };
    const plan = reminderPlan(schedule([30, 7], 'weekly'), term);
    expect(plan.map((mail) => mail.daysLeft)).toEqual([9, 7, 2]);
    expect(nextReminder(schedule([30, 7], 'weekly'), term, 0)).toEqual(plan[0]);
  });

  it('that is extended in between is reminded of as of its new end', () => {
    const reminder = schedule([30, 7, 3], 'once');
    const sent = nextReminder(reminder, until('2026-12-01', 'Europe/Berlin'), instant('2026-11-01'));
    expect(sent).toMatchObject({ date: '2026-11-01', daysLeft: 30 });
    const next = nextReminder(reminder, until('2026-12-31', 'Europe/Berlin'), sent?.at ?? 0);
    expect(next).toMatchObject({ date: '2026-12-01', daysLeft: 30 });
  });

  it('that is shortened goes on with what is left of the plan', () => {
    const reminder = schedule([30, 7, 3], 'once');
    expect(nextReminder(reminder, until('2026-12-08', 'UTC'), instant('2026-12-02T10:00:00Z'))).toMatchObject({
      date: '2026-12-05',
      daysLeft: 3,
    });
  });
});

describe('the next mail', () => {
  const reminder = schedule([30, 7], 'weekly');
  const term = until('2026-12-31', 'Europe/Berlin');
  const plan = reminderPlan(reminder, term);

  it('comes after the instant, not at it', () => {
    for (const [index, mail] of plan.entries()) {
      expect(nextReminder(reminder, term, mail.at - 1)).toEqual(mail);
      expect(nextReminder(reminder, term, mail.at)).toEqual(plan[index + 1] ?? null);
    }
  });
});

const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Antarctica/Troll',
);
const from = Date.UTC(2005, 0, 1);
const to = Date.UTC(2040, 0, 1);
const schedules = fc.record({
  daysBefore: fc.uniqueArray(
    fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }) }, fc.integer({ min: 1, max: 365 })),
    {
      minLength: 1,
      maxLength: 5,
    },
  ),
  recurrence: fc.constantFrom(...RECURRENCES),
});
const terms = fc
  .record({
    start: fc.integer({ min: from, max: to }),
    length: fc.integer({ min: 1, max: 800 * 86_400_000 }),
    zone: zones,
  })
  .map(({ start, length, zone }) => ({ validFrom: start, validUntil: start + length, timeZone: zone }));

const STEPS: Readonly<Record<Recurrence, number>> = { once: Infinity, daily: 1, weekly: 7, every_30_days: 30 };

/** The faults of a mail of a plan. */
const faultsOf = (
  reminder: Parameters<typeof reminderPlan>[0],
  term: RemindedTerm,
  mail: PlannedReminder,
): string[] => {
  const { at, date, daysLeft } = mail;
  const there = DateTime.fromMillis(at, { zone: term.timeZone });
  const lastDay = DateTime.fromMillis((term.validUntil ?? 0) - 1, { zone: term.timeZone }).toISODate() ?? '';
  const inSeries = reminder.daysBefore.some(
    (lead) => lead === daysLeft || (lead > daysLeft && (lead - daysLeft) % STEPS[reminder.recurrence] === 0),
  );
  return [
    ...(at < term.validFrom ? ['before the term'] : []),
    ...(at >= (term.validUntil ?? 0) ? ['after the end'] : []),
    ...(date >= lastDay ? ['on the last day or later'] : []),
    ...(there.toFormat('yyyy-MM-dd HH:mm') === `${date} 08:00` ? [] : ['not at 08:00 of its day']),
    ...((Date.parse(lastDay) - Date.parse(date)) / 86_400_000 === daysLeft ? [] : ['days left miscounted']),
    ...(inSeries ? [] : ['in no series']),
  ];
};

describe('any plan', () => {
  it('lies inside the term, in order, one mail a day at most, at 08:00 there', () => {
    fc.assert(
      fc.property(schedules, terms, (reminder, term) => {
        const plan = reminderPlan(reminder, term);
        const dates = plan.map((mail) => mail.date);
        expect(dates).toEqual([...new Set(dates)].sort());
        expect(plan.flatMap((mail) => faultsOf(reminder, term, mail))).toEqual([]);
      }),
      modelRuns(),
    );
  });

  it('is walked in the same order by asking for the next', () => {
    fc.assert(
      fc.property(schedules, terms, (reminder, term) => {
        const walked = [];
        for (let next = nextReminder(reminder, term, 0); next !== null; next = nextReminder(reminder, term, next.at)) {
          walked.push(next);
        }
        expect(walked).toEqual(reminderPlan(reminder, term));
      }),
      modelRuns(50),
    );
  });

  it('never mails for an end that was put off, nor twice on one day, however often the end changes', () => {
    const changes = fc.array(
      fc.record({ days: fc.integer({ min: 0, max: 60 }), by: fc.integer({ min: -60, max: 120 }) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(schedules, zones, changes, (reminder, timeZone, changesOfEnd) => {
        const validFrom = instant('2026-01-01T00:00:00Z');
        let validUntil = instant('2026-04-01T00:00:00Z');
        let now = validFrom;
        const mails: (PlannedReminder & { end: number })[] = [];
        const playUntil = (change: number): void => {
          for (;;) {
            const next = nextReminder(reminder, { validFrom, validUntil, timeZone }, now);
            if (next === null || next.at > change) break;
            mails.push({ ...next, end: validUntil });
            now = next.at;
          }
          now = Math.max(now, change);
        };
        for (const { days, by } of changesOfEnd) {
          playUntil(now + days * 86_400_000);
          validUntil = Math.max(now + 1, validUntil + by * 86_400_000);
        }
        playUntil(Number.MAX_SAFE_INTEGER);
        const dates = mails.map((mail) => mail.date);
        expect(dates).toEqual([...new Set(dates)]);
        expect(
          mails.flatMap((mail) => faultsOf(reminder, { validFrom, validUntil: mail.end, timeZone }, mail)),
        ).toEqual([]);
      }),
      modelRuns(50),
    );
  });
});
