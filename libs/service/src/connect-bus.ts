import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { LOGGER } from '@allotree/basics';
import { BusMetrics, BusServer, Bus, type GroupConsumer, type Handler } from '@allotree/bus';

/**
 * Starts the bus consumers of these groups in an application: their `@OnIntegrationEvent` handlers are called once
 * `app.startAllMicroservices()` resolves. They stop with the application.
 */
export function connectBusConsumers(app: NestFastifyApplication, ...groupIds: readonly string[]): void {
  for (const groupId of groupIds)
    app.connectMicroservice({ strategy: new BusServer(groupId, (handlers) => groupConsumer(app, groupId, handlers)) });
}

function groupConsumer(app: NestFastifyApplication, groupId: string, handlers: readonly Handler[]): GroupConsumer {
  return app.get(Bus).consumer({ groupId, handlers, logger: app.get<Logger>(LOGGER), metrics: app.get(BusMetrics) });
}
