import type pg from 'pg';
import type { Logger } from 'pino';
import type { Bus } from './bus.js';
import type { BusMetrics } from './bus-metrics.js';
import type { KafkaConfiguration } from './kafka/kafka-settings.js';
import { PostgresBus, type PostgresConsumption } from './postgres/postgres-bus.js';

export interface BusOptions {
  readonly configuration: KafkaConfiguration;
  readonly logger: Logger;
  readonly pool: pg.Pool;
  readonly metrics: BusMetrics;
  /** For a process that consumes on PostgreSQL. */
  readonly consumption?: PostgresConsumption;
}

/** On Kafka where brokers are configured, else in PostgreSQL. Connects on first use. */
export async function openBus({ configuration, logger, pool, metrics, consumption }: BusOptions): Promise<Bus> {
  const { KAFKA_BROKERS } = configuration;
  if (KAFKA_BROKERS === undefined) return new PostgresBus(pool, metrics, consumption);
  // The client is 140 files that a system without Kafka need not load at every start.
  const { KafkaBus, kafkaSettings } = await import('./kafka/kafka.js');
  return new KafkaBus({ settings: kafkaSettings({ ...configuration, KAFKA_BROKERS }), logger, metrics });
}
