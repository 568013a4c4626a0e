import 'reflect-metadata';
import { ConfigurationError } from '@allotree/basics/configuration';
import { misspelled, misspelledWarning } from '@allotree/basics/misspelled';
import { requireMemory, startFailure, StopSignals } from '@allotree/service/process';
import { startTracing } from '@allotree/tracing';
import { banner, demoCommand } from './banner.js';
import { readConfiguration, STANDALONE_CONFIGURATION, type StandaloneConfiguration } from './configuration.js';
import { DataFolder } from './data-folder.js';
import { openLog, type Log } from './log.js';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const complain = (line: string): void => {
  process.stderr.write(`error: ${line}\n`);
};

const start = async (configuration: StandaloneConfiguration): Promise<void> => {
  const started = performance.now();
  let log: Log | null = null;
  const signals = StopSignals.listen({
    stopping: () => {
      log?.hush();
      say('\nStopping ...');
    },
    stopped: async () => {
      say('Stopped.');
      await log?.close();
    },
    complain,
  });
  requireMemory();
  const folder = await DataFolder.open(configuration.DATA_DIR);
  log = await openLog(folder, configuration);
  for (const each of misspelled(STANDALONE_CONFIGURATION, process.env))
    log.logger.warn({ variable: each.given }, misspelledWarning(each));
  const stopTracing = await startTracing('allotree', log.logger);
  // Most of a start is loading this: what can be refused before is refused at once.
  const { startStandalone } = await import('./standalone.js');
  const standalone = await startStandalone({
    configuration,
    folder,
    logger: log.logger,
    onDatabaseGone: (reason) => fail(reason, configuration),
  });
  signals.started(() => standalone.stop().finally(stopTracing));
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  say(
    banner({
      url: standalone.url,
      folder: folder.path,
      seconds,
      email: configuration.ADMIN_EMAIL,
      password: standalone.password.generated,
      passwordSignIn: configuration.LOCAL_ACCOUNTS,
      providerSignIn: configuration.OIDC_CLIENT_ID !== undefined,
      demo: demoCommand(folder.path),
    }),
  );
};

const fail = (error: unknown, configuration: StandaloneConfiguration | null): never => {
  const explanation = configuration === null ? null : startFailure(error, configuration);
  if (explanation === null)
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  else complain(explanation);
  process.exit(1);
};

let configuration: StandaloneConfiguration | null = null;
try {
  configuration = readConfiguration(process.env);
  await start(configuration);
} catch (error) {
  if (error instanceof ConfigurationError) {
    complain(error.message);
    process.exit(1);
  }
  fail(error, configuration);
}
