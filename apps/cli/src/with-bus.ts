import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASICS_CONFIGURATION, createLogger, createPool, loadConfiguration } from '@allotree/basics';
import { isAlive, runningPostgres } from '@allotree/embedded-postgres';
import { BUS_CONFIGURATION, BusMetrics, openBus, type Bus } from '@allotree/bus';
import { Registry } from 'prom-client';
import type { z } from 'zod';
import { CliError } from './exit-codes.js';

const CONFIGURATION = BASICS_CONFIGURATION.pick({ DATABASE_URL: true })
  .partial()
  .extend(BUS_CONFIGURATION.omit({ BUS_RETENTION_DAYS: true }).shape);

/** Opens the bus that the environment names, or that of the system running on the data folder. */
export async function withBus<Result>(
  env: Readonly<NodeJS.ProcessEnv>,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> {
  const configuration = await whereTheBusIs(loadConfiguration(CONFIGURATION, env), env['DATA_DIR'] || '.data');
  const connectionString = configuration.DATABASE_URL ?? '';
  const pool = createPool({ connectionString, max: 2, applicationName: 'dead letters' });
  const logger = createLogger({ service: 'dead-letters', level: 'silent' });
  const bus = await openBus({ configuration, logger, pool, metrics: new BusMetrics(new Registry()) });
  try {
    return await work(bus);
  } finally {
    await bus.close();
    await pool.end();
  }
}

type BusConfiguration = z.infer<typeof CONFIGURATION>;

/** Where the environment does not name it: that of the single process or of the cluster on the data folder. */
async function whereTheBusIs(configuration: BusConfiguration, folder: string): Promise<BusConfiguration> {
  if (configuration.KAFKA_BROKERS !== undefined || configuration.DATABASE_URL !== undefined) return configuration;
  const broker = await runningBroker(folder);
  if (broker !== null) return { ...configuration, KAFKA_BROKERS: [broker] };
  const url = await runningPostgres(folder);
  if (url !== null) return { ...configuration, DATABASE_URL: url };
  throw new CliError(
    `no Allotree is running on the data folder ${folder}, and neither KAFKA_BROKERS nor DATABASE_URL says where the bus is.`,
  );
}

/** The Kafka that `npm run cluster` started on the folder. */
async function runningBroker(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'kafka', 'server.json'), 'utf8').catch(() => '{}');
  const { pid, ports } = JSON.parse(text) as { pid?: number; ports?: { broker?: number } };
  return pid !== undefined && isAlive(pid) && ports?.broker !== undefined ? `127.0.0.1:${ports.broker}` : null;
}
