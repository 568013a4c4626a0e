import { closest, distance } from 'fastest-levenshtein';
import type { FilterField, FilterFields } from './filter-fields.js';
import { parse, SyntaxError as Misread } from './filter-parser.generated.js';
import type { Comparison, Filter, FilterOperator } from './filter.js';
import { spanOf } from './span.js';

/** The longest filter in characters, the most comparisons in one, and how deep they can be nested. */
export const MAX_FILTER_LENGTH = 1_000;
export const MAX_COMPARISONS = 50;
export const MAX_FILTER_DEPTH = 20;

/** Why a text is no filter of a list: where, and what to do. */
export class FilterFault extends Error {
  override readonly name = 'FilterFault';

  /** @param at the offset of the character */
  constructor(message: string, at: number) {
    super(`${message} (at character ${at + 1})`);
  }
}

interface Part<Of> {
  readonly of: Of;
  readonly at: number;
}

type Literal = Part<string | number | boolean | null>;

interface WrittenComparison {
  readonly kind: 'comparison';
  readonly field: { readonly name: string; readonly at: number };
  readonly operator: { readonly name: FilterOperator; readonly at: number };
  readonly value: Literal;
}

/** A filter as the parser returns it. */
type Written =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Written[] }
  | { readonly kind: 'not'; readonly of: Written }
  | WrittenComparison;

/**
 * Reads a filter, such as `status = "expired" AND NOT name : "Unit"`.
 *
 * @throws FilterFault for a text that is no filter, a field that the list lacks, and a value or operator that the type of its field lacks
 */
export function parseFilter<Name extends string>(text: string, fields: FilterFields<Name>): Filter<Name> {
  const written = read(text);
  requireSmall(written);
  return checked(written, fields);
}

function read(text: string): Written {
  try {
    return parse(text, {}) as Written;
  } catch (error) {
    if (error instanceof Misread) throw faultOf(error as unknown as ParserError);
    throw error;
  }
}

interface Expectation {
  readonly type: string;
  readonly text?: string;
  readonly description?: string;
}

interface ParserError {
  readonly message: string;
  /** `null`: the grammar itself says what is wrong. */
  readonly expected: readonly Expectation[] | null;
  readonly found: string | null;
  readonly location: { readonly start: { readonly offset: number } };
}

function faultOf({ message, expected, found, location }: ParserError): FilterFault {
  const { offset } = location.start;
  if (expected === null) return new FilterFault(message, offset);
  const possible = [...new Set(expected.map(nameOf))].filter((name) => name !== '').sort();
  const met = found === null ? 'the end' : `"${found}"`;
  return new FilterFault(`expected ${possible.join(', ')}, found ${met}`, offset);
}

/** Empty for what need not be mentioned: the characters of names, and space. */
function nameOf({ type, text, description }: Expectation): string {
  if (type === 'literal') return `"${text}"`;
  if (type === 'end') return 'the end';
  return description === 'space' ? '' : (description ?? '');
}

function requireSmall(written: Written): void {
  const { comparisons, depth } = sizeOf(written);
  if (comparisons > MAX_COMPARISONS)
    throw new FilterFault(`must not have more than ${MAX_COMPARISONS} comparisons, has ${comparisons}`, 0);
  if (depth > MAX_FILTER_DEPTH)
    throw new FilterFault(`must not be nested deeper than ${MAX_FILTER_DEPTH}, is ${depth} deep`, 0);
}

function sizeOf(written: Written): { comparisons: number; depth: number } {
  if (written.kind === 'comparison') return { comparisons: 1, depth: 0 };
  const sizes = [written.of].flat().map((part) => sizeOf(part));
  return {
    comparisons: sizes.reduce((sum, { comparisons }) => sum + comparisons, 0),
    depth: 1 + Math.max(...sizes.map(({ depth }) => depth)),
  };
}

function checked<Name extends string>(written: Written, fields: FilterFields<Name>): Filter<Name> {
  if (written.kind === 'comparison') return comparisonOf(written, fields);
  if (written.kind === 'not') return { kind: 'not', of: checked(written.of, fields) };
  return { kind: written.kind, of: written.of.map((part) => checked(part, fields)) };
}

