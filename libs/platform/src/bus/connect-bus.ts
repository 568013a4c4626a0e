import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import { CONFIGURATION, LOGGER } from '../tokens.js';
import { PostgresBus } from './postgres-bus.js';
import { PostgresBusServer } from './postgres-bus.server.js';

/**
 * Starts the bus consumers of these groups in an application: their `@OnIntegrationEvent` handlers are called from the
 * time `app.startAllMicroservices()` resolves. They stop with the application.
 */
export function connectBusConsumers(app: NestFastifyApplication, ...groupIds: readonly string[]): void {
  const { DATABASE_URL } = app.get<PlatformConfiguration>(CONFIGURATION);
  for (const groupId of groupIds) {
    app.connectMicroservice({
      strategy: new PostgresBusServer({
        groupId,
        connectionString: DATABASE_URL,
        bus: app.get(PostgresBus),
        logger: app.get<Logger>(LOGGER),
      }),
    });
  }
}
