import type { Fenced, LeaseHolder, LeaseStore } from '@allotree/leases';
import { Server, Unreachable, type Network } from './network.harness.js';
import { Owner } from './virtual-time.harness.js';

/** Mistakes that a database could make. */
export interface DatabaseFlaws {
  /** Moves a checkpoint or an offset whatever its fencing token. */
  readonly dropsFence?: boolean;
  /** Moves a checkpoint or an offset from wherever it is. */
  readonly dropsPosition?: boolean;
}

/** Runs a statement in a transaction, and returns its rows as the driver does. */
export type Statement = (transaction: Transaction, values: readonly unknown[]) => unknown;

/** Statements by a part of their text that no other statement has. */
export type Statements = readonly (readonly [part: string | RegExp, statement: Statement])[];

interface Cell {
  /** `undefined`: there is no such row. */
  committed: unknown;
  holder: Transaction | null;
  /** The row that the holder has written. */
  written?: { readonly row: unknown };
  readonly waiting: (() => void)[];
}

/** How long a transaction may be idle before the server ends it: with the locks of a checkpoint, and without. */
const IDLE_MS = 5_000;
const IDLE_WITHOUT_LOCKS_MS = 30_000;

/** A table of rows by key. Rows are replaced, never changed in place. */
export class Table<Row> {
  readonly cells = new Map<string, Cell>();

  constructor(readonly name: string) {}

  /** A committed row. */
  get(key: string): Row | undefined {
    return this.cells.get(key)?.committed as Row | undefined;
  }

  /** All committed rows, by key. */
  *rows(): Generator<readonly [string, Row]> {
    for (const [key, { committed }] of this.cells) if (committed !== undefined) yield [key, committed as Row];
  }

  cell(key: string): Cell {
    const known = this.cells.get(key);
    if (known) return known;
    const cell: Cell = { committed: undefined, holder: null, waiting: [] };
    this.cells.set(key, cell);
    return cell;
  }
}

/** A transaction at "read committed": it sees what is committed and its own writes, and locks the rows that it writes. */
export class Transaction {
  isEnded = false;
  /** Its commit is on the disk before it is confirmed. */
  isSynchronous = true;
  readonly #held = new Set<Cell>();
  readonly #checks: (() => void)[] = [];
  #activity = 0;

  constructor(private readonly database: DatabaseServer) {}

  read<Row>(table: Table<Row>, key: string): Row | undefined {
    const cell = table.cells.get(key);
    if (!cell) return undefined;
    return (cell.holder === this && cell.written ? cell.written.row : cell.committed) as Row | undefined;
  }

  /** Locks a row until the transaction ends, and returns it as it is then. */
  async lock<Row>(table: Table<Row>, key: string): Promise<Row | undefined> {
    const cell = table.cell(key);
    while (cell.holder !== null && cell.holder !== this) await new Promise<void>((free) => cell.waiting.push(free));
    if (this.isEnded) throw new Unreachable('the transaction is ended');
    this.#hold(cell);
    return this.read(table, key);
  }

  /** Locks a row unless another transaction has locked it. */
  tryLock<Row>(table: Table<Row>, key: string): boolean {
    const cell = table.cell(key);
    if (cell.holder !== null && cell.holder !== this) return false;
    this.#hold(cell);
    return true;
  }

  async write<Row>(table: Table<Row>, key: string, row: Row | undefined): Promise<void> {
    await this.lock(table, key);
    table.cell(key).written = { row };
  }

  /** Called when the transaction is committed. */
  onCommit(check: () => void): void {
    this.#checks.push(check);
  }

  /** Ends the transaction if nothing is asked of it for too long. */
  watch(): void {
    const activity = ++this.#activity;
    const { network, owner } = this.database;
    network.time.schedule(
      this.#held.size > 0 ? IDLE_MS : IDLE_WITHOUT_LOCKS_MS,
      () => activity === this.#activity && this.rollBack(),
      owner,
    );
  }

