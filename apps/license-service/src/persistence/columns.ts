/** Rows as PostgreSQL's `unnest` takes them: one array a column. */
export const columns = <Row>(rows: readonly Row[], ...values: ((row: Row) => unknown)[]): unknown[][] =>
  values.map((value) => rows.map(value));

export const isoOf = (instant: number): string => new Date(instant).toISOString();
export const isoOrNull = (instant: number | null): string | null => (instant === null ? null : isoOf(instant));
