import { BASE_CONFIGURATION, integer, variable } from '@allotree/platform';
import { z } from 'zod';

/** What the group service alone needs to be told. */
export const GROUP_VARIABLES = {
  SESSION_DAYS: variable(integer(1, 400).prefault('30'), {
    description:
      'After how many days somebody who signed in with a password signs in again, whatever happened meanwhile.',
    allowed: 'a whole number from 1 to 400',
  }),
  LICENSE_SERVICE_URL: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Where the license service answers, without /api/v1: it is asked before a group moves. Not needed where both run in one process.',
    allowed: 'a URL such as http://license-service:8080',
  }),
};

export const GROUP_CONFIGURATION = BASE_CONFIGURATION.extend(GROUP_VARIABLES);
export type GroupConfiguration = z.infer<typeof GROUP_CONFIGURATION>;
