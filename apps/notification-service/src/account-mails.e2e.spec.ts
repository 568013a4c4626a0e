import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCOUNT_MAIL_TYPES, ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import { JobQueues, type JobQueue } from '@allotree/jobs';
import { WriteAccountMail } from './account-mails/write-account-mail/write-account-mail.job.js';
import { Ledger } from './mails/ledger.js';
import { Service } from './service-under-test.harness.js';

let service: Service;
let queue: JobQueue<unknown>;

beforeAll(async () => {
  service = await Service.start();
  queue = service.app.get(JobQueues, { strict: false }).queue<unknown>(ACCOUNT_MAILS_QUEUE, { attempts: 1 });
}, 60_000);

afterAll(() => service.stop());

const invitation: AccountMailJob = {
  mailType: 'invitation',
  tenantId: 'nordlicht',
  to: 'kim@example.com',
  name: 'Kim Larsen',
  path: '/invitations#c2VjcmV0LW9mLXRoZS1saW5r',
  values: { inviter: 'Ada Berg', role: 'concierge', group: 'Building A', project: 'Hafenblick' },
};

const mailsTo = (to: string) => service.outbox(`&to=${to}`);

const send = async (id: string, data: unknown): Promise<void> => {
  await queue.add([{ id, data }]);
  await service.notifications.whenIdle();
};

describe('a mail about an account', () => {
  it('goes out once, with a link whose secret is sent to no server', async () => {
    await send('one', invitation);
    const [mail, ...more] = await mailsTo(invitation.to);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      subject: 'Ada Berg has invited you to Hafenblick',
      recipientName: 'Kim Larsen',
      mailType: 'invitation',
    });
    expect(mail?.html).toContain('https://licenses.example/invitations#c2VjcmV0LW9mLXRoZS1saW5r');
    expect(mail?.text).toContain('Group: Building A\nYour role: concierge\n');
    // No administrator of a tenant reads the link of somebody else's mail.
    for (const table of ['mail', 'outbox'])
      expect(await service.rows(`SELECT tenant_id FROM notifications.${table}`)).toEqual([{ tenant_id: null }]);

    // The queue was lost and filled anew.
    await service.app.get(WriteAccountMail, { strict: false }).write({ id: 'one', data: invitation });
    await service.notifications.whenIdle();
    expect(await mailsTo(invitation.to)).toHaveLength(1);
  });

  it('is in the language of the job, else in English', async () => {
    await send('german', { ...invitation, to: 'german@example.com', language: 'de' });
    await send('french', { ...invitation, to: 'french@example.com', language: 'fr' });
    const [german] = await mailsTo('german@example.com');
    expect(german?.subject).toBe('Ada Berg lädt Sie zu Hafenblick ein');
    expect(german?.text).toContain('Gruppe: Building A\nIhre Rolle: Concierge\n');
    expect((await mailsTo('french@example.com'))[0]?.subject).toBe('Ada Berg has invited you to Hafenblick');
  });

  it("is in the vendor's words, whatever its tenant has kept from before (P3)", async () => {
    await service.rows(
      `INSERT INTO notifications.mail_template VALUES
         ('nordlicht', 'invitation', 'Mine', '<p>https://evil.example/?:link</p>', 1, now(), 'user:eve'),
         ('nordlicht', 'password_reset', 'Mine', '<a href=":link">x</a>', 1, now(), 'user:eve')`,
    );
    await send('two', { ...invitation, to: 'two@example.com' });
    const reset = { ...invitation, mailType: 'password_reset', path: '/password#c2VjcmV0', values: {} } as const;
    await send('reset', { ...reset, to: 'two@example.com' });
    const mails = await mailsTo('two@example.com');
    expect(mails.map(({ subject }) => subject)).not.toContain('Mine');
    expect(mails).toHaveLength(2);
    for (const { html, text } of mails) expect(html + text).not.toContain('evil.example');
    const shown = await service.get('/mail-templates/password_reset?tenantId=nordlicht');
    expect(shown.body).toMatchObject({ custom: false, customizable: false });
    expect(shown.body.html).not.toContain('evil.example');
  });

  it('is in words of the vendor that the vendor changed, unless they give its link away', async () => {
    const template = { subject: 'Welcome', html: '<p>Dear :recipient_name,</p><a href=":link">come in</a>' };
    expect((await service.put('/mail-templates/invitation', template)).status).toBe(200);
    await send('three', { ...invitation, to: 'three@example.com' });
    expect((await mailsTo('three@example.com'))[0]?.subject).toBe('Welcome');
    await service.rows(
      `UPDATE notifications.mail_template SET html = '<p>https://evil.example/?:link</p>', revision = 9 WHERE tenant_id = ''`,
    );
    await send('four', { ...invitation, to: 'four@example.com' });
    const [mail] = await mailsTo('four@example.com');
    expect(mail?.subject).not.toBe('Welcome');
    expect(mail?.text).not.toContain('evil.example');
    expect((await service.delete('/mail-templates/invitation')).status).toBe(204);
  });

  it('has no links and no long texts but its own, whatever names are in it', async () => {
    const name = 'Free money at https://evil.example/now '.repeat(5);
    const values = { inviter: name, role: 'concierge', group: name, project: 'www.evil.example' };
    await send('spam', { ...invitation, to: 'five@example.com', name, values });
    const [mail] = await mailsTo('five@example.com');
    for (const part of [mail?.subject, mail?.text, mail?.html, mail?.recipientName]) {
      expect(part).not.toMatch(/evil\.example/);
      expect(part).not.toContain('Free money at evil. example/now '.repeat(3));
    }
    expect(mail?.text.match(/https?:/g)).toHaveLength(1);
  });

  it('has no more lines in its head, and no more markup in its body, than it should', async () => {
    const evil = 'Eve\r\nBcc: all@example.com <script>alert(1)</script>';
    const values = { ...invitation.values, inviter: evil, project: evil };
    await send('evil', { ...invitation, tenantId: null, to: 'evil@example.com', name: evil, values });
    const [mail] = await mailsTo('evil@example.com');
    expect(mail?.subject).not.toMatch(/[\r\n]/);
    expect(mail?.recipientName ?? '').not.toMatch(/[\r\n]/);
    expect(mail?.html).not.toContain('<script>');
  });

  it.each<[string, unknown]>([
    ['nobody', { ...invitation, to: 'no address' }],
    ['two lines of recipients', { ...invitation, to: 'a@example.com\r\nBcc: b@example.com' }],
    ['another place', { ...invitation, path: '//evil.example/' }],
    ['a kind that is none', { ...invitation, mailType: 'license_ended' }],
    ['nothing', null],
  ])('that is for %s is a dead letter', async (what, data) => {
    const id = `wrong-${what.replaceAll(' ', '-')}`;
    await send(id, data);
    expect(await queue.states([id])).toEqual(['failed']);
  });
});

