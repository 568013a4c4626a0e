import { z } from 'zod';
import { Page } from '../http/common.js';
import type { FilterFields } from './filter-fields.js';
import type { Filter } from './filter.js';
import { FilterFault, MAX_FILTER_LENGTH, parseFilter } from './parse-filter.js';

/** The query of a page of a list that can be filtered by these fields. */
export const listQuery = <const Name extends string>(fields: FilterFields<Name>, example: string) =>
  Page.extend({ filter: filterBy(fields, example).optional() });

const filterBy = <Name extends string>(fields: FilterFields<Name>, example: string) =>
  z
    .string()
    .max(MAX_FILTER_LENGTH)
    .transform((text, context): Filter<Name> => {
      try {
        return parseFilter(text, fields);
      } catch (error) {
        if (!(error instanceof FilterFault)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: text });
        return z.NEVER;
      }
    })
    .meta({ examples: [example], description: `Which items: comparisons of ${Object.keys(fields).join(', ')}` });
