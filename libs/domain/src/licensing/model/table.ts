/**
 * The collections of a project's state. A decision changes a draft over them; the fold changes them in place.
 * Both have this interface, so both use the same `evolve`.
 */
export interface Table<Row> {
  get(id: string): Row | undefined;
  has(id: string): boolean;
  /** A row that may be changed in place. */
  edit(id: string): Row | undefined;
  put(id: string, row: Row): void;
  remove(id: string): void;
  readonly size: number;
  /** Whether any row differs from the table below; a live table has none below. */
  readonly isChanged: boolean;
  /** Every row, in the order they were first put; for rebuilding and for the few questions about the whole project. */
  entries(): Iterable<readonly [string, Row]>;
}

export class LiveTable<Row> implements Table<Row> {
  readonly isChanged: boolean = false;
  private readonly rows = new Map<string, Row>();

  get(id: string): Row | undefined {
    return this.rows.get(id);
  }
  has(id: string): boolean {
    return this.rows.has(id);
  }
  edit(id: string): Row | undefined {
    return this.rows.get(id);
  }
  put(id: string, row: Row): void {
    this.rows.set(id, row);
  }
  remove(id: string): void {
    this.rows.delete(id);
  }
  get size(): number {
    return this.rows.size;
  }
  entries(): Iterable<readonly [string, Row]> {
    return this.rows;
  }
}

const REMOVED = Symbol('removed');

/** Copies a row the first time it is edited; the table below never changes. */
export class DraftTable<Row> implements Table<Row> {
  private changed: Map<string, Row | typeof REMOVED> | null = null;

  constructor(
    private readonly below: Table<Row>,
    private readonly copy: (row: Row) => Row,
  ) {}

  get isChanged(): boolean {
    return this.changed !== null;
  }

  get(id: string): Row | undefined {
    const row = this.changed?.get(id);
    if (row === undefined) return this.below.get(id);
    return row === REMOVED ? undefined : row;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  edit(id: string): Row | undefined {
    const mine = this.changed?.get(id);
    if (mine !== undefined) return mine === REMOVED ? undefined : mine;
    const row = this.below.get(id);
    if (row === undefined) return undefined;
    const copied = this.copy(row);
    this.put(id, copied);
    return copied;
  }

  put(id: string, row: Row): void {
    this.changed ??= new Map();
    this.changed.set(id, row);
  }

  remove(id: string): void {
    this.changed ??= new Map();
    this.changed.set(id, REMOVED);
  }

  get size(): number {
    let size = this.below.size;
    for (const [id, row] of this.changed ?? []) size += Number(row !== REMOVED) - Number(this.below.has(id));
    return size;
  }

  *entries(): Iterable<readonly [string, Row]> {
    for (const [id] of this.below.entries()) {
      const row = this.get(id);
      if (row !== undefined) yield [id, row];
    }
    for (const [id, row] of this.changed ?? []) if (row !== REMOVED && !this.below.has(id)) yield [id, row];
  }
}

/** Adds a member to the set of an id. */
export function addTo(table: Table<Set<string>>, id: string, member: string): void {
  const set = table.edit(id);
  if (set) set.add(member);
  else table.put(id, new Set([member]));
}

/** Takes a member from the set of an id; an empty set is removed. */
export function takeFrom(table: Table<Set<string>>, id: string, member: string): void {
  const set = table.edit(id);
  set?.delete(member);
  if (set?.size === 0) table.remove(id);
}
