import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, loadConfiguration } from '@allotree/basics/configuration';
import { GROUP_CONFIGURATION } from './configuration.js';

const GOOD = {
  DATABASE_URL: 'postgres://user@db.example/allotree',
  TOKEN_SECRET: 'a secret of the specs, 32 characters and more',
  ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
};
const CLIENT = {
  OIDC_ISSUER: 'https://id.example/realms/allotree',
  OIDC_AUDIENCE: 'console',
  OIDC_CLIENT_ID: 'console',
  OIDC_CLIENT_SECRET: 'secret of the client',
  PUBLIC_URL: 'https://licenses.example',
};

function messageOf(environment: Record<string, string>): string {
  try {
    loadConfiguration(GROUP_CONFIGURATION, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the settings of the group service', () => {
  it('take a client of the OpenID provider with everything that it needs', () => {
    expect(loadConfiguration(GROUP_CONFIGURATION, { ...GOOD, ...CLIENT })).toMatchObject({
      ...CLIENT,
      OIDC_LABEL: 'OpenID',
    });
    expect(messageOf(GOOD)).toBe('accepted');
  });

  it.each(['OIDC_ISSUER', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL'])('refuse a client without %s', (missing) => {
    const message = messageOf({ ...GOOD, ...CLIENT, [missing]: '' });
    expect(message).toContain(`OIDC_CLIENT_ID is set, and ${missing} is not`);
    expect(message).not.toContain('secret of the client');
  });

  it('refuse a secret without its client', () => {
    expect(messageOf({ ...GOOD, ...CLIENT, OIDC_CLIENT_ID: '' })).toContain(
      'OIDC_CLIENT_SECRET is set, and OIDC_CLIENT_ID is not',
    );
  });
});
