import { describe, expect, it } from '@jest/globals';
import { daysAfter, endOf, namesDate, startOf, termOf } from './dates.js';

const iso = (instant: number): string => new Date(instant).toISOString();

describe('a date in a term (E4)', () => {
  it.each([
    ['2026-06-01', 'UTC', '2026-06-01T00:00:00.000Z', '2026-06-02T00:00:00.000Z'],
    ['2026-06-01', 'Europe/Berlin', '2026-05-31T22:00:00.000Z', '2026-06-01T22:00:00.000Z'],
    ['2026-06-01', 'America/New_York', '2026-06-01T04:00:00.000Z', '2026-06-02T04:00:00.000Z'],
    // The day the clocks go forward has 23 hours, the day they go back 25.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    // There is no midnight in Santiago on the day its clocks go forward.
    ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z'],
  ])('%s in %s is a whole day', (date, zone, start, end) => {
    expect(iso(startOf(date, zone, 'validFrom'))).toBe(start);
    expect(iso(endOf(date, zone, 'validUntil'))).toBe(end);
  });

  it('an instant is that instant, whatever the zone', () => {
    expect(iso(startOf('2026-06-01T10:00:00+02:00', 'Asia/Tokyo', 'from'))).toBe('2026-06-01T08:00:00.000Z');
    expect(iso(endOf('2026-06-01T10:00:00Z', 'Asia/Tokyo', 'to'))).toBe('2026-06-01T10:00:00.000Z');
  });

  it.each(['1969-12-31', '9999-12-31', '9999-12-31T23:59:59Z', '0001-01-01'])(
    '%s is beyond what can be kept',
    (date) => {
      expect(() => endOf(date, 'UTC', 'validUntil')).toThrow('validUntil: must lie between 1970 and 9999');
    },
  );

  it('days are counted by the calendar', () => {
    expect(iso(daysAfter(Date.parse('2026-03-28T12:00:00Z'), 1, 'Europe/Berlin'))).toBe('2026-03-29T11:00:00.000Z');
  });

  it('only a date needs a zone', () => {
    expect(namesDate(null, undefined, '2026-06-01T00:00:00Z')).toBe(false);
    expect(namesDate('2026-06-01')).toBe(true);
  });
});

describe('a term', () => {
  it('of one day is that day', () => {
    const day = { validFrom: '2026-06-01', validUntil: '2026-06-01' };
    expect(termOf(day, 'UTC')).toEqual({
      validFrom: Date.parse('2026-06-01T00:00:00Z'),
      validUntil: Date.parse('2026-06-02T00:00:00Z'),
    });
    expect(termOf({}, 'UTC')).toEqual({ validFrom: null, validUntil: null });
  });

  it('that ends before it starts blames its end', () => {
    const reversed = { validFrom: '2026-06-02', validUntil: '2026-06-01' };
    expect(() => termOf(reversed, 'UTC', 'allotments[3].')).toThrow(
      'allotments[3].validUntil: must be after validFrom',
    );
  });
});
