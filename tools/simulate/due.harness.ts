import { Clock } from '@allotree/basics';
import { LICENSE_EXPIRY_QUEUE } from '@allotree/contracts';
import type { ProjectEvent } from '@allotree/domain';
import { Subscriptions, type CommandRuntime, type EventStore, type RecordedEvent } from '@allotree/event-sourcing';
import { JobQueues, type Job, type JobQueue, type JobState, type NewJob } from '@allotree/jobs';
import { DueProjection } from '@allotree/license-service/due-projection';
import { DueWork } from '@allotree/license-service/due-work';
import { ExpiryNotificationsReactor } from '@allotree/license-service/expiry-notifications';
import { ExpiryOutbox } from '@allotree/license-service/expiry-outbox';
import { Table, type SimulatedDataSource, type Statements, type Transaction } from './database.harness.js';
import { setUpMails, type MailServer } from './mails.harness.js';
import { Server, type Network } from './network.harness.js';
import { ProjectReading } from './project-reading.harness.js';
import { Violation } from './trace.harness.js';
import { Owner } from './virtual-time.harness.js';

interface DueRow {
  readonly project_id: string;
  readonly subject: string;
  readonly subject_id: string;
  readonly kind: string;
  readonly ref: string;
  readonly at: Date;
}

interface JobRow {
  readonly job_id: string;
  readonly dueAt: number;
  readonly sequence: number;
  readonly data: unknown;
  /** On the clock of the database; `null` while it waits. */
  readonly lookAt: number | null;
}

const keyOf = (row: Omit<DueRow, 'at'>): string =>
  JSON.stringify([row.project_id, row.subject, row.subject_id, row.kind, row.ref]);

/** Rows from one array a column. */
const rowsOf = (columns: readonly unknown[], ...names: readonly string[]): Record<string, unknown>[] =>
  (columns[0] as unknown[]).map((_, index) =>
    Object.fromEntries(names.map((name, place) => [name, (columns[place] as unknown[])[index]])),
  );

const DURATIONS: Readonly<Record<string, number>> = {
  '15 seconds': 15_000,
  '1 minute': 60_000,
  '1 hour': 3_600_000,
};

/** The tables of what becomes due and of the jobs of it, with the statements on them. */
export class DueTables {
  readonly due = new Table<DueRow>('licensing.due');
  readonly jobs = new Table<JobRow>('licensing.expiry_job');
  #sequence = 0;

  constructor(private readonly now: () => number) {}

  readonly statements: Statements = [
    ['INSERT INTO licensing.project ', () => []],
    ['WITH gone AS (', (tx, columns) => this.#remove(tx, columns)],
    [
      'INSERT INTO licensing.due',
      async (tx, columns) => {
        const rows = rowsOf(columns, 'project_id', 'subject', 'subject_id', 'kind', 'ref', 'at') as unknown as DueRow[];
        for (const row of rows) await tx.write(this.due, keyOf(row), { ...row, at: new Date(row.at) });
      },
    ],
    [
      'SELECT project_id, subject, subject_id, kind, ref, at FROM licensing.due',
      (tx, values) => this.#claim(tx, values),
    ],
    [
      /DELETE FROM licensing\.due AS known USING/,
      async (tx, columns) => {
        for (const { next, ...key } of given(columns))
          if (next === null) await tx.write(this.due, keyOf(key), undefined);
      },
    ],
    [
      'UPDATE licensing.due AS known SET at',
      async (tx, columns) => {
        for (const { next, ...key } of given(columns)) {
          const row = await tx.lock(this.due, keyOf(key));
          if (next !== null && row) await tx.write(this.due, keyOf(key), { ...row, at: new Date(next) });
        }
      },
    ],
    [
      'INSERT INTO licensing.expiry_job',
      async (tx, columns) => {
        for (const { id, at, data } of rowsOf(columns, 'id', 'at', 'data') as {
          id: string;
          at: string;
          data: string;
        }[]) {
          if (await tx.lock(this.jobs, id)) continue;
          const row = { job_id: id, dueAt: Date.parse(at), sequence: this.#sequence++, lookAt: null };
          await tx.write(this.jobs, id, { ...row, data: JSON.parse(data) as unknown });
        }
      },
    ],
    [
      'SELECT job_id, data FROM licensing.expiry_job WHERE look_at IS NULL',
      (tx) => this.#lockJobs(tx, ({ lookAt }) => lookAt === null),
    ],
    [
      'SELECT job_id FROM licensing.expiry_job WHERE look_at <= now()',
      (tx) => this.#lockJobs(tx, ({ lookAt }) => lookAt !== null && lookAt <= this.now()),
    ],
    [
      'DELETE FROM licensing.expiry_job',
      async (tx, [ids]) => {
        for (const id of ids as string[]) await tx.write(this.jobs, id, undefined);
        return [[], 0];
      },
    ],
    [
      'UPDATE licensing.expiry_job SET look_at = now() + $2::interval',
      async (tx, [ids, after]) => {
        for (const id of ids as string[]) {
          const row = await tx.lock(this.jobs, id);
          const lookAt = after === null ? null : this.now() + DURATIONS[after as string]!;
          if (row) await tx.write(this.jobs, id, { ...row, lookAt });
        }
        return [[], 0];
      },
    ],
  ];

  async #remove(tx: Transaction, columns: readonly unknown[]): Promise<unknown> {
    const subjects = rowsOf(columns, 'project_id', 'subject', 'subject_id', 'every');
    const gone: DueRow[] = [];
    for (const [key, row] of this.due.rows()) {
      const subject = subjects.find(
        (one) => one.project_id === row.project_id && one.subject === row.subject && one.subject_id === row.subject_id,
      );
      if (!subject || !(subject.every === true || row.kind === 'reminder')) continue;
      const current = await tx.lock(this.due, key);
      if (!current) continue;
      await tx.write(this.due, key, undefined);
      if (current.kind === 'reminder') gone.push(current);
    }
    return gone;
  }

  /** `FOR UPDATE SKIP LOCKED`, the oldest first. */
  #claim(tx: Transaction, [at, without]: readonly unknown[]): DueRow[] {
    const until = Date.parse(at as string);
    const due = [...this.due.rows()].filter(
      ([, row]) => row.at.getTime() <= until && !(without as string[]).includes(row.project_id),
    );
    due.sort(([, a], [, b]) => a.at.getTime() - b.at.getTime());
    return due.filter(([key]) => tx.tryLock(this.due, key)).map(([, row]) => row);
  }

