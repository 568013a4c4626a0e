import { inSlices } from '@allotree/basics';
import { z } from 'zod';

/** Items of a list that are validated one by one, with pauses. */
const LONG = 1_000;
const PAUSE_EVERY = 64;

type Object = Readonly<Record<string, unknown>>;
type Checked = ReturnType<z.ZodType['safeParse']>;

interface LongList {
  readonly name: string;
  readonly list: z.ZodArray;
  readonly items: readonly unknown[];
}

/** The long lists among the members of a body; none where its schema does not name them. */
export function longListsIn(schema: unknown, body: unknown): LongList[] {
  if (!(schema instanceof z.ZodObject) || typeof body !== 'object' || body === null) return [];
  return Object.entries(schema.shape as Record<string, unknown>).flatMap(([name, list]) => {
    const items = (body as Object)[name];
    return list instanceof z.ZodArray && Array.isArray(items) && items.length > LONG ? [{ name, list, items }] : [];
  });
}

/**
 * Validates a body with long lists in slices. The result is that of its schema, but the issues of the items come before the
 * others.
 */
export function* validateLongLists(
  schema: z.ZodObject,
  body: Object,
  lists: readonly LongList[],
): Generator<undefined, Checked> {
  const issues: z.core.$ZodIssue[] = [];
  const parsed: Record<string, unknown> = {};
  for (const { name, list, items } of lists) {
    const taken: unknown[] = [];
    for (const [index, item] of items.entries()) {
      if (index % PAUSE_EVERY === 0) yield;
      const { data, error } = (list.element as z.ZodType).safeParse(item);
      taken.push(data);
      for (const issue of error?.issues ?? []) issues.push({ ...issue, path: [name, index, ...issue.path] });
    }
    parsed[name] = taken;
  }
  const isWhole = issues.length === 0;
  // As in its schema, a list as a whole is checked after its items, and only where all of them are valid.
  const others = schema.safeExtend(
    Object.fromEntries(
      lists.map(({ name, list }) => [name, isWhole ? list.clone({ ...list.def, element: z.any() }) : z.any()]),
    ),
  );
  yield;
  const rest = others.safeParse({ ...body, ...parsed });
  if (isWhole) return rest;
  return { success: false, error: new z.ZodError([...issues, ...(rest.error?.issues ?? [])]) };
}

/** Parses an answer of another service; one with long lists in slices. @throws ZodError */
export async function parseAnswer<Schema extends z.ZodObject>(schema: Schema, body: unknown): Promise<z.infer<Schema>> {
  const lists = longListsIn(schema, body);
  if (lists.length === 0) return schema.parse(body);
  const { data, error } = await inSlices(validateLongLists(schema, body as Object, lists));
  if (error) throw error;
  return data as z.infer<Schema>;
}
