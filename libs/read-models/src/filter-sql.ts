import type { Comparison, Filter, FilterFields, FilterOperator } from '@allotree/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** The SQL expression of every field of a list; it is `NULL` where the field is `null`. */
export type FilterColumns<Name extends string> = Readonly<Record<Name, string>>;

/** Keeps a value as a parameter of the statement, and returns its place in it. */
type Bind = (value: string | number | boolean) => string;

type Of<Type extends Comparison['type']> = Comparison & { readonly type: Type };

/** The expressions of these fields in a query whose rows are named `row` and have a property for each field, except those given. */
export const columnsOf = <Name extends string>(
  fields: FilterFields<Name>,
  others: Partial<FilterColumns<Name>> = {},
): FilterColumns<Name> => ({
  ...(Object.fromEntries(Object.keys(fields).map((name) => [name, `row.${name}`])) as FilterColumns<Name>),
  ...others,
});

/** Restricts a query to the rows that a filter selects, if there is one. */
export function applyFilter<Row extends ObjectLiteral, Name extends string>(
  query: SelectQueryBuilder<Row>,
  filter: Filter<Name> | undefined,
  columns: FilterColumns<Name>,
): void {
  if (filter === undefined) return;
  let bound = 0;
  const condition = filterSql(filter, columns, (value) => {
    const name = `filtered${(bound += 1)}`;
    query.setParameter(name, value);
    return `:${name}`;
  });
  query.andWhere(`(${condition})`);
}

/** A filter as a condition that is true or false for every row, never `NULL`. Values are parameters. */
export function filterSql<Name extends string>(filter: Filter<Name>, columns: FilterColumns<Name>, bind: Bind): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.of.map((part) => filterSql(part, columns, bind)).join(` ${filter.kind.toUpperCase()} `)})`;
    case 'not':
      return `NOT ${filterSql(filter.of, columns, bind)}`;
    case 'null':
      return `(${columns[filter.field]} IS NULL)`;
    case 'comparison': {
      const column = columns[filter.field];
      return `(${column} IS NOT NULL AND ${comparisonSql(filter, column, bind)})`;
    }
  }
}

function comparisonSql(comparison: Comparison, column: string, bind: Bind): string {
  switch (comparison.type) {
    case 'list':
      return `${column} @> ARRAY[CAST(${bind(comparison.value)} AS text)]`;
    case 'text':
      return textSql(comparison, column, bind);
    case 'enum':
      return `${column} ${sqlOperator(comparison.operator)} CAST(${bind(comparison.value)} AS text)`;
    case 'integer':
      return `${column} ${sqlOperator(comparison.operator)} CAST(${bind(comparison.value)} AS bigint)`;
    case 'boolean':
      return `${column} ${sqlOperator(comparison.operator)} CAST(${bind(comparison.value)} AS boolean)`;
    case 'instant':
      return instantSql(comparison, column, bind);
  }
}

const sqlOperator = (operator: FilterOperator): string => (operator === '!=' ? '<>' : operator);

function textSql({ operator, value }: Of<'text'>, column: string, bind: Bind): string {
  const text = `CAST(${bind(value)} AS text)`;
  // No LIKE: the value has no wildcards.
  return operator === ':'
    ? `strpos(lower(${column}), lower(${text})) > 0`
    : `${column} ${sqlOperator(operator)} ${text}`;
}

function instantSql({ operator, value }: Of<'instant'>, column: string, bind: Bind): string {
  const from = (): string => instant(value.from, bind);
  const until = (): string => instant(value.until, bind);
  switch (operator) {
    case '<':
      return `${column} < ${from()}`;
    case '<=':
      return `${column} < ${until()}`;
    case '>':
      return `${column} >= ${until()}`;
    case '>=':
      return `${column} >= ${from()}`;
    default:
      return `${operator === '=' ? '' : 'NOT '}(${column} >= ${from()} AND ${column} < ${until()})`;
  }
}

const YEAR_1 = Date.parse('0001-01-01T00:00:00Z');
const YEAR_10000 = Date.UTC(10_000, 0, 1);

const instant = (at: number, bind: Bind): string => `CAST(${bind(instantText(at))} AS timestamptz)`;

/** PostgreSQL writes other years in another way, and no row has them. */
function instantText(at: number): string {
  if (at < YEAR_1) return '-infinity';
  return at >= YEAR_10000 ? 'infinity' : new Date(at).toISOString();
}
