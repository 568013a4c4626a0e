import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { MAX_FILTER_LENGTH } from '../filters/index.js';
import { IsoInstant } from '../http/common.js';
import { selected } from './in-memory.js';
import { listQuery, ordersOf, pageQuery } from './list-query.js';
import { listOf } from './list.js';

const Item = z.object({ thingId: z.string(), name: z.string(), custom: z.boolean(), endsAt: IsoInstant.nullable() });
const THINGS = listOf(Item, {
  id: 'thingId',
  filters: ['name', 'custom', 'endsAt'],
  orders: { endsAt: ['desc', 'asc'], name: ['asc'] },
  example: 'custom = true',
});
const Query = pageQuery(THINGS);

const faultsOf = (query: object) => Query.safeParse(query).error?.issues.map(({ path, message }) => [path[0], message]);

describe('the query of a page', () => {
  it('has the usual order, and neither filter nor fields where none are named', () => {
    expect(Query.parse({})).toEqual({ limit: 50, orderBy: { by: 'endsAt', direction: 'desc' } });
  });

  it('contains what was read', () => {
    const custom = { kind: 'comparison', field: 'custom', operator: '=', type: 'boolean', value: true };
    expect(Query.parse({ filter: 'custom = true', orderBy: ' name ', fields: 'name, custom' })).toEqual({
      limit: 50,
      filter: custom,
      orderBy: { by: 'name', direction: 'asc' },
      fields: ['thingId', 'name', 'custom'],
    });
  });

  it('refuses a filter of another list, and a long one unread', () => {
    expect(faultsOf({ filter: 'thing = 1' })).toEqual([
      ['filter', 'unknown field "thing". It is one of name, custom, endsAt (at character 1)'],
    ]);
    expect(faultsOf({ filter: ' '.repeat(MAX_FILTER_LENGTH + 1) })).toEqual([
      ['filter', 'Too big: expected string to have <=1000 characters'],
    ]);
  });

  it.each(['custom', 'name desc', 'name down', 'endsAt DESC', 'endsAt desc desc', 'asc', '', 'constructor'])(
    'refuses the order %p',
    (orderBy) => {
      expect(faultsOf({ orderBy })).toEqual([['orderBy', 'must be one of endsAt desc, endsAt, name']]);
    },
  );

  it.each(['name;', 'name,endsAt', 'näme'])('refuses what is no order: %p', (orderBy) => {
    expect(faultsOf({ orderBy })?.[0]).toEqual([
      'orderBy',
      'must be a field, and desc after it for the other direction',
    ]);
  });

  it.each([
    ['nam', 'unknown field "nam", did you mean "name"? It is one of thingId, name, custom, endsAt'],
    ['name,', 'unknown field "". It is one of thingId, name, custom, endsAt'],
    ['toString', 'unknown field "toString". It is one of thingId, name, custom, endsAt'],
    ['näme', 'must be names of fields, separated by commas'],
  ])('refuses the fields %p', (fields, message) => {
    expect(faultsOf({ fields })?.[0]).toEqual(['fields', message]);
  });

  it.each([
    ['endsAt', 'asc'],
    [' endsAt  asc ', 'asc'],
    ['endsAt  desc', 'desc'],
  ])('reads the order %p', (orderBy, direction) => {
    expect(Query.parse({ orderBy }).orderBy).toEqual({ by: 'endsAt', direction });
  });

  it('names the orders as they are written', () => {
    expect(ordersOf(THINGS)).toEqual(['endsAt desc', 'endsAt', 'name']);
  });
});

describe('a list in memory', () => {
  const items = [
    { thingId: '1', name: 'b', custom: true, endsAt: null },
    { thingId: '2', name: 'a', custom: true, endsAt: '2026-06-01T00:00:00.000Z' },
    { thingId: '3', name: 'c', custom: false, endsAt: '2026-05-01T00:00:00.000Z' },
  ];
  const idsOf = (query: object) => selected(items, listQuery(THINGS).parse(query)).map(({ thingId }) => thingId);

  it('keeps its own order where none is named', () => {
    expect(idsOf({})).toEqual(['1', '2', '3']);
  });

  it('is filtered, and ordered with null as the greatest', () => {
    expect(idsOf({ filter: 'custom = true', orderBy: 'name' })).toEqual(['2', '1']);
    expect(idsOf({ orderBy: 'endsAt' })).toEqual(['3', '2', '1']);
    expect(idsOf({ orderBy: 'endsAt desc' })).toEqual(['1', '2', '3']);
  });
});
