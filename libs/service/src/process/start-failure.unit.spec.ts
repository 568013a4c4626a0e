import { describe, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import { startFailure } from './start-failure.js';

const ADDRESS = { PORT: 8_080, HOST: '127.0.0.1' };
const system = (facts: object): Error => Object.assign(new Error('of the system'), facts);

describe('startFailure', () => {
  it.each([
    ['a port in use', { code: 'EADDRINUSE', syscall: 'listen' }, /^port 8080 is in use .* PORT=8081$/],
    ['a port below 1024', { code: 'EACCES', syscall: 'listen' }, /^port 8080 may not be used/],
    [
      'a file of another user',
      { code: 'EACCES', syscall: 'open', path: '/d/token-secret' },
      /^\/d\/token-secret cannot/,
    ],
    ['a read-only disk', { code: 'EROFS', syscall: 'open', path: '/d/x' }, /^\/d\/x cannot be used/],
    ['too few open files', { code: 'EMFILE', syscall: 'open', path: '/d/x' }, /ulimit -n 4096/],
    ['a full disk', { code: 'ENOSPC', syscall: 'write' }, /^there is no space left on the disk/],
    ['a wrong database password', { code: '28P01' }, /does not accept the password/],
    ['a missing permission in the database', { code: '42501' }, /lacks a permission/],
    ['a database that does not answer', { code: 'ECONNREFUSED', address: '::1', port: 5_432 }, /at ::1:5432/],
    ['a host without an address', { code: 'ENOTFOUND', hostname: 'db' }, /at db \(ENOTFOUND\)/],
  ])('reports %s in one sentence', (_what, facts, sentence) => {
    expect(startFailure(system(facts), ADDRESS)).toMatch(sentence);
    expect(startFailure(new Error('around', { cause: system(facts) }), ADDRESS)).toMatch(sentence);
    expect(startFailure(new AggregateError([system(facts)]), ADDRESS)).toMatch(sentence);
    expect(startFailure(system(facts), ADDRESS)).not.toContain('\n');
  });

  it('takes the sentence of an error that has one, and shows the stack of any other', () => {
    expect(startFailure(new StartError('Do this.'), ADDRESS)).toBe('Do this.');
    expect(startFailure(new TypeError('a fault of the program'), ADDRESS)).toBeNull();
  });
});
