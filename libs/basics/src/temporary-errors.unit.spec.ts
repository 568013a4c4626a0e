import { describe, expect, it } from '@jest/globals';
import { isTemporary } from './temporary-errors.js';

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error('no', { cause }), { code });

describe('an error of a handler', () => {
  it.each([
    ['a backend that refuses connections', coded('ECONNREFUSED')],
    ['a database that is starting, as a cause', coded('XX', coded('57P03'))],
    ['a lost connection', new Error('Connection terminated unexpectedly')],
    ['a connection lost within a transaction', new Error('Query runner already released. Cannot run queries anymore.')],
    [
      'a connection lost within a transaction, by its manager',
      new Error(
        'Database connection provided by a query runner was already released, cannot continue to use its querying methods anymore.',
      ),
    ],
    ['a client whose connection was lost', new Error('Client has encountered a connection error and is not queryable')],
    ['a full disk', coded('53100')],
    ['a command that waits for others', Object.assign(new Error('64 commands'), { recorded: 'nothing' })],
    ['an append without a confirmation', Object.assign(new Error('not confirmed'), { recorded: 'unknown' })],
  ])('is temporary after %s', (_what, error) => {
    expect(isTemporary(error)).toBe(true);
  });

  it.each([
    ['a violated constraint', coded('23505')],
    ['a statement that took too long, which the message itself may cause', coded('57014')],
    ['a state too large for the process', Object.assign(coded('STATE_TOO_LARGE'), { recorded: 'nothing' })],
    ['anything else', new Error('no')],
    ['a text', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is not after %s', (_what, error) => {
    expect(isTemporary(error)).toBe(false);
  });
});
