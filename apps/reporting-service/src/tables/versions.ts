import { arrayOf, onRows, type Columns } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { Origin } from './stored-event.js';

/** A table of versions: its key, and the types of the columns that change. */
export interface VersionTable<Key extends string = string> {
  readonly name: string;
  readonly key: readonly Key[];
  readonly columns: Columns;
}

export type KeyOf<Table> = Table extends VersionTable<infer Key> ? Readonly<Record<Key, string>> : never;

interface Version<Value> extends Origin {
  /** `null`: there is none from here on. */
  readonly value: Value | null;
}

interface Chain<Key, Value> {
  readonly key: Key;
  /** In force when the batch began; `null`: none. */
  readonly before: Version<Value> | null;
  /** In the order of their instants, each replacing the one before it. */
  readonly later: Version<Value>[];
}

const TIMES = { from_at: 'timestamptz', until_at: 'timestamptz', position: 'bigint', tenant_id: 'text' };
const textsOf = (names: readonly string[]): Columns => Object.fromEntries(names.map((name) => [name, 'text']));
const sameKey = (key: readonly string[], one: string, other: string): string =>
  key.map((column) => `${one}.${column} = ${other}.${column}`).join(' AND ');

/**
 * The versions of the things of one table that a batch of events touches: read once, changed in memory, written once. Of several at one
 * instant only the last remains, since the others existed for no time (U5).
 */
export class Versions<Key extends string, Value extends object> {
  private readonly chains = new Map<string, Chain<Readonly<Record<Key, string>>, Value>>();
  /** The columns of the key with the fields of data that name them. */
  private readonly named: readonly (readonly [column: Key, field: string])[];

  constructor(
    private readonly table: VersionTable<Key>,
    private readonly tx: EntityManager,
  ) {
    this.named = table.key.map((column) => [column, camelOf(column)]);
  }

  /**
   * Reads what is in force of the things that these data name: `project_id` is named by the field `projectId`, and so on. Data that do not
   * name a whole key are left out, as is what is known already.
   */
  async load(data: readonly object[]): Promise<void> {
    const missing = new Map<string, Readonly<Record<Key, string>>>();
    for (const each of data) {
      const key = this.keyIn(each as Readonly<Record<string, unknown>>);
      if (key && !this.chains.has(this.idOf(key))) missing.set(this.idOf(key), key);
    }
    if (missing.size === 0) return;
    for (const [id, key] of missing) this.chains.set(id, { key, before: null, later: [] });
    const { key } = this.table;
    const texts = textsOf(key);
    const given = [...missing.values()];
    const unnested = key.map((_column, index) => `$${index + 1}::text[]`).join(', ');
    const rows: Record<string, unknown>[] = await this.tx.query(
      `SELECT version.* FROM unnest(${unnested}) AS given (${Object.keys(texts).join(', ')})
       JOIN ${REPORTING}.${this.table.name} version ON ${sameKey(key, 'version', 'given')} AND version.until_at IS NULL`,
      key.map((column) => arrayOf(given.map((each) => each[column]))),
    );
    for (const row of rows) this.know(row);
  }

  /** Reads what is in force where the condition holds, with `$1`... being the parameters. */
  async loadWhere(condition: string, parameters: readonly unknown[]): Promise<void> {
    const rows: Record<string, unknown>[] = await this.tx.query(
      `SELECT version.* FROM ${REPORTING}.${this.table.name} version WHERE version.until_at IS NULL AND ${condition}`,
      [...parameters],
    );
    for (const row of rows) if (!this.isTouched(row)) this.know(row);
  }

  /** The value in force after the changes made so far in the batch; `null`: there is none, or it was not loaded. */
  get(key: Readonly<Record<Key, string>>): Value | null {
    const chain = this.chains.get(this.idOf(key));
    return chain ? lastOf(chain) : null;
  }

  /** All that is loaded and in force at this point of the batch. */
  *inForce(): Generator<readonly [Readonly<Record<Key, string>>, Value]> {
    for (const chain of this.chains.values()) {
      const value = lastOf(chain);
      if (value) yield [chain.key, value];
    }
  }

