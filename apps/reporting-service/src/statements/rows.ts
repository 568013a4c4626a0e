/** Runs statements; a transaction, or a connection of a command. */
export interface Rows {
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}
