/**
 * The license and the notification service in a separate process with a controllable clock. Driven by messages `{ what,
 * ...}`, each answered when it is done.
 */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { dataSchemaOf, GROUPS_TOPIC } from '@allotree/contracts';
import { LICENSE_VARIABLES, LicenseServiceModule } from '@allotree/license-service';
import { NOTIFICATION_VARIABLES, NotificationServiceModule } from '@allotree/notification-service';
import { Clock, PG_POOL, createLogger, loadConfiguration } from '@allotree/basics';
import { BusPublisher } from '@allotree/bus';
import { createHttpApplication, ownService } from '@allotree/http';
import { hashPassword, signToken } from '@allotree/identity';
import { SERVICE_CONFIGURATION, ServiceModule, connectBusConsumers } from '@allotree/service';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { pino } from 'pino';
import { DueWork } from '../../apps/license-service/dist/due/due-work.js';
import { PROJECT_HANDLER } from '../../apps/license-service/dist/tokens.js';
import { assign, context, openingCommands, restrict } from './projects.mjs';
import { accepted, inParallel } from './runtime.mjs';

const SOME = { sip_number: 1_000, mobile_app: 1_000, ukey2: 1_000 };
const TIMEOUT_MS = 120_000;

let app;
const the = (token) => app.get(token, { strict: false });

async function start({ databaseUrl, smtpUrl, logFile, tickMs = '600000' }) {
  const shape = SERVICE_CONFIGURATION.extend({ ...LICENSE_VARIABLES, ...NOTIFICATION_VARIABLES });
  const configuration = loadConfiguration(shape, {
    DATABASE_URL: databaseUrl,
    PORT: '0',
    TOKEN_SECRET: randomBytes(48).toString('hex'),
    ADMIN_PASSWORD_HASH: await hashPassword(randomBytes(16).toString('hex')),
    TEST_CLOCK: '1',
    // Ticks run only on request.
    DUE_TICK_MS: tickMs,
    MAIL_COLLECT_SECONDS: '0',
    LOG_LEVEL: 'warn',
    ...(smtpUrl && { SMTP_URL: smtpUrl }),
  });
  const logger = createLogger({
    service: 'bench',
    level: configuration.LOG_LEVEL,
    destination: pino.destination({ dest: logFile, sync: false }),
  });
  class BenchModule {}
  Module({
    imports: [
      ServiceModule.forRoot({ service: 'bench', configuration, logger }),
      LicenseServiceModule.forRoot(configuration),
      NotificationServiceModule.forRoot(configuration),
    ],
  })(BenchModule);
  app = await createHttpApplication(BenchModule, configuration);
  connectBusConsumers(app, 'notification-service');
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const token = await signToken(ownService('bench'), { secret: configuration.TOKEN_SECRET, lifetimeSeconds: 3_600 });
  return { url: `http://127.0.0.1:${app.getHttpServer().address().port}`, token, now: the(Clock).now() };
}

/**
 * Creates projects whose groups expire at an instant, optionally with a reminder. `billed`: each has billing terms, and a number
 * in use.
 */
async function prepare({ prefix, projects, groups, end, reminder = null, administrators = false, billed = false }) {
  const handler = the(PROJECT_HANDLER);
  const names = Array.from({ length: projects }, (_, index) => `${prefix}p${index + 1}`);
  await inParallel(8, names, async (projectId) => {
    const now = the(Clock).now();
    const placed = [
      { groupId: projectId, parentId: null, type: 'company', name: projectId },
      ...Array.from({ length: groups }, (_, n) => ({
        groupId: `${projectId}_g${n + 1}`,
        parentId: projectId,
        type: 'building',
        name: `Building ${n + 1}`,
      })),
    ];
    if (administrators) await announce(projectId, placed.slice(1));
    const restrictions =
      end === null
        ? []
        : placed.slice(1).map(({ groupId }) => restrict(groupId, SOME, now, { validUntil: end, reminder }));
    const billing = billed
      ? [{ type: 'SetBillingTerms', now, interval: 'P1M', anchorDay: 1 }, assign(`${projectId}_g1`, now)]
      : [];
    for (const command of [...openingCommands(projectId, placed, now), ...restrictions, ...billing])
      accepted(await handler.execute(projectId, command, context()));
  });
  await followed();
  return names;
}

/** Publishes a project to the notification service: its groups, and an administrator for each. */
async function announce(projectId, groups) {
  const event = (type, data, index) => ({
    specversion: '1.0',
    id: `${projectId}-${type}-${index}`,
    source: '/group-service',
    type,
    subject: projectId,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: 'tenant',
    correlationid: 'bench',
    causationid: null,
    actor: 'user:bench',
    data: { projectId, ...data },
  });
  const created = { name: projectId, partnerId: 'partner', tenantId: 'tenant', timeZone: 'Europe/Berlin' };
  await the(BusPublisher).publish(GROUPS_TOPIC, [
    event('allotree.project-created.v1', { ...created, billingMode: 'prepaid', trial: false }, 0),
    event('allotree.groups-placed.v1', { groups }, 0),
    ...groups.map(({ groupId }, index) =>
      event(
        'allotree.member-added.v1',
        {
          groupId,
          memberId: `m_${groupId}`,
          userId: `u_${groupId}`,
          email: `${groupId}@example.com`,
          name: `Administrator of ${groupId}`,
          role: 'site_administrator',
        },
        index,
      ),
    ),
  ]);
}

async function followed() {
  const { lastPosition } = the(CommandRuntime);
  for (const { name } of await the(Subscriptions).lag())
    if (!(await the(Subscriptions).waitUntil(name, lastPosition, TIMEOUT_MS)))
      throw new Error(`${name} does not catch up`);
}

/** Waits until the notification service has received this number of members. */
async function received({ members }) {
  for (;;) {
    const { rows } = await the(PG_POOL).query('SELECT count(*)::integer AS count FROM notifications.member');
    if (rows[0].count >= members) return rows[0].count;
    await sleep(100);
  }
}

/** Inserts rows that become due years later, as that many scheduled allotments would. */
async function schedule({ count }) {
  const pool = the(PG_POOL);
  await pool.query(
    `INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at)
     SELECT 'later' || n / 100, 'group', 'later' || n / 100 || '_g' || n % 100, 'end', 'a' || n,
            timestamptz '2060-01-01' + n * interval '1 second'
     FROM generate_series(1, $1) AS n`,
    [count],
  );
  await pool.query('VACUUM ANALYZE licensing.due');
}

async function tick() {
  const start = performance.now();
  const settled = await the(DueWork).tick();
  return { settled, ms: performance.now() - start };
}

/** Responds immediately while due work runs in the background. `alone`: none runs until a tick is requested. */
function moveTo({ instant, alone = false }) {
  const clock = the(Clock);
  if (alone) clock.followers.length = 0;
  clock.moveTo(instant).catch((error) => process.stderr.write(`${error.stack}\n`));
}

const WHAT = {
  start,
  prepare,
  schedule,
  received,
  tick,
  followed,
  moveTo,
  stop: () => app?.close(),
};

process.on('message', async ({ what, ...rest }) => {
  try {
    process.send({ answer: (await WHAT[what](rest)) ?? null });
  } catch (error) {
    process.send({ error: error.stack });
  }
  if (what === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
