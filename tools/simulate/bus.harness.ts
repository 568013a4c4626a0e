import { EventEmitter } from 'node:events';
import type { CloudEvent, LicensingEvent } from '@allotree/contracts';
import type { Handler } from '@allotree/bus';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { BillingReader } from './billing.harness.js';
import { Table, Transaction, type DatabaseFlaws, type DatabaseServer, type Statements } from './database.harness.js';
import { Violation, type Trace } from './trace.harness.js';
import type { Owner } from './virtual-time.harness.js';

/** Mistakes that a bus could make. */
export interface BusFlaws {
  /** Confirms every twentieth message without keeping it. */
  readonly losesMessages?: boolean;
}

interface Message {
  readonly position: number;
  readonly key: string;
  readonly id: string;
  readonly payload: string;
}

interface Offset {
  readonly position: number;
  readonly fence: bigint;
}

/** The tables of the bus in PostgreSQL, and the statements of its publishers and consumers. */
export class BusTables {
  readonly topics = new Table<readonly Message[]>('bus.message');
  readonly offsets = new Table<Offset>('bus.consumer_offset');
  #offered = 0;

  constructor(private readonly flaws: DatabaseFlaws & BusFlaws) {}

  readonly statements: Statements = [
    ['LISTEN bus_message', () => []],
    [
      'SELECT bus.publish(',
      async (tx, [topic, keys, ids, payloads]) => {
        const known = (await tx.lock(this.topics, topic as string)) ?? [];
        const held = new Set(known.map(({ id }) => id));
        const messages = [...known];
        (ids as string[]).forEach((id, index) => {
          if (held.has(id) || (this.flaws.losesMessages && ++this.#offered % 20 === 0)) return;
          const position = messages.length + 1;
          messages.push({ position, key: (keys as string[])[index]!, id, payload: (payloads as string[])[index]! });
        });
        await tx.write(this.topics, topic as string, messages);
        return [{ published: messages.length - known.length }];
      },
    ],
    [
      'INSERT INTO bus.consumer_offset AS mine',
      async (tx, [group, topic, fence]) => {
        const key = `${group as string} ${topic as string}`;
        const row = await tx.lock(this.offsets, key);
        if (row && row.fence > BigInt(fence as string) && !this.flaws.dropsFence) return [];
        await tx.write(this.offsets, key, { position: row?.position ?? 0, fence: BigInt(fence as string) });
        return [{ fence }];
      },
    ],
    [
      'SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2 AND fence = $3',
      (tx, [group, topic, fence]) => {
        const row = tx.read(this.offsets, `${group as string} ${topic as string}`);
        const isMine = row && (this.flaws.dropsFence || row.fence === BigInt(fence as string));
        return isMine ? [{ position: String(row.position) }] : [];
      },
    ],
    [
      'UPDATE bus.consumer_offset SET position = $5',
      async (tx, [group, topic, fence, from, to]) => {
        const key = `${group as string} ${topic as string}`;
        const row = await tx.lock(this.offsets, key);
        if (!row || !(this.flaws.dropsFence || row.fence === BigInt(fence as string))) return [];
        if (!(this.flaws.dropsPosition || row.position === Number(from))) return [];
        await tx.write(this.offsets, key, { ...row, position: Number(to) });
        return [{}];
      },
    ],
    [
      'FROM bus.message WHERE topic = $1 AND position > $2 ORDER BY position LIMIT $3',
      (tx, [topic, from, limit]) => {
        const messages = tx.read(this.topics, topic as string) ?? [];
        return messages.slice(Number(from), Number(from) + (limit as number)).map(({ position, key, payload }) => ({
          position: String(position),
          key,
          payload: JSON.parse(payload) as unknown,
        }));
      },
    ],
  ];

  messages(topic: string): readonly Message[] {
    return this.topics.get(topic) ?? [];
  }
}

/** A connection of `pg`, as far as the bus uses one. */
export class SimulatedClient extends EventEmitter {
  #transaction: Transaction | null = null;
  #isOver = false;

  constructor(private readonly server: DatabaseServer) {
    super();
  }

  async connect(): Promise<void> {
    await this.#ask('connect', async () => undefined);
  }

  async query(
    statement: string | { readonly text: string; readonly values: readonly unknown[] },
    given: readonly unknown[] = [],
  ): Promise<{ rows: unknown[]; rowCount: number }> {
    const { text: sql, values } = typeof statement === 'string' ? { text: statement, values: given } : statement;
    const rows = await this.#ask(sql, () => this.#run(sql, values));
    return { rows, rowCount: rows.length };
  }

  async #run(sql: string, values: readonly unknown[]): Promise<unknown[]> {
    if (sql === 'BEGIN') {
      this.#transaction = this.server.begin();
      return [];
    }
    if (sql === 'COMMIT' || sql === 'ROLLBACK') {
      if (sql === 'COMMIT') this.#transaction?.commit();
      else this.#transaction?.rollBack();
      this.#transaction = null;
      return [];
    }
    const transaction = this.#transaction ?? this.server.begin();
    try {
      const rows = (await this.server.statementOf(sql)(transaction, values)) as unknown[] | undefined;
      if (!this.#transaction) transaction.commit();
      return rows ?? [];
    } catch (error) {
      if (!this.#transaction) transaction.rollBack();
      throw error;
    }
  }

  /** A connection on which an answer is missing is of no use any more. */
  async #ask<Answer>(name: string, serve: () => Promise<Answer>): Promise<Answer> {
    if (this.#isOver) throw new Error('the connection is closed');
    return this.server.network.request<Answer>(
      this.server,
      name.trim().slice(0, 40),
      (answer, fail) => void serve().then(answer, fail),
      { isConnection: true },
    );
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#transaction?.rollBack();
  }

  release(): void {
    this.#transaction?.rollBack();
    this.#transaction = null;
  }
}

/** A pool of `pg`, as far as the bus uses one. */
export class SimulatedPool {
  constructor(private readonly server: DatabaseServer) {}

  async connect(): Promise<SimulatedClient> {
    return new SimulatedClient(this.server);
  }

  query(sql: string, values: readonly unknown[] = []): Promise<{ rows: unknown[]; rowCount: number }> {
    return new SimulatedClient(this.server).query(sql, values);
  }
}

/** Events of projects that concern others. */
const PUBLISHED: ReadonlySet<string> = new Set([
  'LicenseGranted',
  'LicenseExtended',
  'LicenseSuspended',
  'LicenseReinstated',
  'LicenseRevoked',
  'LicenseStarted',
  'LicenseExpired',
  'BasicLicenseStarted',
  'BasicLicenseEnded',
  'RestrictionChanged',
  'AllotmentsClamped',
  'AssignmentMade',
  'AssignmentsReleased',
  'AssignmentsSuspended',
  'AssignmentsReinstated',
  'UsagePeriodClosed',
]);

/** A consumer that notices what is missing or out of order in a topic. */
export class Listener {
  readonly #seen = new Map<string, Set<string>>();
  readonly #sequences = new Map<string, number>();
  readonly billing: BillingReader;
  handled = 0;

  constructor(
    private readonly trace: Trace,
    private readonly work: (owner: Owner) => Promise<void>,
  ) {
    this.billing = new BillingReader(trace);
  }

  handler(topic: string, owner: Owner): Handler {
    return {
      topic,
      batched: true,
      handle: async (events) => {
        await this.work(owner);
        for (const event of events) this.#receive(event);
      },
    };
  }

  #receive(event: CloudEvent): void {
    const { id, subject, sequence } = event;
    const seen = this.#seen.get(subject) ?? new Set();
    this.#seen.set(subject, seen);
    this.handled++;
    if (seen.has(id)) return;
    seen.add(id);
    const [last, next] = [this.#sequences.get(subject) ?? -1, Number(sequence)];
    if (next < last)
      this.trace.violate(new Violation(`${id} of ${subject} arrives at ${next}, after one at ${last}`, subject));
    this.#sequences.set(subject, next);
    this.billing.receive(subject, event as LicensingEvent);
  }

  /** The first event of a project that has not arrived. */
  differenceFrom(streams: ReadonlyMap<string, readonly RecordedEvent[]>): string | null {
    for (const [name, events] of streams) {
      if (!name.startsWith('project-')) continue;
      const seen = this.#seen.get(name.slice('project-'.length));
      const missing = events.find(({ type, metadata }) => PUBLISHED.has(type) && !seen?.has(metadata.eventId));
      if (missing) return `${missing.type} ${missing.revision} of ${name} has not arrived on the bus`;
    }
    return null;
  }
}
