import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { IsoInstant } from '../http/common.js';
import { filterFields } from './filter-fields.js';
import { matches } from './matches.js';
import { FilterFault, parseFilter } from './parse-filter.js';

const Item = z.object({
  name: z.string(),
  status: z.enum(['active', 'expired']),
  consumed: z.int(),
  custom: z.boolean(),
  createdAt: IsoInstant,
  closedReason: z.string().nullable(),
  features: z.array(z.string()),
  units: z.object({ sip_number: z.int().nullable() }),
  facts: z.record(z.string(), z.unknown()),
});
const fields = filterFields(Item, [
  'name',
  'status',
  'consumed',
  'custom',
  'createdAt',
  'closedReason',
  'features',
  'units.sip_number',
]);
const item = {
  name: 'Unit 7 "north"',
  status: 'active',
  consumed: 10,
  custom: true,
  createdAt: '2026-06-01T08:00:00.123Z',
  closedReason: null,
  features: ['siri', 'elevators'],
  units: { sip_number: 4 },
};

const isSelected = (text: string): boolean => matches(parseFilter(text, fields), item);

const faultOf = (text: string): string => {
  try {
    parseFilter(text, fields);
  } catch (error) {
    if (error instanceof FilterFault) return error.message;
    throw error;
  }
  return 'no fault';
};

describe('the fields of a filter', () => {
  it('have the types of the items', () => {
    expect(fields).toEqual({
      name: { type: 'text', nullable: false },
      status: { type: 'enum', nullable: false, values: ['active', 'expired'] },
      consumed: { type: 'integer', nullable: false },
      custom: { type: 'boolean', nullable: false },
      createdAt: { type: 'instant', nullable: false },
      closedReason: { type: 'text', nullable: true },
      features: { type: 'list', nullable: false },
      'units.sip_number': { type: 'integer', nullable: true },
    });
  });

  it.each(['nothing', 'facts', 'units', 'name.length'])('cannot be %s', (name) => {
    expect(() => filterFields(Item, [name])).toThrow(`${name} is no field that a list can be filtered by`);
  });
});

describe('a filter', () => {
  it.each([
    ['name = "Unit 7 \\"north\\""', true],
    [`name = 'Unit 7 "north"'`, true],
    ['name = "unit 7 \\"north\\""', false],
    ['name : "UNIT"', true],
    ['name : "%"', false],
    ['name != "Unit 7"', true],
    ['status = "active"', true],
    ['status!="active"', false],
    ['consumed >= 10 AND consumed <= 10', true],
    ['consumed > 9 AND consumed < 10', false],
    ['consumed = -1', false],
    ['custom = true', true],
    ['custom = false', false],
    ['createdAt = "2026-06-01"', true],
    ['createdAt > "2026-06-01"', false],
    ['createdAt <= "2026-06-01"', true],
    ['createdAt = "2026-06-01T10:00:00.123+02:00"', true],
    ['createdAt < "2026-06-01T08:00:00.123Z"', false],
    ['features : "siri"', true],
    ['features : "sir"', false],
    ['units.sip_number = 4', true],
    ['closedReason = null', true],
    ['closedReason != null', false],
    ['closedReason = "fire"', false],
    ['closedReason != "fire"', false],
    ['NOT closedReason = "fire"', true],
    ['NOT (custom = true AND consumed = 1)', true],
    ['NOT NOT custom = true', true],
    ['(consumed = 1 OR consumed = 10) AND custom = true', true],
    ['  custom=true  ', true],
    ['custom=true AND(consumed=10)', true],
  ])('%s selects: %p', (text, selected) => {
    expect(isSelected(text)).toBe(selected);
  });

  it.each([
    [
      'nam = "x"',
      'unknown field "nam", did you mean "name"? It is one of name, status, consumed, custom, createdAt, closedReason, features, units.sip_number (at character 1)',
    ],
    [
      'custom = true AND zzzzzzzz = 1',
      'unknown field "zzzzzzzz". It is one of name, status, consumed, custom, createdAt, closedReason, features, units.sip_number (at character 19)',
    ],
    [
      'constructor = 1',
      'unknown field "constructor". It is one of name, status, consumed, custom, createdAt, closedReason, features, units.sip_number (at character 1)',
    ],
    ['', 'expected "(", "NOT", a field, found the end (at character 1)'],
    ['name', 'expected an operator (= != < <= > >= :), found the end (at character 5)'],
    ['name =', 'expected a value, found the end (at character 7)'],
    ['name = "Unit', 'the closing quote is missing (at character 8)'],
    ['name = "a\\', 'the closing quote is missing (at character 8)'],
    ['name = Unit', 'put text and instants in quotes: "Unit" (at character 8)'],
    ['createdAt > 2026-06-01', 'put text and instants in quotes: "2026-06-01" (at character 13)'],
    ['custom = true consumed = 1', 'expected "AND", "OR", the end, found "c" (at character 15)'],
    ['custom = true and consumed = 1', 'expected "AND", "OR", the end, found "a" (at character 15)'],
    ['(custom = true', 'expected ")", "AND", "OR", found the end (at character 15)'],
    [
      'custom = true AND consumed = 1 OR consumed = 2',
      'AND and OR are mixed: put one of them in parentheses (at character 32)',
    ],
    ['name > "a"', 'name can be compared with = != :, not with > (at character 6)'],
    ['features = "siri"', 'features can be compared with :, not with = (at character 10)'],
    ['status : "act"', 'status can be compared with = !=, not with : (at character 8)'],
    ['name = 5', 'name is a text: put the value in quotes (at character 8)'],
    ['features : 5', 'features contains texts: put the value in quotes (at character 12)'],
    ['consumed = "10"', 'consumed is a whole number, without quotes (at character 12)'],
    ['consumed = 1.5', 'consumed is a whole number, without quotes (at character 12)'],
    ['consumed = 9007199254740993', 'consumed is a whole number, without quotes (at character 12)'],
    ['custom = "true"', 'custom is true or false, without quotes (at character 10)'],
    ['status = true', 'status is one of "active", "expired" (at character 10)'],
    [
      'status = "expire"',
      'status cannot be "expire", did you mean "expired"? It is one of active, expired (at character 10)',
    ],
    [
      'createdAt = "yesterday"',
      'createdAt is an instant: a date ("2026-06-01", a day of UTC) or a date and time with an offset ("2026-06-01T08:00:00Z") (at character 13)',
    ],
    [
      'createdAt = "2026-02-30"',
      'createdAt is an instant: a date ("2026-06-01", a day of UTC) or a date and time with an offset ("2026-06-01T08:00:00Z") (at character 13)',
    ],
    ['name = null', 'name is never null (at character 8)'],
    ['closedReason > null', 'null can be compared with = and != only (at character 14)'],
    [Array(51).fill('custom = true').join(' OR '), 'must not have more than 50 comparisons, has 51 (at character 1)'],
    [`${'NOT '.repeat(21)}custom = true`, 'must not be nested deeper than 20, is 21 deep (at character 1)'],
  ])('is refused: %s', (text, message) => {
    expect(faultOf(text)).toBe(message);
  });

  it('is read without much work, however it is nested', () => {
    const open = '('.repeat(490);
    expect(isSelected(`${open}custom=true${')'.repeat(490)}`)).toBe(true);
    expect(faultOf('('.repeat(1_000))).toBe('expected "(", "NOT", a field, found the end (at character 1001)');
  });
});
