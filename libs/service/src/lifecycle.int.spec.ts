import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Controller, Get, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { createLogger, loadConfiguration, PG_POOL, Readiness } from '@allotree/basics';
import { createHttpApplication, Public } from '@allotree/http';
import { SERVICE_CONFIGURATION, type ServiceConfiguration } from './configuration.js';
import { ServiceModule } from './service.module.js';

const logger = createLogger({ service: 'spec', level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const configurationFor = (DATABASE_URL: string): ServiceConfiguration =>
  loadConfiguration(SERVICE_CONFIGURATION, {
    DATABASE_URL,
    TOKEN_SECRET: 's'.repeat(40),
    ADMIN_PASSWORD_HASH: '$argon2id$unused',
  });

describe('an application', () => {
  it('finishes accepted requests before it stops, and closes the database last', async () => {
    let entered: () => void = () => undefined;
    let release: () => void = () => undefined;
    const isEntered = new Promise<void>((resolve) => (entered = resolve));
    const isReleased = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];

    @Controller('slow')
    class SlowController {
      @Public()
      @Get()
      async slow(): Promise<string> {
        entered();
        await isReleased;
        order.push('answered');
        return 'done';
      }
    }

    @Injectable()
    class LastWork implements OnApplicationShutdown {
      constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

      async onApplicationShutdown(): Promise<void> {
        await this.pool.query('SELECT 1');
        order.push('last work');
      }
    }

    @Module({ controllers: [SlowController], providers: [LastWork] })
    class SlowModule {}
    const configuration = configurationFor(database.connectionString);
    @Module({ imports: [SlowModule, ServiceModule.forRoot({ service: 'spec', configuration, logger })] })
    class RootModule {}

    const app = await createHttpApplication(RootModule, configuration);
    await app.listen(0, '127.0.0.1');
    const base = await app.getUrl();
    const answer = fetch(`${base}/api/v1/slow`);
    await isEntered;
    const closing = app.close();
    await expect(refused(base)).resolves.toBe(true);
    release();
    expect(await (await answer).text()).toBe('done');
    await closing;
    expect(order).toEqual(['answered', 'last work']);
    await expect(app.get<pg.Pool>(PG_POOL).query('SELECT 1')).rejects.toThrow('after calling end');
  });

  it('is ready when every registered check passes', async () => {
    const configuration = configurationFor(database.connectionString);
    @Module({ imports: [ServiceModule.forRoot({ service: 'spec', configuration, logger })] })
    class RootModule {}
    const app = await createHttpApplication(RootModule, configuration);
    await app.listen(0, '127.0.0.1');
    let works = true;
    const readiness = app.get(Readiness);
    readiness.register('feed', async () => {
      if (!works) throw new Error('behind');
    });
    readiness.register('feed', () => Promise.resolve());
    const ask = async () => {
      const response = await fetch(`${await app.getUrl()}/health/ready`);
      return [response.status, await response.json()];
    };
    expect(await ask()).toEqual([200, { status: 'up', checks: { database: 'up', clock: 'up', feed: 'up' } }]);
    works = false;
    expect(await ask()).toEqual([503, { status: 'down', checks: { database: 'up', clock: 'up', feed: 'down' } }]);
    await app.close();
  });

  it('keeps no connection, and is not ready, once it is about to stop', async () => {
    const configuration = configurationFor(database.connectionString);
    @Module({ imports: [ServiceModule.forRoot({ service: 'spec', configuration, logger })] })
    class RootModule {}
    const app = await createHttpApplication(RootModule, configuration);
    await app.listen(0, '127.0.0.1');
    const ask = async () => {
      const response = await fetch(`${await app.getUrl()}/health/ready`);
      await response.text();
      return [response.status, response.headers.get('connection')];
    };
    expect(await ask()).toEqual([200, 'keep-alive']);
    app.get(Readiness).drain();
    expect(await ask()).toEqual([503, 'close']);
    await app.close();
  });

  it('does not start without its database, and leaves ending the process to its caller', async () => {
    const configuration = configurationFor(`${database.connectionString}_that_does_not_exist`);
    @Module({ imports: [ServiceModule.forRoot({ service: 'spec', configuration, logger })] })
    class RootModule {}
    await expect(createHttpApplication(RootModule, configuration, logger)).rejects.toThrow('does not exist');
  });
});

/** Whether the address refuses new connections. */
async function refused(base: string): Promise<boolean> {
  for (;;) {
    try {
      const response = await fetch(`${base}/health/live`);
      if (response.status === 503) return true;
    } catch {
      return true;
    }
  }
}
