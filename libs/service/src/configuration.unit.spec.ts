import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  ConfigurationError,
  describeConfiguration,
  flag,
  loadConfiguration,
  variable,
} from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from './configuration.js';

const GOOD = {
  DATABASE_URL: 'postgres://allotree:hunter2@127.0.0.1:5432/allotree',
  TOKEN_SECRET: 'k'.repeat(32),
  ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
};

function faultsOf(env: Record<string, string | undefined>): ConfigurationError {
  try {
    loadConfiguration(SERVICE_CONFIGURATION, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfiguration', () => {
  it('gives typed values, and defaults where nothing is set', () => {
    expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, PORT: '9090', HOST: '', UNKNOWN: 'x' })).toMatchObject({
      ...GOOD,
      PORT: 9090,
      HOST: '127.0.0.1',
      DATABASE_POOL_SIZE: 10,
      LOG_LEVEL: 'info',
      BODY_LIMIT_BYTES: 1_048_576,
      TOKEN_LIFETIME_SECONDS: 900,
      ADMIN_EMAIL: 'admin@allotree.local',
      IDEMPOTENCY_LEASE_SECONDS: 30,
    });
  });

  it('lets the clock be moved where that is enabled, and never in production', () => {
    expect(loadConfiguration(SERVICE_CONFIGURATION, GOOD)).toMatchObject({ TEST_CLOCK: false });
    expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, TEST_CLOCK: '1' })).toMatchObject({ TEST_CLOCK: true });
    const production = { ...GOOD, NODE_ENV: 'production' };
    expect(loadConfiguration(SERVICE_CONFIGURATION, { ...production, TEST_CLOCK: '0' })).toMatchObject({
      TEST_CLOCK: false,
    });
    expect(faultsOf({ ...production, TEST_CLOCK: '1' }).message).toContain(
      'TEST_CLOCK is 1, and NODE_ENV is production. It must be 0 or 1, and never 1 with NODE_ENV=production.',
    );
    expect(faultsOf({ ...GOOD, TEST_CLOCK: 'yes' }).faults).toMatchObject([{ variable: 'TEST_CLOCK' }]);
  });

  it('takes an issuer with an audience, and keeps at least one way to sign in', () => {
    const issuer = { OIDC_ISSUER: 'https://id.example/realms/allotree', OIDC_AUDIENCE: 'console' };
    expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, ...issuer, LOCAL_ACCOUNTS: 'false' })).toMatchObject({
      ...issuer,
      LOCAL_ACCOUNTS: false,
    });
    expect(faultsOf({ ...GOOD, OIDC_ISSUER: issuer.OIDC_ISSUER }).message).toContain(
      'OIDC_ISSUER is set, and OIDC_AUDIENCE is not',
    );
    expect(faultsOf({ ...GOOD, OIDC_AUDIENCE: 'console' }).message).toContain(
      'OIDC_AUDIENCE is set, and OIDC_ISSUER is not',
    );
    expect(faultsOf({ ...GOOD, LOCAL_ACCOUNTS: 'false' }).message).toContain('nobody could sign in');
    const plain = { ...GOOD, ...issuer, OIDC_ISSUER: 'http://id.example' };
    expect(loadConfiguration(SERVICE_CONFIGURATION, plain)).toMatchObject({ OIDC_ISSUER: 'http://id.example' });
    expect(faultsOf({ ...plain, NODE_ENV: 'production' }).faults).toMatchObject([{ variable: 'OIDC_ISSUER' }]);
  });

  it('takes trusted proxies, and nothing else', () => {
    expect(
      loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, TRUSTED_PROXIES: 'loopback, 10.0.0.0/8,fd00::/8,192.0.2.7' }),
    ).toMatchObject({ TRUSTED_PROXIES: ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.7'] });
    for (const TRUSTED_PROXIES of ['everybody', '10.0.0.0/33', '10.0.0/8', '10.0.0.1/8/8', 'fd00::/129', 'loopback,'])
      expect(faultsOf({ ...GOOD, TRUSTED_PROXIES }).faults).toMatchObject([{ variable: 'TRUSTED_PROXIES' }]);
  });

  it('takes an EventStoreDB or a PostgreSQL for the events, and never shows the password', () => {
    for (const EVENT_STORE_URL of [
      'esdb://user:secret@one.example:2113,two.example:2113?tls=true',
      'esdb+discover://cluster.example',
      'postgres://user:secret@db.example/events',
    ])
      expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, EVENT_STORE_URL })).toMatchObject({ EVENT_STORE_URL });
    expect(loadConfiguration(SERVICE_CONFIGURATION, GOOD)).not.toHaveProperty('EVENT_STORE_URL', expect.anything());
    const error = faultsOf({ ...GOOD, EVENT_STORE_URL: 'kurrentdb://user:secret@one.example' });
    expect(error.faults).toMatchObject([{ variable: 'EVENT_STORE_URL' }]);
    expect(error.message).not.toContain('secret');
  });

  it('takes a Redis for the job queues, and no other kind of address', () => {
    for (const REDIS_URL of ['redis://127.0.0.1:6379', 'rediss://user:secret@redis.example:6380/2'])
      expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, REDIS_URL })).toMatchObject({ REDIS_URL });
    expect(faultsOf({ ...GOOD, REDIS_URL: 'http://127.0.0.1:6379' }).faults).toMatchObject([{ variable: 'REDIS_URL' }]);
  });

  it('takes a Redis behind sentinels and a cluster', () => {
    for (const REDIS_URL of ['redis+sentinel://:pw@a:26379,b:26379/main/0', 'rediss+cluster://a:6379,b:6379'])
      expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, REDIS_URL })).toMatchObject({ REDIS_URL });
    expect(faultsOf({ ...GOOD, REDIS_URL: 'redis+sentinel://:hunter2@a:26379' }).message).not.toContain('hunter2');
  });

  it('takes Kafka brokers and their credentials', () => {
    expect(loadConfiguration(SERVICE_CONFIGURATION, GOOD).KAFKA_BROKERS).toBeUndefined();
    expect(
      loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093' }),
    ).toMatchObject({
      KAFKA_BROKERS: ['kafka-1:9092', '[::1]:9093'],
      KAFKA_CLIENT_ID: 'allotree',
      KAFKA_SSL: false,
      KAFKA_PARTITIONS: 12,
      KAFKA_RETENTION_MS: -1,
    });
    for (const KAFKA_BROKERS of ['kafka', 'kafka-1:9092,', 'kafka://kafka-1:9092'])
      expect(faultsOf({ ...GOOD, KAFKA_BROKERS }).faults).toMatchObject([{ variable: 'KAFKA_BROKERS' }]);
    const signIn = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'allotree' };
    expect(faultsOf({ ...GOOD, ...signIn }).message).toContain(
      'KAFKA_SASL_MECHANISM is set, and not both KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are.',
    );
    expect(loadConfiguration(SERVICE_CONFIGURATION, { ...GOOD, ...signIn, KAFKA_SASL_PASSWORD: 'x' })).toMatchObject(
      signIn,
    );
  });

  it('names all problems at once, with the value and the allowed values', () => {
    const { faults, message } = faultsOf({
      PORT: '80 80',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      TOKEN_SECRET: 'short',
      ADMIN_PASSWORD_HASH: undefined,
    });
    expect(faults.map((fault) => fault.variable)).toEqual([
      'PORT',
      'DATABASE_URL',
      'LOG_LEVEL',
      'TOKEN_SECRET',
      'ADMIN_PASSWORD_HASH',
    ]);
    expect(message).toContain('5 configuration variables are wrong');
    expect(message).toContain('PORT is "80 80". It must be a whole number from 0 to 65535.');
    expect(message).toContain('LOG_LEVEL is "loud". It must be fatal, error');
    expect(message).toContain('ADMIN_PASSWORD_HASH is not set (nor is ADMIN_PASSWORD_HASH_FILE)');
  });

  it('never shows the value of a secret', () => {
    expect(faultsOf({ ...GOOD, DATABASE_URL: 'mysql://root:hunter2@db/x', TOKEN_SECRET: 'short' }).message).not.toMatch(
      /hunter2|short/,
    );
  });

  it.each(['-1', '65536', '1.5', '1e3', '0x10', ' 80', '99999999999999999999'])('refuses the port %s', (PORT) => {
    expect(faultsOf({ ...GOOD, PORT }).faults.map((fault) => fault.variable)).toEqual(['PORT']);
  });
});

describe('describeConfiguration', () => {
  it('has a complete row for every variable', () => {
    const extended = SERVICE_CONFIGURATION.extend({
      QUIET: variable(flag().prefault('false'), { description: 'Says less.', allowed: 'true or false' }),
    });
    const rows = describeConfiguration(extended);
    expect(rows.map((row) => row.name)).toEqual([...Object.keys(SERVICE_CONFIGURATION.shape), 'QUIET']);
    for (const row of rows) {
      expect([
        row.name,
        row.description.length > 0,
        row.allowed.length > 0,
        !row.required || row.default === null,
      ]).toEqual([row.name, true, true, true]);
    }
    expect(rows.at(-1)).toEqual({
      name: 'QUIET',
      description: 'Says less.',
      allowed: 'true or false',
      required: false,
      default: 'false',
    });
    expect(rows.filter((row) => row.secret).map((row) => row.name)).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'TOKEN_SECRET', 'ADMIN_PASSWORD_HASH']),
    );
  });

  it('has no description for an undocumented variable', () => {
    expect(describeConfiguration(z.object({ X: z.string().optional() }))).toEqual([
      { name: 'X', description: '', allowed: 'a value of its kind', required: false, default: null },
    ]);
  });
});
