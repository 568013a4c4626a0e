import { BASE_CONFIGURATION, integer, variable } from '@allotree/platform';
import { z } from 'zod';
import { mailboxOf } from './delivery/mailbox.js';

const quota = (standard: string, description: string) =>
  variable(integer(0, 1_000_000).prefault(standard), {
    description: `${description} Server administrators are not counted.`,
    allowed: 'a whole number from 0 (no limit) to 1000000',
  });

/** What the notification service alone needs to be told. */
export const NOTIFICATION_VARIABLES = {
  SMTP_URL: variable(z.url({ protocol: /^smtps?$/ }).optional(), {
    description:
      'The mail server that takes the mails: smtps:// for TLS from the start, smtp:// for STARTTLS where the server offers it (?requireTLS=true insists). Without it mails go to an outbox that is read over HTTP.',
    allowed: 'a URL such as smtp://user:password@mail.example.com:587?requireTLS=true',
    secret: true,
  }),
  MAIL_FROM: variable(
    z
      .string()
      .refine((value) => mailboxOf(value) !== null)
      .prefault('Allotree <no-reply@allotree.local>'),
    {
      description: 'The sender of all mails. The host of its address stands in their Message-IDs.',
      allowed: 'an e-mail address, or a name with an address in angle brackets',
    },
  ),
  MAIL_RETENTION_DAYS: variable(integer(0, 36_500).prefault('365'), {
    description: 'How long mails that were sent, given up or not needed any more are kept, and those of the outbox.',
    allowed: 'a whole number of days from 0 (for good) to 36500',
  }),
  MAIL_COLLECT_SECONDS: variable(integer(0, 86_400).prefault('30'), {
    description: 'How long a mail waits for other groups of the same administrator that are due on the same day.',
    allowed: 'a whole number from 0 to 86400 (a day)',
  }),
  MAIL_PER_HOUR: variable(integer(1, 1_000_000).prefault('20'), {
    description:
      'How many mails of one tenant one recipient gets in an hour at most; more of them wait. Mails about accounts are not counted.',
    allowed: 'a whole number from 1 to 1000000',
  }),
  TEST_MAILS_PER_CALLER_HOUR: quota('10', 'How many test mails of templates one person may send in an hour.'),
  TEST_MAILS_PER_CALLER_DAY: quota('50', 'How many test mails of templates one person may send in a day.'),
  TEST_MAILS_PER_TENANT_HOUR: quota('30', 'How many test mails of templates one tenant may send in an hour.'),
  TEST_MAILS_PER_TENANT_DAY: quota('100', 'How many test mails of templates one tenant may send in a day.'),
  MAIL_ATTEMPTS: variable(integer(1, 50).prefault('10'), {
    description: 'How often a mail is handed over before it becomes a dead letter.',
    allowed: 'a whole number from 1 to 50',
  }),
  MAIL_RETRY_SECONDS: variable(integer(1, 3_600).prefault('60'), {
    description: 'The pause after the first failure; it doubles with each, up to four hours.',
    allowed: 'a whole number from 1 to 3600',
  }),
  MAIL_LEASE_SECONDS: variable(integer(5, 3_600).prefault('60'), {
    description: 'How long a mail whose process was killed while handing it over waits before another process does.',
    allowed: 'a whole number from 5 to 3600',
  }),
  MAIL_CONNECTIONS: variable(integer(1, 100).prefault('5'), {
    description: 'Connections to the mail server that one process opens at most.',
    allowed: 'a whole number from 1 to 100',
  }),
  PUBLIC_URL: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Where people reach the system with a browser; links in mails begin with it. Without it HOST and PORT.',
    allowed: 'a URL such as https://licenses.example.com',
  }),
};

export const NOTIFICATION_CONFIGURATION = BASE_CONFIGURATION.extend(NOTIFICATION_VARIABLES);
export type NotificationConfiguration = z.infer<typeof NOTIFICATION_CONFIGURATION>;

/** Without a slash at its end. */
export const publicUrl = ({ PUBLIC_URL, HOST, PORT }: NotificationConfiguration): string =>
  (PUBLIC_URL ?? `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`).replace(/\/+$/, '');
