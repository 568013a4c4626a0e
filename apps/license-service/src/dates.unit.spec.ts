import { describe, expect, it } from '@jest/globals';
import { endOf, namesDate, startOf, termOf } from './dates.js';

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
    expect(iso(endOf(date, zone, 'validUntil')!)).toBe(end);
  });

  it('an instant is that instant, whatever the zone', () => {
    expect(iso(startOf('2026-06-01T10:00:00+02:00', 'Asia/Tokyo', 'from'))).toBe('2026-06-01T08:00:00.000Z');
    expect(iso(endOf('2026-06-01T10:00:00Z', 'Asia/Tokyo', 'to')!)).toBe('2026-06-01T10:00:00.000Z');
  });

  it.each(['1969-12-31', '0001-01-01', '1969-12-31T23:59:59Z'])('%s is before what can be kept', (date) => {
    expect(() => endOf(date, 'UTC', 'validUntil')).toThrow('validUntil: must be 1970-01-02 or later');
  });

  it.each(['9999-01-01', '9999-12-31', '9999-12-31T23:59:59Z', '9999-12-31T23:59:59+14:00'])(
    '%s as an end means no end, and nothing starts then',
    (date) => {
      expect(endOf(date, 'Pacific/Kiritimati', 'validUntil')).toBeNull();
      expect(termOf({ validUntil: date }, 'UTC').validUntil).toBeNull();
      expect(() => startOf(date, 'UTC', 'validFrom')).toThrow('validFrom: must be before the year 9999');
    },
  );

  it('the last day of 9998 is an end like any other', () => {
    expect(iso(endOf('9998-12-31', 'America/Havana', 'validUntil')!)).toBe('9999-01-01T05:00:00.000Z');
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
