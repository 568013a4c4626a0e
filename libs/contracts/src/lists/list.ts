import { z } from 'zod';
import { filterFields, type FilterFields } from '../filters/index.js';

export type Direction = 'asc' | 'desc';

/** The filters, orders and fields of a list of items. */
export interface List<Filterable extends string = string, By extends string = string> {
  readonly item: z.ZodObject;
  /** The field that `fields` always includes: what an item is known by. */
  readonly id: string;
  readonly filters: FilterFields<Filterable>;
  /** The orders that are backed by an index or cheap in memory, the usual one first. */
  readonly orders: Readonly<Record<By, readonly Direction[]>>;
  /** A filter. */
  readonly example: string;
}

interface Declared<Item extends z.ZodObject, Filterable extends string, By extends string> {
  readonly id: keyof Item['shape'] & string;
  readonly filters: readonly Filterable[];
  readonly orders: Readonly<Record<By, readonly Direction[]>>;
  readonly example: string;
}

/** Declares a list: its filterable fields have the types of the item. */
export const listOf = <Item extends z.ZodObject, const Filterable extends string, By extends string>(
  item: Item,
  { filters, ...declared }: Declared<Item, Filterable, By>,
): List<Filterable, By> => ({ item, filters: filterFields(item, filters), ...declared });
