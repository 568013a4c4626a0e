import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication, listen } from '@allotree/http';
import type { Logger } from '@allotree/basics/logging';
import { Readiness } from '@allotree/basics';
import { connectBusConsumers } from '../connect-bus.js';
import type { ServiceConfiguration } from '../configuration.js';
import { ServiceModule } from '../service.module.js';
import type { ServiceProgram } from './run-service.js';

@Module({})
class ServiceProcessModule {}

/** Starts the module with the libraries it wants, its consumers and HTTP. */
export async function startService<Configuration extends ServiceConfiguration>(
  { name, module, consumerGroups }: ServiceProgram<Configuration>,
  configuration: Configuration,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const base = ServiceModule.forRoot({ service: name, configuration, logger });
  const root = { module: ServiceProcessModule, imports: [base, await module(configuration)] };
  const app = await createHttpApplication(root, configuration, logger);
  try {
    if (consumerGroups.length > 0) {
      connectBusConsumers(app, ...consumerGroups);
      await app.startAllMicroservices();
    }
    await listen(app, configuration);
    logger.info({ url: await app.getUrl() }, 'listening');
    return app;
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Reports not ready first, so that a load balancer sends no new requests; then stops HTTP, the consumers, the subscriptions and the
 * database.
 */
export async function drainAndClose(
  app: NestFastifyApplication,
  { SHUTDOWN_DELAY_MS }: Pick<ServiceConfiguration, 'SHUTDOWN_DELAY_MS'>,
): Promise<void> {
  app.get(Readiness).drain();
  await sleep(SHUTDOWN_DELAY_MS);
  await app.close();
}