describe('the administrators of a tenant, and keys with every permission about mails', () => {
  const key = { tenantId: 'nordlicht', apiKey: { keyId: 'k', permissions: ['mail:read', 'mail:manage'] } } as const;
  const RESET = '/mail-templates/password_reset';
  const template = { subject: 'x', html: '<a href=":link">x</a>' };

  it.each(ACCOUNT_MAIL_TYPES)('do not change, try or test the template of %s', async (mailType) => {
    const headers = await service.as(key);
    const path = `/mail-templates/${mailType}`;
    const before = await service.rows('SELECT * FROM notifications.mail_template ORDER BY 1, 2');
    for (const query of ['', '?tenantId=nordlicht'])
      for (const answer of [
        await service.put(`${path}${query}`, template, headers),
        await service.delete(`${path}${query}`, headers),
        await service.post(`${path}/preview${query}`, template, headers),
        await service.post(`${path}/test${query}`, template, headers),
        await service.post(`${path}/test${query}`, {}, headers),
      ])
        expect(answer).toMatchObject({
          status: 403,
          body: { code: 'TEMPLATE_NOT_CUSTOMIZABLE', mailType, tenantId: 'nordlicht' },
        });
    expect(await service.rows('SELECT * FROM notifications.mail_template ORDER BY 1, 2')).toEqual(before);
    const preview = await service.post(`${path}/preview`, {}, headers);
    expect([preview.status, preview.body.text]).toEqual([200, expect.stringContaining('Ada Berg')]);
  });

  it('see in the list which templates they can change', async () => {
    const { items } = (await service.request('GET', '/mail-templates', undefined, await service.as(key))).body;
    const fixed = items.filter(({ customizable }: { customizable: boolean }) => !customizable);
    expect(fixed.map(({ mailType }: { mailType: string }) => mailType)).toEqual([...ACCOUNT_MAIL_TYPES]);
  });

  it('see nothing of the mail that resets the password of an administrator, and send it nowhere', async () => {
    await send('admin-reset', {
      ...invitation,
      mailType: 'password_reset',
      to: 'chief@nordlicht.example',
      path: '/password#c2VjcmV0',
      values: {},
    });
    const [mail] = await service.deliveries('&to=chief@nordlicht.example');
    const id = mail?.deliveryId ?? '';
    await service.rows("UPDATE notifications.mail SET status = 'dead' WHERE mail_id = $1", [id]);
    const headers = await service.as(key);
    for (const path of [
      '/deliveries',
      '/outbox',
      '/deliveries?to=chief@nordlicht.example',
      '/outbox?to=chief@nordlicht.example',
    ])
      expect((await service.request('GET', path, undefined, headers)).body.items).toEqual([]);
    for (const [method, path] of [
      ['GET', `/deliveries/${id}`],
      ['GET', `/outbox/${id}`],
      ['GET', `/outbox/${id}/html`],
      ['POST', `/deliveries/${id}/retry`],
    ] as const)
      expect((await service.request(method, path, undefined, headers)).status).toBe(404);
    expect(await service.rows('SELECT status FROM notifications.mail WHERE mail_id = $1', [id])).toEqual([
      { status: 'dead' },
    ]);
    await service.put(`${RESET}?tenantId=nordlicht`, template, headers);
    expect(await mailsTo('chief@nordlicht.example')).toHaveLength(1);
  });
});

