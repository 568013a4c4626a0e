import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Clock, CONFIGURATION, LOGGER, Signal, type Logger } from '@allotree/basics';
import type { DataSource, EntityManager } from 'typeorm';
import type { ReportingConfiguration } from '../configuration.js';
import { EventLog } from '../events/event-log.js';
import { REPORTING } from '../tokens.js';
import { followEvents } from './account-feed.js';
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
  private readonly signal = new Signal();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly log: EventLog,
    private readonly documents: Documents,
    private readonly outbox: BillingOutbox,
    private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: ReportingConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.log.onStored(() => this.signal.notify());
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.signal.notify();
    await this.running;
  }

  /** There may be something to publish. */
  look(): void {
    this.signal.notify();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.advance();
        await this.signal.wait(LOOK_MS);
      } catch (error) {
        this.logger.error({ err: error }, 'statements could not be issued, retrying');
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async advance(): Promise<void> {
    const { documents, clock, logger } = this;
    await this.whileThereIsMore((tx) => followEvents(tx));
    await this.whileThereIsMore((tx) => issueProjects(tx, { documents, now: clock.now(), logger }));
    const waitMs = this.configuration.STATEMENT_WAIT_SECONDS * SECOND_MS;
    await this.whileThereIsMore((tx) => issuePartners(tx, { documents, now: clock.now(), waitMs }));
    while (await this.outbox.publish());
  }

  private async whileThereIsMore(step: (tx: EntityManager) => Promise<boolean>): Promise<void> {
    while (!this.stopping.signal.aborted && (await this.dataSource.transaction(step)));
  }
}
