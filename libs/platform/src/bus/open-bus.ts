import type pg from 'pg';
import type { Logger } from 'pino';
import type { Bus } from './bus.js';
import type { BusMetrics } from './bus-metrics.js';
import { KafkaBus } from './kafka/kafka-bus.js';
import { kafkaSettings, type KafkaConfiguration } from './kafka/kafka-settings.js';
import { PostgresBus } from './postgres/postgres-bus.js';

export interface BusSurroundings {
  readonly configuration: KafkaConfiguration;
  readonly logger: Logger;
  readonly pool: pg.Pool;
  readonly metrics: BusMetrics;
}

/** On Kafka where brokers are configured, else in PostgreSQL. Connects on first use. */
export function openBus({ configuration, logger, pool, metrics }: BusSurroundings): Bus {
  const settings = kafkaSettings(configuration);
  return settings === null ? new PostgresBus(pool, metrics) : new KafkaBus({ settings, logger, metrics });
}