  commit(): void {
    if (this.isEnded) throw new Unreachable('the transaction is ended');
    const undo = [...this.#held].flatMap((cell) => {
      if (!cell.written) return [];
      const { committed } = cell;
      cell.committed = cell.written.row;
      return [() => (cell.committed = committed)];
    });
    this.#end();
    this.database.committed(this.isSynchronous, () => undo.forEach((one) => one()));
    for (const check of this.#checks) check();
  }

  rollBack(): void {
    if (!this.isEnded) this.#end();
  }

  #hold(cell: Cell): void {
    cell.holder = this;
    this.#held.add(cell);
  }

  #end(): void {
    this.isEnded = true;
    this.database.running.delete(this);
    for (const cell of this.#held) {
      cell.holder = null;
      delete cell.written;
      for (const free of cell.waiting.splice(0)) free();
    }
  }
}

interface LeaseRow {
  readonly holder: string;
  readonly fence: bigint;
  readonly expiresAt: number;
}

/** Its tables are simply there. */
const DEFINITION = /^\s*(CREATE|ALTER) /;
const ADVISORY_LOCK = /^SELECT pg_advisory_xact_lock/;

/** The database of a service: tables, transactions and leases. It knows statements by their text, and no others. */
export class DatabaseServer extends Server {
  readonly running = new Set<Transaction>();
  readonly leases = new Map<string, LeaseRow>();
  readonly listeners = new Set<{ readonly owner: Owner; readonly released: () => void }>();
  readonly #statements = new Map<string, Statement>();
  readonly #advisoryLocks = new Table<never>('advisory locks');
  /** Each undoes a commit that is not on the disk yet. */
  #unwritten: (() => void)[] = [];

  constructor(
    readonly network: Network,
    private readonly known: Statements,
  ) {
    super(new Owner('database'));
  }

  statementOf(sql: string): Statement {
    const found = this.#statements.get(sql);
    if (found) return found;
    if (DEFINITION.test(sql)) return () => [];
    if (ADVISORY_LOCK.test(sql))
      return async (tx, values) => {
        await tx.lock(this.#advisoryLocks, `${sql} ${JSON.stringify(values)}`);
        return [];
      };
    const fitting = this.known.filter(([part]) => (typeof part === 'string' ? sql.includes(part) : part.test(sql)));
    if (fitting.length !== 1)
      throw new Error(`the simulated database knows ${fitting.length} statements like: ${sql.slice(0, 500)}`);
    const [, statement] = fitting[0]!;
    this.#statements.set(sql, statement);
    return statement;
  }

  begin(): Transaction {
    const transaction = new Transaction(this);
    this.running.add(transaction);
    transaction.watch();
    return transaction;
  }

  committed(isSynchronous: boolean, undo: () => void): void {
    if (isSynchronous) this.#unwritten = [];
    else if (this.#unwritten.push(undo) > 10) this.#unwritten.shift();
  }

  /** Ends all transactions, and loses the last commits that are not on the disk. */
  endAll(): void {
    for (const transaction of [...this.running]) transaction.rollBack();
    const lost = this.network.random.int(0, this.#unwritten.length);
    for (let i = 0; i < lost; i++) this.#unwritten.pop()!();
    if (lost > 0) this.network.trace.add('database', `loses ${lost} commits`);
    this.#unwritten = [];
  }
}

/** The part of TypeORM's `DataSource` and `EntityManager` that services use: statements and transactions. */
export class SimulatedDataSource {
  /** What TypeORM offers outside of transactions. */
  readonly manager: this = this;

  constructor(private readonly server: DatabaseServer) {}

  async query(sql: string, values: readonly unknown[] = []): Promise<unknown> {
    const statement = this.server.statementOf(sql);
    return this.#ask(sql, async () => {
      const transaction = this.server.begin();
      try {
        const rows = await statement(transaction, values);
        transaction.commit();
        return rows;
      } catch (error) {
        transaction.rollBack();
        throw error;
      }
    });
  }

  async transaction<Result>(work: (manager: unknown) => Promise<Result>): Promise<Result> {
    const transaction = await this.#ask('BEGIN', () => Promise.resolve(this.server.begin()));
    const inside = <Answer>(name: string, run: () => Promise<Answer> | Answer): Promise<Answer> =>
      this.#ask(name, async () => {
        if (transaction.isEnded) throw new Unreachable(`${name}: the connection was closed`);
        try {
          return await run();
        } finally {
          transaction.watch();
        }
      });
    const manager = {
      query: (sql: string, values: readonly unknown[] = []) => {
        const statement = this.server.statementOf(sql);
        return inside(sql, () => statement(transaction, values));
      },
    };
    try {
      const result = await work(manager);
      await inside('COMMIT', () => transaction.commit());
      return result;
    } catch (error) {
      await inside('ROLLBACK', () => transaction.rollBack()).catch(() => undefined);
      throw error;
    }
  }

  /** On a connection, on which nothing is repeated. */
  #ask<Answer>(name: string, serve: () => Promise<Answer>): Promise<Answer> {
    return this.server.network.request<Answer>(
      this.server,
      name.trim().slice(0, 40),
      (answer, fail) => void serve().then(answer, fail),
      { isConnection: true },
    );
  }
}

