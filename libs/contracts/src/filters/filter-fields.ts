import { z } from 'zod';

/**
 * The type of a field and of the values it is compared with. `text`: in quotes, exact with `=`, a part in any case with `:`. `enum`: one of
 * `values`. `instant`: a date or an instant. `list`: several texts, `:` finds one of them.
 */
export type FilterFieldType = 'text' | 'enum' | 'integer' | 'boolean' | 'instant' | 'list';

export interface FilterField {
  readonly type: FilterFieldType;
  readonly nullable: boolean;
  /** Of an `enum`. */
  readonly values?: readonly string[];
}

/** The fields that a list can be filtered by; a name with a dot is a field in an object of the item. */
export type FilterFields<Name extends string = string> = Readonly<Record<Name, FilterField>>;

/**
 * The type of these fields by the schema of the list's items.
 *
 * @throws Error for a field that the items lack, or that has a type without comparisons
 */
export const filterFields = <const Name extends string>(
  item: z.ZodObject,
  names: readonly Name[],
): FilterFields<Name> =>
  Object.fromEntries(names.map((name) => [name, fieldOf(schemaAt(item, name), name)])) as FilterFields<Name>;

function schemaAt(item: z.ZodObject, name: string): unknown {
  let schema: unknown = item;
  for (const part of name.split('.')) schema = schema instanceof z.ZodObject ? schema.shape[part] : undefined;
  return schema;
}

function fieldOf(schema: unknown, name: string): FilterField {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return { ...fieldOf(schema.unwrap(), name), nullable: true };
  const type = typeOf(schema);
  if (type === null) throw new Error(`${name} is no field that a list can be filtered by`);
  return {
    type,
    nullable: false,
    ...(schema instanceof z.ZodEnum && { values: schema.options.map(String) }),
  };
}

const TYPES: readonly (readonly [(schema: unknown) => boolean, FilterFieldType])[] = [
  [(schema) => schema instanceof z.ZodEnum, 'enum'],
  [(schema) => schema instanceof z.ZodISODateTime, 'instant'],
  [(schema) => schema instanceof z.ZodString, 'text'],
  [(schema) => schema instanceof z.ZodNumber && schema.format === 'safeint', 'integer'],
  [(schema) => schema instanceof z.ZodBoolean, 'boolean'],
  [(schema) => schema instanceof z.ZodArray && isText(schema.element), 'list'],
];

const isText = (schema: unknown): boolean => schema instanceof z.ZodString || schema instanceof z.ZodEnum;

const typeOf = (schema: unknown): FilterFieldType | null => TYPES.find(([is]) => is(schema))?.[1] ?? null;
