import type { Projection, Reactor, RecordedEvent } from '@allotree/event-sourcing';
import type { BusTables, Listener } from './bus.harness.js';
import { Table, type DatabaseServer, type Statements } from './database.harness.js';
import type { DueTables, JobServer } from './due.harness.js';
import type { MailServer } from './mails.harness.js';
import { Server, type Network } from './network.harness.js';
import type { TallyEvent } from './tally.harness.js';
import { Violation, type Trace } from './trace.harness.js';
import { Owner } from './virtual-time.harness.js';

export interface TallyRow {
  readonly sum: number;
  /** Revision of the last event in it. */
  readonly revision: number;
}

interface Added {
  readonly streamName: string;
  readonly revision: number;
  readonly by: number;
}

const ADD = 'simulated: add to the tallies';
const RESET = 'simulated: empty the tallies';

/** A read model in which an event that is applied twice, not at all or out of order makes a difference. */
export class TallyTable {
  readonly rows = new Table<TallyRow>('tally');

  constructor(private readonly trace: Trace) {}

  readonly statements: Statements = [
    [
      ADD,
      async (tx, [events]) => {
        for (const { streamName, revision, by } of events as readonly Added[]) {
          const row = (await tx.lock(this.rows, streamName)) ?? { sum: 0, revision: -1 };
          await tx.write(this.rows, streamName, { sum: row.sum + by, revision });
          if (revision === row.revision + 1) continue;
          tx.onCommit(() =>
            this.trace.violate(
              new Violation(
                `the projection is at ${row.revision} of ${streamName} and applies ${revision}`,
                streamName,
              ),
            ),
          );
        }
      },
    ],
    [
      RESET,
      async (tx) => {
        for (const [key] of this.rows.rows()) await tx.write(this.rows, key, undefined);
      },
    ],
  ];

  projection(): Projection {
    return {
      name: 'tallies',
      categories: ['tally'],
      batchSize: 20,
      apply: async (events, tx) => {
        const added = events.map(({ streamName, revision, data }) => ({
          streamName,
          revision,
          by: (data as TallyEvent).by,
        }));
        await tx.query(ADD, [added]);
      },
      reset: async (tx) => void (await tx.query(RESET)),
    };
  }

  /** The first difference from the events. */
  differenceFrom(streams: ReadonlyMap<string, readonly RecordedEvent[]>): string | null {
    for (const [name, events] of streams) {
      if (!name.startsWith('tally-')) continue;
      const sum = events.reduce((total, { data }) => total + (data as TallyEvent).by, 0);
      const row = this.rows.get(name);
      if (row?.sum !== sum || row.revision !== events.length - 1)
        return `${name} has the sum ${sum} at ${events.length - 1}, its row ${row?.sum} at ${row?.revision}`;
    }
    return null;
  }
}

/** Something outside that is sent every event at least once. */
export class Outside extends Server {
  /** Revision of the last event of each stream that it has received. */
  readonly received = new Map<string, number>();

  constructor(private readonly network: Network) {
    super(new Owner('outside'));
  }

  reactor(eventTypes?: readonly string[]): Reactor {
    return {
      name: 'relay',
      categories: ['tally', 'project'],
      batchSize: 10,
      ...(eventTypes && { eventTypes }),
      handle: (events) =>
        this.network.request<void>(this, `relay ${events.length} events`, (answer) => answer(this.#receive(events))),
    };
  }

  /** Something that takes a moment and can fail. */
  work(): Promise<void> {
    return this.network.request<void>(this, 'work', (answer) => answer());
  }

  #receive(events: readonly RecordedEvent[]): void {
    for (const { streamName, revision } of events) {
      const last = this.received.get(streamName) ?? -1;
      if (revision > last + 1)
        this.network.trace.violate(
          new Violation(`${revision} of ${streamName} is relayed, the last one before was ${last}`, streamName),
        );
      this.received.set(streamName, Math.max(last, revision));
    }
  }

  differenceFrom(streams: ReadonlyMap<string, readonly RecordedEvent[]>): string | null {
    for (const [name, events] of streams) {
      const last = this.received.get(name) ?? -1;
      if (last !== events.length - 1) return `${name} is at ${events.length - 1}, relayed until ${last}`;
    }
    return null;
  }
}

/** What replicas follow the events with. */
export interface Following {
  readonly database: DatabaseServer;
  readonly tallies: TallyTable;
  readonly outside: Outside;
  readonly bus: BusTables;
  readonly listener: Listener;
  readonly due: DueTables;
  readonly jobs: JobServer;
  readonly mails: MailServer;
}
