import type { Group, Restriction, Usage } from './facts.js';
import { LiveTable, type Table } from './table.js';

/**
 * The facts of a group that a walk up the tree reads, with a reference to the row above. Memory of a large tree is cold:
 * a look-up by id at every level would cost more than the arithmetic.
 */
export interface GroupRow {
  /** `undefined`: not placed yet, or removed. */
  group: Group | undefined;
  usage: Usage | undefined;
  restriction: Restriction | undefined;
  parent: GroupRow | null;
}

/** The rows of a live state, and the tables that they consist of. */
export class GroupRows {
  private readonly rows = new Map<string, GroupRow>();
  readonly groups: Table<Group> = new GroupTable(this, this.rows);
  readonly usage: Table<Usage> = new UsageTable(this, this.rows);
  readonly restrictions: Table<Restriction> = new RestrictionTable(this);

  find(groupId: string): GroupRow | undefined {
    return this.rows.get(groupId);
  }

  /** The row of a group, which is made if there is none. */
  at(groupId: string): GroupRow {
    let row = this.rows.get(groupId);
    if (!row) {
      row = { group: undefined, usage: undefined, restriction: undefined, parent: null };
      this.rows.set(groupId, row);
    }
    return row;
  }
}

/** A live state, or a draft above another one. */
interface Layer {
  readonly rows: GroupRows | null;
  readonly below: Layer | null;
  readonly groups: Table<Group>;
  readonly usage: Table<Usage>;
  readonly restrictions: Table<Restriction>;
}

/** The rows that a state shows unchanged: its own, or those below a draft without changes of groups; else `null`. */
export function unchangedRowsOf(state: Layer): GroupRows | null {
  for (let shown: Layer | null = state; shown; shown = shown.below) {
    if (shown.rows) return shown.rows;
    if (shown.groups.isChanged || shown.usage.isChanged || shown.restrictions.isChanged) return null;
  }
  return null;
}

/** A table with one field of the rows. */
abstract class FieldTable<Value> implements Table<Value> {
  readonly isChanged = false;

  constructor(
    protected readonly all: GroupRows,
    protected readonly rows: Map<string, GroupRow>,
  ) {}

  abstract put(id: string, value: Value): void;
  abstract remove(id: string): void;
  protected abstract valueOf(row: GroupRow): Value | undefined;

  get(id: string): Value | undefined {
    const row = this.rows.get(id);
    return row && this.valueOf(row);
  }
  has(id: string): boolean {
    return this.get(id) !== undefined;
  }
  edit(id: string): Value | undefined {
    return this.get(id);
  }
  get size(): number {
    return [...this.entries()].length;
  }
  *entries(): Iterable<readonly [string, Value]> {
    for (const [id, row] of this.rows) {
      const value = this.valueOf(row);
      if (value !== undefined) yield [id, value];
    }
  }
}

class GroupTable extends FieldTable<Group> {
  private count = 0;

  protected valueOf({ group }: GroupRow): Group | undefined {
    return group;
  }
  put(id: string, group: Group): void {
    const row = this.all.at(id);
    if (!row.group) this.count += 1;
    row.group = group;
    row.parent = group.parentId === null ? null : this.all.at(group.parentId);
  }
  remove(id: string): void {
    const row = this.rows.get(id);
    if (!row?.group) return;
    this.count -= 1;
    row.group = undefined;
    this.rows.delete(id);
  }
  override get size(): number {
    return this.count;
  }
}

class UsageTable extends FieldTable<Usage> {
  protected valueOf({ usage }: GroupRow): Usage | undefined {
    return usage;
  }
  put(id: string, usage: Usage): void {
    this.all.at(id).usage = usage;
  }
  remove(id: string): void {
    const row = this.rows.get(id);
    if (row) row.usage = undefined;
  }
}

/** Few groups are restricted, so these are listed without going through all of them. */
class RestrictionTable extends LiveTable<Restriction> {
  constructor(private readonly all: GroupRows) {
    super();
  }

  override put(id: string, restriction: Restriction): void {
    super.put(id, restriction);
    this.all.at(id).restriction = restriction;
  }
  override remove(id: string): void {
    super.remove(id);
    const row = this.all.find(id);
    if (row) row.restriction = undefined;
  }
}
