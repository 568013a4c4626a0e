import { GroupServiceModule } from '@allotree/group-service';
import { LICENSE_ACCESS_GROUP, LICENSE_CONSUMER_GROUP, LicenseServiceModule } from '@allotree/license-service';
import {
  NOTIFICATION_ACCESS_GROUP,
  NOTIFICATION_CONSUMER_GROUP,
  NOTIFICATION_WEBHOOKS_GROUP,
  Notifications,
  NotificationServiceModule,
} from '@allotree/notification-service';
import { REPORTING_ACCESS_GROUP, REPORTING_CONSUMER_GROUP, ReportingServiceModule } from '@allotree/reporting-service';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { StartError, Clock, type Logger } from '@allotree/basics';
import { SupervisedPostgres } from '@allotree/embedded-postgres';
import { createHttpApplication, listen } from '@allotree/http';
import { passwordFault } from '@allotree/identity';
import { connectBusConsumers, ServiceModule, type ServiceConfiguration, type ServiceOptions } from '@allotree/service';
import type { StandaloneConfiguration } from './configuration.js';
import { serveConsole } from './console-files.js';
import type { AdministratorPassword, DataFolder } from './data-folder.js';
import { keepSignIn } from './local-sign-in.js';

/** The services and the libraries they share, with every setting made. */
export type CompleteConfiguration = StandaloneConfiguration & ServiceConfiguration;

@Module({})
class StandaloneModule {
  static forRoot(
    configuration: CompleteConfiguration,
    around: Pick<ServiceOptions, 'logger' | 'clock' | 'alone' | 'storage' | 'databaseFailure'>,
  ): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        ServiceModule.forRoot({ service: 'standalone', configuration, ...around }),
        GroupServiceModule.forRoot(configuration),
        LicenseServiceModule.forRoot(configuration),
        NotificationServiceModule.forRoot(configuration),
        ReportingServiceModule.forRoot(configuration),
      ],
    };
  }
}

export interface Standalone {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly password: AdministratorPassword;
  /** Answers what is under way, then stops everything, the embedded database last. */
  stop(): Promise<void>;
}

export interface StandaloneOptions {
  readonly configuration: StandaloneConfiguration;
  readonly folder: DataFolder;
  readonly logger: Logger;
  /** The system's, where none is given. */
  readonly clock?: Clock;
  /** The embedded database cannot be started again: nothing works any more. */
  readonly onDatabaseGone?: (reason: Error) => void;
}

/**
 * Starts the whole system.
 *
 * @throws EmbeddedPostgresInUse when another process runs on the folder; the error of `listen` when the port is taken
 */
export const startStandalone = async (options: StandaloneOptions): Promise<Standalone> => {
  const { configuration, folder, logger } = options;
  const database = configuration.DATABASE_URL === undefined ? await startDatabase(options) : null;
  try {
    const password = await passwordOf(configuration, folder);
    const complete: CompleteConfiguration = {
      ...configuration,
      DATABASE_URL: configuration.DATABASE_URL ?? database?.connectionString ?? '',
      TOKEN_SECRET: configuration.TOKEN_SECRET ?? (await folder.tokenSecret()),
      ADMIN_PASSWORD_HASH: password.hash,
    };
    const around = aroundOf(options, database);
    const app = await createHttpApplication(StandaloneModule.forRoot(complete, around), complete, logger);
    const stopApp = once(() => app.close());
    try {
      await serveConsole(app.getHttpAdapter().getInstance());
      const url = await serve(app, complete);
      const leaving = await keepSignIn(folder, url, complete);
      await password.keep();
      const stop = async (): Promise<void> => {
        await leaving.end();
        await stopApp();
        await database?.stop();
      };
      return { url, password, stop: once(stop) };
    } catch (error) {
      await stopApp();
      throw error;
    }
  } catch (error) {
    await database?.stop();
    throw error;
  }
};

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
};

const startDatabase = ({ folder, logger, onDatabaseGone }: StandaloneOptions): Promise<SupervisedPostgres> =>
  SupervisedPostgres.start({
    dataDir: folder.path,
    log: (message) => logger.info({ part: 'postgres' }, message),
    warn: (message) => logger.warn({ part: 'postgres' }, message),
    onGone: (reason) => onDatabaseGone?.(reason),
  });

/** Nobody else is on the embedded database, and its disk is this machine's. */
const aroundOf = (
  { configuration, folder, logger, clock }: StandaloneOptions,
  database: SupervisedPostgres | null,
): Pick<ServiceOptions, 'logger' | 'clock' | 'alone' | 'storage' | 'databaseFailure'> => ({
  logger,
  ...(clock && { clock }),
  ...(database && {
    alone: true,
    databaseFailure: () => database.failure,
    storage: { folder: folder.path, reserveBytes: configuration.MIN_FREE_DISK_BYTES },
  }),
});

const passwordOf = async (
  configuration: StandaloneConfiguration,
  folder: DataFolder,
): Promise<AdministratorPassword> => {
  const { ADMIN_PASSWORD, ADMIN_PASSWORD_HASH, ADMIN_EMAIL } = configuration;
  const fault = ADMIN_PASSWORD === undefined ? null : await passwordFault(ADMIN_PASSWORD, ADMIN_EMAIL);
  if (fault !== null) throw new StartError(`ADMIN_PASSWORD ${fault}.`);
  if (ADMIN_PASSWORD_HASH === undefined) return folder.administratorPassword(ADMIN_PASSWORD);
  return { hash: ADMIN_PASSWORD_HASH, generated: null, keep: () => Promise.resolve() };
};

const serve = async (app: NestFastifyApplication, configuration: CompleteConfiguration): Promise<string> => {
  const { PORT, HOST } = configuration;
  connectBusConsumers(
    app,
    LICENSE_CONSUMER_GROUP,
    LICENSE_ACCESS_GROUP,
    NOTIFICATION_CONSUMER_GROUP,
    NOTIFICATION_ACCESS_GROUP,
    NOTIFICATION_WEBHOOKS_GROUP,
    REPORTING_CONSUMER_GROUP,
    REPORTING_ACCESS_GROUP,
  );
  await app.startAllMicroservices();
  await listen(app, configuration);
  // Due work has been handed over by then; now its mails are sent.
  app.get(Clock, { strict: false }).onJump(() => app.get(Notifications, { strict: false }).whenIdle());
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : PORT;
  return `http://${isEverywhere(HOST) ? '127.0.0.1' : hostText(HOST)}:${port}`;
};

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';
const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host);
