import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import { JobQueues, type JobQueue } from '@allotree/platform';
import { WriteAccountMail } from './account-mails/write-account-mail/write-account-mail.job.js';
import { Service } from './service-under-test.spec.js';

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
      subject: 'Ada Berg invites you to Hafenblick',
      recipientName: 'Kim Larsen',
      mailType: 'invitation',
    });
    expect(mail?.html).toContain('https://licenses.example/invitations#c2VjcmV0LW9mLXRoZS1saW5r');
    expect(mail?.text).toContain('as concierge of Building A');
    // No administrator of a tenant reads the link of somebody else's mail.
    for (const table of ['mail', 'outbox'])
      expect(await service.rows(`SELECT tenant_id FROM notifications.${table}`)).toEqual([{ tenant_id: null }]);

    // The queue was lost and filled anew.
    await service.app.get(WriteAccountMail, { strict: false }).write({ id: 'one', data: invitation });
    await service.notifications.whenIdle();
    expect(await mailsTo(invitation.to)).toHaveLength(1);
  });

  it('is written with the template of its tenant', async () => {
    const template = { subject: 'Welcome', html: '<p>Dear :recipient_name, <a href=":link">come in</a></p>' };
    await service.put('/mail-templates/invitation?tenantId=nordlicht', template);
    await send('two', { ...invitation, to: 'two@example.com' });
    expect((await mailsTo('two@example.com'))[0]?.subject).toBe('Welcome');
    await send('three', { ...invitation, to: 'three@example.com', tenantId: 'another' });
    expect((await mailsTo('three@example.com'))[0]?.subject).toBe('Ada Berg invites you to Hafenblick');
  });

  it('has no more lines in its head, and no more markup in its body, than it should', async () => {
    const evil = 'Eve\r\nBcc: all@example.com <script>alert(1)</script>';
    const values = { ...invitation.values, inviter: evil, project: evil };
    await send('evil', { ...invitation, tenantId: null, to: 'four@example.com', name: evil, values });
    const [mail] = await mailsTo('four@example.com');
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
