export type FilterOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

/** From `from` on, before `until`, in milliseconds: a day of UTC, or the millisecond of an instant, as answers show no more of it. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Of a field that is not `null`: a comparison with a field that is `null` is false. */
export type Comparison<Name extends string = string> = {
  readonly kind: 'comparison';
  readonly field: Name;
  readonly operator: FilterOperator;
} & (
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'enum'; readonly value: string }
  | { readonly type: 'list'; readonly value: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'instant'; readonly value: Span }
);

/** A condition on the items of a list, checked against its fields. It is true or false for every item, never unknown. */
export type Filter<Name extends string = string> =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter<Name>[] }
  | { readonly kind: 'not'; readonly of: Filter<Name> }
  | { readonly kind: 'null'; readonly field: Name }
  | Comparison<Name>;