describe('the link of a mail', () => {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

  it('is not sent when it has ended or ends soon; the mail is kept without it', async () => {
    await send('late', { ...invitation, to: 'late@example.com', expiresAt: inMinutes(14) });
    expect(await mailsTo('late@example.com')).toEqual([]);
    expect(await service.deliveries('&to=late@example.com')).toMatchObject([
      { status: 'obsolete', error: expect.stringMatching(/^Its link had ended/) },
    ]);
    expect(
      await service.rows("SELECT html, text FROM notifications.mail WHERE recipient = 'late@example.com'"),
    ).toEqual([{ html: null, text: null }]);
  });

  it('is sent while it has a quarter of an hour', async () => {
    await send('in-time', { ...invitation, to: 'in-time@example.com', expiresAt: inMinutes(16) });
    expect(await mailsTo('in-time@example.com')).toHaveLength(1);
  });

  it('is not sent again later by hand', async () => {
    await send('again', { ...invitation, to: 'again@example.com', expiresAt: inMinutes(60) });
    await service.rows(
      "UPDATE notifications.mail SET status = 'dead', html = 'x', text = 'x' WHERE recipient = 'again@example.com'",
    );
    await service.rows("DELETE FROM notifications.outbox WHERE recipient = 'again@example.com'");
    const [mail] = await service.deliveries('&to=again@example.com');
    await service.rows(
      "UPDATE notifications.mail SET link_expires_at = now() + interval '14 minutes' WHERE recipient = 'again@example.com'",
    );
    expect((await service.post(`/deliveries/${mail?.deliveryId}/retry`)).status).toBe(200);
    await service.notifications.whenIdle();
    expect(await mailsTo('again@example.com')).toEqual([]);
    expect(await service.deliveries('&to=again@example.com')).toMatchObject([{ status: 'obsolete' }]);
  });
});

describe('mails to one recipient', () => {
  const CLERK = 'clerk@example.com';
  const queueMany = (tenantId: string, number: number) =>
    service.rows(
      `INSERT INTO notifications.mail
         (mail_id, key, message_id, mail_type, status, tenant_id, project_ids, recipient, recipient_key, subject, html, text,
          created_at, written_at, not_before)
       SELECT gen_random_uuid(), 'test|' || $1 || n, $1 || n, 'license_ended', 'pending', $1, '{}', $3, $3, $1, 'x', 'x',
         now(), now(), now() - interval '1 hour'
       FROM generate_series(1, $2::integer) AS n`,
      [tenantId, number, CLERK],
    );

  it('are limited for each tenant, so that none holds back mails of another or about the account', async () => {
    await queueMany('nordlicht', 200);
    await queueMany('other', 1);
    await send('past-all', { ...invitation, to: CLERK, mailType: 'password_reset', values: {} });
    const subjects = (await mailsTo(CLERK)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject === 'nordlicht')).toHaveLength(20);
    expect(subjects.filter((subject) => subject === 'other')).toHaveLength(1);
    expect(subjects).toHaveLength(22);
  });

  it('about the account go out before all others, and are not counted', async () => {
    await service.empty('mail', 'mail_item', 'outbox');
    const account = service.app.get(WriteAccountMail, { strict: false });
    const ledger = service.app.get(Ledger, { strict: false });
    await service.notifications.stop();
    await queueMany('nordlicht', 100);
    for (let number = 0; number < 25; number += 1)
      await account.write({ id: `many-${number}`, data: { ...invitation, to: CLERK } });
    const { mails } = await ledger.claim(64, false);
    expect(mails.slice(0, 25).map(({ mailType }) => mailType)).toEqual(Array.from({ length: 25 }, () => 'invitation'));
    expect(mails.slice(25)).toHaveLength(20);
  });
});
