import { BASE_CONFIGURATION, integer, variable } from '@allotree/platform';
import { z } from 'zod';

/** What the license service alone needs to be told. */
export const LICENSE_VARIABLES = {
  TRIAL_DAYS: variable(integer(1, 3_650).prefault('30'), {
    description: 'How many days a trial lasts when no end is named.',
    allowed: 'a whole number from 1 to 3650',
  }),
  HISTORY_RETENTION_DAYS: variable(integer(0, 36_500).prefault('3650'), {
    description:
      'How long entries of the history, and groups that were removed, are kept. The newest entry about each thing always is.',
    allowed: 'a whole number of days from 0 (for good) to 36500',
  }),
  GROUP_FEED_WAIT_MS: variable(integer(0, 60_000).prefault('5000'), {
    description:
      'How long a request to the license service waits, at most, until the service has taken in what the group service published before it, in milliseconds: before it is refused or answered 404, and before a project is shown.',
    allowed: 'a whole number from 0 to 60000',
  }),
  CLOCK_TOLERANCE_SECONDS: variable(integer(0, 86_400).prefault('300'), {
    description:
      'How far the clock of this process can be behind the last decision on a project, in seconds. Beyond it, requests whose outcome depends on the time are refused with CLOCK_BEHIND.',
    allowed: 'a whole number from 0 to 86400',
  }),
  DUE_TICK_MS: variable(integer(100, 600_000).prefault('2000'), {
    description:
      'How often is looked for what has become due, in milliseconds. Answers and decisions are exact without it; it makes what time does be recorded and announced.',
    allowed: 'a whole number from 100 to 600000',
  }),
};

export const LICENSE_CONFIGURATION = BASE_CONFIGURATION.extend(LICENSE_VARIABLES);
export type LicenseConfiguration = z.infer<typeof LICENSE_CONFIGURATION>;
