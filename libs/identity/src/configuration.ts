import { flag, integer, variable, type Environment } from '@allotree/basics/configuration';
import { z } from 'zod';

const issuerRuledOut = (value: unknown, env: Environment): string | null => {
  if (value === undefined) return null;
  if (!env['OIDC_AUDIENCE']) return 'is set, and OIDC_AUDIENCE is not';
  const isPlain = typeof value === 'string' && value.startsWith('http:');
  return isPlain && env['NODE_ENV'] === 'production' ? 'begins with http://, and NODE_ENV is production' : null;
};

/** The settings of signing in. */
export const IDENTITY_CONFIGURATION = z.object({
  TOKEN_SECRET: variable(z.string().min(32), {
    description:
      'The key that signs access tokens (HS256). Changing it ends every access token at once, unless the old key becomes TOKEN_SECRET_PREVIOUS.',
    allowed: 'at least 32 characters, random',
    secret: true,
  }),
  TOKEN_SECRET_PREVIOUS: variable(z.string().min(32).optional(), {
    description:
      'The previous TOKEN_SECRET: access tokens that it signed stay valid until they expire. Remove it one access token lifetime after the change.',
    allowed: 'at least 32 characters',
    secret: true,
  }),
  TOKEN_LIFETIME_SECONDS: variable(integer(60, 86_400).prefault('900'), {
    description: 'Lifetime of an access token; a session gets new ones with its refresh token.',
    allowed: 'a whole number from 60 to 86400 (a day)',
  }),
  OIDC_ISSUER: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Issuer URL of an OpenID provider whose tokens are accepted as well. Its keys are discovered at /.well-known/openid-configuration below it.',
    allowed: 'a URL such as https://id.example.com/realms/allotree, with https:// where NODE_ENV is production',
    ruledOut: (value, env) => issuerRuledOut(value, env),
  }),
  OIDC_AUDIENCE: variable(z.string().min(1).max(255).optional(), {
    description: 'The audience (aud) that tokens of the OpenID provider name when they are meant for Allotree.',
    allowed: '1 to 255 characters; set together with OIDC_ISSUER',
    ruledOut: (value, env) => (value !== undefined && !env['OIDC_ISSUER'] ? 'is set, and OIDC_ISSUER is not' : null),
  }),
  OIDC_ADMIN_SUBJECT: variable(z.string().min(1).max(255).optional(), {
    description:
      'The subject (sub) of the server administrator at OIDC_ISSUER. Unset: nobody is server administrator by OpenID; when the holder of ADMIN_EMAIL tries to sign in, the log names the subject.',
    allowed: '1 to 255 characters; only together with OIDC_ISSUER',
    ruledOut: (value, env) => (value !== undefined && !env['OIDC_ISSUER'] ? 'is set, and OIDC_ISSUER is not' : null),
  }),
  LOCAL_ACCOUNTS: variable(flag().prefault('true'), {
    description:
      'Whether people can sign in with a local password. With false only tokens of OIDC_ISSUER and API keys are accepted.',
    allowed: 'true or false; false only together with OIDC_ISSUER',
    ruledOut: (value, env) =>
      value === false && !env['OIDC_ISSUER'] ? 'is false, and OIDC_ISSUER is not set: nobody could sign in' : null,
  }),
  ADMIN_EMAIL: variable(
    z
      .string()
      .regex(/^[^\s@]+@[^\s@]+$/)
      .prefault('admin@allotree.local'),
    {
      description: 'The e-mail address the server administrator signs in with.',
      allowed: 'an e-mail address',
    },
  ),
  ADMIN_PASSWORD_HASH: variable(z.string().regex(/^\$argon2id\$/), {
    description: "The Argon2id hash of the server administrator's password.",
    allowed: 'an Argon2id hash in PHC form ($argon2id$v=19$...)',
    secret: true,
  }),
});

export type IdentityConfiguration = z.infer<typeof IDENTITY_CONFIGURATION>;
