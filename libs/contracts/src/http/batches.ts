/** A part of a list, with the place of its first item. */
export interface Batch<Item> {
  readonly items: readonly Item[];
  readonly first: number;
}

/**
 * A list in parts that fit in a request each, in its order.
 *
 * @param sizeOf what counts against `most`; default: every item as one
 */
export function inBatches<Item>(
  list: readonly Item[],
  most: number,
  sizeOf: (item: Item) => number = () => 1,
): Batch<Item>[] {
  const parts: { items: Item[]; first: number; size: number }[] = [];
  for (const [index, item] of list.entries()) {
    const last = parts.at(-1);
    const size = sizeOf(item);
    if (last && last.size + size <= most) {
      last.items.push(item);
      last.size += size;
    } else parts.push({ items: [item], first: index, size });
  }
  return parts.map(({ items, first }) => ({ items, first }));
}
