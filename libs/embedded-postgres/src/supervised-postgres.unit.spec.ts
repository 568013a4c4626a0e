import { describe, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.js';
import { DiskFull } from './server-failure.js';
import { SupervisedPostgres } from './supervised-postgres.js';

/** Servers that exit when the spec says so; `outcomes` determines the starts: `null` is a success. */
class Servers {
  readonly ports: (number | undefined)[] = [];
  readonly warnings: string[] = [];
  readonly started: (() => void)[] = [];
  private end: ((how: string) => void) | null = null;

  constructor(private readonly outcomes: (Error | null)[] = []) {}

  readonly start = async ({ port }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
    this.ports.push(port);
    const failure = this.outcomes.shift() ?? null;
    if (failure) throw failure;
    const ended = new Promise<string>((resolve) => (this.end = resolve));
    const onStart = this.started.shift();
    if (onStart) setImmediate(onStart);
    return {
      connectionString: 'postgres://allotree:secret@127.0.0.1:5555/allotree',
      ended,
      stop: () => Promise.resolve(this.end?.('stopped')),
    };
  };

  /** Ends the running server as a kill does; resolves when another runs. */
  kill(): Promise<void> {
    const again = new Promise<void>((resolve) => this.started.push(resolve));
    this.end?.('SIGKILL');
    return again;
  }

  async supervised(): Promise<{ server: SupervisedPostgres; gone: Promise<StartError> }> {
    let onGone: (reason: StartError) => void = () => undefined;
    const gone = new Promise<StartError>((resolve) => (onGone = resolve));
    const warn = (message: string): void => void this.warnings.push(message);
    const server = await SupervisedPostgres.start({ dataDir: '/data', warn, onGone, start: this.start, pauseMs: 0 });
    return { server, gone };
  }
}

describe('SupervisedPostgres', () => {
  it('restarts a killed server on its port, and reports both', async () => {
    const servers = new Servers();
    const { server } = await servers.supervised();
    await servers.kill();
    expect(servers.ports).toEqual([undefined, 5_555]);
    expect(servers.warnings).toEqual([
      'the embedded database has ended (SIGKILL), restarting it',
      'the embedded database runs again',
    ]);
    expect(server.failure).toBeNull();
    await server.stop();
    expect(servers.ports).toHaveLength(2);
  });

  it('gives up with the reason after the sixth failure in ten minutes', async () => {
    const servers = new Servers();
    const { gone } = await servers.supervised();
    for (let times = 0; times < 5; times += 1) await servers.kill();
    void servers.kill();
    expect((await gone).message).toContain(
      'failed 6 times within 10 minutes, most recently because it ended (SIGKILL)',
    );
    expect(servers.ports).toHaveLength(6);
  });

  it('gives up when it cannot be started again', async () => {
    const broken = Array.from({ length: 5 }, () => new StartError('its files are damaged'));
    const servers = new Servers([null, ...broken]);
    const { server, gone } = await servers.supervised();
    void servers.kill();
    expect((await gone).message).toContain('most recently because its files are damaged');
    expect(server.failure).toBe('The embedded database does not start: its files are damaged');
  });

  it('waits for a full disk, however long it takes', async () => {
    const full = Array.from({ length: 20 }, () => new DiskFull('the disk is full'));
    const servers = new Servers([null, ...full]);
    const { server } = await servers.supervised();
    await servers.kill();
    expect(servers.ports).toHaveLength(22);
    await server.stop();
  });
});
