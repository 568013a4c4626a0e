import { z } from 'zod';
import { FilterFault, MAX_FILTER_LENGTH, parseFilter, unknownName, type Filter } from '../filters/index.js';
import { Page } from '../http/common.js';
import type { Direction, List } from './list.js';

export interface Order<By extends string = string> {
  readonly by: By;
  readonly direction: Direction;
}

/** The query of a page of a list: the usual order where none is named. */
export const pageQuery = <Filterable extends string, By extends string>(list: List<Filterable, By>) =>
  Page.extend({
    filter: filterOf(list).optional(),
    orderBy: orderOf(list).prefault(usualOrder(list)),
    fields: fieldsOf(list),
  });

/** The query of a list that is answered whole, in an order of its own where none is named. */
export const listQuery = <Filterable extends string, By extends string>(list: List<Filterable, By>) =>
  z.strictObject({ filter: filterOf(list).optional(), orderBy: orderOf(list).optional(), fields: fieldsOf(list) });

const filterOf = <Filterable extends string>({ filters, example }: List<Filterable>) =>
  z
    .string()
    .max(MAX_FILTER_LENGTH)
    .transform((text, context): Filter<Filterable> => {
      try {
        return parseFilter(text, filters);
      } catch (error) {
        if (!(error instanceof FilterFault)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: text });
        return z.NEVER;
      }
    })
    .meta({
      examples: [example],
      description: `A condition on ${Object.keys(filters).join(', ')}, such as ${example}`,
    });

const ordersIn = <By extends string>({ orders }: Pick<List<string, By>, 'orders'>): Order<By>[] =>
  (Object.entries(orders) as [By, readonly Direction[]][]).flatMap(([by, directions]) =>
    directions.map((direction) => ({ by, direction })),
  );

/** The orders of a list as they are written: `name`, `name desc`. */
export const ordersOf = (list: Pick<List, 'orders'>): string[] => ordersIn(list).map(writtenOrder);

const writtenOrder = ({ by, direction }: Order): string => (direction === 'asc' ? by : `${by} desc`);

const usualOrder = (list: List): string => ordersOf(list)[0]!;

const orderOf = <By extends string>(list: List<string, By>) =>
  z
    .string()
    .max(100)
    .regex(/^[A-Za-z_. ]*$/, 'must be a field, and desc after it for the other direction')
    .transform((text, context): Order<By> => {
      const order = ordersIn(list).find(
        (one) =>
          writtenOrder(one) ===
          text
            .trim()
            .replace(/ +(asc$)?/, ' ')
            .trim(),
      );
      if (order !== undefined) return order;
      context.issues.push({ code: 'custom', message: `must be one of ${ordersOf(list).join(', ')}`, input: text });
      return z.NEVER;
    })
    .meta({ examples: [usualOrder(list)], description: `One of ${ordersOf(list).join(', ')}` });

const fieldsOf = ({ item, id }: List) =>
  z
    .string()
    .max(500)
    .regex(/^[A-Za-z_, ]*$/, 'must be names of fields, separated by commas')
    .transform((text, context): readonly string[] => {
      const names = namesIn(text);
      const unknown = names.find((name) => !Object.hasOwn(item.shape, name));
      if (unknown === undefined) return [id, ...names];
      context.issues.push({
        code: 'custom',
        message: unknownName('field', unknown, Object.keys(item.shape)),
        input: text,
      });
      return z.NEVER;
    })
    .optional()
    .meta({
      examples: [id],
      description: `Which fields of each item to return, separated by commas; ${id} is always among them`,
    });

const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim());
