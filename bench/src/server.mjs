/**
 * The whole system as started by `npm start`, plus an empty route behind the same guard. A message `{ databaseUrl,
 * dataDir, settings }` starts it and is answered with its address and a token; `{ tokenOf }` with the token of a user;
 * `stop` ends it.
 */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get } from '@nestjs/common';
import { ownService, Permit } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { ServiceModule } from '@allotree/service';
import { readConfiguration } from '../../apps/standalone/dist/configuration.js';
import { DataFolder } from '../../apps/standalone/dist/data-folder.js';
import { readLocalSignIn } from '../../libs/api-client/dist/index.js';
import { openLog } from '../../apps/standalone/dist/log.js';
import { startStandalone } from '../../apps/standalone/dist/standalone.js';

class EmptyController {
  empty() {
    return {};
  }
}
const empty = Object.getOwnPropertyDescriptor(EmptyController.prototype, 'empty');
Controller('empty')(EmptyController);
Get()(EmptyController.prototype, 'empty', empty);
Permit('assignments:read')(EmptyController.prototype, 'empty', empty);
Reflect.defineMetadata('controllers', [EmptyController], ServiceModule);

async function start({ databaseUrl, dataDir, settings }) {
  const password = randomBytes(16).toString('hex');
  const configuration = readConfiguration({
    ...settings,
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    PORT: '0',
    // The load comes from a single caller: requests are counted, against limits as high as they go.
    RATE_LIMIT_PER_CALLER: '10000000',
    RATE_LIMIT_PER_TENANT: '10000000',
    ADMIN_PASSWORD: password,
  });
  const folder = await DataFolder.open(dataDir);
  const { logger } = await openLog(folder, configuration);
  const standalone = await startStandalone({ configuration, folder, logger });
  const { accessToken } = await readLocalSignIn(dataDir, Date.now());
  const tokenOf = async (userId) =>
    signToken(nobodySpecial(userId), { secret: await folder.tokenSecret(), lifetimeSeconds: 3_600 });
  return {
    standalone,
    tokenOf,
    ready: { url: standalone.url, token: accessToken, administrator: { email: configuration.ADMIN_EMAIL, password } },
  };
}

/** A user with the permissions of its memberships. */
const nobodySpecial = (userId) => ({ ...ownService(userId), serverAdministrator: false });

const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
let last = process.cpuUsage();

function usage() {
  const [loopDelayMs, since] = [delays.max / 1e6, process.cpuUsage(last)];
  delays.reset();
  last = process.cpuUsage();
  const cpuMs = (since.user + since.system) / 1_000;
  return { usage: last, memory: process.memoryUsage(), loopDelayMs, cpuMs };
}

let running;
let tokens;
process.on('message', async (message) => {
  if (message === 'usage') return process.send(usage());
  if (message.tokenOf !== undefined) return process.send(await tokens(message.tokenOf));
  if (message === 'stop') {
    await running?.stop();
    process.exit(0);
  }
  const { standalone, tokenOf, ready } = await start(message);
  running = standalone;
  tokens = tokenOf;
  process.send(ready);
});
process.on('disconnect', () => process.exit(1));
