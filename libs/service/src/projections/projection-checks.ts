import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@allotree/basics';
import type { Replay, ReplayStep, Subscriptions } from '@allotree/event-sourcing';
import type { RetentionPolicy } from '@allotree/jobs';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CheckRows, type CheckKind, type ProjectionCheck } from './check-rows.js';
import { ComparedTable, type TableDifference } from './compare-rows.js';
import { ShadowSession } from './shadow-session.js';

/** How long to wait where the store does not show the newest events yet. */
const HEAD_PAUSE_MS = 50;
/** Rows deleted at once. */
const EXPIRED_ROWS = 10_000;

/** The projections of a service; `rebuild` is for those without a replay. */
export type CheckedProjections = Pick<Subscriptions, 'replay' | 'projections'> &
  Partial<Pick<Subscriptions, 'rebuild'>>;

export interface ProjectionChecksOptions {
  readonly dataSource: DataSource;
  readonly schema: string;
  readonly projections: CheckedProjections;
  /** Deletes old rows of the tables: those that are due to go are not compared. */
  readonly retention?: readonly RetentionPolicy[];
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Called with the number of rows that differed. */
  readonly onDifferent?: (name: string, rows: number) => void;
  /** Called before each step; `replace`: before the transaction is committed. */
  readonly onStep?: (step: CheckStep) => void | Promise<void>;
}

export type CheckStep = 'create' | 'fill' | 'compare' | 'replace' | 'end';

/** Another check of the service is running, in some process. */
export class CheckInProgress extends Error {}

interface Work {
  readonly session: ShadowSession;
  readonly replay: Replay;
  readonly kind: CheckKind;
  readonly checkId: string;
}

/**
 * Builds a projection from the first event a second time, beside its rows, which are read and updated meanwhile. Once the copy is at the
 * position of the live rows, both are compared, and a rebuild replaces the rows that differ, in one transaction. One check of a service
 * runs at a time, in all processes. It changes nothing before that transaction, so it can end at any instant.
 */