  /** From the instant of the event on, the thing is like this; `null`: there is none. It must have been loaded. */
  put(key: Readonly<Record<Key, string>>, { at, position, tenantId }: Origin, value: Value | null): void {
    const chain = this.chains.get(this.idOf(key));
    if (!chain) throw new Error(`${this.table.name} ${this.idOf(key)} was not loaded`);
    if (chain.later.at(-1)?.at === at) chain.later.pop();
    chain.later.push({ at, position, tenantId, value });
  }

  /** Writes everything that was put. */
  async write(): Promise<void> {
    const changed = [...this.chains.values()].filter(({ later }) => later.length > 0);
    if (changed.length === 0) return;
    const { name, key, columns } = this.table;
    const toJson = Object.keys(columns).filter((column) => columns[column] === 'jsonb' || isList(columns[column]!));
    const table = `${REPORTING}.${name}`;
    const replaced = changed.filter(({ before }) => before !== null).map((chain) => chain.key);
    await onRows(
      this.tx,
      textsOf(key),
      replaced,
      (given) =>
        `DELETE FROM ${table} version USING ${given} WHERE ${sameKey(key, 'version', 'given')} AND version.until_at IS NULL`,
    );
    const all = { ...textsOf(key), ...TIMES, ...columns };
    await onRows(
      this.tx,
      Object.fromEntries(Object.entries(all).map(([column, type]) => [column, isList(type) ? 'jsonb' : type])),
      changed.flatMap((chain) => rowsOf(chain, toJson)),
      (given) =>
        `INSERT INTO ${table} (${Object.keys(all).join(', ')})
         SELECT ${Object.entries(all).map(selected).join(', ')} FROM ${given}`,
    );
  }

  private keyIn(data: Readonly<Record<string, unknown>>): Readonly<Record<Key, string>> | null {
    const key: Record<string, unknown> = {};
    for (const [column, field] of this.named) {
      const value = data[field];
      if (value === undefined) return null;
      key[column] = value;
    }
    return key as Record<Key, string>;
  }

  private isTouched(row: Record<string, unknown>): boolean {
    return this.chains.has(this.idOf(row as Record<Key, string>));
  }

  private know(row: Record<string, unknown>): void {
    const key = Object.fromEntries(this.table.key.map((column) => [column, row[column]])) as Record<Key, string>;
    const value = Object.fromEntries(Object.keys(this.table.columns).map((column) => [column, row[column]])) as Value;
    const before: Version<Value> = {
      at: (row['from_at'] as Date).getTime(),
      position: BigInt(row['position'] as string),
      tenantId: row['tenant_id'] as string | null,
      value,
    };
    this.chains.set(this.idOf(key), { key, before, later: [] });
  }

  private idOf(key: Readonly<Record<Key, string>>): string {
    let id = '';
    for (const column of this.table.key) id += `${key[column]}\n`;
    return id;
  }
}

const camelOf = (column: string): string =>
  column.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());

const lastOf = <Value>({ before, later }: Chain<unknown, Value>): Value | null =>
  (later.at(-1) ?? before)?.value ?? null;

/**
 * The rows of a chain: those that are in force for some time.
 * @param toJson columns with lists and objects, which are given as JSON: a parameter for many rows is a list of plain values
 */
function rowsOf<Value extends object>(
  { key, before, later }: Chain<Readonly<Record<string, string>>, Value>,
  toJson: readonly string[],
): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const all = before ? [before, ...later] : later;
  all.forEach(({ at, position, tenantId, value }, index) => {
    const until = all[index + 1]?.at;
    if (value === null || until === at) return;
    const row: Record<string, unknown> = Object.assign({}, key, value);
    row['from_at'] = new Date(at);
    row['until_at'] = until === undefined ? null : new Date(until);
    row['position'] = position;
    row['tenant_id'] = tenantId;
    for (const column of toJson) if (row[column] !== null) row[column] = JSON.stringify(row[column]);
    rows.push(row);
  });
  return rows;
}

const isList = (type: string): boolean => type === 'text[]';

/** A list of texts is given as JSON, because lists of different lengths are no array. */
const selected = ([column, type]: readonly [string, string]): string =>
  isList(type)
    ? `ARRAY(SELECT item FROM jsonb_array_elements_text(${column}) WITH ORDINALITY AS items (item, place) ORDER BY place)`
    : column;
