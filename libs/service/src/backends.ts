import { TOPICS } from '@allotree/contracts';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Bus } from '@allotree/bus';
import { CheckFailed, Readiness, CONFIGURATION, LOGGER } from '@allotree/basics';
import { JobQueues, Retention } from '@allotree/jobs';
import type { ServiceConfiguration } from './configuration.js';
import { sharedPolicies } from './shared-policies.js';

export const DATABASE_FAILURE = Symbol('database failure');

/**
 * Reports whether Kafka and Redis work, where they are used. They do not affect readiness: commands are accepted without them, and pending
 * messages and jobs are handed over once they are back.
 */
@Injectable()
export class Backends implements OnApplicationBootstrap {
  constructor(
    private readonly bus: Bus,
    private readonly jobs: JobQueues,
    private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIGURATION) private readonly configuration: ServiceConfiguration,
    private readonly retention: Retention,
    @Inject(DATABASE_FAILURE) private readonly databaseFailure: () => string | null,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.retention.keep('platform', sharedPolicies(this.configuration));
    this.readiness.register('database', () => {
      const failure = this.databaseFailure();
      return failure === null ? Promise.resolve() : Promise.reject(new CheckFailed(failure));
    });
    const { KAFKA_BROKERS, REDIS_URL } = this.configuration;
    if (REDIS_URL !== undefined) this.readiness.show('jobs', () => this.jobs.check());
    if (KAFKA_BROKERS === undefined) return;
    this.readiness.show('bus', () => this.bus.check());
    // A process that only consumes needs the topics before anything is published.
    this.bus
      .prepare(TOPICS)
      .catch((error: unknown) => this.logger.warn({ err: error }, 'the topics could not be created yet, retrying'));
  }
}
