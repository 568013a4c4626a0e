import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { List } from '@allotree/contracts';
import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import type { ApiRequest } from './caller.js';

/** The extension that describes in the OpenAPI document what a list can be filtered and ordered by. */
export const LIST_EXTENSION = 'x-list';

/**
 * Leaves the fields that `?fields=` names in each item of a list, and the id. `Documented` puts it on every route that names its list; the
 * schema of the query has refused unknown fields before.
 */
export const itemFields = ({ id }: List): NestInterceptor => new ItemFields(id);

class ItemFields implements NestInterceptor {
  constructor(private readonly id: string) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { fields } = (execution.switchToHttp().getRequest<ApiRequest>().query ?? {}) as { fields?: unknown };
    if (typeof fields !== 'string') return next.handle();
    const names = new Set([this.id, ...fields.split(',').map((name) => name.trim())]);
    return next.handle().pipe(map((answer) => withFields(answer as { items: readonly object[] }, names)));
  }
}

const withFields = <Answer extends { items: readonly object[] }>(
  answer: Answer,
  names: ReadonlySet<string>,
): Answer => ({
  ...answer,
  items: answer.items.map((item) => Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)))),
});

/** The schema of an answer whose items are whole or have the fields asked for. */
export function withPartialItems(schema: z.ZodType, { item, id }: List): z.ZodType {
  if (!(schema instanceof z.ZodObject)) throw new Error('the answer of a list is an object with items');
  const some = item.partial().extend({ [id]: item.shape[id] as z.ZodType });
  return schema.extend({ items: z.array(z.union([item, some])) });
}
