import { BASE_CONFIGURATION, integer, variable } from '@allotree/platform';
import { z } from 'zod';

const quota = (standard: string, description: string) =>
  variable(integer(0, 10_000_000).prefault(standard), {
    description,
    allowed: 'a whole number from 0 (no limit) to 10000000',
  });

/** What the group service alone needs to be told. */
export const GROUP_VARIABLES = {
  SESSION_DAYS: variable(integer(1, 400).prefault('30'), {
    description:
      'After how many days somebody who signed in with a password signs in again, whatever happened meanwhile.',
    allowed: 'a whole number from 1 to 400',
  }),
  INVITATIONS_PER_CALLER_HOUR: quota('1000', 'How many people one person or machine may invite in an hour.'),
  INVITATIONS_PER_CALLER_DAY: quota('2000', 'How many people one person or machine may invite in a day.'),
  INVITATIONS_PER_TENANT_HOUR: quota('2000', 'How many people everybody of one tenant together may invite in an hour.'),
  INVITATIONS_PER_TENANT_DAY: quota('5000', 'How many people everybody of one tenant together may invite in a day.'),
  ACCOUNT_MAILS_PER_NETWORK_HOUR: quota(
    '60',
    'How many mails one network may ask for in an hour by registering or resetting passwords.',
  ),
  ACCOUNT_MAILS_PER_NETWORK_DAY: quota(
    '200',
    'How many mails one network may ask for in a day by registering or resetting passwords.',
  ),
  AUDIT_RETENTION_DAYS: variable(integer(0, 36_500).prefault('730'), {
    description: 'How long entries of the audit trail, and invitations that have expired, are kept.',
    allowed: 'a whole number of days from 0 (for good) to 36500',
  }),
  LICENSE_SERVICE_URL: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Where the license service answers, without /api/v1: it is asked before a group moves. Not needed where both run in one process.',
    allowed: 'a URL such as http://license-service:8080',
  }),
};

export const GROUP_CONFIGURATION = BASE_CONFIGURATION.extend(GROUP_VARIABLES);
export type GroupConfiguration = z.infer<typeof GROUP_CONFIGURATION>;
