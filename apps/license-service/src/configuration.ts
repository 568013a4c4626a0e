import { integer, variable } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from '@allotree/service/configuration';
import { z } from 'zod';

/** The settings of the license service alone. */
export const LICENSE_VARIABLES = {
  TRIAL_DAYS: variable(integer(1, 3_650).prefault('30'), {
    description: 'Length of a trial, in days, when the request names no end.',
    allowed: 'a whole number from 1 to 3650',
  }),
  HISTORY_RETENTION_DAYS: variable(integer(0, 36_500).prefault('3650'), {
    description:
      'How long history entries and removed groups are kept. The newest entry about each object is always kept.',
    allowed: 'a whole number of days from 0 (forever) to 36500',
  }),
  GROUP_FEED_WAIT_MS: variable(integer(0, 60_000).prefault('5000'), {
    description:
      'The longest that a request waits until the license service has processed the earlier events of the group service, in milliseconds. It waits before a refusal, before a 404, and before a project is shown.',
    allowed: 'a whole number from 0 to 60000',
  }),
  CLOCK_TOLERANCE_SECONDS: variable(integer(0, 86_400).prefault('300'), {
    description:
      'How far the clock of this process can be behind the last decision on a project, in seconds. Beyond it, requests whose outcome depends on the time are refused with CLOCK_BEHIND.',
    allowed: 'a whole number from 0 to 86400',
  }),
  DUE_TICK_MS: variable(integer(100, 600_000).prefault('2000'), {
    description:
      'Interval of the job that records and announces what has become due, in milliseconds. Answers and decisions are exact without it.',
    allowed: 'a whole number from 100 to 600000',
  }),
};

export const LICENSE_CONFIGURATION = SERVICE_CONFIGURATION.extend(LICENSE_VARIABLES);
export type LicenseConfiguration = z.infer<typeof LICENSE_CONFIGURATION>;
