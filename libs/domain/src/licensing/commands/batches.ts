import type { BatchRefusal, RefusedItem, SingleRefusal } from '../model/refusals.js';

/** The refusal of a batch, its items in the order of the list; `null`: none was refused. */
export const refuseItems = (items: readonly RefusedItem[]): BatchRefusal | null =>
  items.length === 0 ? null : { code: 'BATCH_REFUSED', items: [...items].sort((a, b) => a.index - b.index) };

/** The values that a list contains more than once. */
export function repeated(values: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(values.filter((value) => seen.size === seen.add(value).size));
}

export const namedTwice = (field: string): SingleRefusal => ({
  code: 'VALIDATION',
  field,
  message: 'is named more than once',
});
