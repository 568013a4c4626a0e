import { describe, expect, it } from '@jest/globals';
import { redisAddress } from './redis-address.js';

const node = (host: string, port: number) => ({ host, port });

describe('the address of a Redis', () => {
  it.each([
    ['redis://127.0.0.1', { kind: 'server', nodes: [node('127.0.0.1', 6379)], tls: false, database: 0 }],
    [
      'rediss://user:p%40ss@redis.example:6380/2',
      {
        kind: 'server',
        nodes: [node('redis.example', 6380)],
        tls: true,
        username: 'user',
        password: 'p@ss',
        database: 2,
      },
    ],
    ['redis://[::1]:7000', { kind: 'server', nodes: [node('::1', 7000)] }],
    [
      'redis+sentinel://:pw@s1:26379,s2/main/3?sentinelPassword=other',
      {
        kind: 'sentinel',
        nodes: [node('s1', 26379), node('s2', 26379)],
        username: undefined,
        password: 'pw',
        master: 'main',
        database: 3,
        sentinelPassword: 'other',
      },
    ],
    [
      'rediss+cluster://user:100%@c1:6379,c2:6380',
      { kind: 'cluster', nodes: [node('c1', 6379), node('c2', 6380)], tls: true, password: '100%' },
    ],
  ])('%s', (url, address) => {
    expect(redisAddress(url)).toMatchObject(address);
  });

  it.each([
    'http://127.0.0.1:6379',
    'redis://',
    'redis://one:1,two:2',
    'redis://host:port',
    'redis://host/zero',
    'redis+sentinel://host:26379',
    'redis+cluster://host:6379/1',
    'redis+something://host:6379',
  ])('not %s', (url) => {
    expect(redisAddress(url)).toBeNull();
  });
});
