import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAIL_TYPES } from '@allotree/contracts';
import { ADMINISTRATOR, reminder, Service } from './service-under-test.harness.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.hafenblick();
});
afterAll(() => service.stop());
beforeEach(async () => {
  // A mail of the test before that is still on its way would arrive in the next one.
  await service.notifications.whenIdle();
  await service.empty('mail_template', 'mail', 'mail_item', 'notice', 'outbox');
});

const PATH = '/mail-templates/license_expiry_reminder';
const own = {
  subject: ':project ends: :days_left',
  html: '<p>Dear :recipient_name, until :valid_until.</p><p>:days_left</p>:group_list<a href=":link">Go</a>',
};
let jobs = 0;
const remind = () => service.deliver({ [`template_${(jobs += 1)}`]: reminder('a') });

describe('mail templates', () => {
  it('are listed with their markers, the required ones marked', async () => {
    const { items } = (await service.get('/mail-templates')).body;
    expect(items.map(({ mailType }: { mailType: string }) => mailType)).toEqual([...MAIL_TYPES]);
    const [first] = items;
    expect(first).toMatchObject({ custom: false, tenantId: null, changedAt: null });
    expect(first.markers).toContainEqual({ marker: ':group_list', description: expect.any(String), required: true });
    expect(first.markers).toContainEqual({ marker: ':fallback', description: expect.any(String), required: false });
    expect(first.html).toBeUndefined();
    expect((await service.get(PATH)).body.html).toContain(':group_list');
  });

  it('are used from the next mail on, and put back by deleting', async () => {
    const delivered = (await service.get(PATH)).body;
    const saved = await service.put(PATH, own);
    expect(saved).toMatchObject({ status: 200, body: { ...own, custom: true, changedAt: '2026-11-01T07:00:00.000Z' } });
    expect((await service.get(PATH)).body).toEqual(saved.body);
    await remind();
    const [mail] = await service.outbox();
    expect(mail).toMatchObject({ subject: 'Hafenblick ends: 30 days' });
    expect(mail?.text).toMatch(/^Dear Kim, until 1 December 2026\./);
    expect(mail?.html).toContain('<a href="https://licenses.example/projects/hafenblick/groups/a">Go</a>');

    expect(await service.delete(PATH)).toMatchObject({ status: 204, body: '' });
    expect((await service.get(PATH)).body).toEqual(delivered);
    await service.rows('DELETE FROM notifications.mail_item');
    await remind();
    expect((await service.outbox()).map(({ subject }) => subject)).toEqual([
      'Hafenblick ends: 30 days',
      'Hafenblick: licenses end in 30 days',
    ]);
  });

  it('of a tenant come before the one of all tenants', async () => {
    await service.put(PATH, { ...own, subject: 'all' });
    await service.put(`${PATH}?tenantId=nordlicht`, { ...own, subject: 'nordlicht' });
    const subjectOf = async (query: string) => (await service.get(`${PATH}${query}`)).body.subject;
    expect([await subjectOf(''), await subjectOf('?tenantId=nordlicht'), await subjectOf('?tenantId=other')]).toEqual([
      'all',
      'nordlicht',
      'all',
    ]);
    await remind();
    await service.delete(`${PATH}?tenantId=nordlicht`);
    await service.rows('DELETE FROM notifications.mail_item');
    await remind();
    expect((await service.outbox()).map(({ subject }) => subject)).toEqual(['nordlicht', 'all']);
  });

  it('name the required markers that are missing, and save nothing', async () => {
    const answer = await service.put(PATH, { subject: 'Licenses end', html: '<p>Soon, :nobody.</p>' });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: 'VALIDATION',
        missingMarkers: [':group_list', ':valid_until', ':days_left'],
        errors: [
          { field: 'html', message: 'must contain :group_list' },
          { field: 'html', message: 'must contain :valid_until' },
          { field: 'html', message: 'must contain :days_left' },
          {
            field: 'html',
            message: expect.stringMatching(/^:nobody is not a marker of this mail: :greeting, :recipient_name, /),
          },
        ],
      },
    });
    expect(await service.rows('SELECT 1 FROM notifications.mail_template')).toEqual([]);
  });

  it('are kept and sent without what could run', async () => {
    const html = `${own.html}<script>alert(1)</script><img src="x" onerror="alert(1)"><a href="javascript:alert(1)">x</a>`;
    const { body } = await service.put(PATH, { ...own, html });
    expect(body.html).not.toMatch(/script|onerror/);
    await remind();
    const [mail] = await service.outbox();
    expect(mail?.html).not.toMatch(/script|onerror/);
  });

  it('have an ETag that goes on over putting back; If-Match is honoured', async () => {
    const etag = async () => (await service.get(PATH)).headers.get('etag');
    expect(await etag()).toBe('"0"');
    expect((await service.put(PATH, own, { 'if-match': '"0"' })).headers.get('etag')).toBe('"1"');
    expect((await service.put(PATH, own)).headers.get('etag')).toBe('"1"');
    const stale = await service.put(PATH, { ...own, subject: 'x' }, { 'if-match': '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'STALE_REVISION', expectedRevision: 0, revision: 1 } });
    expect((await service.delete(PATH, { 'if-match': '"0"' })).status).toBe(412);
    expect((await service.get(PATH)).body.subject).toBe(own.subject);
    await service.delete(PATH, { 'if-match': '"1"' });
    expect(await etag()).toBe('"2"');
    await service.put(PATH, own);
    expect(await etag()).toBe('"3"');
  });

  it.each(MAIL_TYPES)('can be looked at with sample data: %s', async (mailType) => {
    const { status, body } = await service.post(`/mail-templates/${mailType}/preview`, {});
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['html', 'subject', 'text']);
    expect(body.text).toContain('Hello Ada Berg');
    expect(await service.rows('SELECT 1 FROM notifications.mail')).toEqual([]);
  });

  it('are shown and tried in the language that is asked for, else in that of the account', async () => {
    const kim = await service.as({ userId: 'kim', email: 'kim@nordlicht.example', serverAdministrator: true });
    await service.publish('kim', 'allotree.user-changed.v1', { userId: 'kim', language: 'de' });
    const subjectOf = async (query: string, headers = {}) =>
      (await service.request('POST', `${PATH}/preview${query}`, {}, headers)).body.subject;
    const [english, german] = ['Hafenblick: licenses end in 30 days', 'Hafenblick: Lizenzen enden in 30 Tagen'];
    expect([await subjectOf(''), await subjectOf('?language=de-CH'), await subjectOf('?language=fr')]).toEqual([
      english,
      german,
      english,
    ]);
    expect([await subjectOf('', kim), await subjectOf('?language=en', kim)]).toEqual([german, english]);
    expect((await service.get(`${PATH}?language=de`)).body.html).toContain('<html lang="de"');
    expect((await service.get('/mail-templates?language=de')).body.items[0].subject).toContain('Lizenzen enden');
    const test = await service.post(`${PATH}/test?language=de`, {});
    await service.notifications.whenIdle();
    expect((await service.get(`/outbox/${test.body.deliveryId}`)).body.subject).toBe(german);
    expect(await service.post(`${PATH}/preview?language=d!`, {})).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION', errors: [{ field: 'language' }] },
    });
    const own = { subject: ':project: :days_left', html: '<p>:valid_until :days_left</p>:group_list' };
    expect((await service.post(`${PATH}/preview?language=de`, own)).body).toMatchObject({
      subject: 'Hafenblick: 30 Tagen',
      text: expect.stringContaining('1. Dezember 2026'),
    });
    await service.publish('kim', 'allotree.user-changed.v1', { userId: 'kim', language: 'en' });
  });

  it('can be looked at before they are saved, in part too', async () => {
    const preview = await service.post(`${PATH}/preview`, own);
    expect(preview.body).toMatchObject({ subject: 'Hafenblick ends: 30 days' });
    const { body } = await service.post(`${PATH}/preview`, { subject: 'Only :project' });
    expect(body.subject).toBe('Only Hafenblick');
    expect(body.html).toContain('Licenses end in 30 days');
    const refused = await service.post(`${PATH}/preview`, { html: '<p>x</p>' });
    expect(refused).toMatchObject({ status: 400, body: { missingMarkers: expect.any(Array) } });
    expect((await service.get(PATH)).body.custom).toBe(false);
  });

  it('can be sent to oneself to look at, once for one idempotency key', async () => {
    const send = () => service.post(`${PATH}/test`, own, { 'idempotency-key': 'try' });
    const first = await send();
    expect(first.status).toBe(202);
    expect((await send()).body).toEqual(first.body);
    await service.rows("UPDATE http.idempotent_request SET answer = NULL, lease_until = '-infinity'");
    expect((await send()).body).toEqual(first.body);
    await service.notifications.whenIdle();
    expect(await service.outbox()).toMatchObject([
      { to: ADMINISTRATOR, subject: 'Hafenblick ends: 30 days', outboxId: first.body.deliveryId },
    ]);
    expect((await service.get(`/deliveries/${first.body.deliveryId}`)).body).toMatchObject({
      status: 'sent',
      to: ADMINISTRATOR,
    });
    expect((await service.post(`${PATH}/test`, { to: ADMINISTRATOR.toUpperCase() })).status).toBe(202);
  });

  it('of before the limits go on being used; one whose mail would be too large gives way to the delivered one', async () => {
    const keep = (html: string) =>
      service.rows(
        `INSERT INTO notifications.mail_template VALUES ('nordlicht', 'license_expiry_reminder', 'kept', $1, 1, now(), 'x')
         ON CONFLICT (tenant_id, mail_type) DO UPDATE SET html = excluded.html, revision = mail_template.revision + 1`,
        [html],
      );
    await keep(
      `<p>Go to :link now, :recipient_name</p>${'<p>:group_list</p>'.repeat(3)}${'<!-- long -->'.repeat(9_000)}`,
    );
    await remind();
    await keep(':group_list '.repeat(16_000));
    await service.rows('DELETE FROM notifications.mail_item');
    await remind();
    const [first, second] = await service.outbox();
    expect(first?.subject).toBe('kept');
    expect(first?.text).toContain('Go to https://licenses.example/projects/hafenblick/groups/a now, Kim');
    expect(second?.subject).toBe('Hafenblick: licenses end in 30 days');
  });

  it('are listed without reading their HTML', async () => {
    await service.put(PATH, own);
    const statements = await service.statementsWhile(() => service.get('/mail-templates'));
    const read = statements.filter((statement) => statement.includes('"mail_template"'));
    expect(read).toHaveLength(1);
    expect(read[0]).not.toContain('"html"');
    await remind();
    const listing = await service.statementsWhile(() => service.get('/outbox'));
    expect(listing.filter((statement) => statement.includes('"row"."html"'))).toEqual([]);
  });
});

