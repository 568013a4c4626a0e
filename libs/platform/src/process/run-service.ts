import { setTimeout as sleep } from 'node:timers/promises';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import { connectBusConsumers } from '../bus/connect-bus.js';
import { ConfigurationError, loadConfiguration, type PlatformConfiguration } from '../configuration/configuration.js';
import { misspelled, misspelledWarning } from '../configuration/misspelled.js';
import { Readiness } from '../readiness.js';
import { createHttpApplication } from '../http/configure-http.js';
import { createLogger, type Logger } from '../logging.js';
import { PlatformModule } from '../platform.module.js';
import { requireHeap } from './heap.js';
import { startFailure } from './start-failure.js';
import { StopSignals } from './stop-signals.js';
import { usage } from './usage.js';

export interface ServiceProgram<Configuration extends PlatformConfiguration> {
  /** `license-service`: the name in logs, metrics and connections. */
  readonly name: string;
  /** A one-line summary, for `--help`. */
  readonly summary: string;
  readonly configuration: z.ZodObject & z.ZodType<Configuration>;
  readonly module: (configuration: Configuration) => DynamicModule;
  /** Groups of bus consumers for which the module has handlers. */
  readonly consumerGroups: readonly string[];
}

const WRONG_USE = 2;

/**
 * Runs a service as a process of its own: reads the environment, starts, logs JSON on standard output, and stops cleanly on SIGTERM. The
 * exit code is 2 after wrong arguments or configuration, 1 when it could not start.
 */
export async function runService<Configuration extends PlatformConfiguration>(
  program: ServiceProgram<Configuration>,
): Promise<void> {
  const { name } = program;
  const complain = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  const argument = process.argv[2];
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(usage(`node apps/${name}/dist/main.js`, program.summary, program.configuration));
    return;
  }
  if (argument !== undefined) {
    complain(
      `unknown argument ${JSON.stringify(argument)}; the only option is --help. Settings are environment variables.`,
    );
    process.exit(WRONG_USE);
  }
  const configuration = read(program.configuration, complain);
  const logger = createLogger({ service: name, level: configuration.LOG_LEVEL });
  for (const each of misspelled(program.configuration, process.env))
    logger.warn({ variable: each.given }, misspelledWarning(each));
  const signals = StopSignals.listen({
    stopping: () => logger.info({}, 'stopping'),
    stopped: () => logger.info({}, 'stopped'),
    complain,
  });
  try {
    requireHeap();
    const app = await start(program, configuration, logger);
    signals.started(() => drainAndClose(app, configuration), configuration.SHUTDOWN_DELAY_MS);
  } catch (error) {
    complain(startFailure(error, configuration) ?? String((error as Error).stack ?? error));
    process.exit(1);
  }
}

function read<Shape extends z.ZodObject>(shape: Shape, complain: (line: string) => void): z.infer<Shape> {
  try {
    return loadConfiguration(shape, process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { variable, problem, allowed } of error.faults)
      complain(`${variable} ${problem}. It must be ${allowed}.`);
    process.exit(WRONG_USE);
  }
}

@Module({})
class ServiceProcessModule {}

async function start<Configuration extends PlatformConfiguration>(
  { name, module, consumerGroups }: ServiceProgram<Configuration>,
  configuration: Configuration,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const platform = PlatformModule.forRoot({ service: name, configuration, logger });
  const root = { module: ServiceProcessModule, imports: [platform, module(configuration)] };
  const app = await createHttpApplication(root, configuration, logger);
  try {
    if (consumerGroups.length > 0) {
      connectBusConsumers(app, ...consumerGroups);
      await app.startAllMicroservices();
    }
    await app.listen(configuration.PORT, configuration.HOST);
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
async function drainAndClose(
  app: NestFastifyApplication,
  { SHUTDOWN_DELAY_MS }: Pick<PlatformConfiguration, 'SHUTDOWN_DELAY_MS'>,
): Promise<void> {
  app.get(Readiness).drain();
  await sleep(SHUTDOWN_DELAY_MS);
  await app.close();
}