/** Leases as the table in PostgreSQL keeps them. */
export class SimulatedLeaseStore implements LeaseStore {
  readonly #listener: { readonly owner: Owner; readonly released: () => void };

  constructor(
    private readonly server: DatabaseServer,
    owner: Owner,
    private readonly holder: LeaseHolder,
  ) {
    this.#listener = { owner, released: holder.released };
    server.listeners.add(this.#listener);
  }

  create(): Promise<void> {
    return this.#ask('create leases', () => undefined);
  }

  register(name: string): Promise<void> {
    return this.#ask(`register ${name}`, () => {
      if (!this.server.leases.has(name)) this.#put(name, { holder: '', fence: 0n, expiresAt: -1 });
    });
  }

  renewAndAcquire(held: readonly Fenced[], wanted: readonly string[]): Promise<readonly Fenced[]> {
    return this.#ask('renew leases', () => {
      const { holder } = this.holder;
      const { leases } = this.server;
      const isMine = ({ name, fence }: Fenced): boolean =>
        leases.get(name)?.fence === fence && leases.get(name)!.holder === holder;
      const renewed = held.filter(isMine);
      for (const { name, fence } of renewed) this.#put(name, { holder, fence, expiresAt: this.#until });
      const free = wanted.filter((name) => {
        const lease = leases.get(name);
        return lease !== undefined && (lease.expiresAt <= this.#now || lease.holder === holder);
      });
      const taken = free.map((name) => ({ name, fence: leases.get(name)!.fence + 1n }));
      for (const { name, fence } of taken) {
        this.#put(name, { holder, fence, expiresAt: this.#until });
        this.server.network.trace.add(this.#listener.owner.name, `takes ${name} with fence ${fence}`);
      }
      return [...renewed, ...taken];
    });
  }

  release({ name, fence }: Fenced): Promise<void> {
    return this.#ask(`release ${name}`, () => {
      if (this.server.leases.get(name)?.fence !== fence) return;
      this.#put(name, { holder: '', fence, expiresAt: -1 });
      for (const { owner, released } of this.server.listeners) this.server.network.notify(owner, released);
    });
  }

  seize(name: string): Promise<bigint> {
    return this.#ask(`seize ${name}`, () => {
      const fence = (this.server.leases.get(name)?.fence ?? 0n) + 1n;
      this.#put(name, { holder: `${this.holder.holder} (seized)`, fence, expiresAt: this.#until });
      return fence;
    });
  }

  async close(): Promise<void> {
    this.detach();
  }

  detach(): void {
    this.server.listeners.delete(this.#listener);
  }

  get #now(): number {
    return this.server.network.time.now;
  }

  get #until(): number {
    return this.#now + this.holder.leaseMs;
  }

  #put(name: string, row: LeaseRow): void {
    this.server.leases.set(name, row);
    // Leases are written to the disk, and with them what was committed before.
    this.server.committed(true, () => undefined);
  }

  #ask<Answer>(name: string, serve: () => Answer): Promise<Answer> {
    return this.server.network.request<Answer>(this.server, name, (answer) => answer(serve()), { isConnection: true });
  }
}
