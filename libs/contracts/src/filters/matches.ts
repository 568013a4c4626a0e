import type { Comparison, Filter, FilterOperator, Span } from './filter.js';

type Of<Type extends Comparison['type']> = Comparison & { readonly type: Type };

/** Whether a filter selects an answered item. The SQL of the filter selects the same rows (libs/read-models). */
export function matches(filter: Filter, item: unknown): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.of.every((part) => matches(part, item));
    case 'or':
      return filter.of.some((part) => matches(part, item));
    case 'not':
      return !matches(filter.of, item);
    case 'null':
      return valueAt(item, filter.field) === null;
    case 'comparison':
      return compared(filter, valueAt(item, filter.field));
  }
}

export function valueAt(item: unknown, field: string): unknown {
  let value = item;
  for (const part of field.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[part];
  return value ?? null;
}

function compared(comparison: Comparison, value: unknown): boolean {
  if (value === null) return false;
  switch (comparison.type) {
    case 'list':
      return (value as readonly string[]).includes(comparison.value);
    case 'text':
      return textCompared(comparison, value as string);
    case 'enum':
    case 'boolean':
      return (value === comparison.value) === (comparison.operator === '=');
    case 'integer':
      return orderCompared(comparison.operator, value as number, {
        from: comparison.value,
        until: comparison.value + 1,
      });
    case 'instant':
      return orderCompared(comparison.operator, Date.parse(value as string), comparison.value);
  }
}

function textCompared({ operator, value }: Of<'text'>, text: string): boolean {
  if (operator === ':') return lowered(text).includes(lowered(value));
  return (text === value) === (operator === '=');
}

/** Character by character, as PostgreSQL does: the whole text has rules of its own, for the sigma at the end of a word. */
const lowered = (text: string): string => [...text].map((one) => (one === '\u0130' ? 'i' : one.toLowerCase())).join('');

function orderCompared(operator: FilterOperator, value: number, { from, until }: Span): boolean {
  switch (operator) {
    case '<':
      return value < from;
    case '<=':
      return value < until;
    case '>':
      return value >= until;
    case '>=':
      return value >= from;
    default:
      return (value >= from && value < until) === (operator === '=');
  }
}
