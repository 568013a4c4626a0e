import { Leases } from '@allotree/leases';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import { CONFIGURATION, LOGGER } from '../tokens.js';
import { BusMetrics } from './bus-metrics.js';
import { BusServer, type GroupConsumer } from './bus.server.js';
import { Bus } from './bus.js';
import { KafkaBus } from './kafka/kafka-bus.js';
import { KafkaGroup } from './kafka/kafka-group.js';
import { PostgresBus } from './postgres/postgres-bus.js';
import { PostgresGroup } from './postgres/postgres-group.js';
import type { Handler } from './topic-handler.js';

/**
 * Starts the bus consumers of these groups in an application: their `@OnIntegrationEvent` handlers are called once
 * `app.startAllMicroservices()` resolves. They stop with the application.
 */
export function connectBusConsumers(app: NestFastifyApplication, ...groupIds: readonly string[]): void {
  for (const groupId of groupIds)
    app.connectMicroservice({ strategy: new BusServer(groupId, (handlers) => groupConsumer(app, groupId, handlers)) });
}

function groupConsumer(app: NestFastifyApplication, groupId: string, handlers: readonly Handler[]): GroupConsumer {
  const bus = app.get(Bus);
  const group = { groupId, handlers, logger: app.get<Logger>(LOGGER), metrics: app.get(BusMetrics) };
  if (bus instanceof KafkaBus) return new KafkaGroup({ ...group, bus });
  if (!(bus instanceof PostgresBus)) throw new Error('this bus has no consumers');
  const { DATABASE_URL } = app.get<PlatformConfiguration>(CONFIGURATION);
  return new PostgresGroup({ ...group, bus, connectionString: DATABASE_URL, leases: app.get(Leases) });
}