function comparisonOf<Name extends string>(written: WrittenComparison, fields: FilterFields<Name>): Filter<Name> {
  const { name, at } = written.field;
  if (!Object.hasOwn(fields, name)) throw new FilterFault(unknownName('field', name, Object.keys(fields)), at);
  const field = name as Name;
  const declared: FilterField = fields[field];
  if (written.value.of === null) return isNull(written, field, declared);
  requireOperator(written, declared);
  return {
    kind: 'comparison',
    field,
    operator: written.operator.name,
    ...valueOf(written, declared),
  } as Comparison<Name>;
}

function isNull<Name extends string>(
  { operator, value }: WrittenComparison,
  field: Name,
  { nullable }: FilterField,
): Filter<Name> {
  if (!nullable) throw new FilterFault(`${field} is never null`, value.at);
  if (operator.name === '=') return { kind: 'null', field };
  if (operator.name === '!=') return { kind: 'not', of: { kind: 'null', field } };
  throw new FilterFault('null can be compared with = and != only', operator.at);
}

const EQUALITY = ['=', '!='] as const;
const ORDER = [...EQUALITY, '<', '<=', '>', '>='] as const;
/** The operators of each type of field. */
export const FILTER_OPERATORS: Readonly<Record<FilterField['type'], readonly FilterOperator[]>> = {
  text: [...EQUALITY, ':'],
  enum: EQUALITY,
  integer: ORDER,
  boolean: EQUALITY,
  instant: ORDER,
  list: [':'],
};

function requireOperator({ field, operator }: WrittenComparison, { type }: FilterField): void {
  const operators = FILTER_OPERATORS[type];
  if (!operators.includes(operator.name))
    throw new FilterFault(
      `${field.name} can be compared with ${operators.join(' ')}, not with ${operator.name}`,
      operator.at,
    );
}

function valueOf({ field, value }: WrittenComparison, declared: FilterField): Pick<Comparison, 'type' | 'value'> {
  const { of, at } = value;
  const { type } = declared;
  const valid = READ[type](of, declared);
  if (valid === null) throw new FilterFault(`${field.name} ${needOf(of, declared)}`, at);
  return { type, value: valid };
}

const READ: Readonly<
  Record<FilterField['type'], (value: Literal['of'], field: FilterField) => Comparison['value'] | null>
> = {
  text: (value) => (typeof value === 'string' ? value : null),
  list: (value) => (typeof value === 'string' ? value : null),
  enum: (value, { values }) => (typeof value === 'string' && values?.includes(value) === true ? value : null),
  integer: (value) => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null),
  boolean: (value) => (typeof value === 'boolean' ? value : null),
  instant: (value) => (typeof value === 'string' ? spanOf(value) : null),
};

const NEEDS: Readonly<Record<Exclude<FilterField['type'], 'enum'>, string>> = {
  text: 'is a text: put the value in quotes',
  list: 'contains texts: put the value in quotes',
  integer: 'is a whole number, without quotes',
  boolean: 'is true or false, without quotes',
  instant:
    'is an instant: a date ("2026-06-01", a day of UTC) or a date and time with an offset ("2026-06-01T08:00:00Z")',
};

function needOf(value: Literal['of'], { type, values = [] }: FilterField): string {
  if (type !== 'enum') return NEEDS[type];
  if (typeof value !== 'string') return `is one of ${values.map((one) => `"${one}"`).join(', ')}`;
  return `cannot be "${value}"${nearest(value, values)} It is one of ${values.join(', ')}`;
}

/** `unknown field "nam", did you mean "name"? It is one of ...` */
export const unknownName = (kind: string, name: string, known: readonly string[]): string =>
  `unknown ${kind} "${name}"${nearest(name, known)} It is one of ${known.join(', ')}`;

/** A name that has little in common with the one given is no help. */
function nearest(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return distance(name, near) <= Math.ceil(near.length / 2) ? `, did you mean "${near}"?` : '.';
}
