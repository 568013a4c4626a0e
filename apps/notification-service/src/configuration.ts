import { flag, integer, variable } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from '@allotree/service/configuration';
import { z } from 'zod';
import { mailboxOf } from './delivery/mailbox.js';

const quota = (standard: string, description: string) =>
  variable(integer(0, 1_000_000).prefault(standard), {
    description: `${description} Server administrators are not counted.`,
    allowed: 'a whole number from 0 (no limit) to 1000000',
  });

/** The settings of the notification service alone. */
export const NOTIFICATION_VARIABLES = {
  SMTP_URL: variable(z.url({ protocol: /^smtps?$/ }).optional(), {
    description:
      'The SMTP server: smtps:// for TLS from the start, smtp:// for STARTTLS where the server offers it (?requireTLS=true makes it mandatory). Unset: mails go to an outbox that can be read over HTTP.',
    allowed: 'a URL such as smtp://user:password@mail.example.com:587?requireTLS=true',
    secret: true,
  }),
  MAIL_FROM: variable(
    z
      .string()
      .refine((value) => mailboxOf(value) !== null)
      .prefault('Allotree <no-reply@allotree.local>'),
    {
      description: 'The sender of all mails. The host of its address is part of their Message-IDs.',
      allowed: 'an e-mail address, or a name with an address in angle brackets',
    },
  ),
  MAIL_RETENTION_DAYS: variable(integer(0, 36_500).prefault('365'), {
    description:
      'How long mails are kept that were sent, failed permanently or were cancelled, and those of the outbox.',
    allowed: 'a whole number of days from 0 (forever) to 36500',
  }),
  MAIL_COLLECT_SECONDS: variable(integer(0, 86_400).prefault('30'), {
    description:
      'How long a mail waits for more expiries of the same recipient on the same day, so that one mail lists them all.',
    allowed: 'a whole number from 0 to 86400 (a day)',
  }),
  MAIL_PER_HOUR: variable(integer(1, 1_000_000).prefault('20'), {
    description:
      'Mails of one tenant that one recipient gets per hour at most; further ones wait. Mails about accounts are not counted.',
    allowed: 'a whole number from 1 to 1000000',
  }),
  TEST_MAILS_PER_CALLER_HOUR: quota('10', 'Test mails of templates that one user can send per hour.'),
  TEST_MAILS_PER_CALLER_DAY: quota('50', 'Test mails of templates that one user can send per day.'),
  TEST_MAILS_PER_TENANT_HOUR: quota('30', 'Test mails of templates that one tenant can send per hour.'),
  TEST_MAILS_PER_TENANT_DAY: quota('100', 'Test mails of templates that one tenant can send per day.'),
  MAIL_ATTEMPTS: variable(integer(1, 50).prefault('10'), {
    description: 'Delivery attempts before a mail becomes a dead letter.',
    allowed: 'a whole number from 1 to 50',
  }),
  MAIL_RETRY_SECONDS: variable(integer(1, 3_600).prefault('60'), {
    description:
      'The pause after the first failed attempt, in seconds; it doubles with each failure, up to four hours.',
    allowed: 'a whole number from 1 to 3600',
  }),
  MAIL_LEASE_SECONDS: variable(integer(5, 3_600).prefault('60'), {
    description:
      'How long a mail waits before another process sends it, when its process was killed while sending it, in seconds.',
    allowed: 'a whole number from 5 to 3600',
  }),
  MAIL_CONNECTIONS: variable(integer(1, 100).prefault('5'), {
    description: 'The most connections to the SMTP server that one process opens.',
    allowed: 'a whole number from 1 to 100',
  }),
  WEBHOOKS_ALLOW_INSECURE: variable(flag().prefault('false'), {
    description:
      'For development only: webhooks go to http:// and to addresses inside the network, this machine included. Then anybody who may set up webhooks can send requests to every server that this process reaches.',
    allowed: 'true or false',
  }),
  WEBHOOK_TIMEOUT_SECONDS: variable(integer(1, 60).prefault('15'), {
    description: 'How long one attempt to deliver a webhook takes at most, from the name server to the answer.',
    allowed: 'a whole number from 1 to 60',
  }),
  WEBHOOK_CONCURRENCY: variable(integer(2, 1_000).prefault('64'), {
    description:
      'Webhooks that one process delivers at a time. Endpoints whose last attempt failed have a quarter of that, of their own.',
    allowed: 'a whole number from 2 to 1000',
  }),
  WEBHOOK_ENDPOINT_CONCURRENCY: variable(integer(1, 100).prefault('4'), {
    description:
      'Webhooks that all processes together deliver to one endpoint at a time; one, while its last attempt failed.',
    allowed: 'a whole number from 1 to 100',
  }),
  WEBHOOK_RETENTION_DAYS: variable(integer(1, 36_500).prefault('30'), {
    description:
      'How long events are kept that were sent as webhooks, with what became of each. They can be replayed for so long.',
    allowed: 'a whole number of days from 1 to 36500',
  }),
};

export const NOTIFICATION_CONFIGURATION = SERVICE_CONFIGURATION.extend(NOTIFICATION_VARIABLES);
export type NotificationConfiguration = z.infer<typeof NOTIFICATION_CONFIGURATION>;
