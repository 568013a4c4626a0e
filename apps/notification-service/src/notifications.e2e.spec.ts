import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { LicenseExpiryJob } from '@allotree/contracts';
import { ended, member, reminder, Service } from './service-under-test.harness.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

const BEFORE = '2026-11-01T07:00:00Z';
let service: Service;
beforeAll(async () => {
  service = await Service.start({ settings: { MAIL_COLLECT_SECONDS: '3600', MAIL_PER_HOUR: '3' }, at: BEFORE });
  await service.hafenblick();
});
afterAll(() => service.stop());
beforeEach(async () => {
  await service.empty('mail', 'mail_item', 'notice', 'outbox');
  service.clock.moveTo(BEFORE);
});

/** Ids of jobs are used up: a queue knows them for a day. */
let jobs = 0;
const job = (data: LicenseExpiryJob): Record<string, LicenseExpiryJob> => ({ [`job_${(jobs += 1)}`]: data });
const deliver = (...data: LicenseExpiryJob[]) => service.deliver(Object.assign({}, ...data.map(job)));
const sentMails = async () => (await service.outbox()).map(({ to, subject }) => `${to}: ${subject}`);

describe('recipients (E3)', () => {
  it('the administrators of the group, else of the nearest above', async () => {
    await deliver(reminder('a'), reminder('b'), reminder('unit-1'));
    const mails = await service.outbox();
    expect(mails.map(({ to }) => to).sort()).toEqual(['ada@nordlicht.example', 'kim@nordlicht.example']);
    const kim = mails.find(({ to }) => to.startsWith('kim'));
    expect(kim?.text).toContain('- Building A (Hafenblick)');
    expect(kim?.text).toContain('- Building A › Unit 1 (Hafenblick)');
    expect(kim).toMatchObject({ recipientName: 'Kim', from: 'Allotree <mail@allotree.example>' });
  });

  it('with "members" those of the group too', async () => {
    await deliver(reminder('unit-1', { recipients: 'members' }));
    expect((await sentMails()).sort()).toEqual([
      'kim@nordlicht.example: Hafenblick: licenses end in 30 days',
      'rolf@nordlicht.example: Hafenblick: licenses end in 30 days',
    ]);
  });

  it('follows who administers what', async () => {
    await service.publish(
      'hafenblick',
      'allotree.member-added.v1',
      member('hafenblick', 'unit-1', 'mia', 'site_administrator'),
    );
    await deliver(reminder('unit-1'));
    await service.publish('hafenblick', 'allotree.group-moved.v1', {
      projectId: 'hafenblick',
      groupId: 'unit-1',
      parentId: 'b',
    });
    await service.publish('hafenblick', 'allotree.member-removed.v1', {
      ...member('hafenblick', 'unit-1', 'mia', 'site_administrator'),
    });
    await deliver(reminder('unit-1', { date: '2026-11-02' }));
    expect((await service.outbox()).map(({ to }) => to)).toEqual(['mia@nordlicht.example', 'ada@nordlicht.example']);
    await service.publish('hafenblick', 'allotree.group-moved.v1', {
      projectId: 'hafenblick',
      groupId: 'unit-1',
      parentId: 'a',
    });
  });

  it('passes over who is deactivated, up to the nearest group with somebody active, until reinstated (E5)', async () => {
    const standing = (active: boolean) => service.publish('kim', 'allotree.user-changed.v1', { userId: 'kim', active });
    await standing(false);
    await deliver(reminder('unit-1'));
    await standing(true);
    await deliver(reminder('unit-1', { date: '2026-11-02' }));
    expect((await service.outbox()).map(({ to }) => to)).toEqual(['ada@nordlicht.example', 'kim@nordlicht.example']);
  });

  it('in the language of the account, German beside English in one project', async () => {
    const speaks = (userId: string, language: string) =>
      service.publish(userId, 'allotree.user-changed.v1', { userId, language });
    await speaks('kim', 'de-AT');
    await speaks('ada', 'en');
    const stopping = { sip_number: 80, mobile_app: 60, ukey2: 5 };
    await deliver(reminder('a', { stopping }), reminder('hafenblick', { stopping }));
    const mails = new Map((await service.outbox()).map((mail) => [mail.to, mail]));
    const [kim, ada] = [mails.get('kim@nordlicht.example'), mails.get('ada@nordlicht.example')];
    expect(kim?.subject).toBe('Hafenblick: Lizenzen enden in 30 Tagen');
    expect(kim?.text).toContain('Guten Tag Kim,');
    expect(kim?.text).toContain(
      'Ohne Verlängerung funktionieren 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel nicht mehr.',
    );
    expect(kim?.html).toContain('<html lang="de"');
    expect(ada?.subject).toBe('Hafenblick: licenses end in 30 days');
    expect(ada?.text).toContain(
      '80 virtual numbers, 60 mobile apps and 5 UKEY2 keys stop working unless the licenses are extended.',
    );
    expect(ada?.html).toContain('<html lang="en"');
    await speaks('kim', 'en');
  });

  it('names groups by their current names, and omits removed groups', async () => {
    await service.publishAll('hafenblick', [
      {
        type: 'allotree.groups-placed.v1',
        data: {
          projectId: 'hafenblick',
          groups: [
            { groupId: 'c', parentId: 'hafenblick', type: 'building', name: 'C' },
            { groupId: 'c-1', parentId: 'c', type: 'unit', name: 'C 1' },
          ],
        },
      },
      {
        type: 'allotree.group-changed.v1',
        data: { projectId: 'hafenblick', groupId: 'c', type: 'building', name: 'Cove' },
      },
      { type: 'allotree.member-added.v1', data: member('hafenblick', 'c-1', 'cleo', 'site_administrator') },
    ]);
    await deliver(reminder('c-1'));
    await service.publish('hafenblick', 'allotree.group-removed.v1', { projectId: 'hafenblick', groupId: 'c' });
    await deliver(reminder('c-1', { date: '2026-11-02' }));
    const mails = await service.outbox();
    expect(mails.map(({ to }) => to)).toEqual(['cleo@nordlicht.example']);
    expect(mails[0]?.text).toContain('- Cove › C 1 (Hafenblick)');
  });
});

