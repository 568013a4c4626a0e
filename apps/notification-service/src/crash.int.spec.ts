import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CONFIGURATION, LOGGER, METRICS } from '@allotree/basics';
import type { Registry } from 'prom-client';
import type { NotificationConfiguration } from './configuration.js';
import { MailDelivery } from './delivery/mail-delivery.js';
import { MailServer } from './delivery/smtp-server.harness.js';
import { SmtpDelivery } from './delivery/smtp-delivery.js';
import { Ledger } from './mails/ledger.js';
import { MailSender } from './mails/mail-sender.js';
import { Writer } from './mails/writer.js';
import { RecipientResolver } from './notices/recipient-resolver.js';
import { CollectNotice } from './notices/collect-notice/collect-notice.job.js';
import { reminder, Service } from './service-under-test.harness.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

class Killed extends Error {}

/** The same object, but the process ends before (or after) one of its methods. */
const killedAt = <Part extends object>(part: Part, method: keyof Part & string, when: 'before' | 'after'): Part =>
  new Proxy(part, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        if (name === method && when === 'before') throw new Killed();
        const result: unknown = await (value as (...given: unknown[]) => unknown).apply(target, parameters);
        if (name === method) throw new Killed();
        return result;
      };
    },
  });

interface Parts {
  readonly ledger: Ledger;
  readonly writer: Writer;
  readonly delivery: MailDelivery;
}

let service: Service;
let server: MailServer;
let delivery: SmtpDelivery;

/** A worker of its own, whose parts may fail; nothing of the service itself hands mails over meanwhile. */
const mailSender = (change: (parts: Parts) => Partial<Parts> = () => ({})): MailSender => {
  const get = <Part>(token: new (...parameters: never[]) => Part) => service.app.get(token, { strict: false });
  const parts = { ledger: get(Ledger), writer: get(Writer), delivery };
  const { ledger, writer, delivery: out } = { ...parts, ...change(parts) };
  const configuration = service.app.get<NotificationConfiguration>(CONFIGURATION, { strict: false });
  const registry = { registerMetric: () => undefined } as unknown as Registry;
  return new MailSender(ledger, writer, out, configuration, service.app.get(LOGGER, { strict: false }), registry);
};

const leasePasses = () => service.rows("UPDATE notifications.mail SET lease_until = now() WHERE status = 'sending'");
const onlyMail = async () => {
  const [mail, ...others] = await service.deliveries();
  expect(others).toEqual([]);
  return mail;
};

let jobs = 0;
const fileOne = async (): Promise<void> => {
  const notice = service.app.get(CollectNotice, { strict: false });
  await notice.collect({ id: `crash_${(jobs += 1)}`, data: reminder('a') });
  await service.app.get(RecipientResolver, { strict: false }).step();
  await service.rows('UPDATE notifications.mail SET not_before = now()');
};

beforeAll(async () => {
  service = await Service.start({
    settings: { MAIL_COLLECT_SECONDS: '0', MAIL_ATTEMPTS: '3', MAIL_LEASE_SECONDS: '60' },
  });
  await service.hafenblick();
  expect(service.app.get(METRICS, { strict: false })).toBeDefined();
  await service.notifications.stop();
});
afterAll(() => service.stop());
beforeEach(async () => {
  await service.empty('mail', 'mail_item', 'notice', 'outbox');
  server = await new MailServer().listen();
  delivery = new SmtpDelivery({ url: server.url(), connections: 2, timeoutMs: 5_000 });
});
afterEach(async () => {
  await delivery.close();
  await server.close();
});

