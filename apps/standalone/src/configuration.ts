import { GROUP_VARIABLES } from '@allotree/group-service/configuration';
import { LICENSE_VARIABLES } from '@allotree/license-service/configuration';
import { NOTIFICATION_VARIABLES } from '@allotree/notification-service/configuration';
import { REPORTING_VARIABLES } from '@allotree/reporting-service/configuration';
import { integer, loadConfiguration, variable } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from '@allotree/service/configuration';
import { z } from 'zod';

const { DATABASE_URL, TOKEN_SECRET, ADMIN_PASSWORD_HASH } = SERVICE_CONFIGURATION.shape;

/** The settings of the whole system in one process. Secrets that are not set are generated and kept in the data folder. */
export const STANDALONE_CONFIGURATION = SERVICE_CONFIGURATION.extend({
  ...GROUP_VARIABLES,
  ...LICENSE_VARIABLES,
  ...NOTIFICATION_VARIABLES,
  ...REPORTING_VARIABLES,
  DATA_DIR: variable(z.string().prefault('./.data'), {
    description: 'The folder for everything that is kept between starts: the embedded database, the secrets, the log.',
    allowed: 'a writable folder',
  }),
  LOG_FILE_BYTES: variable(integer(100_000, 10_000_000_000).prefault('20000000'), {
    description: 'The size at which the log file in the data folder is rotated.',
    allowed: 'a whole number from 100000 to 10000000000',
  }),
  LOG_FILES: variable(integer(1, 1_000).prefault('5'), {
    description:
      'Rotated log files that are kept; older ones are deleted. The log takes at most LOG_FILE_BYTES times (LOG_FILES + 1).',
    allowed: 'a whole number from 1 to 1000',
  }),
  MIN_FREE_DISK_BYTES: variable(integer(0, 1_000_000_000_000).prefault('268435456'), {
    description:
      'The free space on the disk of the data folder below which write requests are refused with 503 STORAGE_FULL; reads go on. Only for the embedded database.',
    allowed: 'a whole number from 0 (never refuse) to 1000000000000',
  }),
  DATABASE_URL: variable(DATABASE_URL.optional(), {
    description: 'An external PostgreSQL. Unset: an embedded one runs in the data folder.',
    allowed: 'a URL such as postgres://user:password@host:5432/database',
    secret: true,
  }),
  TOKEN_SECRET: variable(TOKEN_SECRET.optional(), {
    description: 'The key that signs access tokens (HS256). Unset: one is generated and kept in the data folder.',
    allowed: 'at least 32 characters, random',
    secret: true,
  }),
  ADMIN_PASSWORD: variable(z.string().min(1).max(1_000).optional(), {
    description:
      'The password of the server administrator from now on. Unset: the password of the last start stays; the very first start generates one and prints it once. Only its hash is stored.',
    allowed: '10 to 1,000 characters; not blank, not a common password, not your own e-mail address',
    secret: true,
  }),
  ADMIN_PASSWORD_HASH: variable(ADMIN_PASSWORD_HASH.optional(), {
    description: 'The Argon2id hash of the password, instead of the password itself.',
    allowed: 'an Argon2id hash in PHC form ($argon2id$v=19$...)',
    secret: true,
  }),
});

export type StandaloneConfiguration = z.infer<typeof STANDALONE_CONFIGURATION>;

/** @throws ConfigurationError that names every invalid variable */
export const readConfiguration = (env: NodeJS.ProcessEnv): StandaloneConfiguration =>
  loadConfiguration(STANDALONE_CONFIGURATION, env);
