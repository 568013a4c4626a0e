import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { Bus, FeedWaiter } from '@allotree/bus';
import { GROUPS_TOPIC, LICENSING_TOPIC } from '@allotree/contracts';
import type { DataSource } from 'typeorm';
import type { ReportingConfiguration } from './configuration.js';
import { CONSUMER_GROUP } from './consumer-groups.js';
import { REPORTING } from './tokens.js';

/** How often the progress of the tables is read while a request waits, in milliseconds: soon at first, and then less and less often. */
const POLL_MS = { first: 5, longest: 100 };

const STORED = `SELECT coalesce(max(position), 0) AS position FROM ${REPORTING}.event`;
const REACHED = `
  SELECT least((SELECT position FROM ${REPORTING}.tables_position), (SELECT position FROM ${REPORTING}.billing_position)) AS position`;

/** Lets a request find what another service acknowledged before it, without a word about it in the request. */
@Injectable()
export class PublishedBefore {
  private readonly feeds: readonly FeedWaiter[];
  private readonly maxWaitMs: number;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) { REPORTING_WAIT_MS: maxWaitMs }: ReportingConfiguration,
    bus: Bus,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.maxWaitMs = maxWaitMs;
    this.feeds = [GROUPS_TOPIC, LICENSING_TOPIC].map(
      (topic) => new FeedWaiter({ bus, topic, groupId: CONSUMER_GROUP, logger, maxWaitMs }),
    );
  }

  /** Waits until the tables and accounts have every event published before this call; does not where requests do not wait. False when the time
   * runs out. */
  async caughtUp(): Promise<boolean> {
    if (this.maxWaitMs === 0) return true;
    const deadline = performance.now() + this.maxWaitMs;
    const stored = await Promise.all(this.feeds.map((feed) => feed.caughtUp()));
    if (stored.includes(false)) return false;
    const position = await this.position(STORED);
    for (let pause = POLL_MS.first; ; pause = Math.min(2 * pause, POLL_MS.longest)) {
      if ((await this.position(REACHED)) >= position) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await sleep(Math.min(pause, left));
    }
  }

  private async position(sql: string): Promise<bigint> {
    const [row]: { position: string }[] = await this.dataSource.query(sql);
    return BigInt(row!.position);
  }
}
