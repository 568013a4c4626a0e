/** One thing that is wrong in a table. */
export interface Mistake {
  readonly row: number;
  readonly column: string;
  readonly value: string;
  readonly code: string;
  readonly message: string;
  readonly suggestion: string | null;
}

/** A cell with a formula whose value was taken. */
export interface Formula {
  readonly row: number;
  readonly column: string;
  readonly value: string;
}

/** A table as it was read. */
export interface ReadTable {
  readonly headers: readonly string[];
  /** With the number that the row has in the file: the headers are row 1. */
  readonly rows: readonly { readonly row: number; readonly cells: readonly string[] }[];
  /** What was found out about the file, for people. */
  readonly detected: string;
  readonly formulas: readonly Formula[];
  /** What no value could be taken from. */
  readonly mistakes: readonly Mistake[];
}

/** A mistake of a cell with a formula. */
export const formulaMistake = ({ row, column, value }: Formula, message: string): Mistake => ({
  row,
  column,
  value,
  code: 'FORMULA',
  message,
  suggestion: 'the value itself',
});
