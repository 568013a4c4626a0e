import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Mail, MailDelivery } from './mail-delivery.js';

/** A mail as the other side has it. */
export interface Arrived {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** All names of headers, in lower case; none where mails have no headers there. */
  readonly headers: readonly string[];
}

export interface MailSide {
  readonly delivery: () => MailDelivery;
  /** What has arrived by now, oldest first. */
  readonly arrived: () => Promise<readonly Arrived[]>;
}

export const mailOf = (change: Partial<Mail> = {}): Mail => {
  const mailId = randomUUID();
  return {
    mailId,
    messageId: `<${mailId}@allotree.example>`,
    from: { name: 'Allotree', address: 'mail@allotree.example' },
    to: { name: 'Ada Berg', address: 'ada@nordlicht.example' },
    subject: 'Hafenblick: licenses end in 30 days',
    html: '<p>Hello <b>Ada</b>, “Building A” › Unit 1</p>',
    text: 'Hello Ada, “Building A” › Unit 1\n',
    writtenAt: Date.parse('2026-11-01T07:00:00Z'),
    about: { mailType: 'license_expiry_reminder', tenantId: 'nordlicht', projectIds: ['hafenblick'] },
    ...change,
  };
};

/** The contract of every mail delivery. */
export const mailContract = (name: string, { delivery, arrived }: MailSide): void => {
  const deliver = async (mail: Mail): Promise<Arrived> => {
    await delivery().deliver(mail);
    const [found] = (await arrived()).filter(({ messageId }) => messageId === mail.messageId);
    if (!found) throw new Error('it did not arrive');
    return found;
  };

  describe(`mails by ${name}`, () => {
    it('arrive as they were given', async () => {
      const mail = mailOf({ subject: 'Straße 5 › Unit 1: licenses end 🗝' });
      const { subject, html, text, from, to } = await deliver(mail);
      expect([from, to]).toEqual(['mail@allotree.example', 'ada@nordlicht.example']);
      expect(subject).toBe(mail.subject);
      expect([html.trim(), text.trim()]).toEqual([mail.html, mail.text.trim()]);
    });

    it('keep their Message-ID when they are handed over again', async () => {
      const mail = mailOf();
      await deliver(mail);
      const again = await deliver(mail);
      expect(again.messageId).toBe(mail.messageId);
      const copies = (await arrived()).filter(({ messageId }) => messageId === mail.messageId);
      expect(new Set(copies.map((copy) => JSON.stringify(copy))).size).toBe(1);
    });

    it.each([
      ['name of the recipient', { to: { name: 'Ada\r\nBcc: eve@x.example', address: 'ada@nordlicht.example' } }],
      ['name of the sender', { from: { name: 'A\nBcc: eve@x.example', address: 'mail@allotree.example' } }],
      ['subject', { subject: 'Licenses\r\nBcc: eve@x.example\r\n\r\nHello' }],
    ])('have no header that came in with the %s', async (_what, change) => {
      const { headers, to } = await deliver(mailOf(change));
      expect(headers).not.toContain('bcc');
      expect(to).toBe('ada@nordlicht.example');
    });

    it('go out side by side', async () => {
      const mails = Array.from({ length: 40 }, (_, n) => mailOf({ subject: `Mail ${n}` }));
      await Promise.all(mails.map((mail) => delivery().deliver(mail)));
      const ids = new Set((await arrived()).map(({ messageId }) => messageId));
      expect(mails.every(({ messageId }) => ids.has(messageId))).toBe(true);
    });
  });
};
