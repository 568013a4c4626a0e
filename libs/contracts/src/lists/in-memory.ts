import { matches, valueAt, type Filter } from '../filters/index.js';
import type { Order } from './list-query.js';

interface Asked {
  readonly filter?: Filter | undefined;
  readonly orderBy?: Order | undefined;
}

/** The items that a filter selects, in this order; without a filter all of them, without an order in their own. */
export function selected<Item>(items: readonly Item[], { filter, orderBy }: Asked): readonly Item[] {
  const found = filter === undefined ? items : items.filter((item) => matches(filter, item));
  if (orderBy === undefined) return found;
  const { by, direction } = orderBy;
  const sign = direction === 'asc' ? 1 : -1;
  return [...found].sort((one, other) => sign * ordered(valueAt(one, by), valueAt(other, by)));
}

/** As in PostgreSQL: `null` is greater than every value. Instants of answers have one form, and are ordered as texts. */
function ordered(one: unknown, other: unknown): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? 1 : -1;
  return (one as string | number) < (other as string | number) ? -1 : 1;
}