  #lockJobs(tx: Transaction, isWanted: (row: JobRow) => boolean): JobRow[] {
    const rows = [...this.jobs.rows()].filter(([, row]) => isWanted(row));
    rows.sort(([, a], [, b]) => a.dueAt - b.dueAt || a.sequence - b.sequence);
    return rows.filter(([id]) => tx.tryLock(this.jobs, id)).map(([, row]) => row);
  }
}

const given = (columns: readonly unknown[]) =>
  rowsOf(columns, 'project_id', 'subject', 'subject_id', 'kind', 'ref', 'next') as unknown as (Omit<DueRow, 'at'> & {
    next: string | null;
  })[];

interface QueuedJob {
  readonly id: string;
  readonly data: unknown;
  state: JobState;
  attempt: number;
  /** Until when its worker has it; on the clock of the queue. */
  lockedUntil: number;
}

const LOCK_MS = 30_000;

/** The store of the queues: it keeps known jobs, and forgets everything when it is lost. */
export class JobServer extends Server {
  readonly jobs = new Map<string, QueuedJob>();
  /** The data of every handled job, by its id. */
  readonly handled = new Map<string, string>();

  constructor(readonly network: Network) {
    super(new Owner('job queue'));
  }

  ask<Answer>(name: string, serve: () => Answer): Promise<Answer> {
    return this.network.request<Answer>(this, name, (answer) => answer(serve()));
  }

  take(now: number): QueuedJob | null {
    for (const job of this.jobs.values()) {
      const isFree = job.state === 'waiting' || (job.state === 'active' && job.lockedUntil <= now);
      if (!isFree) continue;
      job.state = 'active';
      job.attempt++;
      job.lockedUntil = now + LOCK_MS;
      return job;
    }
    return null;
  }

  /** A job that is handled again says the same. */
  handle(id: string, data: unknown): void {
    const text = JSON.stringify(data);
    const earlier = this.handled.get(id);
    if (earlier !== undefined && earlier !== text)
      this.network.trace.violate(new Violation(`job ${id} is ${text}, but was ${earlier}`, id));
    this.handled.set(id, text);
  }
}

/** Queues as one process uses them. */
class SimulatedJobQueues extends JobQueues {
  constructor(
    private readonly server: JobServer,
    private readonly owner: Owner,
  ) {
    super();
  }

  async check(): Promise<void> {}

  queue<Data>(name: string): JobQueue<Data> {
    const { server } = this;
    const unused = (): never => {
      throw new Error('not simulated');
    };
    return {
      name,
      add: (jobs: readonly NewJob<Data>[]) =>
        server.ask('add jobs', () => {
          for (const { id, data } of jobs)
            if (!server.jobs.has(id)) server.jobs.set(id, { id, data, state: 'waiting', attempt: 0, lockedUntil: 0 });
        }),
      states: (ids) => server.ask('states', () => ids.map((id) => server.jobs.get(id)?.state ?? 'missing')),
      counts: unused,
      failed: unused,
      retry: unused,
    };
  }

