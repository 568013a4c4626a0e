import { createPrivateKey } from 'node:crypto';
import { BASICS_CONFIGURATION, integer, variable } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from '@allotree/service/configuration';
import { z } from 'zod';

const isEd25519 = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
};

const ed25519Key = z
  .string()
  .transform((pem) => pem.replaceAll('\\n', '\n'))
  .refine(isEd25519, 'must be an Ed25519 private key in PKCS #8 PEM');

/** The settings of the reporting service alone. */
export const REPORTING_VARIABLES = {
  REPORTING_DATABASE_URL: variable(SERVICE_CONFIGURATION.shape.DATABASE_URL.optional(), {
    description:
      'The PostgreSQL database of the reporting service, so that its load does not reach the others. Unset: DATABASE_URL.',
    allowed: 'a URL such as postgres://user:password@host:5432/database',
    secret: true,
  }),
  REPORTING_WAIT_MS: variable(integer(0, 60_000).prefault('5000'), {
    description:
      'The longest that a request waits for events, in milliseconds: for the command whose ETag it names in atLeast, after which it is answered 503, and for everything published before it where it would else be answered 404.',
    allowed: 'a whole number from 0 to 60000',
  }),
  EXPORT_RETENTION_HOURS: variable(integer(1, 8_760).prefault('72'), {
    description: 'Hours after which an export and its file are removed.',
    allowed: 'a whole number from 1 to 8760',
  }),
  STATEMENT_SIGNING_KEY: variable(ed25519Key.optional(), {
    description:
      'The key that signs statements. Public keys of earlier ones stay at `GET /statement-keys`. Unset: generated once and kept in the database.',
    allowed: 'an Ed25519 private key in PKCS #8 PEM; line breaks may be written as \\n',
    secret: true,
  }),
  STATEMENT_WAIT_SECONDS: variable(integer(0, 86_400).prefault('60'), {
    description:
      'Seconds after the end of a period before the statement of an account between partners is issued, so that the last sales have arrived.',
    allowed: 'a whole number from 0 to 86400',
  }),
};

export const REPORTING_CONFIGURATION = SERVICE_CONFIGURATION.extend(REPORTING_VARIABLES);
export type ReportingConfiguration = z.infer<typeof REPORTING_CONFIGURATION>;

/** The settings of programs that work on the database of this service alone. */
export const REPORTING_DATABASE_CONFIGURATION = BASICS_CONFIGURATION.pick({ DATABASE_URL: true })
  .partial()
  .extend({ REPORTING_DATABASE_URL: REPORTING_CONFIGURATION.shape.REPORTING_DATABASE_URL });
