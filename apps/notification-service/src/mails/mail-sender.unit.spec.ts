import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@allotree/basics';
import { Registry } from 'prom-client';
import type { NotificationConfiguration } from '../configuration.js';
import type { MailDelivery } from '../delivery/mail-delivery.js';
import type { ClaimedMail, Ledger } from './ledger.js';
import { MailSender } from './mail-sender.js';
import type { Writer } from './writer.js';

const content = { subject: 'S', html: '<p>T</p>', text: 'T', writtenAt: 0 };
const mail = (mailId: string): ClaimedMail => ({
  mailId,
  claim: 'claim',
  messageId: `<${mailId}@allotree.example>`,
  mailType: 'license_ended',
  tenantId: null,
  projectIds: [],
  recipient: 'ada@example.com',
  recipientName: null,
  language: null,
  attempts: 1,
  content,
  linkEnds: false,
});

/** A sender that has two mails in hand. Nothing can be recorded of the first; the second is handed over after its lease was renewed twice. */
function setUp() {
  const mails = [mail('first'), mail('second')];
  const sent: string[] = [];
  const renewed: string[][] = [];
  let renewedTwice: () => void;
  const twice = new Promise<void>((resolve) => (renewedTwice = resolve));
  const ledger = {
    claim: async () => ({ mails, held: 0 }),
    keepContent: async () => undefined,
    renewLeases: async (some: readonly ClaimedMail[]) => {
      if (renewed.push(some.map(({ mailId }) => mailId)) === 2) renewedTwice();
    },
    sent: async ({ mailId }: ClaimedMail) => {
      if (mailId === 'first') throw new Error('the database is away');
      return sent.push(mailId) > 0;
    },
  };
  const writer = { write: async () => mails.map((one) => ({ mail: one, kind: 'written', content })) };
  const delivery = {
    deliver: async ({ mailId }: { mailId: string }) => {
      if (mailId === 'second') await twice;
    },
  };
  const configuration = { MAIL_FROM: 'licenses@allotree.example', MAIL_LEASE_SECONDS: 0.03 };
  const sender = new MailSender(
    ledger as unknown as Ledger,
    writer as unknown as Writer,
    delivery as unknown as MailDelivery,
    configuration as NotificationConfiguration,
    { warn: () => undefined } as unknown as Logger,
    new Registry(),
  );
  return { sender, sent, renewed };
}

describe('a round of mails of which one cannot be recorded', () => {
  it('keeps the leases of the others until they are handed over', async () => {
    const { sender, sent, renewed } = setUp();
    await expect(sender.round(false)).rejects.toThrow('the database is away');
    expect(sent).toEqual(['second']);
    expect(renewed).toEqual([
      ['first', 'second'],
      ['first', 'second'],
    ]);
  });
});
