import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { createLogger, loadConfiguration } from '@allotree/basics';
import { Bus, BusPublisher, OnIntegrationEvent, OnIntegrationEvents } from '@allotree/bus';
import type { CloudEvent } from '@allotree/contracts';
import { createHttpApplication } from '@allotree/http';
import { busEvent, createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Controller, Module } from '@nestjs/common';
import { z } from 'zod';
import { SERVICE_CONFIGURATION } from './configuration.js';
import { connectBusConsumers } from './connect-bus.js';
import { ServiceModule } from './service.module.js';

jest.setTimeout(30_000);

const TOPIC = 'spec.events.v1';
const logger = createLogger({ service: 'spec', level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('@OnIntegrationEvent', () => {
  it('calls the handlers of its group in an application, and passes their errors through', async () => {
    const calls: string[] = [];

    @Controller()
    class Listener {
      @OnIntegrationEvent(TOPIC, 'one-group')
      async one(event: CloudEvent): Promise<void> {
        if (event.id === 'bad') z.number().parse(event.data);
        calls.push(`one ${event.id}`);
      }

      @OnIntegrationEvents(TOPIC, 'batch-group')
      async many(events: readonly CloudEvent[]): Promise<void> {
        calls.push(`many ${events.map((event) => event.id).join('+')}`);
      }
    }
    const configuration = loadConfiguration(SERVICE_CONFIGURATION, {
      DATABASE_URL: database.connectionString,
      TOKEN_SECRET: 's'.repeat(40),
      ADMIN_PASSWORD_HASH: '$argon2id$unused',
    });
    @Module({ imports: [ServiceModule.forRoot({ service: 'spec', configuration, logger })], controllers: [Listener] })
    class ListenerModule {}

    const app = await createHttpApplication(ListenerModule, configuration);
    connectBusConsumers(app, 'one-group', 'batch-group');
    await app.get(BusPublisher).publish(TOPIC, [busEvent('a', 'e1'), busEvent('a', 'bad'), busEvent('a', 'e2')]);
    await app.startAllMicroservices();
    await app.init();
    await until(() => calls.includes('one e2') && calls.some((line) => line.startsWith('many')));
    expect(calls.filter((line) => line.startsWith('one'))).toEqual(['one e1', 'one e2']);
    expect(calls).toContain('many e1+bad+e2');
    expect(await app.get(Bus).deadLetters(TOPIC)).toMatchObject([
      {
        event: { id: 'bad' },
        group: 'one-group',
        error: expect.stringMatching(/^ZodError: .*expected number/s),
        attempts: 1,
      },
    ]);
    await app.close();
  });
});
