import type { DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import { ConfigurationError, loadConfiguration } from '@allotree/basics/configuration';
import { misspelled, misspelledWarning } from '@allotree/basics/misspelled';
import { createLogger } from '@allotree/basics/logging';
import { startTracing } from '@allotree/tracing';
import type { ServiceConfiguration } from '../configuration.js';
import { requireMemory } from './heap.js';
import { startFailure } from './start-failure.js';
import { StopSignals } from './stop-signals.js';
import { usage } from './usage.js';

export interface ServiceProgram<Configuration extends ServiceConfiguration> {
  /** `license-service`: the name in logs, metrics and connections. */
  readonly name: string;
  /** A one-line summary, for `--help`. */
  readonly summary: string;
  readonly configuration: z.ZodObject & z.ZodType<Configuration>;
  /** Imports the module itself, so that a wrong setting is reported without loading it. */
  readonly module: (configuration: Configuration) => Promise<DynamicModule>;
  /** Groups of bus consumers for which the module has handlers. */
  readonly consumerGroups: readonly string[];
}

const WRONG_USE = 2;

/**
 * Runs a service as a process of its own: reads the environment, starts, logs JSON on standard output, and stops cleanly on SIGTERM. The
 * exit code is 2 after wrong arguments or configuration, 1 when it could not start.
 */
export async function runService<Configuration extends ServiceConfiguration>(
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
    requireMemory();
    const stopTracing = await startTracing(name, logger);
    const { startService, drainAndClose } = await import('./service-process.js');
    const app = await startService(program, configuration, logger);
    signals.started(() => drainAndClose(app, configuration).finally(stopTracing), configuration.SHUTDOWN_DELAY_MS);
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
