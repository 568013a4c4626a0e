import { integer, isSet, variable, type Environment } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from '@allotree/service/configuration';
import { z } from 'zod';

const quota = (standard: string, description: string) =>
  variable(integer(0, 10_000_000).prefault(standard), {
    description,
    allowed: 'a whole number from 0 (no limit) to 10000000',
  });

/** Why a client of the OpenID provider cannot be used. */
function clientRuledOut(value: unknown, env: Environment): string | null {
  if (value === undefined) return null;
  const missing = ['OIDC_ISSUER', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL'].find((name) => !isSet(env, name));
  return missing === undefined ? null : `is set, and ${missing} is not`;
}

/** The settings of the group service alone. */
export const GROUP_VARIABLES = {
  SESSION_DAYS: variable(integer(1, 400).prefault('30'), {
    description: 'Days after which a session ends, regardless of activity.',
    allowed: 'a whole number from 1 to 400',
  }),
  OIDC_CLIENT_ID: variable(z.string().min(1).max(255).optional(), {
    description:
      'The client id of Allotree at OIDC_ISSUER: people can sign in to the console with the provider. Its redirect address there is PUBLIC_URL followed by /api/v1/auth/session/openid/callback. Unset: tokens of the provider are accepted, and the console offers passwords alone.',
    allowed: '1 to 255 characters; together with OIDC_ISSUER, OIDC_CLIENT_SECRET and PUBLIC_URL',
    ruledOut: clientRuledOut,
  }),
  OIDC_CLIENT_SECRET: variable(z.string().min(1).max(1_000).optional(), {
    description: 'The secret of OIDC_CLIENT_ID.',
    allowed: '1 to 1000 characters; set together with OIDC_CLIENT_ID',
    secret: true,
    ruledOut: (value, env) =>
      value !== undefined && !env['OIDC_CLIENT_ID'] ? 'is set, and OIDC_CLIENT_ID is not' : null,
  }),
  OIDC_LABEL: variable(z.string().min(1).max(60).prefault('OpenID'), {
    description: 'The name of the OpenID provider on the sign-in page of the console: Sign in with ...',
    allowed: '1 to 60 characters',
  }),
  INVITATIONS_PER_CALLER_HOUR: quota('1000', 'Invitations that one user or API key can send per hour.'),
  INVITATIONS_PER_CALLER_DAY: quota('2000', 'Invitations that one user or API key can send per day.'),
  INVITATIONS_PER_TENANT_HOUR: quota('2000', 'Invitations that all callers of one tenant together can send per hour.'),
  INVITATIONS_PER_TENANT_DAY: quota('5000', 'Invitations that all callers of one tenant together can send per day.'),
  ACCOUNT_MAILS_PER_NETWORK_HOUR: quota(
    '60',
    'Mails per hour that one network can trigger by registrations and password resets.',
  ),
  ACCOUNT_MAILS_PER_NETWORK_DAY: quota(
    '200',
    'Mails per day that one network can trigger by registrations and password resets.',
  ),
  AUDIT_RETENTION_DAYS: variable(integer(0, 36_500).prefault('730'), {
    description: 'How long audit trail entries and expired invitations are kept.',
    allowed: 'a whole number of days from 0 (forever) to 36500',
  }),
  LICENSE_SERVICE_URL: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Base URL of the license service, without /api/v1. The group service calls it before a group moves. Not needed where both run in one process.',
    allowed: 'a URL such as http://license-service:8080',
  }),
};

export const GROUP_CONFIGURATION = SERVICE_CONFIGURATION.extend(GROUP_VARIABLES);
export type GroupConfiguration = z.infer<typeof GROUP_CONFIGURATION>;
