import { redisAddress } from '@allotree/basics/redis-address';
import { variable } from '@allotree/basics/configuration';
import { z } from 'zod';

/** The settings of the job queues. */
export const JOBS_CONFIGURATION = z.object({
  REDIS_URL: variable(
    z
      .string()
      .refine((url) => redisAddress(url) !== null)
      .optional(),
    {
      description: 'The Redis of the job queues. Unset: the queues are in the PostgreSQL database, in the schema jobs.',
      allowed:
        'a URL such as redis://user:password@host:6379/0, redis+sentinel://:password@host:26379,host:26379/master/0 or ' +
        'redis+cluster://host:6379,host:6379; over TLS with rediss',
      secret: true,
    },
  ),
});

export type JobsConfiguration = z.infer<typeof JOBS_CONFIGURATION>;
