import { describe, expect, it } from '@jest/globals';
import {
  addDays,
  dateAt,
  daysAfter,
  daysBetween,
  endOfDay,
  lastDayOf,
  startOfDay,
  startsDay,
  timeOfDay,
} from './calendar.js';

const iso = (instant: number): string => new Date(instant).toISOString();

type Clock = (instant: number) => string;

/** The local date and time by the runtime's own formatter, which does not share the code under test. */
function clockOf(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return (instant) => format.format(instant);
}

const FIRST = Date.parse('2020-01-01T00:00:00Z');
const END = Date.parse('2041-01-01T00:00:00Z');
/** No zone changes its clocks and changes them back within a fortnight. */
const FORTNIGHT_MS = 14 * 86_400_000;

/** The second between two instants at which an offset gives way to another. */
function changeBetween(offset: number, from: number, to: number): number {
  let [before, after] = [from / 1_000, to / 1_000];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 1_000) === offset) before = middle;
    else after = middle;
  }
  return after * 1_000;
}

/** The offset of the process's zone from UTC, in minutes. */
const offsetAt = (instant: number): number => new Date(instant).getTimezoneOffset();

/** The instants from 2020 to 2040 at which the clock of the process's zone changes. */
function transitions(): number[] {
  const found: number[] = [];
  let offset = offsetAt(FIRST);
  for (let from = FIRST; from < END; from += FORTNIGHT_MS) {
    const to = Math.min(END, from + FORTNIGHT_MS);
    const next = offsetAt(to);
    if (next !== offset) found.push(changeBetween(offset, from, to));
    offset = next;
  }
  return found;
}

/** A number in the zone of the process costs a hundredth of a formatted date in any zone. */
function inZone<Result>(timeZone: string, read: () => Result): Result {
  const { TZ } = process.env;
  process.env.TZ = timeZone;
  try {
    return read();
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
}

interface Zone {
  readonly zone: string;
  readonly clock: Clock;
  readonly changes: readonly number[];
}

/** Every zone once: names whose clocks change at the same instants to the same times of day are the same zone here. */
const ZONES: readonly Zone[] = [
  ...new Map(
    Intl.supportedValuesOf('timeZone').map((zone) => {
      const clock = clockOf(zone);
      const changes = inZone(zone, transitions);
      const offsets = [FIRST, ...changes].map((at) => `${at} ${clock(at)}`);
      return [offsets.join(), { zone, clock, changes }];
    }),
  ).values(),
];
const FIRSTS = Array.from({ length: 21 }, (_, index) => `${2020 + index}-0${1 + (index % 9)}-01`);

describe('a day begins at its first instant (E4)', () => {
  it('in every zone around every change of its clocks and on days of every year from 2020 to 2040', () => {
    const wrong: string[] = [];
    for (const { zone, clock, changes } of ZONES) {
      const around = changes.flatMap((at) => [-1, 0, 1].map((days) => addDays(dateAt(at, zone), days)));
      for (const date of new Set([...around, ...FIRSTS])) {
        const start = startOfDay(date, zone);
        const first = clock(start).startsWith(date) && clock(start - 1000) < date;
        const adjoins = endOfDay(date, zone) === startOfDay(addDays(date, 1), zone);
        // Midnight that exists twice: an hour before, the clock must not have shown this date yet.
        const notBefore = [30, 60, 120].every((minutes) => clock(start - minutes * 60_000) < date);
        if (!first || !adjoins || !notBefore || dateAt(start, zone) !== date) wrong.push(`${zone} ${date}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    // Midnight exists twice.
    ['2026-10-25', 'Atlantic/Azores', '2026-10-25T00:00:00.000Z'],
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z'],
    // Midnight does not exist.
    ['2026-03-08', 'America/Havana', '2026-03-08T05:00:00.000Z'],
    ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    ['2026-06-01', 'Europe/Berlin', '2026-05-31T22:00:00.000Z'],
  ])('%s in %s', (date, zone, start) => {
    expect(iso(startOfDay(date, zone))).toBe(start);
    expect(endOfDay(addDays(date, -1), zone)).toBe(startOfDay(date, zone));
    expect(lastDayOf(startOfDay(date, zone), zone)).toBe(addDays(date, -1));
  });
});

describe('days after an instant', () => {
  it('lead from the start of a day to the start of a day, across changes of the clocks', () => {
    expect(daysAfter(startOfDay('2026-03-28', 'Europe/Berlin'), 3, 'Europe/Berlin')).toBe(
      startOfDay('2026-03-31', 'Europe/Berlin'),
    );
    expect(daysAfter(startOfDay('2026-09-06', 'America/Santiago'), 1, 'America/Santiago')).toBe(
      startOfDay('2026-09-07', 'America/Santiago'),
    );
    expect(daysAfter(startOfDay('2026-10-24', 'Atlantic/Azores'), 1, 'Atlantic/Azores')).toBe(
      startOfDay('2026-10-25', 'Atlantic/Azores'),
    );
  });

  it('lead from a time of day to the same time of day', () => {
    expect(iso(daysAfter(Date.parse('2026-03-28T12:00:00Z'), 1, 'Europe/Berlin'))).toBe('2026-03-29T11:00:00.000Z');
  });
});

it('a day that a zone left out has no time of day', () => {
  expect(timeOfDay('2011-12-30', '08:00', 'Pacific/Apia')).toBeNull();
  expect(timeOfDay('2026-06-01', '08:00', 'Europe/Berlin')).toBe(Date.parse('2026-06-01T06:00:00Z'));
});

it('every day counts as one, whatever its length', () => {
  expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
});

it('an instant begins a day in some zones, and not in others', () => {
  const instant = Date.parse('2026-03-28T23:00:00Z');
  expect(startsDay(instant, 'Europe/Berlin')).toBe(true);
  expect(startsDay(instant - 1, 'Europe/Berlin')).toBe(false);
  expect(startsDay(instant, 'UTC')).toBe(false);
});