  work<Data>(name: string, handler: (job: Job<Data>) => Promise<void>): void {
    const { time } = this.server.network;
    // The only queue that anything is added to.
    if (name !== LICENSE_EXPIRY_QUEUE) return;
    const step = async (): Promise<void> => {
      const job = await this.server.ask('take a job', () => this.server.take(time.now));
      if (!job) return;
      await handler({ id: job.id, data: job.data as Data, attempt: job.attempt, isLastAttempt: false });
      await this.server.ask('complete a job', () => {
        job.state = 'completed';
        this.server.handle(job.id, job.data);
      });
    };
    this.#repeat(500, step);
  }

  /** Every replica with a clock that is nearly right ticks: more often than a shared schedule does. */
  async every(_name: string, milliseconds: number, tick: () => Promise<void>): Promise<void> {
    this.#repeat(milliseconds, async () => {
      if (Math.abs(this.owner.clockAheadMs) <= 30_000) await tick();
    });
  }

  async stopWorking(): Promise<void> {}

  async close(): Promise<void> {}

  #repeat(milliseconds: number, step: () => Promise<void>): void {
    const again = (): void =>
      void setTimeout(
        () =>
          void step()
            .catch(() => undefined)
            .then(again),
        milliseconds,
      );
    again();
  }
}

class ReplicaClock extends Clock {
  constructor(readonly now: () => number) {
    super();
  }
}

export interface DueParts {
  readonly owner: Owner;
  readonly store: EventStore;
  readonly runtime: CommandRuntime;
  readonly dataSource: SimulatedDataSource;
  readonly subscriptions: Subscriptions;
  readonly projects: unknown;
  readonly logger: unknown;
  now(): number;
}

/** Sets up due work and its mails in a replica. @returns starts them */
export function setUpDue(server: JobServer, mailServer: MailServer, parts: DueParts): () => Promise<void> {
  const { owner, runtime, dataSource, subscriptions, store, logger } = parts;
  const projects = parts.projects as never;
  const jobs = new SimulatedJobQueues(server, owner);
  const metrics = {
    watchQueue: () => undefined,
    watchDue: () => undefined,
    measureTick: (work: () => Promise<unknown>) => work(),
  } as never;
  const outbox = new ExpiryOutbox(dataSource as never, jobs, metrics);
  subscriptions.projection(new DueProjection(projects));
  subscriptions.reactor(new ExpiryNotificationsReactor(store, projects, outbox));
  const clock = new ReplicaClock(() => parts.now());
  const notifications = setUpMails(mailServer, { jobs, dataSource, clock, logger });
  const feed = { facts: { caughtUp: async () => true } } as never;
  const dueWork = new DueWork(
    dataSource as never,
    projects,
    { DUE_TICK_MS: 2_000 } as never,
    logger as never,
    outbox,
    clock,
    { runtime, subscriptions, jobs, metrics, feed },
  );
  return async () => {
    notifications.start();
    await dueWork.onApplicationBootstrap();
  };
}

/** What is due by the rules at an instant and not recorded, or recorded and not announced. */
export function unfinishedDue(
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
  eventsOf: (events: readonly RecordedEvent[]) => readonly ProjectEvent[],
  server: JobServer,
  now: number,
): string | null {
  for (const [name, recorded] of streams) {
    if (!name.startsWith('project-')) continue;
    const events = eventsOf(recorded);
    const missing = announcementsOf(name.slice('project-'.length), events).find((id) => !server.handled.has(id));
    if (missing !== undefined) return `no job ${missing} was handled`;
    const reading = new ProjectReading();
    for (const event of events) reading.apply(event);
    const due = reading.nextBoundary();
    if (due !== null && due <= now)
      return `${new Date(due).toISOString()} of ${name} is not recorded at ${new Date(now).toISOString()}`;
  }
  return null;
}

/** The jobs about ends of groups that want to be reminded. */
function announcementsOf(projectId: string, events: readonly ProjectEvent[]): string[] {
  const reminded = new Set<string>();
  const expected: string[] = [];
  for (const { type, at, data } of events) {
    if (type === 'RestrictionChanged' && data.enabled && data.reminder !== null) reminded.add(data.groupId);
    else if (type === 'RestrictionChanged') reminded.delete(data.groupId);
    if (type !== 'AllotmentsEnded') continue;
    for (const { groupId } of data.allotments)
      if (reminded.has(groupId)) expected.push(`ended_${projectId}_${groupId}_${at}`);
  }
  return expected;
}