describe('the callers of a tenant', () => {
  const TEST = `${PATH}/test?tenantId=nordlicht`;
  const key = { tenantId: 'nordlicht', apiKey: { keyId: 'k', permissions: ['mail:read', 'mail:manage'] } } as const;
  const ada = { userId: 'ada', email: 'ada@nordlicht.example', tenantId: 'nordlicht' };
  const nothingSent = async () => expect(await service.rows('SELECT 1 FROM notifications.mail')).toEqual([]);

  beforeAll(async () => {
    const administrator = { userId: 'ada', email: ada.email, name: 'Ada' };
    const partner = { partnerId: 'nordlicht', kind: 'distributor', name: 'Nordlicht', tenantId: 'nordlicht' } as const;
    const data = { ...partner, parentPartnerId: null, administrator };
    await service.publish('nordlicht', 'allotree.partner-registered.v1', data);
  });
  beforeEach(() => service.empty('quota'));

  it('send test mails to their own address and to no other', async () => {
    const headers = await service.as(ada);
    const other = await service.post(TEST, { to: 'victim@example.com' }, headers);
    expect(other).toMatchObject({ status: 400, body: { errors: [{ field: 'to' }] } });
    await nothingSent();
    expect((await service.post(TEST, {}, headers)).status).toBe(202);
    expect(await service.rows('SELECT recipient, tenant_id FROM notifications.mail')).toEqual([
      { recipient: ada.email, tenant_id: 'nordlicht' },
    ]);
  });

  it('send none with a key, which has no address', async () => {
    const headers = await service.as(key);
    for (const body of [{}, { to: 'victim@example.com' }])
      expect(await service.post(TEST, body, headers)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    await nothingSent();
  });

  it('send only the configured number of test mails an hour', async () => {
    const headers = await service.as(ada);
    for (let sent = 0; sent < 10; sent += 1) expect((await service.post(TEST, {}, headers)).status).toBe(202);
    const refused = await service.post(TEST, {}, headers);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', limit: 10, periodSeconds: 3_600 } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(await service.rows('SELECT 1 FROM notifications.mail')).toHaveLength(10);
  });

  it('send only the configured number of test mails a day in total', async () => {
    await service.rows(
      `INSERT INTO notifications.quota VALUES ('test mails|tenant|nordlicht|day', 100, now() + interval '1 hour')`,
    );
    const refused = await service.post(TEST, {}, await service.as(ada));
    expect(refused).toMatchObject({ status: 429, body: { limit: 100, periodSeconds: 86_400 } });
    await nothingSent();
  });

  it('process a limited number of templates per minute', async () => {
    const headers = await service.as({ ...key, userId: 'k' });
    const preview = () => service.post(`${PATH}/preview?tenantId=nordlicht`, { subject: 'x' }, headers);
    const answers = await Promise.all(Array.from({ length: 61 }, preview));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toMatchObject([{ status: 429, body: { code: 'RATE_LIMITED' } }]);
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});
