import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { CloudEvent } from '@allotree/contracts';
import { Batcher, LOGGER, type Logger } from '@allotree/basics';
import { transientProblem } from '@allotree/http';
import { onRows } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { Arrivals } from './arrivals.js';
import { rowOf } from './event-row.js';

const COLUMNS = {
  id: 'text',
  source: 'text',
  type: 'text',
  subject: 'text',
  sequence: 'text',
  at: 'timestamptz',
  actor: 'text',
  causation_id: 'text',
  correlation_id: 'text',
  tenant_id: 'text',
  data: 'jsonb',
  extensions: 'jsonb',
  bytes: 'integer',
};
const NAMES = Object.keys(COLUMNS).join(', ');

/** In all processes one transaction at a time assigns positions, so they become visible in their order. */
const TAKE_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('allotree ${REPORTING}.event', 0))`;
const insert = (given: string): string =>
  `INSERT INTO ${REPORTING}.event (${NAMES}) SELECT ${NAMES} FROM ${given} ORDER BY place ON CONFLICT (source, id) DO NOTHING`;
/** Events of an earlier version, as this version publishes them: they keep their positions, and the tables of their subjects are computed anew. */
const replace = (given: string): string => `
  WITH replaced AS (
    UPDATE ${REPORTING}.event SET type = given.type, sequence = given.sequence, at = given.at, data = given.data, bytes = given.bytes
    FROM ${given}
    WHERE event.source = given.source AND event.id = given.id
      AND (event.type, event.sequence, event.at, event.data) IS DISTINCT FROM (given.type, given.sequence, given.at, given.data)
    RETURNING event.source, event.subject, event.position, event.tenant_id)
  INSERT INTO ${REPORTING}.replaced_events AS known (source, subject, position, tenant_id)
  SELECT source, subject, max(position), min(tenant_id) FROM replaced GROUP BY source, subject
  ON CONFLICT (source, subject) DO UPDATE SET position = greatest(known.position, excluded.position)`;

const PAUSE_MS = 1_000;

/**
 * The table of all integration events, the archive of what the bus no longer has. It is only ever appended to, except for events of earlier
 * versions that are published once more.
 */
@Injectable()
export class EventLog implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly listeners: (() => void)[] = [];
  /** Keys of a topic are handled concurrently; together their events are one insert. */
  private readonly batches = this.batcherOf(insert);
  private readonly replacements = this.batcherOf(replace, insert);

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly arrivals: Arrivals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Appends events in their order; those that are stored already change nothing. While the database does not work it waits: an event that
   * became a dead letter would be stored after later ones.
   * @throws when an event cannot be stored at all, or the process stops
   */
  record(events: readonly CloudEvent[]): Promise<void> {
    return written(this.batches.one(events));
  }

  /** Like `record`, but events that are stored already take the fields of these. */
  replace(events: readonly CloudEvent[]): Promise<void> {
    return written(this.replacements.one(events));
  }

  /** Calls the listener whenever this process has stored events. */
  onStored(listener: () => void): void {
    this.listeners.push(listener);
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  private batcherOf(...statements: Statement[]) {
    return new Batcher((batches: readonly (readonly CloudEvent[])[]) => this.writeAll(batches, statements));
  }

  /** Where the batches fail together, each is written alone: only the one at fault fails. */
  private async writeAll(
    batches: readonly (readonly CloudEvent[])[],
    statements: readonly Statement[],
  ): Promise<readonly (Failure | null)[]> {
    const together = await this.tryToWrite(batches.flat(), statements);
    if (together === null || batches.length === 1) return batches.map(() => together);
    const failures: (Failure | null)[] = [];
    for (const batch of batches) failures.push(await this.tryToWrite(batch, statements));
    return failures;
  }

  private async tryToWrite(events: readonly CloudEvent[], statements: readonly Statement[]): Promise<Failure | null> {
    for (;;) {
      try {
        await this.write(events, statements);
        return null;
      } catch (error) {
        if (this.stopping.signal.aborted || transientProblem(error) === null) return { error };
        this.logger.warn({ err: error, events: events.length }, 'integration events could not be stored, retrying');
        await sleep(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  private async write(events: readonly CloudEvent[], statements: readonly Statement[]): Promise<void> {
    const rows = events.map((event, place) => ({ ...rowOf(event), place }));
    await this.dataSource.transaction(async (tx) => {
      await tx.query(TAKE_TURN);
      for (const statement of statements) await onRows(tx, { ...COLUMNS, place: 'integer' }, rows, statement);
    });
    this.arrivals.look();
    for (const listener of this.listeners) listener();
  }
}

type Statement = (given: string) => string;

interface Failure {
  readonly error: unknown;
}

async function written(outcome: Promise<Failure | null>): Promise<void> {
  const failure = await outcome;
  if (failure !== null) throw failure.error;
}
