import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Clock, CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { findsAny } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { ReportingConfiguration } from '../configuration.js';
import { RepeatedWork } from '../repeated-work.js';
import { TablesProjection } from '../tables/tables-projection.js';
import { REPORTING } from '../tokens.js';
import { followEvents, IS_BEHIND } from './account-feed.js';
import { BillingOutbox } from './billing-outbox.js';
import { Documents } from './documents.js';
import { issuePartners } from './issue-partners.js';
import { issueProjects } from './issue-projects.js';

const LOOK_MS = 1_000;
const PAUSE_MS = 1_000;
const SECOND_MS = 1_000;

/**
 * Issues statements: of projects when a period was closed and both computations agree, of accounts between partners when all projects in
 * them are. Processes take turns; a document, its event and the mark of its period are one transaction, so a stop at any instant changes
 * nothing.
 */
@Injectable()
export class StatementIssuer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly work: RepeatedWork;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly tables: TablesProjection,
    private readonly documents: Documents,
    private readonly outbox: BillingOutbox,
    private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: ReportingConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.work = new RepeatedWork({
      step: () => this.advance(),
      lookMs: LOOK_MS,
      pauseMs: PAUSE_MS,
      logger,
      failure: ['error', 'statements could not be issued, retrying'],
    });
  }

  onApplicationBootstrap(): void {
    this.tables.onAdvanced(() => this.work.notify());
    this.work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.work.stop();
  }

  /** There may be something to publish. */
  look(): void {
    this.work.notify();
  }

  /** Does everything there is. */
  private async advance(): Promise<false> {
    const { documents, clock, logger } = this;
    await this.follow();
    await this.whileThereIsMore((tx) => issueProjects(tx, { documents, now: clock.now(), logger }));
    const waitMs = this.configuration.STATEMENT_WAIT_SECONDS * SECOND_MS;
    await this.whileThereIsMore((tx) => issuePartners(tx, { documents, now: clock.now(), waitMs }));
    while (await this.outbox.publish());
    return false;
  }

  private async follow(): Promise<void> {
    if (!(await findsAny(this.dataSource, IS_BEHIND))) return;
    while (!this.work.isStopping && (await this.dataSource.transaction(followEvents)));
  }

  /** New accounts are there soon, also while thousands of statements are issued. */
  private async whileThereIsMore(step: (tx: EntityManager) => Promise<boolean>): Promise<void> {
    while (!this.work.isStopping && (await this.dataSource.transaction(step))) await this.follow();
  }
}