describe('what goes in one mail (E3)', () => {
  it('all groups of one administrator due on one day, of several projects, however often a job comes', async () => {
    await service.hafenblick('elbblick');
    const elbblick = { projectId: 'elbblick', projectName: 'Elbblick' };
    const first = { ...job(reminder('a')), ...job(reminder('unit-1')), ...job(reminder('a', elbblick)) };
    await service.enqueue(first);
    await service.enqueue(first);
    await service.notifications.whenIdle();
    const mails = await service.outbox();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['kim@nordlicht.example', 'Hafenblick and Elbblick: licenses end in 30 days'],
    ]);
    expect(mails[0]?.projectIds.toSorted()).toEqual(['elbblick', 'hafenblick']);
    for (const query of ['&projectId=elbblick', '&projectId=hafenblick', '&to=KIM@nordlicht.example'])
      expect(await service.outbox(query)).toEqual(mails);
    expect(await service.outbox('&projectId=other')).toEqual([]);
  });

  it('waits for more of the day', async () => {
    await service.enqueue(job(reminder('a')));
    const waiting = await until(
      () => service.deliveries(),
      ({ length }) => length > 0,
    );
    expect(waiting).toMatchObject([{ status: 'pending', attempts: 0, subject: null, to: 'kim@nordlicht.example' }]);
    expect(await service.outbox()).toEqual([]);
    await deliver(reminder('unit-1'));
    const [mail, ...others] = await service.outbox();
    expect(others).toEqual([]);
    expect(mail?.text).toMatch(/- Building A \(Hafenblick\)[^]*- Building A › Unit 1/);
  });

  it('not what is of another day, another kind, or too late', async () => {
    await deliver(reminder('a'), reminder('a', { date: '2026-11-02' }), ended('a'));
    expect(await service.outbox()).toHaveLength(3);
    service.clock.moveTo('2026-11-01T09:00:00Z');
    await deliver(reminder('unit-1'));
    expect(await service.outbox()).toHaveLength(4);
    expect((await service.deliveries()).map(({ status }) => status)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });
});

