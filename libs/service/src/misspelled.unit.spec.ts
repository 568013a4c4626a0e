import { describe, expect, it } from '@jest/globals';
import { misspelled } from '@allotree/basics/misspelled';
import { SERVICE_CONFIGURATION } from './configuration.js';

const of = (...names: string[]) =>
  misspelled(SERVICE_CONFIGURATION, Object.fromEntries(names.map((name) => [name, 'x']))).map(({ meant }) => meant);

describe('misspelled', () => {
  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_ULR', 'DATABASE_URL'],
    ['LOG_LEVELS', 'LOG_LEVEL'],
    ['log_level', 'LOG_LEVEL'],
    ['CORS-ORIGINS', 'CORS_ORIGINS'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['ALLOTREE_PORT', 'PORT'],
    ['TOKEN_SECRET_FLIE', 'TOKEN_SECRET_FILE'],
  ])('names the setting that %s was meant to be: %s', (given, meant) => {
    expect(of(given)).toEqual([meant]);
  });

  it('ignores settings, files of secrets and the variables of other programs', () => {
    expect(
      of(
        ...[
          'PORT',
          'DATABASE_URL',
          'DATABASE_URL_FILE',
          'HOSTNAME',
          'POST',
          'HOME',
          'PATH',
          'NODE_ENV',
          'NODE_OPTIONS',
        ],
        ...['REDIS_PORT', 'KAFKA_SERVICE_HOST', 'KAFKA_PORT_9092_TCP', 'npm_config_loglevel', 'KAFKA_HEAP_OPTS'],
        ...['ALLOTREE_TEST_DATABASE_URL', 'LANG', 'LOGNAME', 'SHLVL', 'TERM_PROGRAM', 'AWS_SESSION_TOKEN'],
      ),
    ).toEqual([]);
    expect(misspelled(SERVICE_CONFIGURATION, { ALLOTREE_PORT: 'tcp://10.0.0.1:8080' })).toEqual([]);
  });
});
