import {
  BASE_CONFIGURATION,
  BusMetrics,
  createLogger,
  createPool,
  loadConfiguration,
  openBus,
  runningEmbeddedPostgres,
  type Bus,
} from '@allotree/platform';
import { Registry } from 'prom-client';

/** Nothing says where the bus is. */
export class NoBus extends Error {
  override readonly name = 'NoBus';
}

const CONFIGURATION = BASE_CONFIGURATION.pick({
  DATABASE_URL: true,
  KAFKA_BROKERS: true,
  KAFKA_CLIENT_ID: true,
  KAFKA_SSL: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_SASL_USERNAME: true,
  KAFKA_SASL_PASSWORD: true,
  KAFKA_PARTITIONS: true,
  KAFKA_REPLICATION_FACTOR: true,
  KAFKA_RETENTION_MS: true,
}).partial({ DATABASE_URL: true });

/** Opens the bus that the environment names, or that of the system running on the data folder. */
export async function withBus<Result>(work: (bus: Bus) => Promise<Result>): Promise<Result> {
  const configuration = loadConfiguration(CONFIGURATION, process.env);
  const connectionString =
    configuration.KAFKA_BROKERS === undefined ? (configuration.DATABASE_URL ?? (await embedded())) : '';
  const pool = createPool({ connectionString, max: 2, applicationName: 'dead letters' });
  const logger = createLogger({ service: 'dead-letters', level: 'silent' });
  const bus = openBus({ configuration, logger, pool, metrics: new BusMetrics(new Registry()) });
  try {
    return await work(bus);
  } finally {
    await bus.close();
    await pool.end();
  }
}

async function embedded(): Promise<string> {
  const folder = process.env['DATA_DIR'] || '.data';
  const url = await runningEmbeddedPostgres(folder);
  if (url === null)
    throw new NoBus(
      `no Allotree is running on the data folder ${folder}, and neither KAFKA_BROKERS nor DATABASE_URL says where the bus is.`,
    );
  return url;
}
