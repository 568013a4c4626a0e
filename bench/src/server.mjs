/**
 * The whole system as `npm start` composes it, plus an empty route behind the same guard. Settings come by a message
 * (`{ databaseUrl, logFile }`), the address and a token go back; `stop` ends it.
 */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { pino } from 'pino';
import { GROUP_VARIABLES, GroupServiceModule } from '@allotree/group-service';
import { LICENSE_VARIABLES, LicenseServiceModule } from '@allotree/license-service';
import {
  BASE_CONFIGURATION,
  PlatformModule,
  Permit,
  connectBusConsumers,
  createHttpApplication,
  createLogger,
  hashPassword,
  loadConfiguration,
  signToken,
} from '@allotree/platform';

class EmptyController {
  empty() {
    return {};
  }
}
const empty = Object.getOwnPropertyDescriptor(EmptyController.prototype, 'empty');
Controller('empty')(EmptyController);
Permit('assignments:read')(EmptyController.prototype, 'empty', empty);
Get()(EmptyController.prototype, 'empty', empty);

async function start({ databaseUrl, logFile }) {
  const configuration = loadConfiguration(BASE_CONFIGURATION.extend({ ...GROUP_VARIABLES, ...LICENSE_VARIABLES }), {
    DATABASE_URL: databaseUrl,
    PORT: '0',
    TOKEN_SECRET: randomBytes(48).toString('hex'),
    ADMIN_PASSWORD_HASH: await hashPassword(randomBytes(16).toString('hex')),
  });
  const logger = createLogger({
    service: 'bench',
    level: configuration.LOG_LEVEL,
    destination: pino.destination({ dest: logFile, sync: false }),
  });
  class BenchModule {}
  Module({
    imports: [
      PlatformModule.forRoot({ service: 'bench', configuration, logger }),
      GroupServiceModule.forRoot(configuration),
      LicenseServiceModule.forRoot(configuration),
    ],
    controllers: [EmptyController],
  })(BenchModule);
  const app = await createHttpApplication(BenchModule, configuration);
  connectBusConsumers(app, 'license-service');
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const principal = { userId: 'bench', email: 'bench@example.com', role: 'server_administrator', tenantId: null };
  const token = await signToken(principal, { secret: configuration.TOKEN_SECRET, lifetimeSeconds: 3_600 });
  return { app, ready: { url: `http://127.0.0.1:${app.getHttpServer().address().port}`, token } };
}

let running;
process.on('message', async (message) => {
  if (message === 'usage') return process.send({ usage: process.cpuUsage(), memory: process.memoryUsage() });
  if (message === 'stop') {
    await running?.close();
    process.exit(0);
  }
  const { app, ready } = await start(message);
  running = app;
  process.send(ready);
});
process.on('disconnect', () => process.exit(1));
