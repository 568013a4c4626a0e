import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandRuntime, deriveId, Subscriptions } from '@allotree/event-sourcing';
import { Clock, CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import { ServiceMetrics } from '@allotree/service';
import pMap from 'p-map';
import { DataSource, type EntityManager } from 'typeorm';
import type { LicenseConfiguration } from '../configuration.js';
import { columns, isoOf, isoOrNull } from '../persistence/columns.js';
import { GroupFeed } from '../feed/group-feed.js';
import { LICENSING } from '../persistence/data-source.js';
import { PROJECT_HANDLER, type ProjectHandler } from '../tokens.js';
import { DUE_PROJECTION } from './due-rows/due.projection.js';
import type { DueKind, DueSubject } from './due-rows/due-rows.js';
import { ExpiryOutbox, type ExpiryJob } from './expiry-outbox.js';
import { EXPIRY_NOTIFICATIONS } from './expiry-notifications/expiry-notifications.reactor.js';
import { remindersDue, type ReminderAlarm, type ReminderAnswer } from './reminders-due.js';

/** The schedule, and the queue it ticks in. */
export const DUE_WORK = 'due-work';
const ACTOR = 'service:license-service';

/** Rows claimed at once: few enough that no transaction is long and others get their turn. */
const AT_ONCE = 200;
/** Projects of a tick that are dealt with at once: few, so that the commands of callers do not wait behind them. */
const PROJECTS_AT_ONCE = 2;
/** Where each has a single event to record, which the command runtime writes together: a midnight ends the periods of very many. */
const PERIODS_AT_ONCE = 16;
/** A tick rests as long as it works, up to so long at a time (ms): what is due can wait a moment, callers cannot. */
const LONGEST_REST_MS = 25;
const CATCH_UP_TIMEOUT_MS = 30_000;

interface ClaimedRow {
  readonly project_id: string;
  readonly subject: DueSubject;
  readonly subject_id: string;
  readonly kind: DueKind;
  readonly ref: string;
  readonly at: Date;
}

/** What is due of one project. */
interface ClaimedProject {
  readonly projectId: string;
  readonly rows: ClaimedRow[];
}

/** A row that is dealt with: it goes, or waits for its next instant (ms). */
interface Settled {
  readonly row: ClaimedRow;
  readonly next: number | null;
}

/** What a tick needs besides the rows and the projects. */
@Injectable()
export class DueDependencies {
  constructor(
    readonly runtime: CommandRuntime,
    readonly subscriptions: Subscriptions,
    readonly jobs: JobQueues,
    readonly metrics: ServiceMetrics,
    readonly feed: GroupFeed,
  ) {}
}

/**
 * The effects of time (E1, E2), and the ends of billing periods. A tick claims due rows, oldest first, lets each project take effect, decides
 * which reminders go out, and lets the rows go in the same transaction. Killed anywhere in between it begins again: a project
 * that has taken effect answers "already so", and a job keeps its id. Other replicas tick beside it on other rows.
 */
@Injectable()
export class DueWork implements OnApplicationBootstrap, OnModuleDestroy {
  private stopping = false;
  /** Up to when the facts of the group service have been waited for. */
  private waitedUntil = 0;

  constructor(
    @InjectDataSource(LICENSING) private readonly dataSource: DataSource,
    @Inject(PROJECT_HANDLER) private readonly projects: ProjectHandler,
    @Inject(CONFIGURATION) private readonly configuration: LicenseConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: ExpiryOutbox,
    private readonly clock: Clock,
    private readonly dependencies: DueDependencies,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.clock.onJump(() => this.untilQuiet());
    const { jobs, metrics } = this.dependencies;
    metrics.watchDue(() => countDue(this.dataSource, this.clock.now()));
    await jobs.every(DUE_WORK, this.configuration.DUE_TICK_MS, async () => {
      await metrics.measureTick(() => this.tick());
    });
  }

  onModuleDestroy(): void {
    this.stopping = true;
  }

  /** Does what is due, hands the jobs of it over, and looks after those handed over before. @returns rows dealt with */
  async tick(): Promise<number> {
    const settled = await this.work();
    await this.outbox.handOver();
    if ((await this.outbox.reconcile()) > 0) await this.outbox.handOver();
    return settled;
  }

  /** Ticks until nothing is due at the clock's instant and everything that followed from it is handed over. */
  async untilQuiet(): Promise<void> {
    const { runtime, subscriptions } = this.dependencies;
    for (;;) {
      await subscriptions.waitUntil(DUE_PROJECTION, runtime.lastPosition, CATCH_UP_TIMEOUT_MS);
      const settled = await this.work();
      await subscriptions.waitUntil(EXPIRY_NOTIFICATIONS, runtime.lastPosition, CATCH_UP_TIMEOUT_MS);
      const handedOver = await this.outbox.handOver();
      if (settled === 0 && handedOver === 0) return;
    }
  }

  private async work(): Promise<number> {
    // A project that cannot be dealt with now does not hold up the others; the next tick tries it again.
    const failed = new Set<string>();
    let settled = 0;
    while (!this.stopping) {
      const { claimed, done } = await this.workOnSome(failed);
      settled += done;
      if (claimed < AT_ONCE) break;
      // Changes take effect even when the queue is unreachable: the end of the tick reports the failure.
      await this.outbox.handOver().catch(() => undefined);
    }
    return settled;
  }

  private async workOnSome(failed: Set<string>): Promise<{ claimed: number; done: number }> {
    return this.dataSource.transaction(async (tx) => {
      const now = this.clock.now();
      const rows = await claim(tx, now, failed);
      const settled: Settled[] = [];
      const jobs: ExpiryJob[] = [];
      await this.waitForFacts(rows, now);
      await eachOf(byProject(rows), async (project) => {
        try {
          const answers = await this.workOn(project, now);
          settled.push(...settledBy(project, answers));
          jobs.push(...answers.flatMap(({ job }) => job ?? []));
        } catch (error) {
          failed.add(project.projectId);
          this.logger.error(
            { err: error, projectId: project.projectId },
            'what is due in a project could not be done; it is tried again',
          );
        }
      });
      jobs.sort((a, b) => Date.parse(a.data.dueAt) - Date.parse(b.data.dueAt));
      await this.outbox.put(jobs, tx);
      await letGo(tx, settled);
      return { claimed: rows.length, done: settled.length };
    });
  }

  /**
   * A billing period is closed after the facts that the group service published before its end: a replica with a slower clock
   * may still record them in the period. The wait is bounded: a fact that comes later counts to the next period.
   */
  private async waitForFacts(rows: readonly ClaimedRow[], now: number): Promise<void> {
    const ends = rows.filter(({ kind }) => kind === 'period_end').map(({ at }) => at.getTime());
    if (Math.max(...ends, 0) <= this.waitedUntil) return;
    await this.dependencies.feed.facts.caughtUp();
    this.waitedUntil = now;
  }

  private async workOn({ projectId, rows }: ClaimedProject, now: number): Promise<readonly ReminderAnswer[]> {
    await this.takeEffect(projectId, rows, now);
    const alarms = rows.filter(({ kind }) => kind === 'reminder').map(alarmOf);
    if (alarms.length === 0) return [];
    return this.projects.read(projectId, (state) => remindersDue(state, alarms, now));
  }

  /**
   * One command for all that is due of a project: the same one whenever the same rows are claimed. Where a billing period has
   * ended it reaches up to the present, because each of the periods missed in a standstill begins with the end of the one before.
   */
  private async takeEffect(projectId: string, rows: readonly ClaimedRow[], present: number): Promise<void> {
    const effects = rows.filter(({ kind }) => kind !== 'reminder');
    if (effects.length === 0) return;
    const hasPeriodEnd = effects.some(({ kind }) => kind === 'period_end');
    const now = hasPeriodEnd ? present : Math.max(...effects.map(({ at }) => at.getTime()));
    const commandId = deriveId(projectId, `due ${now}`);
    const outcome = await this.projects.execute(
      projectId,
      { type: 'TakeEffect', now },
      { commandId, correlationId: commandId, causationId: null, actor: ACTOR, tenantId: null },
    );
    // There is no such project: nothing of it will ever be due.
    if (outcome.kind === 'refused') this.logger.warn({ projectId, refusal: outcome.refusal }, 'due rows of no project');
  }
}

/** Costs what is claimed, however much is scheduled: the rows come off an index in the order of time. */
async function claim(tx: EntityManager, now: number, without: ReadonlySet<string>): Promise<ClaimedRow[]> {
  return tx.query<ClaimedRow[]>(
    `SELECT project_id, subject, subject_id, kind, ref, at FROM licensing.due
     WHERE at <= $1 AND project_id <> ALL ($2::text[])
     ORDER BY at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
    [isoOf(now), [...without]],
  );
}

/** As many as a look at the metrics may cost. */
const COUNTED = 10_000;

async function countDue(dataSource: DataSource, now: number): Promise<number> {
  const [row] = await dataSource.query<[{ waiting: number }]>(
    `SELECT count(*)::int AS waiting FROM (SELECT FROM licensing.due WHERE at <= $1 LIMIT ${COUNTED}) AS due`,
    [isoOf(now)],
  );
  return row.waiting;
}

function byProject(rows: readonly ClaimedRow[]): ClaimedProject[] {
  const projects = new Map<string, ClaimedProject>();
  for (const row of rows) {
    const project = projects.get(row.project_id);
    if (project) project.rows.push(row);
    else projects.set(row.project_id, { projectId: row.project_id, rows: [row] });
  }
  return [...projects.values()];
}

async function eachOf(items: readonly ClaimedProject[], work: (item: ClaimedProject) => Promise<void>): Promise<void> {
  const [ends, others] = [items.filter(isOnlyPeriodEnd), items.filter((item) => !isOnlyPeriodEnd(item))];
  const unhurried = async (item: ClaimedProject): Promise<void> => {
    const start = performance.now();
    await work(item);
    await sleep(Math.min(performance.now() - start, LONGEST_REST_MS));
  };
  await pMap(ends, unhurried, { concurrency: PERIODS_AT_ONCE });
  await pMap(others, unhurried, { concurrency: PROJECTS_AT_ONCE });
}

const isOnlyPeriodEnd = ({ rows }: ClaimedProject): boolean => rows.every(({ kind }) => kind === 'period_end');

const alarmOf = ({ subject_id: groupId, ref, at }: ClaimedRow): ReminderAlarm => ({
  groupId,
  validUntil: Number(ref),
  at: at.getTime(),
});

const settledBy = ({ rows }: ClaimedProject, answers: readonly ReminderAnswer[]): Settled[] => {
  const next = new Map(answers.map((answer) => [`${answer.alarm.groupId} ${answer.alarm.validUntil}`, answer.next]));
  return rows.map((row) => ({
    row,
    next: row.kind === 'reminder' ? (next.get(`${row.subject_id} ${row.ref}`) ?? null) : null,
  }));
};

/** What is done goes, a reminder waits for its next instant. */
async function letGo(tx: EntityManager, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return;
  const given = columns(
    settled,
    ({ row }) => row.project_id,
    ({ row }) => row.subject,
    ({ row }) => row.subject_id,
    ({ row }) => row.kind,
    ({ row }) => row.ref,
    ({ next }) => isoOrNull(next),
  );
  const these = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
       AS given(project_id, subject, subject_id, kind, ref, next)
     WHERE known.project_id = given.project_id AND known.subject = given.subject AND known.subject_id = given.subject_id
       AND known.kind = given.kind AND known.ref = given.ref`;
  await tx.query(`DELETE FROM licensing.due AS known USING ${these} AND given.next IS NULL`, given);
  if (settled.some(({ next }) => next !== null))
    await tx.query(`UPDATE licensing.due AS known SET at = given.next FROM ${these} AND given.next IS NOT NULL`, given);
}