export class ProjectionChecks implements OnModuleInit, OnModuleDestroy {
  private readonly rows: CheckRows;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: ProjectionChecksOptions) {
    this.rows = new CheckRows(options.schema);
  }

  async onModuleInit(): Promise<void> {
    await this.rows.create(this.options.dataSource);
  }

  /** A check in progress is interrupted between two batches. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the process was stopped'));
    await this.running;
  }

  /** Whether rows of the projection can be compared. */
  isVerifiable(name: string): boolean {
    return this.options.projections.projections().includes(name) && this.options.projections.replay(name) !== null;
  }

  latest(): Promise<ReadonlyMap<string, ProjectionCheck>> {
    return this.rows.latest(this.options.dataSource);
  }

  /**
   * Begins a check; its result is in `latest`.
   * @returns its id, and a promise that it has ended; `null`: the projection was emptied and is filled in place
   * @throws CheckInProgress
   */
  async begin(
    kind: CheckKind,
    name: string,
  ): Promise<{ readonly checkId: string; readonly ended: Promise<void> } | null> {
    const { projections, dataSource, schema } = this.options;
    const replay = projections.replay(name);
    if (replay === null) {
      await projections.rebuild?.(name);
      return null;
    }
    const session = await ShadowSession.open(dataSource, schema, replay.tables);
    if (session === null) throw new CheckInProgress(`a projection of ${schema} is being rebuilt or verified`);
    const checkId = randomUUID();
    try {
      await this.rows.begin(session.tx, name, checkId, kind);
    } catch (error) {
      await session.end();
      throw error;
    }
    const ended = this.run({ session, replay, kind, checkId });
    this.running = Promise.all([this.running, ended]).then(() => undefined);
    return { checkId, ended };
  }

  /** Never rejects: a failure is the result of the check. */
  private async run(work: Work): Promise<void> {
    const { session, replay, kind, checkId } = work;
    const { logger, dataSource, schema } = this.options;
    const about = { projection: `${schema}.${replay.name}`, check: kind };
    try {
      const differences = await this.differences(work);
      if (differences.length > 0) this.report(about, replay.name, differences);
      else logger.info(about, 'the rows of a projection are those that its events give');
    } catch (error) {
      logger.error({ ...about, err: error }, 'could not build a projection beside its rows; the rows are unchanged');
      const status = this.stopping.signal.aborted ? 'interrupted' : 'failed';
      // Without the row the check counts as interrupted.
      await this.rows
        .end(dataSource.manager, checkId, { status, error: (error as Error).message })
        .catch(() => undefined);
    } finally {
      await session.end();
    }
  }

  private report(about: object, name: string, differences: readonly TableDifference[]): void {
    const rows = differences.reduce((sum, each) => sum + each.missing + each.changed + each.superfluous, 0);
    this.options.logger.warn(
      { ...about, differences },
      'rows of a projection differed from those that its events give',
    );
    this.options.onDifferent?.(name, rows);
  }

  private async differences(work: Work): Promise<readonly TableDifference[]> {
    const { session, replay } = work;
    const { signal } = this.stopping;
    await this.step('create');
    await session.create();
    let reached = 0n;
    let live = await replay.position(session.tx, false);
    for (;;) {
      signal.throwIfAborted();
      if (reached >= live) await this.deleteExpired(replay, (sql, parameters) => session.live(sql, parameters));
      const step = await replay.next(reached);
      if (reached < live && step.upTo === reached) {
        await sleep(HEAD_PAUSE_MS);
        continue;
      }
      if (reached < live) {
        await this.step('fill');
        const limit = step.upTo < live ? step.upTo : live;
        await session.tx.transaction((tx) => step.apply(tx, limit));
        reached = limit;
        continue;
      }
      const differences = await this.finish(work, step, reached);
      if (differences !== null) return differences;
      live = await replay.position(session.tx, false);
    }
  }

  /** Compares at the position of the live rows, and mends. @returns `null` if they have moved beyond the step */
  private async finish(
    { session, replay, kind, checkId }: Work,
    step: ReplayStep,
    reached: bigint,
  ): Promise<readonly TableDifference[] | null> {
    // A rebuild keeps the live rows where they are, a comparison sees one state of them.
    const differences = await session.tx.transaction(
      kind === 'rebuild' ? 'READ COMMITTED' : 'REPEATABLE READ',
      async (tx) => {
        const position = await replay.position(tx, kind === 'rebuild');
        if (position < reached) throw new Error('the projection has begun again from an earlier event meanwhile');
        if (position > step.upTo) return null;
        await this.step('compare');
        await step.apply(tx, position);
        await this.deleteExpired(replay, (sql, parameters) => tx.query(sql, parameters));
        const found = await this.compare(session, replay, kind);
        await this.rows.end(tx, checkId, { status: found.length > 0 ? 'different' : 'equal', differences: found });
        return found;
      },
    );
    if (differences !== null) await this.step('end');
    return differences;
  }

  private async compare(session: ShadowSession, { tables }: Replay, kind: CheckKind): Promise<TableDifference[]> {
    const different: TableDifference[] = [];
    for (const table of tables) {
      const compared = await ComparedTable.of(session, this.options.schema, table);
      const difference = await compared.differences();
      if (difference === null) continue;
      different.push(difference);
      if (kind === 'rebuild') await compared.mend();
    }
    if (kind === 'rebuild') await this.step('replace');
    return different;
  }

  /** Old rows are deleted by and by: in the live tables some, in the copy none yet. */
  private async deleteExpired(
    { tables }: Replay,
    query: (sql: string, parameters: unknown[]) => Promise<[unknown, number]>,
  ): Promise<void> {
    const { schema, retention = [] } = this.options;
    const names = new Set(tables.map(({ name }) => `${schema}.${name}`));
    for (const { table, days, sql } of retention) {
      if (!names.has(table) || days === 0 || days === 'expired') continue;
      while ((await query(sql, [days, EXPIRED_ROWS]))[1] > 0);
    }
  }

  private async step(step: CheckStep): Promise<void> {
    await this.options.onStep?.(step);
  }
}
