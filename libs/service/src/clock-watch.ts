import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type pg from 'pg';
import type { Logger } from 'pino';
import { CheckFailed, Readiness, CONFIGURATION, LOGGER, PG_POOL } from '@allotree/basics';
import type { ServiceConfiguration } from './configuration.js';

const CHECK_EVERY_MS = 60_000;

/**
 * Compares the clock of this machine, which dates decisions and determines what is due, with that of the database. Warns in
 * the log and at `/health/ready` (`clock`) while they differ by more than `CLOCK_SKEW_SECONDS`; scheduled work is then left
 * to other replicas.
 */
@Injectable()
export class ClockWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private skipsTicks = false;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: ServiceConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
    readiness: Readiness,
  ) {
    readiness.show('clock', async () => {
      if (await this.isOff())
        throw new CheckFailed(
          'The clocks of this machine and of the database differ. Scheduled work is left to other replicas.',
        );
    });
  }

  onApplicationBootstrap(): void {
    const look = (): void => void this.look().catch(() => undefined);
    look();
    this.timer = setInterval(look, CHECK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** How many milliseconds this machine is ahead of the database; the duration of the query counts in the machine's favour. */
  async ahead(): Promise<number> {
    const before = Date.now();
    const { rows } = await this.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const after = Date.now();
    const database = rows[0]!.now.getTime();
    if (database < before) return before - database;
    return database > after ? after - database : 0;
  }

  async isOff(): Promise<boolean> {
    return Math.abs(await this.ahead()) > this.configuration.CLOCK_SKEW_SECONDS * 1_000;
  }

  /** An instant of this machine's clock, as the clock of the database has it where this machine is too far ahead. */
  async corrected(instant: number): Promise<number> {
    const ahead = await this.ahead();
    return ahead > this.configuration.CLOCK_SKEW_SECONDS * 1_000 ? instant - ahead : instant;
  }

  /** Whether the clock of this machine is accurate enough to decide what is due. Logs each change of the answer once. */
  async isClockAccurate(): Promise<boolean> {
    const isOff = await this.isOff();
    if (isOff !== this.skipsTicks) {
      this.skipsTicks = isOff;
      if (isOff)
        this.logger.warn(
          'the clocks of this machine and of the database differ: scheduled work is left to other replicas',
        );
      else this.logger.info('the clocks of this machine and of the database agree again: scheduled work resumes here');
    }
    return !isOff;
  }

  private async look(): Promise<void> {
    const ahead = await this.ahead();
    if (Math.abs(ahead) <= this.configuration.CLOCK_SKEW_SECONDS * 1_000) return;
    this.logger.warn(
      { aheadMs: ahead },
      'the clocks of this machine and of the database differ: check their time service',
    );
  }
}