describe('a worker that is killed', () => {
  it.each<[string, (parts: Parts) => Partial<Parts>, number]>([
    ['before it claims', ({ ledger }) => ({ ledger: killedAt(ledger, 'claim', 'before') }), 1],
    ['after it claimed', ({ ledger }) => ({ ledger: killedAt(ledger, 'claim', 'after') }), 1],
    ['after writing', ({ writer }) => ({ writer: killedAt(writer, 'write', 'after') }), 1],
    ['before keeping what it wrote', ({ ledger }) => ({ ledger: killedAt(ledger, 'keepContent', 'before') }), 1],
    ['after keeping what it wrote', ({ ledger }) => ({ ledger: killedAt(ledger, 'keepContent', 'after') }), 1],
    ['between sending and recording', ({ ledger }) => ({ ledger: killedAt(ledger, 'sent', 'before') }), 2],
    ['after recording', ({ ledger }) => ({ ledger: killedAt(ledger, 'sent', 'after') }), 1],
  ])('%s: the mail goes out, and only what nobody can know twice', async (_when, change, copies) => {
    await fileOne();
    await expect(mailSender(change).round(false)).rejects.toThrow(Killed);
    // While the lease lasts, only its owner handles the mail.
    service.clock.advance(1_000);
    await mailSender().round(false);
    await leasePasses();
    await mailSender().round(false);
    await mailSender().round(true);
    expect(server.received).toHaveLength(copies);
    const mail = await onlyMail();
    expect(mail).toMatchObject({ status: 'sent', error: null });
    // A mail received twice has the same Message-ID and the same content.
    expect(new Set(server.received.map(({ mail: { messageId } }) => messageId))).toEqual(new Set([mail?.messageId]));
    const withoutBoundaries = server.received.map(({ raw }) => raw.replace(/--_NmP-[^\s"]+/g, '--'));
    expect(new Set(withoutBoundaries).size).toBe(1);
  });

  it('whose template changed in between sends what it had written', async () => {
    await fileOne();
    await expect(
      mailSender(({ ledger }) => ({ ledger: killedAt(ledger, 'sent', 'before') })).round(false),
    ).rejects.toThrow(Killed);
    const html = ':group_list :valid_until :days_left';
    await service.put('/mail-templates/license_expiry_reminder', { subject: 'another', html });
    await leasePasses();
    await mailSender().round(false);
    await service.delete('/mail-templates/license_expiry_reminder');
    expect(server.received.map(({ mail }) => mail.subject)).toEqual(
      Array(2).fill('Hafenblick: licenses end in 30 days'),
    );
  });

  it('again and again while it hands the same mail over: that ends, too', async () => {
    await fileOne();
    for (let death = 0; death < 5; death += 1) {
      await mailSender(({ ledger }) => ({ ledger: killedAt(ledger, 'sent', 'before') }))
        .round(false)
        .catch(() => undefined);
      await leasePasses();
    }
    await mailSender().round(false);
    expect(server.received).toHaveLength(3);
    expect(await onlyMail()).toMatchObject({ status: 'dead', error: expect.stringMatching(/ended/) });
  });

  it('while it files notices: they are filed once', async () => {
    const notice = service.app.get(CollectNotice, { strict: false });
    const recipientResolver = service.app.get(RecipientResolver, { strict: false });
    for (const id of ['file_1', 'file_2', 'file_1']) await notice.collect({ id, data: reminder('a') });
    const source = (
      recipientResolver as unknown as { dataSource: { transaction: (work: (tx: object) => unknown) => unknown } }
    ).dataSource;
    const { transaction } = source;
    source.transaction = (work) =>
      transaction.call(source, async (tx) => {
        await work(tx);
        throw new Killed();
      });
    await expect(recipientResolver.step()).rejects.toThrow(Killed);
    source.transaction = transaction;
    expect(await service.deliveries()).toEqual([]);
    expect(await recipientResolver.step()).toBe(2);
    expect(await recipientResolver.step()).toBe(0);
    expect(await service.rows('SELECT count(*)::integer AS count FROM notifications.mail_item')).toEqual([
      { count: 2 },
    ]);
    await onlyMail();
  });
});

describe('two workers', () => {
  it('never have the same mail in hand', async () => {
    const notice = service.app.get(CollectNotice, { strict: false });
    for (let day = 10; day < 30; day += 1)
      await notice.collect({ id: `two_${day}`, data: reminder('b', { date: `2026-11-${day}` }) });
    await service.app.get(RecipientResolver, { strict: false }).step();
    await service.rows('UPDATE notifications.mail SET not_before = now()');
    await Promise.all([mailSender().round(false), mailSender().round(false), mailSender().round(false)]);
    expect(server.received).toHaveLength(20);
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(20);
  });

  it('count the hour of a recipient together', async () => {
    const notice = service.app.get(CollectNotice, { strict: false });
    for (let n = 10; n < 40; n += 1)
      await notice.collect({ id: `hour_${n}`, data: reminder('b', { date: `20${n}-11-01` }) });
    await service.app.get(RecipientResolver, { strict: false }).step();
    await service.rows('UPDATE notifications.mail SET not_before = now()');
    await Promise.all([mailSender().round(false), mailSender().round(false)]);
    expect(server.received).toHaveLength(20);
    service.clock.advance(61 * 60_000);
    await mailSender().round(false);
    expect(server.received).toHaveLength(30);
  });

  it('of which one was thought dead: the other has sent it, and the record stays true', async () => {
    await fileOne();
    let late: (() => void) | undefined;
    const slow = mailSender(({ delivery: out }) => ({
      delivery: {
        deliver: async (mail: Parameters<MailDelivery['deliver']>[0]) => {
          await new Promise<void>((go) => {
            late = go;
          });
          return out.deliver(mail);
        },
        close: async () => undefined,
      },
    })).round(false);
    while (late === undefined) await new Promise((go) => setTimeout(go, 10));
    await leasePasses();
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'sent', attempts: 2 });
    late();
    await slow;
    expect(await onlyMail()).toMatchObject({ status: 'sent', attempts: 2 });
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(1);
  });
});

describe('a mail server that has trouble', () => {
  const later = () => service.rows("UPDATE notifications.mail SET not_before = now() WHERE status = 'failed'");
  const waits = async () => {
    const [row] = await service.rows<{ seconds: number }>(
      'SELECT round(extract(epoch FROM not_before - clock_timestamp()))::integer AS seconds FROM notifications.mail',
    );
    return row?.seconds ?? 0;
  };

  it('is asked again, later and later; then the mail is a dead letter, which can be sent again', async () => {
    await fileOne();
    server.recipientCode = 451;
    const pauses: number[] = [];
    for (const attempts of [1, 2]) {
      await mailSender().round(true);
      expect(await onlyMail()).toMatchObject({ status: 'failed', attempts, error: expect.stringContaining('451') });
      expect(await mailSender().round(true)).toBe(0);
      pauses.push(await waits());
      await later();
    }
    expect(pauses[0]).toBeGreaterThan(50);
    expect(pauses[0]).toBeLessThanOrEqual(60);
    expect(pauses[1]).toBeGreaterThan(110);
    await mailSender().round(true);
    const dead = await onlyMail();
    expect(dead).toMatchObject({ status: 'dead', attempts: 3, nextAttemptAt: null });

    server.recipientCode = null;
    const { status, body } = await service.post(`/deliveries/${dead?.deliveryId}/retry`);
    expect([status, body.deliveries]).toEqual([200, [expect.objectContaining({ status: 'pending', attempts: 0 })]]);
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'sent', messageId: dead?.messageId });
    expect(server.received).toHaveLength(1);
  });

  it('and turns the mail away for good: no more attempts', async () => {
    await fileOne();
    server.recipientCode = 550;
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'dead', attempts: 1, error: expect.stringContaining('550') });
  });

  it('and goes away after the data: the mail goes again, under the same Message-ID', async () => {
    await fileOne();
    server.afterData = 'drop';
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'failed' });
    server.afterData = 'accept';
    await later();
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'sent', attempts: 2 });
    expect(server.received).toHaveLength(2);
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(1);
  });

  it('until the end is over: then nobody is reminded any more', async () => {
    await fileOne();
    server.recipientCode = 451;
    await mailSender().round(false);
    server.recipientCode = null;
    await later();
    const at = new Date(service.clock.now()).toISOString();
    service.clock.moveTo('2026-12-01T23:00:00Z');
    await mailSender().round(false);
    expect(await onlyMail()).toMatchObject({ status: 'obsolete' });
    expect(server.received).toEqual([]);
    service.clock.moveTo(at);
  });
});

