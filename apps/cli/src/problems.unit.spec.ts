import { describe, expect, it } from '@jest/globals';
import { UnexpectedRefusal, Unreachable } from '@allotree/api-client';
import { PROBLEMS } from '@allotree/contracts';
import { CliError, EXIT } from './exit-codes.js';
import { exitCodeOf, failureOf } from './problems.js';

const refused = (problem: object) =>
  failureOf(new UnexpectedRefusal('PUT /x', { status: 409, code: 'LIMIT_EXCEEDED', ...problem }));

describe('the exit code of an answer', () => {
  it('is one for refusals by rules, one for stale revisions, one for everything else', () => {
    const codes = Object.entries(PROBLEMS).map(([code, { status }]) => ({ code, exit: exitCodeOf({ code, status }) }));
    const withExit = (exit: number) => codes.filter((one) => one.exit === exit).map(({ code }) => code);
    expect(withExit(EXIT.stale)).toEqual(['STALE_PLAN', 'STALE_REVISION']);
    expect(withExit(EXIT.failed)).toEqual([
      'VALIDATION',
      'CODE_NOT_VALID',
      'URL_NOT_ALLOWED',
      'UNAUTHENTICATED',
      'FORBIDDEN',
      'TEMPLATE_NOT_CUSTOMIZABLE',
      'NOT_FOUND',
      'METHOD_NOT_ALLOWED',
      'CLOCKS_DIFFER',
      'CLOCK_BEHIND',
      'IDEMPOTENCY_KEY_IN_USE',
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'IDEMPOTENCY_KEY_REUSED',
      'RATE_LIMITED',
      'INTERNAL',
      'OVERLOADED',
      'CAPACITY_EXCEEDED',
      'STORAGE_FULL',
      'UNAVAILABLE',
    ]);
  });
});

describe('the message of a failure', () => {
  it('says what happened, with the facts of the rule', () => {
    const failure = refused({
      title: 'Limit exceeded',
      detail: '90 virtual numbers asked for, 80 available',
      instance: '/api/v1/x',
      correlationId: 'c1',
      limit: 80,
      limitedBy: { groupId: 'g1' },
    });
    expect(failure).toMatchObject({ exitCode: EXIT.refused });
    expect(failure?.message.split('\n')).toEqual([
      'error: Limit exceeded (LIMIT_EXCEEDED)',
      '  90 virtual numbers asked for, 80 available',
      '  limit: 80',
      '  limitedBy:',
      '    groupId: g1',
    ]);
  });

  it('names the correlation id of a broken server, and what to do without permission', () => {
    expect(refused({ status: 500, code: 'INTERNAL', correlationId: 'c1' })?.message).toBe(
      'error: the server answered 500 (INTERNAL)\n  correlation id: c1',
    );
    expect(refused({ status: 404, code: 'NOT_FOUND', title: 'Not found' })?.message).toBe(
      'error: Not found (NOT_FOUND)\n  It does not exist, or you cannot access it.',
    );
  });

  it('shows one fault of a request once, several each', () => {
    const fault = { field: 'limit', message: 'must be a number' };
    const problem = { status: 400, code: 'VALIDATION', title: 'Invalid request', detail: 'limit: must be a number' };
    expect(refused({ ...problem, errors: [fault] })?.message).toBe(
      'error: Invalid request (VALIDATION)\n  limit: must be a number',
    );
    expect(refused({ ...problem, errors: [fault, { ...fault, field: 'at' }] })?.message).toContain('- field: at');
  });

  it('leaves faults of the program alone', () => {
    expect(failureOf(new TypeError('x is not a function'))).toBeNull();
    expect(failureOf(new CliError('no', EXIT.pending))).toEqual({ exitCode: EXIT.pending, message: 'error: no' });
    expect(failureOf(new Unreachable('http://x', null))?.exitCode).toBe(EXIT.failed);
  });
});
