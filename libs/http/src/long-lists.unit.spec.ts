import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { longListsIn, validateLongLists } from './long-lists.js';

const Body = z.strictObject({
  name: z.string(),
  rooms: z
    .array(z.strictObject({ id: z.string(), size: z.int().min(1).default(1) }))
    .max(2_000)
    .check(({ value, issues }) => {
      if (new Set(value.map(({ id }) => id)).size < value.length)
        issues.push({ code: 'custom', path: [], input: value, message: 'repeats an id' });
    }),
});
const rooms = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `room ${n}` }) as object);
const at = (list: object[], index: number, item: unknown) => list.with(index, item as object);

const inSlices = (body: object) => {
  const work = validateLongLists(Body, body as Record<string, unknown>, longListsIn(Body, body));
  for (let pauses = 0; ; pauses += 1) {
    const next = work.next();
    if (next.done === true) return { pauses, checked: next.value };
  }
};
const shown = ({ success, data, error }: z.ZodSafeParseResult<unknown>) => ({
  success,
  data,
  issues: error?.issues.map(({ path, message }) => [path, message]),
});

describe('a body with a long list', () => {
  it.each<[what: string, body: object]>([
    ['nothing wrong', { name: 'House', rooms: rooms(1_500) }],
    ['an item with mistakes', { name: 'House', rooms: at(rooms(1_500), 7, { id: 7, size: 0 }) }],
    ['an item that is no object', { name: 'House', rooms: at(rooms(1_500), 1_499, null) }],
    ['an unknown member of an item', { name: 'House', rooms: at(rooms(1_500), 3, { id: 'a', color: 'red' }) }],
    ['a repeated item', { name: 'House', rooms: at(rooms(1_500), 3, { id: 'room 4' }) }],
    ['too many items', { name: 'House', rooms: rooms(2_001) }],
    ['another member wrong', { name: 1, rooms: rooms(1_500) }],
    ['an unknown member', { name: 'House', floor: 1, rooms: rooms(1_500) }],
  ])('with %s is validated as at once, in slices', (_what, body) => {
    const { pauses, checked } = inSlices(body);
    expect(shown(checked)).toEqual(shown(Body.safeParse(body)));
    expect(pauses).toBeGreaterThan(20);
  });

  it('reports what is wrong with items and elsewhere together', () => {
    const body = { name: 1, rooms: at(rooms(1_500), 7, {}) };
    const issues = (checked: z.ZodSafeParseResult<unknown>) => checked.error?.issues.map(({ path }) => path.join('.'));
    expect(issues(inSlices(body).checked)?.sort()).toEqual(issues(Body.safeParse(body))?.sort());
  });

  it('is not a short one, nor part of a body of another form', () => {
    expect(longListsIn(Body, { name: 'House', rooms: rooms(3) })).toEqual([]);
    expect(longListsIn(z.array(z.string()), rooms(1_500))).toEqual([]);
    expect(longListsIn(Body, null)).toEqual([]);
  });
});
