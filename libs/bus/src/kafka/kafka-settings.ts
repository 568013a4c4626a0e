import { Kafka, logLevel, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import type { BusConfiguration } from '../configuration.js';
import './idle-connections.js';

export type KafkaConfiguration = Pick<BusConfiguration, Extract<keyof BusConfiguration, `KAFKA_${string}`>>;

export interface KafkaSettings {
  readonly brokers: readonly string[];
  /** Identifies this system to the brokers; the prefix of its transactional ids. */
  readonly clientId: string;
  readonly ssl: boolean;
  readonly sasl: SASLOptions | undefined;
  /** Partitions of created topics. */
  readonly partitions: number;
  /** `null`: 3, or the number of brokers where there are fewer. */
  readonly replicationFactor: number | null;
  /** How long events are kept, in milliseconds; -1: forever. */
  readonly retentionMs: number;
}

/** The settings of the client and of the topics it creates. */
export function kafkaSettings(
  configuration: KafkaConfiguration & { readonly KAFKA_BROKERS: readonly string[] },
): KafkaSettings {
  return {
    brokers: configuration.KAFKA_BROKERS,
    clientId: configuration.KAFKA_CLIENT_ID,
    ssl: configuration.KAFKA_SSL,
    sasl: saslOf(configuration),
    partitions: configuration.KAFKA_PARTITIONS,
    replicationFactor: configuration.KAFKA_REPLICATION_FACTOR ?? null,
    retentionMs: configuration.KAFKA_RETENTION_MS,
  };
}

function saslOf({
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: username = '',
  KAFKA_SASL_PASSWORD: password = '',
}: KafkaConfiguration): SASLOptions | undefined {
  return mechanism === undefined ? undefined : { mechanism, username, password };
}

/** The pauses are short because every caller retries with a growing backoff. */
export const RETRY = { initialRetryTime: 25, factor: 0.2, multiplier: 2, maxRetryTime: 1_000, retries: 8 };

export function kafkaClient({ brokers, clientId, ssl, sasl }: KafkaSettings, logger: Logger): Kafka {
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ssl,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.WARN,
    logCreator: () => (entry) => writeLine(logger, entry),
  };
  return new Kafka(sasl === undefined ? config : { ...config, sasl });
}

/** Errors that clients meet while coordinators load, groups rebalance and brokers start; they are transient. */
const TRANSIENT =
  /coordinator|rebalanc|concurrent|ongoing transaction|no leader|not host this topic|older epoch|seed broker|Connection error|Limiting retries/i;

/** The client logs every retryable error as an error. Fatal ones reach the caller as exceptions and are logged there. */
function writeLine(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _name, ...about } = log;
  const text = `${message} ${typeof about['error'] === 'string' ? about['error'] : ''}`;
  const isTrouble = level <= logLevel.WARN && !TRANSIENT.test(text);
  logger[isTrouble ? 'warn' : 'debug']({ ...about, part: namespace }, `Kafka client: ${message}`);
}
