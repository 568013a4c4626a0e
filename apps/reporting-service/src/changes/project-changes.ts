import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LOGGER, Signal, type Logger } from '@allotree/basics';
import type { ChangeKind } from '@allotree/contracts';
import { notFound, Problem } from '@allotree/http';
import type { DataSource } from 'typeorm';
import { MOST_NEW_EVENTS, NewEvents } from '../new-events.js';
import { TablesProjection } from '../tables/tables-projection.js';
import { REPORTING } from '../tokens.js';
import { KINDS, kindOf } from './kinds.js';

/** Open streams of one caller, and of all, in one process. */
export const MAX_OF_CALLER = 10;
const MAX = 1_000;

/** Changes shortly after one another are announced together. */
const GATHER_MS = 50;
const REACHED = `
  SELECT position, EXISTS (SELECT FROM ${REPORTING}.event WHERE subject = $1) AS is_known FROM ${REPORTING}.tables_position`;
const NEWER = `
  SELECT position, source, type, subject FROM ${REPORTING}.event
  WHERE position > $1 AND position <= (SELECT position FROM ${REPORTING}.tables_position) ORDER BY position LIMIT ${MOST_NEW_EVENTS}`;
const SINCE = `
  SELECT DISTINCT source, type FROM ${REPORTING}.event WHERE subject = $1 AND position > $2 AND position <= $3`;

interface NewEvent {
  readonly position: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
}

/** The kinds changed since the last announcement, and the position up to which they are known. */
export interface Change {
  readonly kinds: ReadonlySet<ChangeKind>;
  readonly position: bigint;
}

/** One open stream: collects what changed until it is taken. */
export class ChangeStream {
  private readonly signal = new Signal();
  private readonly kinds = new Set<ChangeKind>();
  private hasEnded = false;

  constructor(
    readonly caller: string,
    readonly projectId: string,
    private position: bigint,
  ) {}

  get isOver(): boolean {
    return this.hasEnded;
  }

  add(kinds: Iterable<ChangeKind>, position: bigint): void {
    for (const kind of kinds) this.kinds.add(kind);
    if (position > this.position) this.position = position;
    if (this.kinds.size > 0) this.signal.notify();
  }

  end(): void {
    this.hasEnded = true;
    this.signal.notify();
  }

  /** The change so far. */
  take(): Change {
    const change = { kinds: new Set(this.kinds), position: this.position };
    this.kinds.clear();
    return change;
  }

  /** The next change, at once or within the time; one without any kind where nothing changed, or the stream is over. */
  async next(milliseconds: number): Promise<Change> {
    if (!this.hasEnded && this.kinds.size === 0) await this.signal.wait(milliseconds);
    return this.take();
  }
}

/**
 * Announces to open streams what changed in their projects, when the tables of this service have it. All replicas follow the same tables, so it does not
 * matter which one stored an event. One query serves all streams of the process, and there is none while no stream is open.
 */
@Injectable()
export class ProjectChanges implements OnModuleDestroy {
  private readonly streams = new Set<ChangeStream>();
  private readonly newEvents: NewEvents<NewEvent>;
  private stopped = false;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    tables: TablesProjection,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.newEvents = new NewEvents<NewEvent>({
      isWanted: () => this.streams.size > 0,
      read: (position) => dataSource.query<NewEvent[]>(NEWER, [position]),
      take: (events) => this.announce(events),
      onFailure: (error) => logger.warn({ err: error }, 'changes of projects could not be looked for, retrying'),
      gatherMs: GATHER_MS,
    });
    tables.onAdvanced(() => this.newEvents.notify());
  }

  /**
   * Opens a stream. Its owner closes it with `close`.
   * @param after the position up to which the caller knows the project; `null`: what it reads from now on
   * @throws Problem `NOT_FOUND`; `RATE_LIMITED` or `OVERLOADED` when too many are open, or the process stops
   */
  async open(caller: string, projectId: string, after: bigint | null): Promise<ChangeStream> {
    this.checkRoom(caller);
    const stream = new ChangeStream(caller, projectId, 0n);
    // Before anything is awaited, so that the room that was found is taken.
    this.streams.add(stream);
    try {
      const reached = await this.reached(projectId);
      stream.add(after === null ? [] : await this.kindsSince(projectId, after, reached), reached);
      this.newEvents.lookFrom(reached);
    } catch (error) {
      this.close(stream);
      throw error;
    }
    return stream;
  }

  close(stream: ChangeStream): void {
    this.streams.delete(stream);
    stream.end();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    for (const stream of this.streams) this.close(stream);
    this.newEvents.notify();
  }

  private checkRoom(caller: string): void {
    const own = [...this.streams].filter((each) => each.caller === caller).length;
    if (own >= MAX_OF_CALLER)
      throw new Problem('RATE_LIMITED', `This caller has ${own} streams of changes open already: close one`, {
        retryAfterSeconds: 10,
      });
    if (this.stopped || this.streams.size >= MAX)
      throw new Problem('OVERLOADED', 'Too many streams of changes are open', { retryAfterSeconds: 10 });
  }

  private async reached(projectId: string): Promise<bigint> {
    const [row]: { position: string; is_known: boolean }[] = await this.dataSource.query(REACHED, [projectId]);
    if (row?.is_known !== true) throw notFound('project', projectId);
    return BigInt(row.position);
  }

  /** A position that the tables have not reached is from before they were computed anew: anything can have changed. */
  private async kindsSince(projectId: string, after: bigint, reached: bigint): Promise<Iterable<ChangeKind>> {
    if (after > reached) return KINDS;
    if (after === reached) return [];
    const rows: readonly NewEvent[] = await this.dataSource.query(SINCE, [
      projectId,
      after.toString(),
      reached.toString(),
    ]);
    return rows.map(kindOf);
  }

  private announce(events: readonly NewEvent[]): void {
    for (const stream of this.streams) {
      const own = events.filter(({ subject }) => subject === stream.projectId);
      stream.add(own.map(kindOf), this.newEvents.position);
    }
  }
}
