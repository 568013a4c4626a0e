import { GROUP_VARIABLES } from '@allotree/group-service';
import { LICENSE_VARIABLES } from '@allotree/license-service';
import { NOTIFICATION_VARIABLES } from '@allotree/notification-service';
import { BASE_CONFIGURATION, integer, loadConfiguration, variable } from '@allotree/platform';
import { z } from 'zod';

const { DATABASE_URL, TOKEN_SECRET, ADMIN_PASSWORD_HASH } = BASE_CONFIGURATION.shape;

/** What the whole system in one process can be told. What it needs and is not told, it makes and keeps in its data folder. */
export const STANDALONE_CONFIGURATION = BASE_CONFIGURATION.extend({
  ...GROUP_VARIABLES,
  ...LICENSE_VARIABLES,
  ...NOTIFICATION_VARIABLES,
  DATA_DIR: variable(z.string().prefault('./.data'), {
    description: 'Folder of everything that is kept between starts: the embedded database, the secrets, the log.',
    allowed: 'a folder that can be written to',
  }),
  LOG_FILE_BYTES: variable(integer(100_000, 10_000_000_000).prefault('20000000'), {
    description: 'The log file in the data folder is put aside when it has grown to this.',
    allowed: 'a whole number from 100000 to 10000000000',
  }),
  LOG_FILES: variable(integer(1, 1_000).prefault('5'), {
    description:
      'Log files put aside that are kept, the oldest are deleted: the log takes LOG_FILE_BYTES times one more.',
    allowed: 'a whole number from 1 to 1000',
  }),
  MIN_FREE_DISK_BYTES: variable(integer(0, 1_000_000_000_000).prefault('268435456'), {
    description:
      'With less than this free on the disk of the data folder, requests that write are refused with 503 STORAGE_FULL until there is space; reads go on. It is for the embedded database.',
    allowed: 'a whole number from 0 (never refuse) to 1000000000000',
  }),
  DATABASE_URL: variable(DATABASE_URL.optional(), {
    description: 'A PostgreSQL of yours. Without it an embedded one runs on the data folder.',
    allowed: 'a URL such as postgres://user:password@host:5432/database',
    secret: true,
  }),
  TOKEN_SECRET: variable(TOKEN_SECRET.optional(), {
    description: 'The key access tokens are signed with (HS256). Without it one is made and kept in the data folder.',
    allowed: 'at least 32 characters, random',
    secret: true,
  }),
  ADMIN_PASSWORD: variable(z.string().min(1).max(1_000).optional(), {
    description:
      'The password of the server administrator from now on. Without it the one of the last start stays; at the very first start one is made and printed once. Only its hash is kept.',
    allowed: '10 to 1,000 characters; not blank, not a common password, not the own e-mail address',
    secret: true,
  }),
  ADMIN_PASSWORD_HASH: variable(ADMIN_PASSWORD_HASH.optional(), {
    description: 'Instead of a password its Argon2id hash.',
    allowed: 'an Argon2id hash in PHC form ($argon2id$v=19$...)',
    secret: true,
  }),
});

export type StandaloneConfiguration = z.infer<typeof STANDALONE_CONFIGURATION>;

/** @throws ConfigurationError naming every wrong variable */
export const readConfiguration = (env: NodeJS.ProcessEnv): StandaloneConfiguration =>
  loadConfiguration(STANDALONE_CONFIGURATION, env);