describe('the mails', () => {
  it('say that a term has ended, what stopped and what it fell back to', async () => {
    await deliver(ended('a', { fallback: 'basic' }));
    const [mail] = await service.outbox();
    expect(mail).toMatchObject({ mailType: 'license_ended', subject: 'Hafenblick: licenses have ended' });
    expect(mail?.text).toContain('No longer working: 80 virtual numbers, 60 mobile apps and 5 UKEY2 keys\n');
    expect(mail?.text).toContain('Now in effect: Basic\n');
    expect(mail?.text).toContain('Extend licenses <https://licenses.example/projects/hafenblick/groups/a>');
  });

  it('say what works again, and that a trial has begun', async () => {
    const { daysLeft: _days, allotmentIds: _ids, fallback: _fallback, ...base } = reminder('a');
    const restored = { sip_number: 80, mobile_app: 60, ukey2: 5 };
    const { recipients: _recipients, ...trial } = { ...base, groupId: 'hafenblick', groupName: 'Hafenblick' };
    await deliver(
      { ...base, kind: 'restored', restoredAt: '2026-11-01T07:00:00Z', restored },
      { ...trial, kind: 'trial_started', validUntil: '2026-12-01T23:00:00Z' },
    );
    expect((await sentMails()).sort()).toEqual([
      'ada@nordlicht.example: Hafenblick: your trial has started',
      'kim@nordlicht.example: Hafenblick: licenses work again',
    ]);
  });

  it('remind nobody of an end that is over', async () => {
    service.clock.moveTo('2026-12-01T23:00:00Z');
    await deliver(reminder('a'));
    expect(await service.outbox()).toEqual([]);
    expect(await service.deliveries()).toMatchObject([{ status: 'obsolete', nextAttemptAt: null }]);
    await deliver(reminder('a'), reminder('unit-1', { validUntil: '2026-12-15T23:00:00Z' }));
    const [mail] = await service.outbox();
    expect(mail?.text).toContain('Unit 1');
    expect(mail?.text).not.toContain('- Building A (');
  });

  it('are limited per recipient and hour; the others wait and are not lost', async () => {
    const dates = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05'];
    await deliver(...dates.map((date) => reminder('a', { date })), reminder('b'));
    expect((await sentMails()).filter((mail) => mail.startsWith('kim'))).toHaveLength(3);
    expect((await sentMails()).filter((mail) => mail.startsWith('ada'))).toHaveLength(1);
    // Whether those in front of them were taken on is known in a minute.
    service.clock.moveTo('2026-11-01T07:01:00Z');
    await service.notifications.whenIdle();
    const waiting = await service.deliveries('&status=pending');
    expect(waiting.map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([
      '2026-11-01T08:00:00.000Z',
      '2026-11-01T08:00:00.000Z',
    ]);
    service.clock.moveTo('2026-11-01T07:59:59Z');
    await service.notifications.whenIdle();
    expect((await service.deliveries('&status=pending')).length).toBe(2);
    service.clock.moveTo('2026-11-01T08:00:00Z');
    await service.notifications.whenIdle();
    expect((await sentMails()).filter((mail) => mail.startsWith('kim'))).toHaveLength(5);
  });
});

describe('a dead letter', () => {
  const project = (projectId: string, partnerId: string) => ({
    type: 'allotree.project-created.v1' as const,
    data: {
      projectId,
      name: projectId,
      partnerId,
      tenantId: 'nordlicht',
      timeZone: 'UTC',
      billingMode: 'prepaid',
      trial: false,
    },
  });
  /** Without the pauses between the looks for somebody. */
  const buried = async (): Promise<void> => {
    while ((await service.deliveries('&status=dead')).length === 0) {
      await service.rows("UPDATE notifications.notice SET not_before = now() WHERE state = 'new'");
      service.notifications.wake();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('is what nobody can be found for; when somebody is there it can be sent again', async () => {
    await service.publishAll('lonely', [project('lonely', 'nobody')]);
    await service.enqueue(job(reminder('lonely', { projectId: 'lonely', projectName: 'lonely' })));
    await buried();
    const [letter] = await service.deliveries('&status=dead');
    expect(letter).toMatchObject({ to: null, projectIds: ['lonely'], nextAttemptAt: null });
    expect(letter?.error).toMatch(/Nobody to send it to/);
    const path = `/deliveries/${letter?.deliveryId}/retry`;
    expect(await service.post(path)).toMatchObject({ status: 409, body: { code: 'NO_RECIPIENT' } });
    expect(await service.deliveries('&status=dead')).toEqual([letter]);

    await service.publish('nobody', 'allotree.partner-registered.v1', {
      partnerId: 'nobody',
      kind: 'dealer',
      name: 'Nobody',
      parentPartnerId: 'nordlicht',
      tenantId: 'nordlicht',
      administrator: { userId: 'pia', email: 'pia@dealer.example', name: 'Pia' },
    });
    const answer = await service.post(path);
    expect(answer).toMatchObject({
      status: 200,
      body: { deliveries: [{ to: 'pia@dealer.example', status: 'pending' }] },
    });
    await service.notifications.whenIdle();
    expect(await sentMails()).toEqual(['pia@dealer.example: lonely: licenses end in 30 days']);
    expect(await service.deliveries()).toHaveLength(1);
    expect((await service.post(path)).status).toBe(404);
  });

  it('goes to the administrators of the tenant when the partner is not known', async () => {
    await service.publish('nordlicht', 'allotree.partner-registered.v1', {
      partnerId: 'nordlicht',
      kind: 'distributor',
      name: 'Nordlicht',
      parentPartnerId: null,
      tenantId: 'nordlicht',
      administrator: { userId: 'ada', email: 'owner@nordlicht.example', name: 'Ada' },
    });
    await service.publishAll('orphan', [project('orphan', 'unheard-of')]);
    await deliver(reminder('orphan', { projectId: 'orphan', projectName: 'orphan' }));
    expect(await sentMails()).toEqual(['owner@nordlicht.example: orphan: licenses end in 30 days']);
  });

  it('can be an unknown group; events that arrive in time are used', async () => {
    await service.enqueue(job(reminder('late', { projectId: 'late', projectName: 'late' })));
    while ((await service.rows('SELECT 1 FROM notifications.notice WHERE tries > 0')).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await service.publishAll('late', [project('late', 'nordlicht')]);
    await service.notifications.whenIdle();
    expect(await service.outbox('&projectId=late')).toHaveLength(1);

    await service.enqueue(job(reminder('nowhere', { projectId: 'nowhere' })));
    await buried();
    expect((await service.deliveries('&status=dead'))[0]?.error).toMatch(/the group is not known/);
  });

  it('of the queue is a job that is none', async () => {
    await service.enqueue({ broken: { kind: 'reminder' } as never });
    await service.notifications.whenIdle();
    expect(await service.rows('SELECT 1 FROM notifications.notice')).toEqual([]);
  });
});

describe('a mail that is out', () => {
  it('is not sent again by hand', async () => {
    await deliver(reminder('a'));
    const [mail] = await service.deliveries();
    expect(await service.get(`/deliveries/${mail?.deliveryId}`)).toMatchObject({ status: 200, body: mail });
    expect(mail).toMatchObject({ status: 'sent', attempts: 1, error: null, nextAttemptAt: null });
    expect(mail?.messageId).toBe(`<${mail?.deliveryId}@allotree.example>`);
    const answer = await service.post(`/deliveries/${mail?.deliveryId}/retry`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'DELIVERY_NOT_FAILED' } });
    expect(await service.outbox()).toHaveLength(1);
  });

  it('is shown in a browser without anything running', async () => {
    await deliver(reminder('a'));
    const [mail] = await service.outbox();
    const page = await service.get(`/outbox/${mail?.outboxId}/html`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(page.headers.get('content-security-policy')).not.toContain('script-src');
    expect(page.body).toBe(mail?.html);
    expect(page.body).toContain('Building A');
  });
});

describe('lists', () => {
  it('come in pages, the newest first', async () => {
    const dates = Array.from({ length: 3 }, (_, n) => `2026-11-0${n + 1}`);
    await deliver(...dates.map((date) => reminder('a', { date })));
    for (const path of ['/deliveries', '/outbox']) {
      const first = (await service.get(`${path}?limit=2`)).body;
      const second = (await service.get(`${path}?limit=2&cursor=${first.nextCursor}`)).body;
      expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
      expect([...first.items, ...second.items]).toEqual((await service.get(path)).body.items);
    }
    expect((await service.get('/deliveries?status=sent')).body.items).toHaveLength(3);
    expect((await service.get('/deliveries?status=dead')).body.items).toEqual([]);
  });
});