describe('a process that is killed (kill -9)', () => {
  const root = resolve(import.meta.dirname, '../../..');
  const CHILD = `
    import { loadConfiguration } from '@allotree/basics';
    import { createHttpApplication } from '@allotree/http';
    import { connectBusConsumers, ServiceModule } from '@allotree/service';
    import { NOTIFICATION_CONFIGURATION, NotificationServiceModule } from '@allotree/notification-service';
    const configuration = loadConfiguration(NOTIFICATION_CONFIGURATION, process.env);
    const base = ServiceModule.forRoot({ service: 'notification-service', configuration });
    const module = { module: class Child {}, imports: [base, NotificationServiceModule.forRoot(configuration)] };
    const app = await createHttpApplication(module, configuration);
    await app.init();
  `;

  it('between handing over and recording: the next one hands the mail over again, recognizably, and records it', async () => {
    if (!existsSync(resolve(root, 'apps/notification-service/dist/index.js')))
      throw new Error('not built: npm run build');
    await fileOne();
    await service.rows(
      "UPDATE notifications.notice SET job = jsonb_set(job, '{validUntil}', '\"2099-12-01T23:00:00.000Z\"')",
    );
    const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
      cwd: root,
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        PORT: '0',
        DATABASE_URL: service.database.connectionString,
        TOKEN_SECRET: 'a secret of the specs, 32 characters and more',
        ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
        LOG_LEVEL: 'error',
        SMTP_URL: server.url(),
        MAIL_FROM: 'Allotree <mail@allotree.example>',
      },
    });
    const ended = new Promise((done) => child.once('close', done));
    // It has the data, and does not get to say so any more.
    server.onReceived = () => child.kill('SIGKILL');
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    server.onReceived = null;
    expect(await onlyMail()).toMatchObject({ status: 'sending', attempts: 1 });
    await leasePasses();
    await mailSender().round(false);
    const mail = await onlyMail();
    expect(mail).toMatchObject({ status: 'sent', attempts: 2 });
    expect(server.received.map(({ mail: { messageId } }) => messageId)).toEqual([mail?.messageId, mail?.messageId]);
    const [first, second] = server.received;
    expect(second?.mail.html).toBe(first?.mail.html);
  });
});
