import 'reflect-metadata';
import { ConfigurationError, EmbeddedPostgresInUse } from '@allotree/platform';
import { banner } from './banner.js';
import { readConfiguration, type StandaloneConfiguration } from './configuration.js';
import { DataFolder, DataFolderError } from './data-folder.js';
import { openLog, type Log } from './log.js';
import { startStandalone, type Standalone } from './standalone.js';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const complain = (line: string): void => {
  process.stderr.write(`error: ${line}\n`);
};

/** Longer than this a clean stop never takes; the data is safe either way. */
const STOP_MS = 20_000;

/** What went wrong, for one who cannot read stacks; `null` where only a stack helps. */
const explain = (error: unknown, { PORT, HOST }: Pick<StandaloneConfiguration, 'PORT' | 'HOST'>): string | null => {
  if (error instanceof DataFolderError || error instanceof EmbeddedPostgresInUse) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return `port ${PORT} is in use by another program. Stop it, or choose another port: PORT=8081 npm start`;
  if (code === 'EACCES') return `port ${PORT} may not be used by this user. Choose another one with PORT.`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${HOST} is no address of this machine.`;
  return null;
};

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. */
const SAME_WISH_MS = 1_000;

/** Stops on a signal, whatever stage the start has reached; a second Ctrl-C does not wait. */
class Stopping {
  private since: number | null = null;
  private running: { standalone: Standalone; log: Log } | null = null;

  listen(): void {
    process.on('SIGINT', () => this.wish('SIGINT'));
    process.on('SIGTERM', () => this.wish('SIGTERM'));
  }

  started(standalone: Standalone, log: Log): void {
    this.running = { standalone, log };
  }

  private wish(signal: 'SIGINT' | 'SIGTERM'): void {
    if (this.since === null) this.stop();
    else if (signal === 'SIGINT' && performance.now() - this.since > SAME_WISH_MS) process.exit(130);
  }

  private stop(): void {
    this.since = performance.now();
    // The embedded database is told at the exit of the process.
    if (this.running === null) process.exit(130);
    const { standalone, log } = this.running;
    log.hush();
    say('\nStopping ...');
    setTimeout(() => {
      complain('a clean stop took too long; leaving now. Nothing that was accepted is lost.');
      process.exit(1);
    }, STOP_MS).unref();
    standalone.stop().then(
      () => {
        say('Stopped.');
        log.close();
        process.exit(0);
      },
      (error: unknown) => {
        complain(String(error));
        process.exit(1);
      },
    );
  }
}

const start = async (configuration: StandaloneConfiguration): Promise<void> => {
  const started = performance.now();
  const stopping = new Stopping();
  stopping.listen();
  const folder = await DataFolder.open(configuration.DATA_DIR);
  const log = await openLog(folder, configuration.LOG_LEVEL);
  const standalone = await startStandalone({ configuration, folder, logger: log.logger });
  stopping.started(standalone, log);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  say(
    banner({
      url: standalone.url,
      folder: folder.path,
      seconds,
      email: configuration.ADMIN_EMAIL,
      password: standalone.password.generated,
    }),
  );
};

const fail = (error: unknown, configuration: StandaloneConfiguration | null): never => {
  const explanation = configuration === null ? null : explain(error, configuration);
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
